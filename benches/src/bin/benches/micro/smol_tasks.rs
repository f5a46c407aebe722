//! smol: one executor, run by as many threads as asked for.

use crate::micro::figures::{Lateness, Memory};
use crate::micro::sync;
use crate::micro::work::{Kind, TIMEOUT, Work, nap};
use benches::sample;
use smol::future::{self, FutureExt, yield_now};
use smol::lock::Semaphore;
use smol::{Executor, Timer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Where all tasks run. A `LocalExecutor` is the same one inside.
pub(crate) static EXECUTOR: Executor<'static> = Executor::new();

pub(crate) fn run(work: &Work) -> Vec<f64> {
    let &Work {
        kind,
        count,
        workers,
        budget,
    } = work;
    // The driver's thread is one of them.
    for _ in 1..workers {
        thread::spawn(|| smol::block_on(EXECUTOR.run(future::pending::<()>())));
    }
    match kind {
        Kind::Switch => Vec::new(),
        Kind::HandOver => vec![hand_over(budget, None)],
        Kind::Timeout => vec![hand_over(budget, Some(TIMEOUT))],
        Kind::Yield => vec![yields(count, budget)],
        Kind::Spawn => vec![spawns(count, budget)],
        Kind::Parked => parked(count),
        Kind::Sleepers => sleepers(count),
        _ => sync::smol_tasks::run(kind, count, budget)
            .into_iter()
            .collect(),
    }
}

/// Runs `driver` as a task.
pub(crate) fn as_task<T: Send + 'static>(driver: impl Future<Output = T> + Send + 'static) -> T {
    smol::block_on(EXECUTOR.run(EXECUTOR.spawn(driver)))
}

/// It has nothing smaller to wait on than a semaphore. With a `timeout`, each wait has one of its own.
fn hand_over(budget: Duration, timeout: Option<Duration>) -> f64 {
    const CHUNK: usize = 20_000;
    sample::nanoseconds(budget, CHUNK, || {
        as_task(async move {
            let turns = Arc::new([Semaphore::new(0), Semaphore::new(0)]);
            let other = EXECUTOR.spawn({
                let turns = Arc::clone(&turns);
                async move {
                    for _ in 0..CHUNK {
                        wait_for(&turns[0], timeout).await;
                        turns[1].add_permits(1);
                    }
                }
            });
            yield_now().await;
            let begin = Instant::now();
            for _ in 0..CHUNK {
                turns[0].add_permits(1);
                wait_for(&turns[1], timeout).await;
            }
            let elapsed = begin.elapsed();
            other.await;
            elapsed
        })
    })
}

async fn wait_for(turn: &Semaphore, timeout: Option<Duration>) {
    let woken = async { turn.acquire().await.forget() };
    match timeout {
        None => woken.await,
        Some(timeout) => {
            let late = async {
                Timer::after(timeout).await;
                panic!("the timeout is not reached");
            };
            woken.or(late).await;
        }
    }
}

fn yields(tasks: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 200_000;
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        as_task(async move {
            let handles: Vec<_> = (0..tasks)
                .map(|_| {
                    EXECUTOR.spawn(async move {
                        for _ in 0..=each {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            yield_now().await;
            let begin = Instant::now();
            for handle in handles {
                handle.await;
            }
            begin.elapsed()
        })
    })
}

fn spawns(batch: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 20_000;
    sample::nanoseconds(budget, CHUNK, || {
        as_task(async move {
            let mut handles = Vec::with_capacity(batch);
            let begin = Instant::now();
            for _ in 0..CHUNK / batch {
                handles.extend((0..batch).map(|_| EXECUTOR.spawn(async {})));
                for handle in handles.drain(..) {
                    handle.await;
                }
            }
            begin.elapsed()
        })
    })
}

fn parked(count: usize) -> Vec<f64> {
    static PARKED: AtomicUsize = AtomicUsize::new(0);
    as_task(async move {
        let memory = Memory::now();
        let mut handles = Vec::with_capacity(count);
        for _ in 0..count {
            // The smallest task that waits, as tokio's.
            handles.push(EXECUTOR.spawn(async {
                PARKED.fetch_add(1, Ordering::Relaxed);
                future::pending::<()>().await;
            }));
        }
        while PARKED.load(Ordering::Relaxed) < count {
            yield_now().await;
        }
        let figures = memory.figures(count);
        // Dropping so many tasks takes longer than making them.
        handles.into_iter().for_each(smol::Task::detach);
        figures
    })
}

fn sleepers(count: usize) -> Vec<f64> {
    as_task(async move {
        let lateness = Lateness::of(count);
        let handles: Vec<_> = (0..count)
            .map(|position| {
                EXECUTOR.spawn(async move {
                    let deadline = Instant::now() + nap(position, count);
                    Timer::at(deadline).await;
                    lateness.record(position, deadline);
                })
            })
            .collect();
        for handle in handles {
            handle.await;
        }
        lateness.figures()
    })
}
