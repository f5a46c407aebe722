//! Greenlets: of the calling thread's own hub with one worker, of the worker hubs with two.

use crate::micro::figures::{Lateness, Memory};
use crate::micro::sync;
use crate::micro::work::{Kind, TIMEOUT, Work, nap};
use benches::sample::{self, timed};
use greenlet::{Builder, futex, time};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub(crate) fn run(work: &Work) -> Vec<f64> {
    match work.kind {
        Kind::Switch => vec![switch(work.budget)],
        Kind::HandOver => vec![hand_over(work.budget, None)],
        Kind::Timeout => vec![hand_over(work.budget, Some(TIMEOUT))],
        Kind::Yield => vec![yields(work.count, work.budget)],
        Kind::Spawn if work.workers == 1 => vec![spawns(work.count, work.budget)],
        Kind::Parked => parked(work.count),
        Kind::Sleepers => sleepers(work.count),
        _ => run_on_workers(work),
    }
}

/// By greenlets of the workers. With one they are all of one hub.
pub(crate) fn run_on_workers(work: &Work) -> Vec<f64> {
    let &Work {
        kind,
        count,
        budget,
        ..
    } = work;
    if kind == Kind::Spawn {
        return vec![worker_spawns(count, budget)];
    }
    gthread::spawn(move || sync::ours::run(kind, count, budget))
        .join()
        .expect("it does not panic")
        .into_iter()
        .collect()
}

fn switch(budget: Duration) -> f64 {
    const CHUNK: usize = 200_000;
    let stop = Rc::new(Cell::new(false));
    let other = greenlet::spawn({
        let stop = Rc::clone(&stop);
        move || {
            while !stop.get() {
                greenlet::yield_now();
            }
        }
    });
    let figure = sample::nanoseconds(budget, CHUNK, || {
        timed(|| (0..CHUNK).for_each(|_| greenlet::yield_now()))
    });
    stop.set(true);
    other.join().expect("it does not panic");
    figure
}

/// With a `timeout`, each wait has a deadline of its own.
fn hand_over(budget: Duration, timeout: Option<Duration>) -> f64 {
    const CHUNK: usize = 100_000;
    sample::nanoseconds(budget, CHUNK, || {
        let turn = Rc::new(AtomicU32::new(0));
        let wait_for = move |turn: &AtomicU32, mine: u32| {
            let deadline = timeout.map(|timeout| Instant::now() + timeout);
            while turn.load(Ordering::Acquire) != mine {
                let in_time = futex::wait_until(turn, 1 - mine, deadline);
                assert!(in_time, "the timeout is not reached");
            }
        };
        let give_to = |turn: &AtomicU32, other: u32| {
            turn.store(other, Ordering::Release);
            futex::wake(turn, 1);
        };
        let other = greenlet::spawn({
            let turn = Rc::clone(&turn);
            move || {
                for _ in 0..CHUNK {
                    wait_for(&turn, 1);
                    give_to(&turn, 0);
                }
            }
        });
        greenlet::yield_now();
        let elapsed = timed(|| {
            for _ in 0..CHUNK {
                give_to(&turn, 1);
                wait_for(&turn, 0);
            }
        });
        other.join().expect("it does not panic");
        elapsed
    })
}

fn yields(tasks: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 1_000_000;
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        let handles: Vec<_> = (0..tasks)
            .map(|_| {
                greenlet::spawn(move || {
                    // The first turn is the start, which is not measured.
                    for _ in 0..=each {
                        greenlet::yield_now();
                    }
                })
            })
            .collect();
        greenlet::yield_now();
        timed(|| {
            for handle in handles {
                handle.join().expect("it does not panic");
            }
        })
    })
}

fn spawns(batch: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 100_000;
    let mut handles = Vec::with_capacity(batch);
    sample::nanoseconds(budget, CHUNK, || {
        timed(|| {
            for _ in 0..CHUNK / batch {
                handles.extend((0..batch).map(|_| greenlet::spawn(|| {})));
                for handle in handles.drain(..) {
                    handle.join().expect("it does not panic");
                }
            }
        })
    })
}

fn worker_spawns(batch: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 20_000;
    // On a worker, as the tasks of the peers are that spawn others.
    let driver = move || {
        let mut handles = Vec::with_capacity(batch);
        sample::nanoseconds(budget, CHUNK, || {
            timed(|| {
                for _ in 0..CHUNK / batch {
                    handles.extend((0..batch).map(|_| spawn_worker(|| {})));
                    for handle in handles.drain(..) {
                        handle.join().expect("it does not panic");
                    }
                }
            })
        })
    };
    spawn_worker(driver).join().expect("it does not panic")
}

fn spawn_worker<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> greenlet::JoinHandle<T> {
    Builder::new()
        .spawn_worker(f)
        .expect("a stack is to be had")
}

fn parked(count: usize) -> Vec<f64> {
    static GATE: AtomicU32 = AtomicU32::new(0);
    static PARKED: AtomicUsize = AtomicUsize::new(0);
    // What the first greenlet of all costs is not the cost of one more.
    greenlet::spawn(|| {}).join().expect("it does not panic");
    let memory = Memory::now();
    let mut handles = Vec::with_capacity(count);
    for _ in 0..count {
        handles.push(greenlet::spawn(|| {
            PARKED.fetch_add(1, Ordering::Relaxed);
            futex::wait(&GATE, 0);
        }));
    }
    while PARKED.load(Ordering::Relaxed) < count {
        greenlet::yield_now();
    }
    memory.figures(count)
}

fn sleepers(count: usize) -> Vec<f64> {
    let lateness = Lateness::of(count);
    let handles: Vec<_> = (0..count)
        .map(|position| {
            greenlet::spawn(move || {
                let deadline = Instant::now() + nap(position, count);
                time::sleep_until(deadline);
                lateness.record(position, deadline);
            })
        })
        .collect();
    for handle in handles {
        handle.join().expect("it does not panic");
    }
    lateness.figures()
}
