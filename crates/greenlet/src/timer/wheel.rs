//! The wheel: which slot an entry belongs into, and when that slot's turn comes.

use std::mem;

use super::Entry;
use super::slot::Slot;

/// A tick is `1 << TICK_SHIFT` nanoseconds.
const TICK_SHIFT: u32 = 10;

/// The tick that stands for "at `u64::MAX` nanoseconds": deadlines beyond the start of the tick
/// before it are rounded up to this one, as all others are to theirs.
const LAST_TICK: u64 = 1 << (u64::BITS - TICK_SHIFT);

/// A level tells ticks apart by one digit of this many bits.
const DIGIT_BITS: u32 = 6;
const SLOTS_PER_LEVEL: usize = 1 << DIGIT_BITS;

/// Nine levels cover the ticks below [`LAST_TICK`], which alone has a non-zero tenth digit.
const LEVELS: usize = 10;
const SLOTS: usize = (LEVELS - 1) * SLOTS_PER_LEVEL + 2;

/// Up to this many entries in the first occupied slot, [`Wheel::next_deadline`] looks at them all.
pub(super) const SEARCH_LIMIT: usize = 16;

/// The timers of one hub.
///
/// Times are nanoseconds since an epoch that the caller chooses; they should not go backwards from
/// call to call, and a time that does is taken for the latest one seen by [`Wheel::expire`].
///
/// The raw pointers inside make it neither `Send` nor `Sync`.
pub(crate) struct Wheel {
    /// The tick up to which, inclusive, everything that was due has been fired.
    elapsed: u64,
    /// Bit `n` is set when level `n` holds an entry.
    levels: u32,
    /// Bit `n` of a level's word is set when its slot `n` holds an entry.
    occupied: [u64; LEVELS],
    /// The slots of all levels; empty before the first insertion.
    slots: Vec<Slot>,
    len: usize,
    /// The tick that [`Wheel::next_deadline`] found, while it holds.
    next: Option<u64>,
}

impl Wheel {
    /// Makes an empty wheel; nothing is allocated before the first insertion.
    pub(crate) const fn new(now_ns: u64) -> Wheel {
        Wheel {
            elapsed: tick_before(now_ns),
            levels: 0,
            occupied: [0; LEVELS],
            slots: Vec::new(),
            len: 0,
            next: None,
        }
    }

    /// Whether no entry is linked.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of entries that are linked.
    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Links `entry`, to be fired by the first [`Wheel::expire`] at or after `deadline_ns` (by the
    /// next one, if that has passed already). Constant time; allocates only the first time.
    ///
    /// # Safety
    ///
    /// * `entry` is valid and on no wheel.
    /// * Until it was fired or removed, it is neither moved nor freed, and no thread but the
    ///   wheel's touches it.
    pub(crate) unsafe fn insert(&mut self, entry: *const Entry, deadline_ns: u64) {
        // SAFETY: the caller promises that `entry` is valid.
        let entry = unsafe { &*entry };
        debug_assert!(!entry.is_linked(), "a timer entry was inserted twice");
        if self.slots.is_empty() {
            self.allocate_slots();
        }
        entry.deadline.set(deadline_ns);
        // SAFETY: the caller promises that `entry` is on no wheel, thus in no list, and that it
        // stays in place until it is unlinked.
        let due = unsafe { self.link(entry) };
        self.len += 1;
        if self.len == 1 {
            self.next = Some(due);
        } else {
            self.next = self.next.map(|next| next.min(due));
        }
    }

    /// Unlinks `entry`, if it is linked. Constant time.
    ///
    /// # Safety
    ///
    /// `entry` is valid; and if it is linked, then into this wheel.
    pub(crate) unsafe fn remove(&mut self, entry: *const Entry) {
        // SAFETY: the caller promises that `entry` is valid.
        let entry = unsafe { &*entry };
        let Some(position) = entry.position() else {
            return;
        };
        if self.first() == Some(position) {
            self.next = None;
        }
        entry.set_position(None);
        let slot = self.slot(position);
        // SAFETY: the caller promises that this wheel holds `entry`; `link` noted the position of
        // the slot that does.
        unsafe { slot.unlink(entry) };
        if slot.len() == 0 {
            self.clear_occupied(position);
        }
        self.len -= 1;
    }

    /// When to call [`Wheel::expire`] next; `None` if there is no timer.
    ///
    /// This is when the first timer fires: the least deadline, rounded up to a tick. Only if that
    /// timer is in a slot of more than [`SEARCH_LIMIT`], not of the lowest level, it may be the
    /// earlier time at which the slot begins; to expire then spreads its timers over the levels
    /// below. It is in the past if there are timers that the next `expire` will fire.
    pub(crate) fn next_deadline(&mut self) -> Option<u64> {
        let position = self.first()?;
        let next = match self.next {
            Some(next) => next,
            None => self.search(position),
        };
        self.next = Some(next);
        Some(nanoseconds(next))
    }

    /// Unlinks every entry whose deadline, rounded up to a tick, is not after `now_ns`, and gives
    /// it to `fire`.
    ///
    /// Entries fire in the order of their due ticks. Those of one tick fire in the order of their
    /// deadlines, save that an entry of a crowded tick overtakes no more than
    /// [`SORT_STEPS`](super::slot::SORT_STEPS) later ones. Those of one deadline fire in the order
    /// of insertion, always. What is overdue when inserted is due in the tick last expired.
    ///
    /// `fire` must not call into this wheel, nor run the greenlet that the entry belongs to: it
    /// may only make it runnable. If it panics, what has not fired yet stays linked.
    pub(crate) fn expire(&mut self, now_ns: u64, mut fire: impl FnMut(*const Entry)) {
        let target = tick_before(now_ns);
        while let Some(position) = self.first() {
            let start = self.start_of(position);
            if start > target.max(self.elapsed) {
                break;
            }
            self.elapsed = start;
            self.next = None;
            if position < SLOTS_PER_LEVEL {
                self.fire_slot(position, &mut fire);
            } else {
                self.cascade(position);
            }
        }
        // No slot begins at or before `target`, so each entry still differs from it first in the
        // same digit: it is where it belongs.
        self.elapsed = self.elapsed.max(target);
    }

    /// Fires all entries of a slot of level 0. The wheel is consistent whenever `fire` runs.
    fn fire_slot(&mut self, position: usize, fire: &mut impl FnMut(*const Entry)) {
        // SAFETY: the entries of a slot are alive and in place: the caller of `insert` promised
        // so until they are unlinked. After that the reference is not used beyond `fire`, which
        // may not let the greenlet run that the entry lives on.
        while let Some(entry) = unsafe { self.slot(position).pop_front() } {
            entry.set_position(None);
            self.len -= 1;
            if self.slot(position).len() == 0 {
                self.clear_occupied(position);
            }
            fire(entry);
        }
    }

    /// Moves the entries of the slot that `elapsed` has just entered to the levels below.
    fn cascade(&mut self, position: usize) {
        let slot = mem::replace(self.slot(position), Slot::EMPTY);
        self.clear_occupied(position);
        // SAFETY: nothing but this loop touches the list that was taken out, and it does so with
        // entries that the iterator has handed out and left behind.
        for entry in unsafe { slot.entries() } {
            // SAFETY: `entry` was in `slot` only, which is given up entry by entry; the caller of
            // `insert` promised that it stays in place until it is unlinked.
            unsafe { self.link(entry) };
        }
    }

    /// Puts `entry` into the slot that its deadline calls for; returns its due tick.
    ///
    /// # Safety
    ///
    /// `entry` is in no slot of a wheel, and stays valid and in place until it is unlinked.
    unsafe fn link(&mut self, entry: &Entry) -> u64 {
        let due = tick_after(entry.deadline.get()).max(self.elapsed);
        let level = level_of(self.elapsed ^ due);
        let digit = (due >> (level * DIGIT_BITS)) as usize % SLOTS_PER_LEVEL;
        let level = level as usize;
        let position = level * SLOTS_PER_LEVEL + digit;
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        entry.set_position(Some(position));
        let slot = self.slot(position);
        if level == 0 {
            // SAFETY: the caller's promise is the one asked for.
            unsafe { slot.insert_by_deadline(entry) };
        } else {
            // SAFETY: the caller's promise is the one asked for.
            unsafe { slot.push_back(entry) };
        }
        due
    }

    /// The occupied slot that is due first.
    fn first(&self) -> Option<usize> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        Some(level * SLOTS_PER_LEVEL + self.occupied[level].trailing_zeros() as usize)
    }

    /// The first tick of a slot: `elapsed` with the level's digit replaced, and zeros after it.
    fn start_of(&self, position: usize) -> u64 {
        let shift = (position / SLOTS_PER_LEVEL) as u32 * DIGIT_BITS;
        let digit = (position % SLOTS_PER_LEVEL) as u64;
        let above = self.elapsed >> (shift + DIGIT_BITS);
        ((above << DIGIT_BITS) | digit) << shift
    }

    /// The least due tick in the first occupied slot, or the start of that slot if it is crowded.
    fn search(&mut self, position: usize) -> u64 {
        let start = self.start_of(position);
        let slot = self.slot(position);
        if position < SLOTS_PER_LEVEL || slot.len() > SEARCH_LIMIT {
            return start;
        }
        // SAFETY: nothing is linked or unlinked during the search.
        let entries = unsafe { slot.entries() };
        entries
            .map(|entry| tick_after(entry.deadline.get()))
            .min()
            .unwrap_or(start)
    }

    fn slot(&mut self, position: usize) -> &mut Slot {
        &mut self.slots[position]
    }

    #[cold]
    fn allocate_slots(&mut self) {
        self.slots.reserve_exact(SLOTS);
        self.slots.resize_with(SLOTS, || Slot::EMPTY);
    }

    fn clear_occupied(&mut self, position: usize) {
        let level = position / SLOTS_PER_LEVEL;
        self.occupied[level] &= !(1 << (position % SLOTS_PER_LEVEL));
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
    }
}

/// The level of entries whose due tick differs from `elapsed` in the bits of `difference`.
const fn level_of(difference: u64) -> u32 {
    // The bits of the lowest digit are set so that there is a highest one.
    (difference | (SLOTS_PER_LEVEL as u64 - 1)).ilog2() / DIGIT_BITS
}

/// The last tick that begins at or before `ns`.
const fn tick_before(ns: u64) -> u64 {
    if ns == u64::MAX {
        LAST_TICK
    } else {
        ns >> TICK_SHIFT
    }
}

/// The first tick that begins at or after `ns`.
const fn tick_after(ns: u64) -> u64 {
    ns.div_ceil(1 << TICK_SHIFT)
}

/// When `tick` begins.
const fn nanoseconds(tick: u64) -> u64 {
    if tick >= LAST_TICK {
        u64::MAX
    } else {
        tick << TICK_SHIFT
    }
}
