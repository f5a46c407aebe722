//! Locks and channels: the same program over the types of gsync, std and may, which differ in their `use` lines only; and
//! by hand over those of tokio, smol and parking_lot, whose interfaces are their own.

pub(crate) mod parking_lot_locks;
pub(crate) mod smol_tasks;
pub(crate) mod tokio_tasks;

/// A module of workloads over types that have std's names.
macro_rules! over {
    ($(#[$about:meta])* $name:ident, [$($types:item)*]) => {
        $(#[$about])*
        pub(crate) mod $name {
            $($types)*
            use crate::micro::work::Kind;
            use benches::sample::{self, timed};
            use std::hint::black_box;
            use std::sync::Arc;
            use std::time::Duration;

            /// `None` for a kind of work that is not of locks or channels.
            pub(crate) fn run(kind: Kind, count: usize, budget: Duration) -> Option<f64> {
                Some(match kind {
                    Kind::LockAlone => lock_alone(budget),
                    Kind::Lock => lock(count, budget, || {}),
                    Kind::LockAndYield => lock(count, budget, yield_now),
                    Kind::Condvar => condvar(budget),
                    Kind::Ping => ping(budget, || {
                        let (sender, receiver) = mpsc::channel();
                        (Out::Unbounded(sender), receiver)
                    }),
                    Kind::PingBounded => ping(budget, move || bounded(count)),
                    Kind::Stream => stream(count, budget, || {
                        let (sender, receiver) = mpsc::channel();
                        (Out::Unbounded(sender), receiver)
                    }),
                    Kind::StreamBounded => stream(count, budget, || bounded(1_024)),
                    _ => return None,
                })
            }

            fn lock_alone(budget: Duration) -> f64 {
                const CHUNK: usize = 1_000_000;
                let lock = Mutex::new(0);
                sample::nanoseconds(budget, CHUNK, || {
                    timed(|| {
                        for _ in 0..CHUNK {
                            *black_box(&lock).lock().unwrap() += 1;
                        }
                    })
                })
            }

            /// Every task adds one under the lock, and does `inside` before it lets go.
            fn lock(tasks: usize, budget: Duration, inside: fn()) -> f64 {
                let each = chunk() / tasks;
                sample::nanoseconds(budget, each * tasks, || {
                    let sum = Arc::new(Mutex::new(0));
                    let elapsed = timed(|| {
                        let adder = || {
                            let sum = Arc::clone(&sum);
                            spawn(move || {
                                for _ in 0..each {
                                    let mut sum = sum.lock().unwrap();
                                    *sum += 1;
                                    inside();
                                }
                            })
                        };
                        let adders: Vec<_> = (0..tasks).map(|_| adder()).collect();
                        adders.into_iter().for_each(|adder| adder.join().unwrap());
                    });
                    assert_eq!(*sum.lock().unwrap(), each * tasks);
                    elapsed
                })
            }

            fn condvar(budget: Duration) -> f64 {
                let chunk = chunk();
                sample::nanoseconds(budget, chunk, || {
                    let shared = Arc::new((Mutex::new(0), Condvar::new()));
                    let take_turns = move |shared: &(Mutex<usize>, Condvar), mine| {
                        for _ in 0..chunk {
                            let mut turn = shared.0.lock().unwrap();
                            while *turn % 2 != mine {
                                turn = shared.1.wait(turn).unwrap();
                            }
                            *turn += 1;
                            drop(turn);
                            shared.1.notify_one();
                        }
                    };
                    let other = spawn({
                        let shared = Arc::clone(&shared);
                        move || take_turns(&shared, 1)
                    });
                    let elapsed = timed(|| take_turns(&shared, 0));
                    other.join().unwrap();
                    elapsed
                })
            }

            /// There and back over two channels.
            fn ping(budget: Duration, channel: impl Fn() -> (Out, mpsc::Receiver<usize>)) -> f64 {
                let chunk = chunk();
                sample::nanoseconds(budget, chunk, || {
                    let (there, at_other) = channel();
                    let (back, at_me) = channel();
                    let other = spawn(move || {
                        for _ in 0..chunk {
                            back.send(at_other.recv().unwrap());
                        }
                    });
                    let elapsed = timed(|| {
                        for number in 0..chunk {
                            there.send(number);
                            assert_eq!(at_me.recv().unwrap(), number);
                        }
                    });
                    other.join().unwrap();
                    elapsed
                })
            }

            /// From `producers` tasks to one.
            fn stream(
                producers: usize,
                budget: Duration,
                channel: impl Fn() -> (Out, mpsc::Receiver<usize>),
            ) -> f64 {
                let each = 4 * chunk() / producers;
                sample::nanoseconds(budget, each * producers, || {
                    let (sender, receiver) = channel();
                    timed(|| {
                        let produce = |sender: Out| {
                            spawn(move || (0..each).for_each(|number| sender.send(number)))
                        };
                        let producers: Vec<_> =
                            (0..producers).map(|_| produce(sender.clone())).collect();
                        drop(sender);
                        let mut received = 0;
                        while receiver.recv().is_ok() {
                            received += 1;
                        }
                        assert_eq!(received, each * producers.len());
                        producers
                            .into_iter()
                            .for_each(|producer| producer.join().unwrap());
                    })
                })
            }

            /// The sending half of either kind of channel.
            #[derive(Clone)]
            enum Out {
                Unbounded(mpsc::Sender<usize>),
                Bounded(BoundedSender<usize>),
            }

            impl Out {
                fn send(&self, number: usize) {
                    match self {
                        Out::Unbounded(sender) => sender.send(number).unwrap(),
                        Out::Bounded(sender) => sender.send(number).unwrap(),
                    }
                }
            }
        }
    };
}

over!(
    /// Greenlets, of the hub of the one that calls if there is one worker.
    ours,
    [
        use gsync::{Condvar, Mutex, mpsc};
        use gsync::mpsc::SyncSender as BoundedSender;
        use gthread::{spawn, yield_now};

        fn chunk() -> usize {
            100_000
        }

        fn bounded(bound: usize) -> (Out, mpsc::Receiver<usize>) {
            let (sender, receiver) = mpsc::sync_channel(bound);
            (Out::Bounded(sender), receiver)
        }
    ]
);

over!(
    os_threads,
    [
        use std::sync::mpsc::SyncSender as BoundedSender;
        use std::sync::{Condvar, Mutex, mpsc};
        use std::thread::{spawn, yield_now};

        fn chunk() -> usize {
            10_000
        }

        fn bounded(bound: usize) -> (Out, mpsc::Receiver<usize>) {
            let (sender, receiver) = mpsc::sync_channel(bound);
            (Out::Bounded(sender), receiver)
        }
    ]
);

over!(
    may_coroutines,
    [
        use may::coroutine::yield_now;
        use may::sync::{Condvar, Mutex, mpsc};
        use may::sync::mpsc::Sender as BoundedSender;

        fn spawn<T: Send + 'static>(
            f: impl FnOnce() -> T + Send + 'static,
        ) -> may::coroutine::JoinHandle<T> {
            may::go!(f)
        }

        fn chunk() -> usize {
            20_000
        }

        /// Not in the plan: it has none.
        fn bounded(_bound: usize) -> (Out, mpsc::Receiver<usize>) {
            let (sender, receiver) = mpsc::channel();
            (Out::Bounded(sender), receiver)
        }
    ]
);
