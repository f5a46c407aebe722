//! Workers that take work from each other.

#![cfg(target_os = "linux")]

mod child;
mod watchdog;

use greenlet::{Builder, futex};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_micros(200)
}

/// Whether two workers run, which some of these tests need: a child of the test, if that is what it takes.
fn with_two_workers(test: &str, body: impl FnOnce()) {
    child::run(test, &[("GREENLET_WORKERS", "2")], body);
}

/// One worker is kept by a greenlet that never blocks; the other one runs what has not begun.
#[test]
fn an_idle_worker_takes_what_has_not_begun() {
    const NAME: &str = "an_idle_worker_takes_what_has_not_begun";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        let stop = Arc::new(AtomicBool::new(false));
        let (started, has_started) = mpsc::channel();
        let busy = Builder::new().spawn_worker({
            let stop = stop.clone();
            move || {
                // These go to the queue of the worker that is kept busy.
                let others: Vec<_> = (0..500)
                    .map(|number| Builder::new().spawn_worker(move || number).unwrap())
                    .collect();
                started.send(()).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                others
            }
        });
        has_started.recv().unwrap();
        // Those of another thread, one by one and many at a time.
        for number in 0..500 {
            let far = Builder::new().spawn_worker(move || number).unwrap();
            assert_eq!(far.join().unwrap(), number);
        }
        let many: Vec<_> = (0..500)
            .map(|number| Builder::new().spawn_worker(move || number).unwrap())
            .collect();
        for (number, far) in many.into_iter().enumerate() {
            assert_eq!(far.join().unwrap(), number);
        }
        stop.store(true, Ordering::Relaxed);
        let others = busy.unwrap().join().unwrap();
        for (number, other) in others.into_iter().enumerate() {
            assert_eq!(other.join().unwrap(), number);
        }
    });
}

/// The same, but all are spawned by the one that never blocks, and must be done before it stops.
#[test]
fn a_busy_worker_is_relieved_of_its_queue() {
    const NAME: &str = "a_busy_worker_is_relieved_of_its_queue";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        for _ in 0..100 {
            let done = Arc::new(AtomicUsize::new(0));
            let busy = Builder::new().spawn_worker(move || {
                for _ in 0..100 {
                    let done = done.clone();
                    let quick = move || {
                        done.fetch_add(1, Ordering::Relaxed);
                    };
                    Builder::new().spawn_worker(quick).unwrap();
                }
                while done.load(Ordering::Relaxed) < 100 {
                    thread::yield_now();
                }
            });
            busy.unwrap().join().unwrap();
        }
    });
}

/// Workers that are busy with greenlets that yield take in new ones now and then; one of these never blocks, and must not
/// keep the others from the worker that would run them.
#[test]
fn what_a_busy_worker_has_taken_in_is_not_lost_to_the_others() {
    const NAME: &str = "what_a_busy_worker_has_taken_in_is_not_lost_to_the_others";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        const OTHERS: usize = 39;
        for _ in 0..20 {
            let stop = Arc::new(AtomicBool::new(false));
            // One on each worker, which neither leaves nor blocks it. The crowd comes when both are in their places: a worker
            // that took a member first would not get the yielder that the other worker blocks for.
            let all = Arc::new(Barrier::new(3));
            let yielders: Vec<_> = (0..2)
                .map(|_| {
                    let (stop, all) = (stop.clone(), all.clone());
                    let yielder = move || {
                        all.wait();
                        while !stop.load(Ordering::Relaxed) {
                            greenlet::yield_now();
                        }
                    };
                    Builder::new().spawn_worker(yielder).unwrap()
                })
                .collect();
            all.wait();
            let done = Arc::new(AtomicUsize::new(0));
            let crowd: Vec<_> = (0..=OTHERS)
                .map(|number| {
                    let done = done.clone();
                    let member = move || {
                        if number > 0 {
                            done.fetch_add(1, Ordering::Relaxed);
                        } else {
                            while done.load(Ordering::Relaxed) < OTHERS {
                                thread::yield_now();
                            }
                        }
                    };
                    Builder::new().spawn_worker(member).unwrap()
                })
                .collect();
            for member in crowd {
                member.join().unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            for yielder in yielders {
                yielder.join().unwrap();
            }
        }
    });
}

#[test]
fn a_started_greenlet_never_changes_thread() {
    const NAME: &str = "a_started_greenlet_never_changes_thread";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        let word = Arc::new(AtomicU32::new(0));
        let roamers: Vec<_> = (0..200_usize)
            .map(|number| {
                let word = word.clone();
                let roam = move || {
                    let home = thread::current().id();
                    for step in 0..50 {
                        match (number + step) % 5 {
                            0 => greenlet::yield_now(),
                            1 => greenlet::time::sleep_until(soon()),
                            2 => drop(futex::wait_until(&word, 0, Some(soon()))),
                            3 => {
                                futex::wake(&*word, 2);
                            }
                            _ => greenlet::offload(|| assert_ne!(thread::current().id(), home)),
                        }
                        assert_eq!(thread::current().id(), home);
                    }
                    home
                };
                Builder::new().spawn_worker(roam).unwrap()
            })
            .collect();
        let mut homes = std::collections::HashSet::new();
        for roamer in roamers {
            homes.insert(roamer.join().unwrap());
        }
        assert!(homes.len() <= 2 && !homes.contains(&thread::current().id()));
    });
}

/// A worker that is stuck in a panic hook sleeps too, but is not the one to wake for new work.
#[test]
fn a_worker_inside_the_panic_hook_takes_no_wake_from_another() {
    const NAME: &str = "a_worker_inside_the_panic_hook_takes_no_wake_from_another";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        // Every worker in turn is the one whose hook parks, so that it is the first to be looked at in one of the turns.
        static WORD: AtomicU32 = AtomicU32::new(0);
        let (entered, has_entered) = mpsc::channel();
        std::panic::set_hook(Box::new(move |_| {
            entered.send(thread::current().id()).unwrap();
            futex::wait(&WORD, 0);
        }));
        let mut places = std::collections::HashSet::new();
        let end = Instant::now() + Duration::from_secs(5);
        while places.len() < 2 && Instant::now() < end {
            WORD.store(0, Ordering::Relaxed);
            let stuck = Builder::new()
                .spawn_worker(|| panic!("for the hook"))
                .unwrap();
            places.insert(has_entered.recv().unwrap());
            for _ in 0..50 {
                Builder::new().spawn_worker(|| ()).unwrap().join().unwrap();
            }
            WORD.store(1, Ordering::Relaxed);
            while futex::wake(&WORD, 1) == 0 && !stuck.is_finished() {
                thread::yield_now();
            }
            stuck.join().unwrap_err();
        }
        drop(std::panic::take_hook());
    });
}

/// A worker that always has greenlets of its own to start gets round to those that others have spawned.
#[test]
fn a_worker_that_spawns_without_end_starts_what_others_spawn() {
    const NAME: &str = "a_worker_that_spawns_without_end_starts_what_others_spawn";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[("GREENLET_WORKERS", "1")], || {
        fn spawn_the_next(stop: Arc<AtomicBool>, ended: mpsc::Sender<()>) {
            if stop.load(Ordering::Relaxed) {
                ended.send(()).unwrap();
                return;
            }
            let next = move || spawn_the_next(stop, ended);
            Builder::new().spawn_worker(next).unwrap();
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (ended, all_ended) = mpsc::channel();
        for _ in 0..3 {
            let (stop, ended) = (stop.clone(), ended.clone());
            Builder::new()
                .spawn_worker(move || spawn_the_next(stop, ended))
                .unwrap();
        }
        for number in 0..100 {
            let other = Builder::new().spawn_worker(move || number).unwrap();
            assert_eq!(other.join().unwrap(), number);
        }
        stop.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            all_ended.recv().unwrap();
        }
    });
}
