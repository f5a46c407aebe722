//! tokio's locks and channels, between tasks of one runtime. It has no condition variable and no rendezvous.

use crate::micro::tokio_tasks::as_task;
use crate::micro::work::Kind;
use benches::sample;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc};
use tokio::task::yield_now;

const CHUNK: usize = 20_000;

/// `None` for a kind of work that is not of locks or channels.
pub(crate) fn run(runtime: &Runtime, kind: Kind, count: usize, budget: Duration) -> Option<f64> {
    Some(match kind {
        Kind::LockAlone => lock_alone(runtime, budget),
        Kind::Lock => lock(runtime, count, budget, false),
        Kind::LockAndYield => lock(runtime, count, budget, true),
        Kind::Ping => ping(runtime, budget),
        Kind::PingBounded => ping_bounded(runtime, count, budget),
        Kind::Stream => stream(runtime, count, budget),
        Kind::StreamBounded => stream_bounded(runtime, count, budget),
        _ => return None,
    })
}

fn lock_alone(runtime: &Runtime, budget: Duration) -> f64 {
    sample::nanoseconds(budget, CHUNK, || {
        as_task(runtime, async {
            let lock = Mutex::new(0);
            let begin = Instant::now();
            for _ in 0..CHUNK {
                *black_box(&lock).lock().await += 1;
            }
            begin.elapsed()
        })
    })
}

fn lock(runtime: &Runtime, tasks: usize, budget: Duration, yields: bool) -> f64 {
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        as_task(runtime, async move {
            let sum = Arc::new(Mutex::new(0));
            let adder = || {
                let sum = Arc::clone(&sum);
                tokio::spawn(async move {
                    for _ in 0..each {
                        let mut sum = sum.lock().await;
                        *sum += 1;
                        if yields {
                            yield_now().await;
                        }
                    }
                })
            };
            let begin = Instant::now();
            let adders: Vec<_> = (0..tasks).map(|_| adder()).collect();
            for adder in adders {
                adder.await.expect("it does not panic");
            }
            let elapsed = begin.elapsed();
            assert_eq!(*sum.lock().await, each * tasks);
            elapsed
        })
    })
}

fn ping(runtime: &Runtime, budget: Duration) -> f64 {
    sample::nanoseconds(budget, CHUNK, || {
        as_task(runtime, async {
            let (there, mut at_other) = mpsc::unbounded_channel();
            let (back, mut at_me) = mpsc::unbounded_channel();
            let other = tokio::spawn(async move {
                for _ in 0..CHUNK {
                    let number = at_other.recv().await.expect("it is sent");
                    back.send(number).expect("it is received");
                }
            });
            let begin = Instant::now();
            for number in 0..CHUNK {
                there.send(number).expect("it is received");
                assert_eq!(at_me.recv().await, Some(number));
            }
            let elapsed = begin.elapsed();
            other.await.expect("it does not panic");
            elapsed
        })
    })
}

fn ping_bounded(runtime: &Runtime, bound: usize, budget: Duration) -> f64 {
    sample::nanoseconds(budget, CHUNK, || {
        as_task(runtime, async move {
            let (there, mut at_other) = mpsc::channel(bound.max(1));
            let (back, mut at_me) = mpsc::channel(bound.max(1));
            let other = tokio::spawn(async move {
                for _ in 0..CHUNK {
                    let number = at_other.recv().await.expect("it is sent");
                    back.send(number).await.expect("it is received");
                }
            });
            let begin = Instant::now();
            for number in 0..CHUNK {
                there.send(number).await.expect("it is received");
                assert_eq!(at_me.recv().await, Some(number));
            }
            let elapsed = begin.elapsed();
            other.await.expect("it does not panic");
            elapsed
        })
    })
}

fn stream(runtime: &Runtime, producers: usize, budget: Duration) -> f64 {
    let each = 4 * CHUNK / producers;
    sample::nanoseconds(budget, each * producers, || {
        as_task(runtime, async move {
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let begin = Instant::now();
            for _ in 0..producers {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for number in 0..each {
                        sender.send(number).expect("it is received");
                    }
                });
            }
            drop(sender);
            let mut received = 0;
            while receiver.recv().await.is_some() {
                received += 1;
            }
            assert_eq!(received, each * producers);
            begin.elapsed()
        })
    })
}

fn stream_bounded(runtime: &Runtime, producers: usize, budget: Duration) -> f64 {
    let each = 4 * CHUNK / producers;
    sample::nanoseconds(budget, each * producers, || {
        as_task(runtime, async move {
            let (sender, mut receiver) = mpsc::channel(1_024);
            let begin = Instant::now();
            for _ in 0..producers {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for number in 0..each {
                        sender.send(number).await.expect("it is received");
                    }
                });
            }
            drop(sender);
            let mut received = 0;
            while receiver.recv().await.is_some() {
                received += 1;
            }
            assert_eq!(received, each * producers);
            begin.elapsed()
        })
    })
}
