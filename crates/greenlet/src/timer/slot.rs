//! The list of entries in one slot of the wheel.

use std::ptr;

use super::Entry;

/// How many entries an insertion by deadline passes at most on its way from the back.
pub(super) const SORT_STEPS: usize = 16;

/// A doubly linked list of entries.
///
/// Invariant, upheld by the callers of the `unsafe` functions: every entry of the list is alive and
/// stays where it is, and only the list's thread touches it.
pub(super) struct Slot {
    head: *const Entry,
    tail: *const Entry,
    len: usize,
}

impl Slot {
    pub(super) const EMPTY: Slot = Slot {
        head: ptr::null(),
        tail: ptr::null(),
        len: 0,
    };

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The entries from front to back. The successor of an entry is read before the entry is
    /// handed out, which may thus be linked elsewhere by the one who takes it.
    ///
    /// # Safety
    ///
    /// For as long as the iterator is used, every entry that it has not handed out yet stays in the
    /// list (or, of a list that was taken out of the wheel, stays linked as it was).
    pub(super) unsafe fn entries<'a>(&self) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let mut next = self.head;
        std::iter::from_fn(move || {
            // SAFETY: null, or an entry of the list, alive by the list's invariant; the caller of
            // `entries` keeps it there until it was handed out.
            let entry = unsafe { next.as_ref() }?;
            next = entry.next.get();
            Some(entry)
        })
    }

    /// Appends `entry`.
    ///
    /// # Safety
    ///
    /// `entry` is in no list, and keeps the list's invariant until it is unlinked.
    pub(super) unsafe fn push_back(&mut self, entry: &Entry) {
        // SAFETY: `tail` is null or the last entry of the list; the rest is the caller's promise.
        unsafe { self.link_after(self.tail, entry) }
    }

    /// Inserts `entry` behind the entries that are due no later, but passes at most
    /// [`SORT_STEPS`] entries. An entry never overtakes one of the same deadline.
    ///
    /// # Safety
    ///
    /// As [`Slot::push_back`].
    pub(super) unsafe fn insert_by_deadline(&mut self, entry: &Entry) {
        let deadline = entry.deadline.get();
        let mut previous = self.tail;
        for _ in 0..SORT_STEPS {
            // SAFETY: null, or an entry of the list, alive by the list's invariant.
            match unsafe { previous.as_ref() } {
                Some(passed) if passed.deadline.get() > deadline => {
                    previous = passed.previous.get()
                }
                _ => break,
            }
        }
        // SAFETY: `previous` is null or an entry of the list; the rest is the caller's promise.
        unsafe { self.link_after(previous, entry) }
    }

    /// Inserts `entry` behind `previous`, or at the front if that is null.
    ///
    /// # Safety
    ///
    /// `previous` is null or in this list; `entry` as for [`Slot::push_back`].
    unsafe fn link_after(&mut self, previous: *const Entry, entry: &Entry) {
        // SAFETY: null, or an entry of the list, alive by the list's invariant.
        let next = match unsafe { previous.as_ref() } {
            Some(previous) => previous.next.replace(entry),
            None => std::mem::replace(&mut self.head, entry),
        };
        entry.previous.set(previous);
        entry.next.set(next);
        // SAFETY: null, or an entry of the list, alive by the list's invariant.
        match unsafe { next.as_ref() } {
            Some(next) => next.previous.set(entry),
            None => self.tail = entry,
        }
        self.len += 1;
    }

    /// Takes `entry` out of the list.
    ///
    /// # Safety
    ///
    /// `entry` is in this list.
    pub(super) unsafe fn unlink(&mut self, entry: &Entry) {
        let previous = entry.previous.replace(ptr::null());
        let next = entry.next.replace(ptr::null());
        // SAFETY: null, or an entry of the list, alive by the list's invariant.
        match unsafe { previous.as_ref() } {
            Some(previous) => previous.next.set(next),
            None => self.head = next,
        }
        // SAFETY: null, or an entry of the list, alive by the list's invariant.
        match unsafe { next.as_ref() } {
            Some(next) => next.previous.set(previous),
            None => self.tail = previous,
        }
        self.len -= 1;
    }

    /// Takes the first entry out of the list.
    ///
    /// # Safety
    ///
    /// The list's invariant holds. `'a` ends before the entry that is returned does.
    pub(super) unsafe fn pop_front<'a>(&mut self) -> Option<&'a Entry> {
        // SAFETY: null, or an entry of the list, alive by the list's invariant.
        let entry = unsafe { self.head.as_ref() }?;
        // SAFETY: the head of the list is in the list.
        unsafe { self.unlink(entry) };
        Some(entry)
    }
}
