//! What greenlets of any hub can wait on, made of one futex word each.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Instant;

use greenlet::futex;

/// Shut until it is opened, once and for all.
#[derive(Default)]
pub(crate) struct Gate {
    open: AtomicU32,
}

impl Gate {
    pub(crate) fn open(&self) {
        self.open.store(1, Release);
        futex::wake(&self.open, usize::MAX);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Acquire) == 1
    }

    /// Parks the caller until the gate is open.
    pub(crate) fn wait(&self) {
        while !self.is_open() {
            futex::wait(&self.open, 0);
        }
    }
}

/// A count that one greenlet follows while others raise it.
#[derive(Default)]
pub(crate) struct Count {
    value: AtomicU32,
}

impl Count {
    pub(crate) fn raise(&self) {
        self.value.fetch_add(1, AcqRel);
        futex::wake(&self.value, 1);
    }

    pub(crate) fn value(&self) -> u32 {
        self.value.load(Acquire)
    }

    /// Parks the caller until the count is no longer `known`, or until `deadline`; the count then.
    pub(crate) fn wait_past(&self, known: u32, deadline: Instant) -> u32 {
        loop {
            let value = self.value();
            if value != known || !futex::wait_until(&self.value, known, Some(deadline)) {
                return value;
            }
        }
    }
}

/// As many permits as greenlets may do something at the same time.
pub(crate) struct Permits {
    left: AtomicU32,
}

impl Permits {
    pub(crate) fn new(permits: u32) -> Permits {
        Permits {
            left: AtomicU32::new(permits),
        }
    }

    /// Parks the caller until there is a permit, and takes it.
    pub(crate) fn take(&self) {
        loop {
            let taken = self
                .left
                .fetch_update(Acquire, Relaxed, |left| left.checked_sub(1));
            if taken.is_ok() {
                return;
            }
            futex::wait(&self.left, 0);
        }
    }

    pub(crate) fn give_back(&self) {
        self.left.fetch_add(1, Release);
        futex::wake(&self.left, 1);
    }
}
