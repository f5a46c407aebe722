//! The wheel: which slot a timer belongs into, and when that slot's turn comes.

use std::mem;

use super::node::{NONE, Nodes};
use super::slot::Slot;
use crate::cache::prefetch;

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

/// Up to this many timers in the first occupied slot, [`Wheel::next_deadline`] looks at them all.
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
    /// Bit `n` is set when level `n` holds a timer.
    levels: u32,
    /// Bit `n` of a level's word is set when its slot `n` holds a timer.
    occupied: [u64; LEVELS],
    /// The slots of all levels; empty before the first insertion.
    slots: Vec<Slot>,
    nodes: Nodes,
    /// Timers in the slots.
    len: usize,
    /// The tick that [`Wheel::next_deadline`] found, while it holds.
    next: Option<u64>,
}

/// Names a timer of a wheel until it fires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(u32);

impl Wheel {
    /// Makes an empty wheel; nothing is allocated before the first insertion.
    pub(crate) const fn new(now_ns: u64) -> Wheel {
        Wheel {
            elapsed: tick_before(now_ns),
            levels: 0,
            occupied: [0; LEVELS],
            slots: Vec::new(),
            nodes: Nodes::new(),
            len: 0,
            next: None,
        }
    }

    /// Whether there is no timer.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of timers.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Adds a timer, to be fired by the first [`Wheel::expire`] at or after `deadline_ns` (by the next one, if that has
    /// passed already). Constant time; the room for it is kept when it is gone.
    pub(crate) fn insert(&mut self, payload: *const (), deadline_ns: u64) -> Key {
        if self.slots.is_empty() {
            self.allocate_slots();
        }
        let node = self.nodes.add(deadline_ns, payload);
        let due = self.link(node);
        self.len += 1;
        if self.len == 1 {
            self.next = Some(due);
        } else {
            self.next = self.next.map(|next| next.min(due));
        }
        Key(node)
    }

    /// Removes a timer that has not fired. Constant time.
    ///
    /// The key of one that has fired may be that of another timer by now.
    pub(crate) fn remove(&mut self, Key(node): Key) {
        let position = usize::from(self.nodes[node].position);
        if self.first() == Some(position) {
            self.next = None;
        }
        self.unlink(position, node);
    }

    /// Takes a timer out of the slot that it is in, and gives its payload.
    fn unlink(&mut self, position: usize, node: u32) -> *const () {
        let slot = &mut self.slots[position];
        slot.unlink(&mut self.nodes, node);
        if slot.len() == 0 {
            self.clear_occupied(position);
        }
        let payload = self.nodes[node].payload;
        self.nodes.free(node);
        self.len -= 1;
        if self.len == 0 {
            self.nodes.trim();
        }
        payload
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

    /// Removes the timers whose deadline, rounded up to a tick, is not after `now_ns`, and gives the payload of each
    /// to `fire`; `most` of them, the others are left to the next call.
    ///
    /// Timers fire in the order of their due ticks. Those of one tick fire in the order of their
    /// deadlines, save that one of a crowded tick overtakes no more than
    /// [`SORT_STEPS`](super::slot::SORT_STEPS) later ones. Those of one deadline fire in the order
    /// of insertion, always. What is overdue when inserted is due in the tick last expired.
    ///
    /// If `fire` panics, what has not fired yet stays.
    pub(crate) fn expire(&mut self, now_ns: u64, most: usize, mut fire: impl FnMut(*const ())) {
        let target = tick_before(now_ns);
        let mut left = most;
        while let Some(position) = self.first() {
            let start = self.start_of(position);
            if start > target.max(self.elapsed) {
                break;
            }
            self.elapsed = start;
            self.next = None;
            if position >= SLOTS_PER_LEVEL {
                self.cascade(position);
                continue;
            }
            if left == 0 {
                return;
            }
            left -= 1;
            // The wheel is consistent whenever `fire` runs.
            fire(self.unlink(position, self.slots[position].head()));
        }
        // No slot begins at or before `target`, so each timer still differs from it first in the
        // same digit: it is where it belongs.
        self.elapsed = self.elapsed.max(target);
    }

    /// Moves the timers of the slot that `elapsed` has just entered to the levels below.
    fn cascade(&mut self, position: usize) {
        let slot = mem::replace(&mut self.slots[position], Slot::EMPTY);
        self.clear_occupied(position);
        let mut next = slot.head();
        while next != NONE {
            let node = next;
            if let Some(ahead) = self.nodes.get(self.nodes[node].ahead) {
                prefetch(ahead);
            }
            next = self.nodes[node].next;
            self.link(node);
            if usize::from(self.nodes[node].position) < SLOTS_PER_LEVEL {
                // It fires within 64 ticks.
                prefetch(self.nodes[node].payload);
            }
        }
    }

    /// Puts a timer, which is in no slot, into the one that its deadline calls for; returns its due tick.
    fn link(&mut self, node: u32) -> u64 {
        let due = tick_after(self.nodes[node].deadline).max(self.elapsed);
        let level = level_of(self.elapsed ^ due);
        let digit = (due >> (level * DIGIT_BITS)) as usize % SLOTS_PER_LEVEL;
        let level = level as usize;
        let position = level * SLOTS_PER_LEVEL + digit;
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        // A wheel has a few hundred slots, so the cast cuts nothing off.
        self.nodes[node].position = position as u16;
        let slot = &mut self.slots[position];
        if level == 0 {
            slot.insert_by_deadline(&mut self.nodes, node);
        } else {
            slot.push_back(&mut self.nodes, node);
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
        let slot = &self.slots[position];
        if position < SLOTS_PER_LEVEL || slot.len() > SEARCH_LIMIT {
            return start;
        }
        let deadlines = slot.deadlines(&self.nodes);
        deadlines.map(tick_after).min().unwrap_or(start)
    }

    #[cold]
    fn allocate_slots(&mut self) {
        self.slots = vec![Slot::EMPTY; SLOTS];
    }

    fn clear_occupied(&mut self, position: usize) {
        let level = position / SLOTS_PER_LEVEL;
        self.occupied[level] &= !(1 << (position % SLOTS_PER_LEVEL));
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
    }
}

/// The level of timers whose due tick differs from `elapsed` in the bits of `difference`.
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
