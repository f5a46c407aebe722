//! What the primitives are built from: state words and the waiting on them, without data and without poisoning.
//!
//! Everything here rests on the contract of [`greenlet::futex`], and is checked against it by `loom`. Channels are here as a
//! whole, so that the models check what is really used.

mod channel;
mod condvar;
mod line;
mod mutex;
mod once;
mod rwlock;
#[cfg(not(loom))]
mod spin;
mod system;

pub(crate) use channel::{Channel, UNBOUNDED};
pub(crate) use condvar::RawCondvar;
pub(crate) use mutex::RawMutex;
pub(crate) use once::{Outcome, RawOnce};
pub(crate) use rwlock::RawRwLock;

/// `loom` has no end to try with waiting in place; for what is under the lock this is as good.
#[cfg(loom)]
mod spin {
    pub(super) use super::RawMutex as Spin;
}

#[cfg(all(test, loom))]
mod loom_tests;
