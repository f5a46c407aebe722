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
//! switch, which is what makes an uncontended loop fast. But one that was woken [`IN_VAIN`] times and found the lock taken
//! again, or two, four or eight times in more than [`PATIENCE`], starves. While anybody does, every unlock hands the lock
//! over in the order of the queue, and nobody else can take it. So a waiter is woken in vain that often at most, once for
//! each turn of those that wait, whatever the others do. (Between a wake and the time when the woken one runs, which is
//! its hub's affair, the lock may change hands more than once.)
//!
//! *Why not hand over always.* By measurement, nanoseconds a turn of 8 tasks that lock and unlock, on one hub and on two, and
//! that yield while they have the lock:
//!
//! | hand over after so many wakes in vain | on one hub | on two | yielding, on one |
//! | --- | --- | --- | --- |
//! | 0: always | 26 | 4,100 | 620 |
//! | 1 | 26 | 90 | 540 |
//! | 4 | 24 | 80 | 270 |
//! | 16 | 24 | 85 | 190 |
//! | 64 | 25 | 81 | 183 |

use super::system::{Acquire, AtomicU32, Relaxed, Release, futex};
use std::mem;
use std::time::{Duration, Instant};

const LOCKED: u32 = 1;
const WAITED: u32 = 1 << 1;
const HANDED: u32 = 1 << 2;
/// One starving waiter.
const STARVING: u32 = 1 << 3;

/// A waiter starves when it was woken so many times in vain.
const IN_VAIN: u32 = if cfg!(loom) { 1 } else { 16 };

/// Or when it was so for longer than this, which is looked at now and then. Long against a turn of a lock that is fought
/// for, short against what a user would notice.
const PATIENCE: Duration = Duration::from_millis(1);

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
        let mut waited = Waited::default();
        let mut woken = false;
        loop {
            let state = self.state.load(Relaxed);
            // What this one leaves behind when it has the lock.
            let without_me = state - if waiter.starves { STARVING } else { 0 };
            let (next, mine) = if state & LOCKED == 0 {
                // Others may have waited as long as this one.
                let others = if waited.once { WAITED } else { 0 };
                (without_me | LOCKED | others, true)
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
            if mem::take(&mut woken) {
                waited.in_vain();
            }
            let now_starves = waited.enough && !waiter.starves;
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
            waited.once = true;
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

/// What a waiter has gone through.
#[derive(Default)]
struct Waited {
    once: bool,
    in_vain: u32,
    /// When it was woken in vain for the first time.
    since: Option<Instant>,
    enough: bool,
}

impl Waited {
    fn in_vain(&mut self) {
        self.in_vain += 1;
        // The clock takes longer than a switch.
        if self.in_vain.is_power_of_two() {
            let now = Instant::now();
            let since = *self.since.get_or_insert(now);
            self.enough |= now.duration_since(since) >= PATIENCE;
        }
        self.enough |= self.in_vain >= IN_VAIN;
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
