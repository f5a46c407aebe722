//! The door to the core, which the models of `loom` replace.

#[cfg(not(loom))]
pub(super) use {
    greenlet::{futex, killing, shield},
    std::sync::atomic::{
        AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

#[cfg(loom)]
pub(super) use {
    self::model::{futex, killing, shield},
    loom::sync::atomic::{
        AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// The futex's contract: the comparison, the queueing and the park are one step; wakes go to the longest waiting.
#[cfg(loom)]
mod model {
    use loom::sync::{Arc, Mutex, Notify};
    use std::collections::VecDeque;

    /// Nobody is killed in a model.
    pub(in super::super) fn killing() -> bool {
        false
    }

    pub(in super::super) fn shield<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    loom::lazy_static! {
        static ref WAITERS: Mutex<VecDeque<(usize, Arc<Notify>)>> = Mutex::new(VecDeque::new());
    }

    pub(in super::super) mod futex {
        use super::WAITERS;
        use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};
        use loom::sync::{Arc, Notify};
        use std::ptr;
        use std::time::Instant;

        pub(in super::super::super) fn wait(word: &AtomicU32, expected: u32) -> bool {
            let woken = {
                let mut waiters = WAITERS.lock().unwrap();
                if word.load(Relaxed) != expected {
                    return false;
                }
                let woken = Arc::new(Notify::new());
                waiters.push_back((ptr::from_ref(word).addr(), Arc::clone(&woken)));
                woken
            };
            // loom's wakes without being told to, now and then.
            let is_queued = || {
                let waiters = WAITERS.lock().unwrap();
                waiters
                    .iter()
                    .any(|(_, waiter)| Arc::ptr_eq(waiter, &woken))
            };
            woken.wait();
            while is_queued() {
                woken.wait();
            }
            true
        }

        /// Without deadlines.
        pub(in super::super::super) fn wait_until(
            word: &AtomicU32,
            expected: u32,
            _deadline: Option<Instant>,
        ) -> bool {
            wait(word, expected);
            true
        }

        pub(in super::super::super) fn wake(word: *const AtomicU32, count: usize) -> usize {
            let mut waiters = WAITERS.lock().unwrap();
            let mut woken = 0;
            while woken < count
                && let Some(first) = waiters.iter().position(|(key, _)| *key == word.addr())
            {
                if let Some((_, waiter)) = waiters.remove(first) {
                    waiter.notify();
                    woken += 1;
                }
            }
            woken
        }
    }
}
