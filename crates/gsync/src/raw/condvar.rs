//! Waiting for a condition.
//!
//! One word that counts notifications. A waiter reads it while it has the mutex, unlocks, and waits for as long as the word
//! has that value; a notification changes the value, then wakes.
//!
//! | who | does | ordering |
//! | --- | --- | --- |
//! | a waiter | reads the count, unlocks the mutex, waits for another count, locks the mutex | relaxed: the mutex orders what it guards |
//! | a notifier | adds one, wakes one or all | relaxed |
//!
//! *No wake-up is lost.* A notification that comes after the waiter has unlocked changes the value that the futex
//! compares, so the waiter is queued and woken, or does not wait. (After 2³² notifications between the two steps
//! it would; std has that limit too.) A kill is thrown only from a wait that has taken no wake.

use super::RawMutex;
use super::system::{AtomicU32, Relaxed, futex, shield};
use std::time::Instant;

pub(crate) struct RawCondvar {
    notifications: AtomicU32,
}

impl RawCondvar {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> RawCondvar {
        RawCondvar {
            notifications: AtomicU32::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> RawCondvar {
        RawCondvar {
            notifications: AtomicU32::new(0),
        }
    }

    pub(crate) fn notify_one(&self) {
        self.notifications.fetch_add(1, Relaxed);
        futex::wake(&raw const self.notifications, 1);
    }

    #[cfg(not(loom))]
    pub(crate) fn notify_all(&self) {
        self.notifications.fetch_add(1, Relaxed);
        futex::wake(&raw const self.notifications, usize::MAX);
    }

    /// Unlocks, waits, and locks again, also when a kill unwinds through it. `false` when the deadline has passed first.
    ///
    /// # Safety
    ///
    /// The caller owns the mutex.
    pub(crate) unsafe fn wait(&self, mutex: &RawMutex, deadline: Option<Instant>) -> bool {
        let seen = self.notifications.load(Relaxed);
        // SAFETY: as the caller promises.
        unsafe { mutex.unlock() };
        let _locked_again = LockAgain(mutex);
        futex::wait_until(&self.notifications, seen, deadline)
    }
}

struct LockAgain<'a>(&'a RawMutex);

impl Drop for LockAgain<'_> {
    fn drop(&mut self) {
        // A kill must not be thrown from here: the caller's guard would unlock what it does not own.
        shield(|| self.0.lock());
    }
}
