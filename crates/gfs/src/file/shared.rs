//! What is known of an open file, by all handles of it.

use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use greenlet::io::can_be_awaited;

/// Shared by a file and its clones, as the kernel's position is.
///
/// All of it is for choosing the quicker way: a stale answer costs time, and nothing else.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Calls under way that hold the kernel's lock on the position, or wait for it. It is held for as long as a call
    /// waits for the disk, and nothing but another thread can wait for it.
    moving: AtomicUsize,
    /// Whether it was found out that reads of this file cannot be asked not to wait.
    unsupported: AtomicBool,
    /// Whether it can be waited for: it is a pipe, or a terminal.
    awaitable: OnceLock<bool>,
}

impl Shared {
    /// Says that a call moves the position, until the guard is dropped.
    pub(super) fn moves(&self) -> Moving<'_> {
        self.moving.fetch_add(1, Ordering::Relaxed);
        Moving(self)
    }

    /// Whether a call that moves the position is under way.
    pub(super) fn is_moving(&self) -> bool {
        self.moving.load(Ordering::Relaxed) != 0
    }

    pub(super) fn is_unsupported(&self) -> bool {
        self.unsupported.load(Ordering::Relaxed)
    }

    /// Whether `file`, one of those that share this, can be waited for.
    pub(super) fn is_awaitable(&self, file: &fs::File) -> bool {
        *self.awaitable.get_or_init(|| can_be_awaited(file))
    }

    pub(super) fn set_unsupported(&self) {
        self.unsupported.store(true, Ordering::Relaxed);
    }
}

/// A call that moves the position.
pub(super) struct Moving<'a>(&'a Shared);

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        self.0.moving.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted() {
        let shared = Shared::default();
        assert!(!shared.is_moving());
        let (one, two) = (shared.moves(), shared.moves());
        drop(one);
        assert!(shared.is_moving());
        drop(two);
        assert!(!shared.is_moving());
    }
}
