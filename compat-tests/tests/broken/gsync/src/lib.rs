//! Broken on purpose: a wake-up gets lost.

pub use gsync::*;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub struct Condvar {
    inner: gsync::Condvar,
    has_lost_one: AtomicBool,
}

impl Condvar {
    pub fn new() -> Condvar {
        Condvar::default()
    }

    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.inner.wait(guard)
    }

    pub fn notify_one(&self) {
        if self.has_lost_one.swap(true, Ordering::SeqCst) {
            self.inner.notify_one();
        }
    }
}
