//! The stacks that no hub holds, and the account of how many have been promised.

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

/// Invariant: `committed <= available`, and `available` is the number of stacks that are in `cold`,
/// in a hub's pool, or out in a [`Stack`].
struct ClassState {
    /// Stacks that nobody uses. Has the capacity for `available` of them, so returning one never
    /// allocates.
    cold: Vec<Stack>,
    /// Slots that have been mapped and guarded.
    available: usize,
    /// Reservations, those cached by hubs included, and the bounds of the hubs' pools.
    committed: usize,
    /// The part of the newest slab without guards so far.
    fresh: Fresh,
    /// Bytes to map for the next slab.
    next_slab: usize,
}

/// Slots that are mapped but have no guard yet.
struct Fresh {
    next: *mut u8,
    slots: usize,
}

// SAFETY: `Fresh` owns the memory of its slots, which belongs to no thread.
unsafe impl Send for Fresh {}

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
        let stack = self.classes[class.index()].lock().cold.pop();
        stack.expect(UNRESERVED)
    }

    /// Moves `most` cold stacks to `warm`, or all if there are fewer. For a hub that holds a reservation that it has not used,
    /// so that there is at least one, and whose bound, to which this is committed as well, has room for them.
    pub(super) fn take_some(&self, class: Class, most: usize, warm: &mut Vec<Stack>) {
        let cold = &mut self.classes[class.index()].lock().cold;
        let stay = cold.len().saturating_sub(most);
        assert!(stay < cold.len(), "{UNRESERVED}");
        warm.extend(cold.drain(stay..));
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

    /// `(available, committed, cold)` of a class.
    #[cfg(test)]
    pub(super) fn account(&self, class: Class) -> (usize, usize, usize) {
        let state = self.classes[class.index()].lock();
        (state.available, state.committed, state.cold.len())
    }
}

impl ClassState {
    const fn new() -> ClassState {
        ClassState {
            cold: Vec::new(),
            available: 0,
            committed: 0,
            fresh: Fresh {
                next: ptr::null_mut(),
                slots: 0,
            },
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
        if self.fresh.slots == 0 {
            self.fresh = self.map_fresh(class)?;
        }
        let batch = missing.max(class.pool_bound()).min(self.fresh.slots);
        let room = self.available + batch - self.cold.len();
        self.cold.try_reserve(room)?;
        let mut guarded = 0;
        for done in 0..batch {
            let base = self.fresh.next;
            if done == guarded {
                // SAFETY: the first pages of slots that `fresh` owns; nobody has used them.
                guarded += unsafe { guards.install_some(base, class.slot_size(), batch - done) };
            }
            let installed = if done < guarded {
                Ok(())
            } else {
                guarded += 1;
                // SAFETY: as above.
                unsafe { guards.install(base) }
            };
            if let Err(error) = installed {
                // The whole request is met or it is refused, whatever this batch would have added.
                return if done >= missing {
                    Ok(())
                } else {
                    Err(Shortage {
                        attempt: Attempt::Guard,
                        error,
                    })
                };
            }
            // SAFETY: `base` is the start of one of the `slots` slots that are left in the slab.
            self.fresh.next = unsafe { base.add(class.slot_size()) };
            self.fresh.slots -= 1;
            let base = NonNull::new(base).expect("mmap does not map the null page");
            self.cold.push(Stack { base, class });
            self.available += 1;
        }
        Ok(())
    }

    /// Maps a slab: twice the size of the last one, or as much as can be had.
    fn map_fresh(&mut self, class: Class) -> Result<Fresh, Shortage> {
        let mut slots = (self.next_slab / class.slot_size()).max(1);
        loop {
            match slab::map_slab(class, slots) {
                Ok(next) => {
                    let bytes = slots * class.slot_size();
                    self.next_slab = bytes.saturating_mul(2).clamp(FIRST_SLAB, LARGEST_SLAB);
                    return Ok(Fresh { next, slots });
                }
                Err(_) if slots > 1 => slots /= 2,
                Err(error) => {
                    let attempt = Attempt::Map(class.slot_size());
                    return Err(Shortage { attempt, error });
                }
            }
        }
    }
}
