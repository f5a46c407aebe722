//! Primitives that remember that somebody panicked while it had them.
//!
//! This mirrors [`std::sync::poison`]: the names are those of the crate's root.

#[allow(deprecated, reason = "std still has it, so a shim of std has it")]
pub use crate::ONCE_INIT;
pub use crate::{
    Condvar, Mutex, MutexGuard, Once, OnceState, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
#[doc(no_inline)]
pub use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether a lock is poisoned.
///
/// It is relaxed: who unlocks after it has set the flag releases it with the lock.
pub(crate) struct Flag {
    poisoned: AtomicBool,
}

/// Whether the greenlet was unwinding already when it took the lock.
pub(crate) struct Before {
    panicking: bool,
}

impl Flag {
    pub(crate) const fn new() -> Flag {
        Flag {
            poisoned: AtomicBool::new(false),
        }
    }

    /// To be asked when the lock is taken.
    #[inline]
    pub(crate) fn before(&self) -> Before {
        Before {
            panicking: greenlet::panicking(),
        }
    }

    /// Poisons the lock if its owner has begun to panic since. A kill is no panic.
    #[inline]
    pub(crate) fn after(&self, before: &Before) {
        if !before.panicking && greenlet::panicking() && !greenlet::killing() {
            self.poisoned.store(true, Relaxed);
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> bool {
        self.poisoned.load(Relaxed)
    }

    pub(crate) fn clear(&self) {
        self.poisoned.store(false, Relaxed);
    }

    /// An error around `value` if the lock is poisoned.
    #[inline]
    pub(crate) fn wrap<T>(&self, value: T) -> LockResult<T> {
        if self.get() {
            Err(PoisonError::new(value))
        } else {
            Ok(value)
        }
    }
}
