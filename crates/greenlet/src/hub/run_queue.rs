//! The queue of runnable greenlets of one hub: first in, first out, linked through the control blocks.

use crate::task::Core;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// Greenlets that may run. Only the hub's own thread touches it.
pub(crate) struct RunQueue {
    head: Cell<*const Core>,
    tail: Cell<*const Core>,
}

impl RunQueue {
    pub(crate) const fn new() -> RunQueue {
        RunQueue {
            head: Cell::new(ptr::null()),
            tail: Cell::new(ptr::null()),
        }
    }

    /// Adds a greenlet at the end.
    ///
    /// # Safety
    ///
    /// `core` is in no queue, and stays alive until it has been popped.
    #[inline]
    pub(crate) unsafe fn push(&self, core: NonNull<Core>) {
        // SAFETY: alive, as the caller promises.
        unsafe { core.as_ref() }.next.set(ptr::null());
        let tail = self.tail.replace(core.as_ptr());
        if tail.is_null() {
            self.head.set(core.as_ptr());
        } else {
            // SAFETY: it is in the queue, so it is alive.
            unsafe { (*tail).next.set(core.as_ptr()) };
        }
    }

    /// Whether nobody is in it.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.get().is_null()
    }

    /// Takes the first.
    #[inline]
    pub(crate) fn pop(&self) -> Option<NonNull<Core>> {
        let head = NonNull::new(self.head.get().cast_mut())?;
        // SAFETY: what is in the queue is alive.
        let next = unsafe { head.as_ref() }.next.get();
        self.head.set(next);
        if next.is_null() {
            self.tail.set(ptr::null());
        }
        Some(head)
    }
}
