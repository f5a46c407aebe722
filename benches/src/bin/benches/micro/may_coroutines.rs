//! may: coroutines on its scheduler with as many workers as asked for.

use crate::micro::figures::{Lateness, Memory};
use crate::micro::sync;
use crate::micro::work::{Kind, TIMEOUT, Work, nap};
use benches::sample::{self, timed};
use may::{coroutine, go};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub(crate) fn run(work: &Work) -> Vec<f64> {
    let &Work {
        kind,
        count,
        workers,
        budget,
    } = work;
    // The process is pinned already when it should be.
    may::config().set_workers(workers).set_worker_pin(false);
    // The driver is a coroutine too, with a stack for what it keeps.
    let builder = coroutine::Builder::new().stack_size(0x8000);
    let driver = move || match kind {
        Kind::Switch => Vec::new(),
        Kind::HandOver => vec![hand_over(budget, None)],
        Kind::Timeout => vec![hand_over(budget, Some(TIMEOUT))],
        Kind::Yield => vec![yields(count, budget)],
        Kind::Spawn => vec![spawns(count, budget)],
        Kind::Parked => parked(count),
        Kind::Sleepers => sleepers(count),
        _ => sync::may_coroutines::run(kind, count, budget)
            .into_iter()
            .collect(),
    };
    let driver = go!(builder, driver).expect("a coroutine is to be had");
    driver.join().expect("it does not panic")
}

/// With a `timeout`, each wait has one of its own.
fn hand_over(budget: Duration, timeout: Option<Duration>) -> f64 {
    const CHUNK: usize = 20_000;
    let wait_for = move |turn: &AtomicUsize, mine: usize| {
        while turn.load(Ordering::Acquire) != mine {
            match timeout {
                None => coroutine::park(),
                Some(timeout) => coroutine::park_timeout(timeout),
            }
        }
    };
    sample::nanoseconds(budget, CHUNK, || {
        let turn = Arc::new(AtomicUsize::new(0));
        let driver = coroutine::current();
        let other = go!({
            let turn = Arc::clone(&turn);
            move || {
                for _ in 0..CHUNK {
                    wait_for(&turn, 1);
                    turn.store(0, Ordering::Release);
                    driver.unpark();
                }
            }
        });
        coroutine::yield_now();
        let elapsed = timed(|| {
            for _ in 0..CHUNK {
                turn.store(1, Ordering::Release);
                other.coroutine().unpark();
                wait_for(&turn, 0);
            }
        });
        other.join().expect("it does not panic");
        elapsed
    })
}

fn yields(tasks: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 500_000;
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        let handles: Vec<_> = (0..tasks)
            .map(|_| {
                go!(move || {
                    for _ in 0..=each {
                        coroutine::yield_now();
                    }
                })
            })
            .collect();
        coroutine::yield_now();
        timed(|| {
            for handle in handles {
                handle.join().expect("it does not panic");
            }
        })
    })
}

fn spawns(batch: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 10_000;
    let mut handles = Vec::with_capacity(batch);
    sample::nanoseconds(budget, CHUNK, || {
        timed(|| {
            for _ in 0..CHUNK / batch {
                handles.extend((0..batch).map(|_| go!(|| {})));
                for handle in handles.drain(..) {
                    handle.join().expect("it does not panic");
                }
            }
        })
    })
}

fn parked(count: usize) -> Vec<f64> {
    static PARKED: AtomicUsize = AtomicUsize::new(0);
    go!(|| {}).join().expect("it does not panic");
    let memory = Memory::now();
    let mut handles = Vec::with_capacity(count);
    for _ in 0..count {
        handles.push(go!(|| {
            PARKED.fetch_add(1, Ordering::Relaxed);
            coroutine::park();
        }));
    }
    while PARKED.load(Ordering::Relaxed) < count {
        coroutine::sleep(Duration::from_millis(1));
    }
    memory.figures(count)
}

fn sleepers(count: usize) -> Vec<f64> {
    let lateness = Lateness::of(count);
    let handles: Vec<_> = (0..count)
        .map(|position| {
            go!(move || {
                let deadline = Instant::now() + nap(position, count);
                coroutine::sleep(deadline.saturating_duration_since(Instant::now()));
                lateness.record(position, deadline);
            })
        })
        .collect();
    for handle in handles {
        handle.join().expect("it does not panic");
    }
    lateness.figures()
}
