//! The locks of the standard streams, held by greenlets.
//!
//! A stream's lock is held while its owner waits for room or for input, and by one that prints in a loop nearly always.
//! A lock that is freed goes to whoever comes first, which would be that one for ever, as there is no preemption among
//! the greenlets of a hub. So a waiter that was woken [`IN_VAIN`] times has the owner leave the lock to those that
//! wait, in their order.
//!
//! One word:
//!
//! | flag | means |
//! | --- | --- |
//! | `HELD` | somebody owns the lock, or it was handed over and is not taken yet |
//! | `WAITED` | somebody waits, or may |
//! | `HANDED` | the owner has left the lock to those whom it has woken |
//! | `FAIR` | it is to be handed over, not freed |
//!
//! Whoever waits has set `WAITED` in the very value that the futex compares. Freeing the word clears it and wakes one,
//! which sets it again. An owner that hands over and finds nobody to wake, since a kill has ended the wait, frees the
//! word after all and wakes once more, for one that has come in between. A kill is thrown only by a wait that has taken
//! no wake.

use std::marker::PhantomData;
use std::sync::MutexGuard;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use greenlet::futex;

const HELD: u32 = 1;
const WAITED: u32 = 1 << 1;
const HANDED: u32 = 1 << 2;
const FAIR: u32 = 1 << 3;

/// After how many wakes in vain a waiter is to be handed the lock.
const IN_VAIN: u32 = 16;

/// A lock for one greenlet at a time; one that has it and asks again waits for ever.
pub(crate) struct Lock(AtomicU32);

impl Lock {
    pub(crate) const fn new() -> Lock {
        Lock(AtomicU32::new(0))
    }

    fn try_lock(&self) -> bool {
        self.0.compare_exchange(0, HELD, Acquire, Relaxed).is_ok()
    }

    /// Parks until the lock is the caller's. A kill that is thrown here leaves it to the others.
    pub(crate) fn lock(&self) {
        if !self.try_lock() {
            self.wait_and_lock();
        }
    }

    #[cold]
    fn wait_and_lock(&self) {
        let mut woken = false;
        let mut in_vain = 0;
        let mut others = 0;
        loop {
            let state = self.0.load(Relaxed);
            let starves = in_vain >= IN_VAIN;
            let (next, mine) = if state & HELD == 0 {
                (HELD | others, true)
            } else if woken && state & HANDED != 0 {
                let fair = if starves { FAIR } else { 0 };
                (state & !(HANDED | fair), true)
            } else {
                let fair = if starves { FAIR } else { 0 };
                (state | WAITED | fair, false)
            };
            let swapped = self.0.compare_exchange(state, next, Acquire, Relaxed);
            if swapped.is_err() {
                continue;
            }
            if mine {
                return;
            }
            // Others may have waited as long as this one.
            others = WAITED;
            woken = futex::wait(&self.0, next);
            in_vain += u32::from(woken);
        }
    }

    /// By the owner only.
    pub(crate) fn unlock(&self) {
        if self.0.compare_exchange(HELD, 0, Release, Relaxed).is_err() {
            self.unlock_for_others();
        }
    }

    #[cold]
    fn unlock_for_others(&self) {
        let mut state = self.0.load(Relaxed);
        loop {
            let next = if state & FAIR == 0 { 0 } else { state | HANDED };
            match self.0.compare_exchange(state, next, Release, Relaxed) {
                Ok(_) if next == 0 => {
                    futex::wake(&raw const self.0, 1);
                    return;
                }
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        if futex::wake(&raw const self.0, 1) == 0 {
            self.take_back();
        }
    }

    /// Frees what was handed over to nobody.
    #[cold]
    fn take_back(&self) {
        let mut state = self.0.load(Relaxed);
        while state & HANDED != 0 {
            match self.0.compare_exchange(state, 0, Release, Relaxed) {
                Ok(_) => {
                    futex::wake(&raw const self.0, 1);
                    return;
                }
                Err(now) => state = now,
            }
        }
    }
}

/// A lock that its owner may take again.
///
/// [`std::io`]'s streams have one that is the thread's; this one is the greenlet's.
pub(crate) struct Reentrant {
    lock: Lock,
    /// The number of the greenlet that has it, or 0. Only a greenlet itself can find its own number here.
    owner: AtomicU64,
    depth: AtomicU32,
}

impl Reentrant {
    pub(crate) const fn new() -> Reentrant {
        Reentrant {
            lock: Lock::new(),
            owner: AtomicU64::new(0),
            depth: AtomicU32::new(0),
        }
    }

    pub(crate) fn lock(&self) -> Held<'_> {
        let me = greenlet::current().id().as_u64().get();
        if self.owner.load(Relaxed) != me {
            self.lock.lock();
            self.owner.store(me, Relaxed);
        }
        self.deeper()
    }

    /// The lock, if nobody else has it.
    pub(crate) fn try_lock(&self) -> Option<Held<'_>> {
        let me = greenlet::current().id().as_u64().get();
        if self.owner.load(Relaxed) != me {
            if !self.lock.try_lock() {
                return None;
            }
            self.owner.store(me, Relaxed);
        }
        Some(self.deeper())
    }

    fn deeper(&self) -> Held<'_> {
        let Some(depth) = self.depth.load(Relaxed).checked_add(1) else {
            panic!("a stream's lock was taken too often");
        };
        self.depth.store(depth, Relaxed);
        Held {
            lock: self,
            like_std: PhantomData,
        }
    }
}

/// The lock is the caller's as long as this lives.
pub(crate) struct Held<'a> {
    lock: &'a Reentrant,
    /// The owner drops it itself.
    like_std: PhantomData<MutexGuard<'a, ()>>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let depth = self.lock.depth.load(Relaxed) - 1;
        self.lock.depth.store(depth, Relaxed);
        if depth == 0 {
            self.lock.owner.store(0, Relaxed);
            self.lock.lock.unlock();
        }
    }
}
