//! parking_lot's locks, on OS threads.

use crate::micro::work::Kind;
use benches::sample::{self, timed};
use parking_lot::{Condvar, Mutex};
use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const CHUNK: usize = 10_000;

/// `None` for a kind of work that is not of locks.
pub(crate) fn run(kind: Kind, count: usize, budget: Duration) -> Option<f64> {
    Some(match kind {
        Kind::LockAlone => lock_alone(budget),
        Kind::Lock => lock(count, budget, || {}),
        Kind::LockAndYield => lock(count, budget, thread::yield_now),
        Kind::Condvar => condvar(budget),
        _ => return None,
    })
}

fn lock_alone(budget: Duration) -> f64 {
    const CHUNK: usize = 1_000_000;
    let lock = Mutex::new(0);
    sample::nanoseconds(budget, CHUNK, || {
        timed(|| (0..CHUNK).for_each(|_| *black_box(&lock).lock() += 1))
    })
}

fn lock(tasks: usize, budget: Duration, inside: fn()) -> f64 {
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        let sum = Arc::new(Mutex::new(0));
        let adder = || {
            let sum = Arc::clone(&sum);
            thread::spawn(move || {
                for _ in 0..each {
                    let mut sum = sum.lock();
                    *sum += 1;
                    inside();
                }
            })
        };
        let elapsed = timed(|| {
            let adders: Vec<_> = (0..tasks).map(|_| adder()).collect();
            for adder in adders {
                adder.join().expect("it does not panic");
            }
        });
        assert_eq!(*sum.lock(), each * tasks);
        elapsed
    })
}

fn condvar(budget: Duration) -> f64 {
    sample::nanoseconds(budget, CHUNK, || {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let take_turns = |shared: &(Mutex<usize>, Condvar), mine| {
            for _ in 0..CHUNK {
                let mut turn = shared.0.lock();
                while *turn % 2 != mine {
                    shared.1.wait(&mut turn);
                }
                *turn += 1;
                drop(turn);
                shared.1.notify_one();
            }
        };
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || take_turns(&shared, 1)
        });
        let elapsed = timed(|| take_turns(&shared, 0));
        other.join().expect("it does not panic");
        elapsed
    })
}
