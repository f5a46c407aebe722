//! The stacks that no hub holds, and the account of how many have been promised.

use std::io;
use std::ptr::{self, NonNull};

use parking_lot::Mutex;

use super::guard::Guards;
use super::limit::{Attempt, Shortage};
use super::slab::{self, FIRST_SLAB, LARGEST_SLAB};
use super::{Class, Stack, overflow};

const UNRESERVED: &str = "a stack was taken without a reservation: reserve() comes first";

/// The state that all hubs of the process share.
pub(super) static GLOBAL: Global = Global::new(Guards::new());

/// What hubs share; more than one only in tests.
pub(super) struct Global {
    pub(super) guards: Guards,
    classes: [Mutex<ClassState>; Class::COUNT],
}

/// Invariant: `committed <= available`, and `available` is the number of stacks that are in `cold` or `bare`,
/// in a hub's pool, or out in a [`Stack`].
struct ClassState {
    /// Stacks that nobody uses. Has the capacity for `available` of them, so returning one never
    /// allocates.
    cold: Vec<Stack>,
    /// Slots that nobody has used, which get their guards when they are taken; see [`Global::guard`].
    bare: Vec<Slots>,
    /// Slots that have been mapped, and guarded unless they are bare.
    available: usize,
    /// Reservations, those cached by hubs included, and the bounds of the hubs' pools.
    committed: usize,
    /// The part of the newest slab that is not available so far.
    fresh: Slots,
    /// Bytes to map for the next slab.
    next_slab: usize,
}

/// Slots side by side that are mapped but have no guard yet.
struct Slots {
    next: *mut u8,
    count: usize,
}

// SAFETY: `Slots` owns the memory of its slots, which belongs to no thread.
unsafe impl Send for Slots {}

impl Slots {
    const NONE: Slots = Slots {
        next: ptr::null_mut(),
        count: 0,
    };

    /// Takes the first `count` of them out, which are there.
    fn take(&mut self, count: usize, class: Class) -> Slots {
        let next = self.next;
        self.next = next.wrapping_add(count * class.slot_size());
        self.count -= count;
        Slots { next, count }
    }

    /// Adds those that follow these; `false` if they do not.
    fn extend(&mut self, others: &Slots, class: Class) -> bool {
        let follow = self.next.wrapping_add(self.count * class.slot_size()) == others.next;
        if follow {
            self.count += others.count;
        }
        follow
    }

    /// As stacks, when they have their guards.
    fn into_stacks(mut self, class: Class) -> impl Iterator<Item = Stack> {
        std::iter::from_fn(move || {
            let one = (self.count > 0).then(|| self.take(1, class))?;
            let base = NonNull::new(one.next).expect("mmap does not map the null page");
            Some(Stack { base, class })
        })
    }
}

impl Global {
    pub(super) const fn new(guards: Guards) -> Global {
        Global {
            guards,
            classes: [const { Mutex::new(ClassState::new()) }; Class::COUNT],
        }
    }

    /// Commits to `count` more stacks of `class`, mapping what is missing.
    ///
    /// On an error nothing is committed; what could be mapped stays for the next call.
    pub(super) fn reserve(&self, class: Class, count: usize) -> Result<(), Shortage> {
        let mut state = self.classes[class.index()].lock();
        let wanted = state.committed + count;
        while state.available < wanted {
            overflow::install();
            let missing = wanted - state.available;
            state.make_available(class, missing, &self.guards)?;
        }
        state.committed = wanted;
        Ok(())
    }

    /// Commits to `count` more stacks of `class` if that many are left, without mapping any; tells whether it has.
    pub(super) fn reserve_left(&self, class: Class, count: usize) -> bool {
        let mut state = self.classes[class.index()].lock();
        let wanted = state.committed + count;
        let are_left = wanted <= state.available;
        if are_left {
            state.committed = wanted;
        }
        are_left
    }

    /// Takes back a commitment to `count` stacks of `class`.
    pub(super) fn unreserve(&self, class: Class, count: usize) {
        self.classes[class.index()].lock().uncommit(count);
    }

    /// Hands out a cold stack, to somebody who holds a reservation that it has not used.
    #[cold]
    pub(super) fn take(&self, class: Class) -> Stack {
        let mut state = self.classes[class.index()].lock();
        if let Some(stack) = state.cold.pop() {
            return stack;
        }
        let slots = state.take_bare(class, 1);
        drop(state);
        let mut stacks = self.guard(class, slots).into_stacks(class);
        stacks.next().expect("one has been taken")
    }

    /// Moves `most` cold stacks to `warm`, or fewer if there are not as many. For a hub that holds a reservation that it has not
    /// used, so that there is at least one, and whose bound, to which this is committed as well, has room for them.
    pub(super) fn take_some(&self, class: Class, most: usize, warm: &mut Vec<Stack>) {
        let mut state = self.classes[class.index()].lock();
        if !state.cold.is_empty() {
            let stay = state.cold.len().saturating_sub(most);
            return warm.extend(state.cold.drain(stay..));
        }
        let slots = state.take_bare(class, most);
        drop(state);
        warm.extend(self.guard(class, slots).into_stacks(class));
    }

    /// Gives slots that have just been taken their guards, where that has been put off: to all, or to the first of them.
    ///
    /// A guard marker needs nothing but page tables, which the first use of the stack needs as well. A kernel that has no
    /// memory for them ends the process; so does this if it says so instead. Of a process that has locked its memory in the meantime
    /// the page is protected, and only if it has as many mappings as it may, that fails too.
    fn guard(&self, class: Class, mut slots: Slots) -> Slots {
        // SAFETY: the first pages of slots that nobody has used and this thread alone knows.
        let done = unsafe {
            self.guards
                .install_all(slots.next, class.slot_size(), slots.count)
        };
        let Err((done, error)) = done else {
            return slots;
        };
        if done == 0 {
            let shortage = Shortage {
                attempt: Attempt::Guard,
                error,
            };
            eprintln!("fatal: {}", io::Error::from(shortage));
            std::process::abort();
        }
        let guarded = slots.take(done, class);
        self.classes[class.index()].lock().bare.push(slots);
        guarded
    }

    /// Takes back some stacks of `class`, their memory to the system.
    #[cold]
    pub(super) fn give(
        &self,
        class: Class,
        stacks: impl AsRef<[Stack]> + IntoIterator<Item = Stack>,
    ) {
        slab::decommit_whole(stacks.as_ref());
        self.classes[class.index()].lock().cold.extend(stacks);
    }

    /// Takes back a hub's pool: its warm stacks, and its commitment to `count` stacks.
    pub(super) fn give_pool(&self, class: Class, warm: &mut Vec<Stack>, count: usize) {
        slab::decommit_whole(warm);
        let mut state = self.classes[class.index()].lock();
        state.cold.append(warm);
        state.uncommit(count);
    }

    /// `(available, committed, cold or bare)` of a class.
    #[cfg(test)]
    pub(super) fn account(&self, class: Class) -> (usize, usize, usize) {
        let state = self.classes[class.index()].lock();
        let bare: usize = state.bare.iter().map(|slots| slots.count).sum();
        (state.available, state.committed, state.cold.len() + bare)
    }
}

impl ClassState {
    const fn new() -> ClassState {
        ClassState {
            cold: Vec::new(),
            bare: Vec::new(),
            available: 0,
            committed: 0,
            fresh: Slots::NONE,
            next_slab: FIRST_SLAB,
        }
    }

    fn uncommit(&mut self, count: usize) {
        let left = self.committed.checked_sub(count);
        self.committed = left.expect("a stack was unreserved that was never reserved");
    }

    /// Makes at least one more slot available, and `missing` if the slab has as many left.
    fn make_available(
        &mut self,
        class: Class,
        missing: usize,
        guards: &Guards,
    ) -> Result<(), Shortage> {
        if self.fresh.count == 0 {
            self.fresh = self.map_fresh(class)?;
        }
        let batch = missing.max(class.pool_bound()).min(self.fresh.count);
        let room = self.available + batch - self.cold.len();
        self.cold.try_reserve(room)?;
        if guards.has_markers() {
            // Many of them may never be taken.
            self.bare.try_reserve(1)?;
            let slots = self.fresh.take(batch, class);
            self.add_bare(class, slots);
            self.available += batch;
            return Ok(());
        }
        // SAFETY: the first pages of slots that `fresh` owns; nobody has used them.
        let installed = unsafe { guards.install_all(self.fresh.next, class.slot_size(), batch) };
        let done = installed
            .as_ref()
            .map_or_else(|(done, _)| *done, |()| batch);
        let slots = self.fresh.take(done, class);
        self.cold.extend(slots.into_stacks(class));
        self.available += done;
        match installed {
            // The whole request is met or it is refused, whatever this batch would have added.
            Err((done, error)) if done < missing => Err(Shortage {
                attempt: Attempt::Guard,
                error,
            }),
            _ => Ok(()),
        }
    }

    fn add_bare(&mut self, class: Class, slots: Slots) {
        let last = self.bare.last_mut();
        if !last.is_some_and(|last| last.extend(&slots, class)) {
            self.bare.push(slots);
        }
    }

    /// Bare slots side by side, `most` at most.
    ///
    /// # Panics
    ///
    /// If there are none, and so too few stacks have been reserved.
    fn take_bare(&mut self, class: Class, most: usize) -> Slots {
        let last = self.bare.last_mut().expect(UNRESERVED);
        let slots = last.take(most.min(last.count), class);
        if last.count == 0 {
            self.bare.pop();
        }
        slots
    }

    /// Maps a slab: twice the size of the last one, or as much as can be had.
    fn map_fresh(&mut self, class: Class) -> Result<Slots, Shortage> {
        let mut count = (self.next_slab / class.slot_size()).max(1);
        loop {
            match slab::map_slab(class, count) {
                Ok(next) => {
                    let bytes = count * class.slot_size();
                    self.next_slab = bytes.saturating_mul(2).clamp(FIRST_SLAB, LARGEST_SLAB);
                    return Ok(Slots { next, count });
                }
                Err(_) if count > 1 => count /= 2,
                Err(error) => {
                    let attempt = Attempt::Map(class.slot_size());
                    return Err(Shortage { attempt, error });
                }
            }
        }
    }
}
