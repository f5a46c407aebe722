//! A lock for a few instructions: it is waited for in place.
//!
//! One flag. Unlocking is a plain store, which is what this is for: a lock whose waiters can park needs a second atomic
//! read-modify-write to find out about them, and those are most of what sending a message costs.
//!
//! | from | to | by | ordering |
//! | --- | --- | --- | --- |
//! | free | locked | anybody | acquire |
//! | locked | free | the owner | release |
//!
//! Nothing that parks, and no code of users, may run while it is locked: so only a thread that the system has stopped at that
//! moment is ever waited for. The waiter lets the system run it, and sleeps if that is in vain, as it is if the other thread
//! has a lower priority. The queues of `concurrent-queue` and `crossbeam`, lock-free by name, wait for each other in the
//! same way.

use super::system::{Acquire, AtomicBool, Relaxed, Release, relax};

pub(crate) struct Spin {
    locked: AtomicBool,
}

impl Spin {
    pub(crate) fn new() -> Spin {
        Spin {
            locked: AtomicBool::new(false),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) {
        if self.locked.swap(true, Acquire) {
            self.wait_and_lock();
        }
    }

    /// # Safety
    ///
    /// The caller owns the lock.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        self.locked.store(false, Release);
    }

    #[cold]
    fn wait_and_lock(&self) {
        let mut rounds = 0;
        loop {
            while self.locked.load(Relaxed) {
                relax(rounds);
                rounds += 1;
            }
            if !self.locked.swap(true, Acquire) {
                return;
            }
        }
    }
}
