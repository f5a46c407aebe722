//! Threads of the operating system, by `std::thread`.

use crate::micro::figures::Memory;
use crate::micro::sync;
use crate::micro::work::{Kind, TIMEOUT, Work};
use benches::affinity;
use benches::sample::{self, timed};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn run(work: &Work) -> Vec<f64> {
    let &Work {
        kind,
        count,
        workers,
        budget,
    } = work;
    match kind {
        Kind::Switch | Kind::Sleepers => Vec::new(),
        Kind::HandOver => vec![hand_over(budget, workers, None)],
        Kind::Timeout => vec![hand_over(budget, workers, Some(TIMEOUT))],
        Kind::Yield => vec![yields(count, budget)],
        Kind::Spawn => vec![spawns(count, budget)],
        Kind::Parked => parked(count),
        _ => sync::os_threads::run(kind, count, budget)
            .into_iter()
            .collect(),
    }
}

/// With a `timeout`, each wait has one of its own. With two `workers`, each thread has a core of its own.
fn hand_over(budget: Duration, workers: usize, timeout: Option<Duration>) -> f64 {
    const CHUNK: usize = 10_000;
    let wait_for = move |turn: &AtomicUsize, mine: usize| {
        while turn.load(Ordering::Acquire) != mine {
            match timeout {
                None => thread::park(),
                Some(timeout) => thread::park_timeout(timeout),
            }
        }
    };
    let cores = affinity::cores().unwrap_or_default();
    let stay_on = move |number: usize| {
        if let Some(&core) = cores.get(number).filter(|_| workers > 1) {
            // The core is one of those that the process may use.
            let _ = affinity::pin(core);
        }
    };
    stay_on(0);
    sample::nanoseconds(budget, CHUNK, || {
        let turn = Arc::new(AtomicUsize::new(0));
        let driver = thread::current();
        let other = thread::spawn({
            let turn = Arc::clone(&turn);
            let stay_on = stay_on.clone();
            move || {
                stay_on(1);
                for _ in 0..CHUNK {
                    wait_for(&turn, 1);
                    turn.store(0, Ordering::Release);
                    driver.unpark();
                }
            }
        });
        thread::yield_now();
        let elapsed = timed(|| {
            for _ in 0..CHUNK {
                turn.store(1, Ordering::Release);
                other.thread().unpark();
                wait_for(&turn, 0);
            }
        });
        other.join().expect("it does not panic");
        elapsed
    })
}

fn yields(tasks: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 300_000;
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        let gate = Arc::new(Barrier::new(tasks + 1));
        let handles: Vec<_> = (0..tasks)
            .map(|_| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || {
                    gate.wait();
                    let begin = Instant::now();
                    for _ in 0..each {
                        thread::yield_now();
                    }
                    (begin, Instant::now())
                })
            })
            .collect();
        gate.wait();
        // Some may have yielded before this thread runs again, so they keep the time.
        let times = handles
            .into_iter()
            .map(|handle| handle.join().expect("it does not panic"));
        let (first, last) = times
            .reduce(|(first, last), (begin, end)| (first.min(begin), last.max(end)))
            .expect("there are tasks");
        last - first
    })
}

fn spawns(batch: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 2_000;
    let mut handles = Vec::with_capacity(batch);
    sample::nanoseconds(budget, CHUNK, || {
        timed(|| {
            for _ in 0..CHUNK / batch {
                handles.extend((0..batch).map(|_| thread::spawn(|| {})));
                for handle in handles.drain(..) {
                    handle.join().expect("it does not panic");
                }
            }
        })
    })
}

fn parked(count: usize) -> Vec<f64> {
    static PARKED: AtomicUsize = AtomicUsize::new(0);
    let memory = Memory::now();
    let mut handles = Vec::with_capacity(count);
    for _ in 0..count {
        handles.push(thread::spawn(|| {
            PARKED.fetch_add(1, Ordering::Relaxed);
            loop {
                thread::park();
            }
        }));
    }
    while PARKED.load(Ordering::Relaxed) < count {
        thread::sleep(Duration::from_millis(1));
    }
    memory.figures(count)
}
