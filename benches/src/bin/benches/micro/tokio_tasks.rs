//! tokio: the current-thread runtime with one worker, the multi-thread one with two.

use crate::micro::figures::{Lateness, Memory};
use crate::micro::sync;
use crate::micro::work::{Kind, TIMEOUT, Work, nap};
use benches::sample;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time;

pub(crate) fn run(work: &Work) -> Vec<f64> {
    let &Work {
        kind,
        count,
        workers,
        budget,
    } = work;
    let runtime = match workers {
        1 => Builder::new_current_thread().enable_time().build(),
        _ => Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_time()
            .build(),
    };
    let runtime = runtime.expect("a runtime is to be had");
    match kind {
        Kind::Switch => Vec::new(),
        Kind::HandOver => vec![hand_over(&runtime, budget, None)],
        Kind::Timeout => vec![hand_over(&runtime, budget, Some(TIMEOUT))],
        Kind::Yield => vec![yields(&runtime, count, budget)],
        Kind::Spawn => vec![spawns(&runtime, count, budget)],
        Kind::Parked => parked(&runtime, count),
        Kind::Sleepers => sleepers(&runtime, count),
        _ => sync::tokio_tasks::run(&runtime, kind, count, budget)
            .into_iter()
            .collect(),
    }
}

/// Runs `driver` as a task: the future of `block_on` itself is polled in another way.
pub(crate) fn as_task<T: Send + 'static>(
    runtime: &Runtime,
    driver: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime.block_on(async { tokio::spawn(driver).await.expect("it does not panic") })
}

/// With a `timeout`, each wait has one of its own.
fn hand_over(runtime: &Runtime, budget: Duration, timeout: Option<Duration>) -> f64 {
    const CHUNK: usize = 20_000;
    sample::nanoseconds(budget, CHUNK, || {
        as_task(runtime, async move {
            let turns = Arc::new([Notify::new(), Notify::new()]);
            let other = tokio::spawn({
                let turns = Arc::clone(&turns);
                async move {
                    for _ in 0..CHUNK {
                        wait_for(&turns[0], timeout).await;
                        turns[1].notify_one();
                    }
                }
            });
            yield_now().await;
            let begin = Instant::now();
            for _ in 0..CHUNK {
                turns[0].notify_one();
                wait_for(&turns[1], timeout).await;
            }
            let elapsed = begin.elapsed();
            other.await.expect("it does not panic");
            elapsed
        })
    })
}

async fn wait_for(turn: &Notify, timeout: Option<Duration>) {
    match timeout {
        None => turn.notified().await,
        Some(timeout) => time::timeout(timeout, turn.notified())
            .await
            .expect("the timeout is not reached"),
    }
}

fn yields(runtime: &Runtime, tasks: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 200_000;
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        as_task(runtime, async move {
            let handles: Vec<_> = (0..tasks)
                .map(|_| {
                    tokio::spawn(async move {
                        for _ in 0..=each {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            yield_now().await;
            let begin = Instant::now();
            for handle in handles {
                handle.await.expect("it does not panic");
            }
            begin.elapsed()
        })
    })
}

fn spawns(runtime: &Runtime, batch: usize, budget: Duration) -> f64 {
    const CHUNK: usize = 20_000;
    sample::nanoseconds(budget, CHUNK, || {
        as_task(runtime, async move {
            let mut handles = Vec::with_capacity(batch);
            let begin = Instant::now();
            for _ in 0..CHUNK / batch {
                handles.extend((0..batch).map(|_| tokio::spawn(async {})));
                for handle in handles.drain(..) {
                    handle.await.expect("it does not panic");
                }
            }
            begin.elapsed()
        })
    })
}

fn parked(runtime: &Runtime, count: usize) -> Vec<f64> {
    static PARKED: AtomicUsize = AtomicUsize::new(0);
    as_task(runtime, async move {
        let memory = Memory::now();
        let mut handles = Vec::with_capacity(count);
        for _ in 0..count {
            // The smallest task that waits: one on a primitive of tokio's is larger.
            handles.push(tokio::spawn(async {
                PARKED.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<()>().await;
            }));
        }
        while PARKED.load(Ordering::Relaxed) < count {
            yield_now().await;
        }
        memory.figures(count)
    })
}

fn sleepers(runtime: &Runtime, count: usize) -> Vec<f64> {
    as_task(runtime, async move {
        let lateness = Lateness::of(count);
        let handles: Vec<_> = (0..count)
            .map(|position| {
                tokio::spawn(async move {
                    let deadline = Instant::now() + nap(position, count);
                    time::sleep_until(deadline.into()).await;
                    lateness.record(position, deadline);
                })
            })
            .collect();
        for handle in handles {
            handle.await.expect("it does not panic");
        }
        lateness.figures()
    })
}
