//! smol's locks and channels, between tasks. It has no condition variable and no rendezvous.

use crate::micro::smol_tasks::{EXECUTOR, as_task};
use crate::micro::work::Kind;
use benches::sample;
use smol::channel::{Receiver, Sender, bounded, unbounded};
use smol::future::yield_now;
use smol::lock::Mutex;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHUNK: usize = 20_000;

/// Its two halves of either kind of channel have one type each.
type Channel = (Sender<usize>, Receiver<usize>);

/// `None` for a kind of work that is not of locks or channels.
pub(crate) fn run(kind: Kind, count: usize, budget: Duration) -> Option<f64> {
    Some(match kind {
        Kind::LockAlone => lock_alone(budget),
        Kind::Lock => lock(count, budget, false),
        Kind::LockAndYield => lock(count, budget, true),
        Kind::Ping => ping(budget, unbounded),
        Kind::PingBounded => ping(budget, || bounded(count.max(1))),
        Kind::Stream => stream(count, budget, unbounded),
        Kind::StreamBounded => stream(count, budget, || bounded(1_024)),
        _ => return None,
    })
}

fn lock_alone(budget: Duration) -> f64 {
    sample::nanoseconds(budget, CHUNK, || {
        as_task(async {
            let lock = Mutex::new(0);
            let begin = Instant::now();
            for _ in 0..CHUNK {
                *black_box(&lock).lock().await += 1;
            }
            begin.elapsed()
        })
    })
}

fn lock(tasks: usize, budget: Duration, yields: bool) -> f64 {
    let each = CHUNK / tasks;
    sample::nanoseconds(budget, each * tasks, || {
        as_task(async move {
            let sum = Arc::new(Mutex::new(0));
            let begin = Instant::now();
            let adders: Vec<_> = (0..tasks)
                .map(|_| {
                    let sum = Arc::clone(&sum);
                    EXECUTOR.spawn(async move {
                        for _ in 0..each {
                            let mut sum = sum.lock().await;
                            *sum += 1;
                            if yields {
                                yield_now().await;
                            }
                        }
                    })
                })
                .collect();
            for adder in adders {
                adder.await;
            }
            let elapsed = begin.elapsed();
            assert_eq!(*sum.lock().await, each * tasks);
            elapsed
        })
    })
}

fn ping(budget: Duration, channel: impl Fn() -> Channel) -> f64 {
    sample::nanoseconds(budget, CHUNK, || {
        let ((there, at_other), (back, at_me)) = (channel(), channel());
        as_task(async move {
            let other = EXECUTOR.spawn(async move {
                for _ in 0..CHUNK {
                    let number = at_other.recv().await.expect("it is sent");
                    back.send(number).await.expect("it is received");
                }
            });
            let begin = Instant::now();
            for number in 0..CHUNK {
                there.send(number).await.expect("it is received");
                assert_eq!(at_me.recv().await, Ok(number));
            }
            let elapsed = begin.elapsed();
            other.await;
            elapsed
        })
    })
}

fn stream(producers: usize, budget: Duration, channel: impl Fn() -> Channel) -> f64 {
    let each = 4 * CHUNK / producers;
    sample::nanoseconds(budget, each * producers, || {
        let (sender, receiver) = channel();
        as_task(async move {
            let begin = Instant::now();
            for _ in 0..producers {
                let sender = sender.clone();
                let produce = async move {
                    for number in 0..each {
                        sender.send(number).await.expect("it is received");
                    }
                };
                EXECUTOR.spawn(produce).detach();
            }
            drop(sender);
            let mut received = 0;
            while receiver.recv().await.is_ok() {
                received += 1;
            }
            assert_eq!(received, each * producers);
            begin.elapsed()
        })
    })
}
