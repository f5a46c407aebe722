//! Mutual exclusion.
//!
//! One word: three flags, and above them the number of starving waiters.
//!
//! | flag | means | set by | cleared by |
//! | --- | --- | --- | --- |
//! | `LOCKED` | somebody owns the lock, or it was handed over and is not taken yet | who takes it | the owner, unless it hands over |
//! | `WAITED` | somebody waits, or may | who is about to wait, and who has waited and takes the lock | the owner, when it unlocks |
//! | `HANDED` | the owner has left the lock to those whom it has woken | the owner, in the place of unlocking | who was woken and takes it; the owner, if there is nobody |
//!
//! | from | to | by | ordering |
//! | --- | --- | --- | --- |
//! | free | `LOCKED` | anybody | acquire |
//! | `LOCKED` | free | the owner, when nobody waits | release |
//! | `LOCKED+WAITED`, nobody starves | free, and one is woken | the owner | release |
//! | `LOCKED+WAITED`, somebody starves | `LOCKED+WAITED+HANDED`, and one is woken | the owner | release |
//! | `LOCKED+HANDED` | `LOCKED` | one that was woken | acquire |
//!
//! *No wake-up is lost.* Whoever waits has set `WAITED` in the very value that the futex compares. Unlocking clears it
//! and wakes one, and that one sets it again, whether it takes the lock or has to wait once more; so while
//! anybody waits, the flag is set or somebody woken is on its way. A kill is thrown only where the wait has taken no
//! wake, or after the flag was set again. An owner that hands over and finds nobody to wake unlocks in the
//! normal way, and wakes once more: one that came in between waits for a value that was there before.
//!
//! *Fairness.* A lock that is free goes to whoever comes first: on one hub the greenlet that runs takes it without a
//! switch, which is what makes an uncontended loop fast. But one that was woken, found the lock taken again, and
//! has waited for longer than [`PATIENCE`] counts as starving. While there is one, every unlock hands the lock over in the
//! order of the queue, and nobody else can take it. So a waiter gets it after `PATIENCE` and one turn of each that
//! waited before it, whatever the others do.

use super::system::{Acquire, AtomicU32, Relaxed, Release, futex};
use std::time::{Duration, Instant};

const LOCKED: u32 = 1;
const WAITED: u32 = 1 << 1;
const HANDED: u32 = 1 << 2;
/// One starving waiter.
const STARVING: u32 = 1 << 3;

/// How long a waiter puts up with being overtaken. Long against a time slice of a lock that is fought for, short against
/// what a user would notice.
const PATIENCE: Duration = if cfg!(loom) {
    Duration::ZERO
} else {
    Duration::from_millis(1)
};

pub(crate) struct RawMutex {
    state: AtomicU32,
}

impl RawMutex {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> RawMutex {
        RawMutex {
            state: AtomicU32::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> RawMutex {
        RawMutex {
            state: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> bool {
        let mut state = self.state.load(Relaxed);
        while state & LOCKED == 0 {
            match self
                .state
                .compare_exchange_weak(state, state | LOCKED, Acquire, Relaxed)
            {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Parks until the lock is the caller's. A kill that is thrown here leaves it to the others.
    #[inline]
    pub(crate) fn lock(&self) {
        if self
            .state
            .compare_exchange(0, LOCKED, Acquire, Relaxed)
            .is_err()
        {
            self.wait_and_lock();
        }
    }

    /// # Safety
    ///
    /// The caller owns the lock.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        if self
            .state
            .compare_exchange(LOCKED, 0, Release, Relaxed)
            .is_err()
        {
            self.unlock_for_others();
        }
    }

    #[cold]
    fn wait_and_lock(&self) {
        let mut waiter = Waiter {
            lock: self,
            starves: false,
        };
        let mut since = None;
        let mut woken = false;
        loop {
            let state = self.state.load(Relaxed);
            // What this one leaves behind when it has the lock.
            let without_me = state - if waiter.starves { STARVING } else { 0 };
            let (next, mine) = if state & LOCKED == 0 {
                // Others may have waited as long as this one.
                let waited = if since.is_some() { WAITED } else { 0 };
                (without_me | LOCKED | waited, true)
            } else if woken && state & HANDED != 0 {
                (without_me & !HANDED, true)
            } else {
                (state | WAITED, false)
            };
            if mine {
                if self
                    .state
                    .compare_exchange(state, next, Acquire, Relaxed)
                    .is_ok()
                {
                    waiter.starves = false;
                    return;
                }
                continue;
            }
            let now_starves = woken
                && !waiter.starves
                && since.is_some_and(|since: Instant| since.elapsed() >= PATIENCE);
            let next = next + if now_starves { STARVING } else { 0 };
            if next != state {
                if self
                    .state
                    .compare_exchange(state, next, Relaxed, Relaxed)
                    .is_err()
                {
                    continue;
                }
                waiter.starves |= now_starves;
            }
            since.get_or_insert_with(Instant::now);
            woken = futex::wait(&self.state, next);
        }
    }

    #[cold]
    fn unlock_for_others(&self) {
        let mut state = self.state.load(Relaxed);
        loop {
            let next = if state < STARVING { 0 } else { state | HANDED };
            match self
                .state
                .compare_exchange_weak(state, next, Release, Relaxed)
            {
                Ok(_) if next == 0 => {
                    futex::wake(&raw const self.state, 1);
                    return;
                }
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        if futex::wake(&raw const self.state, 1) == 0 {
            self.take_back();
        }
    }

    /// Unlocks what was handed over to nobody: those that starved have gone, or are about to wait.
    #[cold]
    fn take_back(&self) {
        let mut state = self.state.load(Relaxed);
        while state & HANDED != 0 {
            match self.state.compare_exchange_weak(
                state,
                state & !(LOCKED | WAITED | HANDED),
                Release,
                Relaxed,
            ) {
                Ok(_) => {
                    futex::wake(&raw const self.state, 1);
                    return;
                }
                Err(now) => state = now,
            }
        }
    }
}

/// Counts a waiter that starves no more when it is unwound.
struct Waiter<'a> {
    lock: &'a RawMutex,
    starves: bool,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if self.starves {
            self.lock.state.fetch_sub(STARVING, Relaxed);
        }
    }
}
