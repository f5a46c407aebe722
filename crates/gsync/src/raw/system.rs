//! The door to the core, which the models of `loom` replace.

#[cfg(not(loom))]
pub(super) use {
    self::{cell::UnsafeCell, spinning::relax},
    greenlet::{breathe, futex, killing, shield},
    std::sync::atomic::{
        AtomicBool, AtomicU32, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

#[cfg(loom)]
pub(super) use {
    self::model::{breathe, futex, killing, shield},
    loom::cell::UnsafeCell,
    loom::sync::atomic::{
        AtomicBool, AtomicU32, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

#[cfg(not(loom))]
mod spinning {
    use std::hint::spin_loop;
    use std::thread::{sleep, yield_now};
    use std::time::Duration;

    /// Between two looks at what another thread is about to do.
    pub(in super::super) fn relax(rounds: u32) {
        match rounds {
            0..64 => spin_loop(),
            64..128 => yield_now(),
            _ => sleep(Duration::from_micros(50)),
        }
    }
}

#[cfg(not(loom))]
mod cell {
    /// std's, with `loom`'s interface.
    pub(in super::super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(in super::super) const fn new(value: T) -> UnsafeCell<T> {
            UnsafeCell(std::cell::UnsafeCell::new(value))
        }

        #[inline(always)]
        pub(in super::super) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

/// The futex's contract: the comparison, the queueing and the park are one step; wakes go to the longest waiting.
#[cfg(loom)]
mod model {
    use loom::sync::{Arc, Mutex, Notify};
    use std::collections::VecDeque;

    /// Nobody is killed in a model.
    pub(in super::super) fn killing() -> bool {
        false
    }

    pub(in super::super) fn breathe() {}

    pub(in super::super) fn shield<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    loom::lazy_static! {
        static ref WAITERS: Mutex<VecDeque<(usize, Arc<Notify>)>> = Mutex::new(VecDeque::new());
    }

    pub(in super::super) mod futex {
        use super::WAITERS;
        use loom::sync::atomic::{
            AtomicBool, AtomicU32,
            Ordering::{Acquire, Relaxed, Release},
        };
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

        /// Notified, by whom and whether it was dropped instead.
        pub(in super::super::super) struct Waker(Arc<(Notify, AtomicBool, AtomicBool)>);

        impl Waker {
            pub(in super::super::super) fn wake(self) {
                self.0.1.store(true, Relaxed);
            }
        }

        impl Drop for Waker {
            fn drop(&mut self) {
                self.0.2.store(true, Release);
                self.0.0.notify();
            }
        }

        /// Any deadline passes at once.
        pub(in super::super::super) fn wait_with_waker(
            deadline: Option<Instant>,
            hand_out: impl FnOnce(Waker),
            take_back: impl FnOnce(),
        ) -> bool {
            let shared = Arc::new((
                Notify::new(),
                AtomicBool::new(false),
                AtomicBool::new(false),
            ));
            hand_out(Waker(Arc::clone(&shared)));
            if deadline.is_some() {
                take_back();
            }
            let (notify, woken, delivered) = &*shared;
            while !delivered.load(Acquire) {
                notify.wait();
            }
            woken.load(Relaxed)
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
