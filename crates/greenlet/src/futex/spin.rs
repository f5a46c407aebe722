//! The lock of a bucket: it is waited for in place.
//!
//! Unlocking is a plain store. A lock whose waiters sleep finds out about them by an atomic exchange, and four of those were a
//! fifth of what waking a greenlet and waiting for it cost. Under this lock a few links are written, and nothing is called
//! that waits; only the table's growth takes longer. So a thread is waited for that the system has stopped just there, or
//! that makes the table grow: the waiter lets the system run it, and sleeps if that is in vain, as it is when the other has
//! a lower priority.

use parking_lot::lock_api;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{hint, thread};

/// A value under such a lock.
pub(super) type Mutex<T> = lock_api::Mutex<RawSpin, T>;

/// Taken by [`Mutex::lock`].
pub(super) type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawSpin, T>;

pub(super) struct RawSpin {
    locked: AtomicBool,
}

impl RawSpin {
    #[cold]
    fn wait_and_lock(&self) {
        let mut rounds = 0_u32;
        loop {
            while self.locked.load(Ordering::Relaxed) {
                match rounds {
                    0..64 => hint::spin_loop(),
                    64..128 => thread::yield_now(),
                    _ => thread::sleep(Duration::from_micros(50)),
                }
                rounds = rounds.saturating_add(1);
            }
            if !self.locked.swap(true, Ordering::Acquire) {
                return;
            }
        }
    }
}

// SAFETY: `lock` returns, and `try_lock` says yes, only to whoever has turned the flag from false to true; and until its
// `unlock` turns it back nobody else can.
unsafe impl lock_api::RawMutex for RawSpin {
    const INIT: RawSpin = RawSpin {
        locked: AtomicBool::new(false),
    };

    /// Nothing, but it may not leave its thread: what is locked is unlocked at once.
    type Guard = lock_api::GuardNoSend;

    #[inline]
    fn lock(&self) -> lock_api::GuardNoSend {
        if self.locked.swap(true, Ordering::Acquire) {
            self.wait_and_lock();
        }
        lock_api::GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<lock_api::GuardNoSend> {
        let is_ours = !self.locked.swap(true, Ordering::Acquire);
        is_ours.then_some(lock_api::GuardNoSend::new())
    }

    #[inline]
    unsafe fn unlock(&self, _: lock_api::GuardNoSend) {
        self.locked.store(false, Ordering::Release);
    }

    fn is_locked(&self) -> bool {
        self.locked.load(Ordering::Relaxed)
    }
}
