//! What a waiting greenlet links into its hub's wheel.

use std::cell::Cell;
use std::ptr;

/// The position of an entry that is on no wheel.
const UNLINKED: u16 = u16::MAX;

/// A timer on the stack of the greenlet that waits for it.
///
/// Neither `Send` nor `Sync`: it belongs to the thread of the wheel that it is linked into.
#[repr(C)]
pub(crate) struct Entry {
    /// The neighbour towards the front of the slot's list, or null.
    pub(super) previous: Cell<*const Entry>,
    /// The neighbour towards the back of the slot's list, or null.
    pub(super) next: Cell<*const Entry>,
    /// The deadline, in nanoseconds since the wheel's epoch, as the caller gave it.
    pub(super) deadline: Cell<u64>,
    payload: *const (),
    /// Index into the wheel's slots, or [`UNLINKED`].
    position: Cell<u16>,
}

impl Entry {
    /// Makes an entry that is on no wheel. `payload` is the caller's, the wheel never reads it.
    pub(crate) const fn new(payload: *const ()) -> Entry {
        Entry {
            previous: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            deadline: Cell::new(0),
            payload,
            position: Cell::new(UNLINKED),
        }
    }

    /// What [`Entry::new`] was given.
    pub(crate) const fn payload(&self) -> *const () {
        self.payload
    }

    /// Whether a wheel holds this entry: inserted, and neither fired nor removed since.
    pub(crate) fn is_linked(&self) -> bool {
        self.position.get() != UNLINKED
    }

    /// The slot that holds this entry, if any.
    pub(super) fn position(&self) -> Option<usize> {
        self.is_linked().then(|| usize::from(self.position.get()))
    }

    /// Notes the slot that holds this entry from now on.
    pub(super) fn set_position(&self, position: Option<usize>) {
        // A wheel has a few hundred slots, so the cast cuts nothing off.
        self.position
            .set(position.map_or(UNLINKED, |position| position as u16));
    }
}
