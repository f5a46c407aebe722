//! The table of one greenlet's values.

use std::cell::{Cell, UnsafeCell};
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::{self, NonNull};

/// The largest number of a key.
pub(super) const MOST: u32 = u32::MAX - 2;
/// In [`Slot::before`]: there is no slot before. No key has the number 0 either.
const FIRST: u32 = 0;
/// In [`Slot::before`]: the value's destructor runs or has run.
const DESTROYED: u32 = u32::MAX;

/// Drops a value.
type Destructor = unsafe fn(NonNull<()>);

/// What a greenlet has of one key.
#[derive(Clone, Copy)]
struct Slot {
    /// Null while there is none.
    value: *mut (),
    /// What drops it.
    drop: Option<Destructor>,
    /// The slot that was chained before this one, `FIRST`, or `DESTROYED`.
    before: u32,
}

const EMPTY: Slot = Slot {
    value: ptr::null_mut(),
    drop: None,
    before: FIRST,
};

/// A greenlet's values, indexed by the numbers of their keys.
///
/// The greenlet's own thread only. No reference into the table is held while anything is called that may come back here:
/// destructors, initialisers, and the allocator, which may be the program's own.
pub(crate) struct Slots {
    table: UnsafeCell<Vec<Slot>>,
    /// The end of the chain of values with destructors, or `FIRST`.
    last: Cell<u32>,
}

impl Slots {
    pub(crate) const fn new() -> Slots {
        Slots {
            table: UnsafeCell::new(Vec::new()),
            last: Cell::new(FIRST),
        }
    }

    /// Whether nothing was ever put here, or all was freed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.table().is_empty()
    }

    /// The value in a slot.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<NonNull<()>> {
        NonNull::new(self.table().get(index as usize)?.value)
    }

    /// Whether the value in a slot is being destroyed, or was.
    pub(super) fn is_destroyed(&self, index: u32) -> bool {
        let slot = self.table().get(index as usize);
        slot.is_some_and(|slot| slot.before == DESTROYED)
    }

    /// Fills a slot, which is not destroyed, and gives back what was in it. A value with a destructor that had none before
    /// it is chained.
    pub(super) fn put(
        &self,
        index: u32,
        value: NonNull<()>,
        drop: Destructor,
        has_destructor: bool,
    ) -> Option<NonNull<()>> {
        if self.table().len() <= index as usize {
            self.grow(index as usize);
        }
        // SAFETY: see `Slots`; nothing is called below.
        let slot = unsafe { &mut (&mut *self.table.get())[index as usize] };
        let before = NonNull::new(mem::replace(&mut slot.value, value.as_ptr()));
        if before.is_none() {
            slot.drop = Some(drop);
            if has_destructor {
                slot.before = self.last.replace(index);
            }
        }
        before
    }

    /// Runs the destructors of the values, the last one made first, and those of what they make. By the greenlet itself.
    ///
    /// A destructor that panics has nobody to report to: that is the end of the process, as in std.
    pub(crate) fn destroy(&self) {
        while let Some((value, drop)) = self.next() {
            // SAFETY: out of its slot, so it is ours; it was put there together with `drop`.
            let dropped = panic::catch_unwind(AssertUnwindSafe(|| unsafe { drop(value) }));
            if let Err(payload) = dropped {
                mem::forget(payload);
                eprintln!("fatal: a greenlet-local value panicked when it was dropped");
                std::process::abort();
            }
        }
    }

    /// Takes the value out that was chained last. From now on its slot is destroyed.
    fn next(&self) -> Option<(NonNull<()>, Destructor)> {
        let last = self.last.get();
        if last == FIRST {
            return None;
        }
        // SAFETY: see `Slots`; nothing is called below.
        let slot = unsafe { &mut (&mut *self.table.get())[last as usize] };
        self.last.set(mem::replace(&mut slot.before, DESTROYED));
        let value = NonNull::new(mem::replace(&mut slot.value, ptr::null_mut()));
        let (Some(value), Some(drop)) = (value, slot.drop) else {
            unreachable!("a chained slot has a value");
        };
        Some((value, drop))
    }

    /// Frees what is left, once nothing that has a destructor is and nobody asks any more.
    pub(crate) fn free(&self) {
        // SAFETY: see `Slots`.
        let table = mem::take(unsafe { &mut *self.table.get() });
        for slot in table {
            if let (Some(value), Some(drop)) = (NonNull::new(slot.value), slot.drop) {
                // SAFETY: put there together, and nobody finds the value any more.
                unsafe { drop(value) };
            }
        }
    }

    /// Makes the table long enough for `index`.
    #[cold]
    fn grow(&self, index: usize) {
        let length = (index + 1).next_power_of_two().max(4);
        let mut longer = Vec::with_capacity(length);
        // SAFETY: see `Slots`; the new table has the room for what goes into it.
        let table = unsafe { &mut *self.table.get() };
        if table.len() > index {
            // The allocator was here.
            return;
        }
        longer.extend_from_slice(table);
        longer.resize(length, EMPTY);
        let before = mem::replace(table, longer);
        drop(before);
    }

    #[inline]
    fn table(&self) -> &[Slot] {
        // SAFETY: see `Slots`; every caller is done with it before it calls anything.
        unsafe { &*self.table.get() }
    }
}
