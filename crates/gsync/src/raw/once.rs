//! Something that is done once.
//!
//! | state | means |
//! | --- | --- |
//! | `INCOMPLETE` | nobody has begun |
//! | `POISONED` | who began has panicked |
//! | `RUNNING` | somebody is at it |
//! | `COMPLETE` | it is done |
//!
//! `WAITED` is set beside `RUNNING` when somebody waits.
//!
//! | from | to | by | ordering |
//! | --- | --- | --- | --- |
//! | `INCOMPLETE`, `POISONED` | `RUNNING` | who does it | acquire |
//! | `RUNNING` | `RUNNING+WAITED` | who waits | relaxed |
//! | `RUNNING` | `COMPLETE` | who has done it; wakes all | release |
//! | `RUNNING` | `POISONED` | who panics; wakes all | release |
//! | `RUNNING` | what it was before, or `POISONED` | who is killed; wakes all | release |
//!
//! *No wake-up is lost.* `WAITED` is in the value that the futex compares; who leaves `RUNNING` does it by an exchange,
//! and wakes all if the flag was there.

use super::system::{Acquire, AtomicU32, Relaxed, Release, futex, killing};
use std::cell::Cell;

const INCOMPLETE: u32 = RawOnce::INCOMPLETE;
const POISONED: u32 = RawOnce::POISONED;
const RUNNING: u32 = RawOnce::RUNNING;
const COMPLETE: u32 = RawOnce::COMPLETE;
const WAITED: u32 = RawOnce::WAITED;

#[repr(transparent)]
pub(crate) struct RawOnce {
    state: AtomicU32,
}

/// How an initialiser ends, unless it unwinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Complete,
    Poisoned,
}

impl RawOnce {
    pub(crate) const INCOMPLETE: u32 = 0;
    pub(crate) const POISONED: u32 = 1;
    pub(crate) const RUNNING: u32 = 2;
    pub(crate) const COMPLETE: u32 = 3;
    pub(crate) const WAITED: u32 = 4;

    #[cfg(not(loom))]
    pub(crate) const fn new() -> RawOnce {
        RawOnce {
            state: AtomicU32::new(INCOMPLETE),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> RawOnce {
        RawOnce {
            state: AtomicU32::new(INCOMPLETE),
        }
    }

    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.state.load(Acquire) == COMPLETE
    }

    /// Whether somebody has begun and failed.
    #[cfg(not(loom))]
    pub(crate) fn is_poisoned(&mut self) -> bool {
        self.state.load(Acquire) & !WAITED == POISONED
    }

    /// Parks until it is done. `Err` if it is poisoned and that matters.
    #[cold]
    pub(crate) fn wait(&self, ignore_poison: bool) -> Result<(), Poisoned> {
        loop {
            let state = self.state.load(Acquire);
            match state & !WAITED {
                COMPLETE => return Ok(()),
                POISONED if !ignore_poison => return Err(Poisoned),
                _ => self.park(state),
            }
        }
    }

    /// Runs `f`, with whether it was poisoned before, or waits for somebody else who does; until it is done.
    ///
    /// A kill out of `f` leaves the state as it was if `f` can be run `again`, and poisons it otherwise.
    #[cold]
    pub(crate) fn call(
        &self,
        ignore_poison: bool,
        again: bool,
        f: &mut dyn FnMut(bool) -> Outcome,
    ) -> Result<(), Poisoned> {
        loop {
            let state = self.state.load(Acquire);
            match state & !WAITED {
                COMPLETE => return Ok(()),
                POISONED if !ignore_poison => return Err(Poisoned),
                INCOMPLETE | POISONED => {
                    if self
                        .state
                        .compare_exchange(state, RUNNING | state & WAITED, Acquire, Relaxed)
                        .is_err()
                    {
                        continue;
                    }
                    let before = state & !WAITED;
                    let running = Running {
                        once: self,
                        unwound: if again { before } else { POISONED },
                        killing: killing(),
                        after: Cell::new(None),
                    };
                    running.after.set(Some(f(before == POISONED)));
                    return Ok(());
                }
                _ => self.park(state),
            }
        }
    }

    /// Waits for the state to change.
    fn park(&self, state: u32) {
        let waited = state | WAITED;
        if state == waited
            || self
                .state
                .compare_exchange(state, waited, Relaxed, Relaxed)
                .is_ok()
        {
            futex::wait(&self.state, waited);
        }
    }
}

/// It is poisoned.
#[derive(Debug)]
pub(crate) struct Poisoned;

/// Leaves `RUNNING` on every way out.
struct Running<'a> {
    once: &'a RawOnce,
    /// The state after a kill.
    unwound: u32,
    /// Whether a kill was unwinding before.
    killing: bool,
    after: Cell<Option<Outcome>>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let after = match self.after.get() {
            Some(Outcome::Complete) => COMPLETE,
            None if killing() && !self.killing => self.unwound,
            Some(Outcome::Poisoned) | None => POISONED,
        };
        if self.once.state.swap(after, Release) & WAITED != 0 {
            futex::wake(&raw const self.once.state, usize::MAX);
        }
    }
}
