//! What greenlets cost, and that they give it back.

#![cfg(target_os = "linux")]

mod child;
mod process;
mod watchdog;

use greenlet::{Builder, futex};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// More in a release build.
const fn many(debug: usize, release: usize) -> usize {
    if cfg!(debug_assertions) {
        debug
    } else {
        release
    }
}

/// What the process may grow by for reasons that are not ours.
const SOME: usize = 400_000;

/// `round` runs some times, and then many times; the memory in use must not grow with it.
///
/// It may reach a new high once, when a thread is put off in the middle of something and the others' garbage waits for it.
/// What grows with the number of greenlets does so every time.
fn does_not_grow(test: &'static str, round: impl Fn(usize)) {
    let _deadline = watchdog::within(120, test);
    child::run(test, &[], || {
        round(10_000);
        let mut before = process::resident();
        let grows = (0..3).all(|_| {
            round(many(150_000, 1_000_000));
            let now = process::resident();
            let grown = now.saturating_sub(before);
            before = before.max(now);
            grown >= SOME
        });
        assert!(!grows, "{before} bytes now");
    });
}

#[test]
fn local_greenlets_one_by_one_leave_nothing() {
    does_not_grow("local_greenlets_one_by_one_leave_nothing", |count| {
        for number in 0..count {
            assert_eq!(greenlet::spawn(move || number).join().unwrap(), number);
        }
    });
}

#[test]
fn local_greenlets_in_crowds_leave_nothing() {
    does_not_grow("local_greenlets_in_crowds_leave_nothing", |count| {
        for _ in 0..count / 1_000 {
            let crowd: Vec<_> = (0..1_000)
                .map(|number| {
                    greenlet::spawn(move || {
                        greenlet::yield_now();
                        number
                    })
                })
                .collect();
            // Some are joined, some detached, some killed.
            for (number, greenlet) in crowd.into_iter().enumerate() {
                match number % 3 {
                    0 => assert_eq!(greenlet.join().unwrap(), number),
                    1 => drop(greenlet),
                    _ => greenlet.kill().unwrap(),
                }
            }
        }
        greenlet::yield_now();
        greenlet::yield_now();
    });
}

#[test]
fn worker_greenlets_leave_nothing() {
    does_not_grow("worker_greenlets_leave_nothing", |count| {
        for _ in 0..count / 500 {
            let crowd: Vec<_> = (0..500)
                .map(|number| Builder::new().spawn_worker(move || number).unwrap())
                .collect();
            for (number, greenlet) in crowd.into_iter().enumerate() {
                assert_eq!(greenlet.join().unwrap(), number);
            }
        }
    });
}

#[test]
fn panics_and_kills_leave_nothing() {
    const NAME: &str = "panics_and_kills_leave_nothing";
    let _deadline = watchdog::within(120, NAME);
    child::run(NAME, &[], || {
        let round = |count| {
            for _ in 0..count {
                let failed = greenlet::spawn(|| std::panic::resume_unwind(Box::new([7_u8; 100])));
                failed.join().unwrap_err();
                let killed = greenlet::spawn(|| futex::wait(&AtomicU32::new(0), 0));
                greenlet::yield_now();
                killed.kill().unwrap();
                killed.join().unwrap_err();
            }
        };
        round(2_000);
        let before = process::resident();
        round(many(10_000, 100_000));
        let grown = process::resident().saturating_sub(before);
        assert!(grown < SOME, "{grown} bytes more than before");
    });
}

/// Deep stacks are given back to the system when their greenlets have ended.
#[test]
fn deep_stacks_are_given_back() {
    const NAME: &str = "deep_stacks_are_given_back";
    let _deadline = watchdog::within(120, NAME);
    #[inline(never)]
    fn touch() {
        let deep = [1_u8; 200 * 1024];
        std::hint::black_box(&deep);
    }
    child::run(NAME, &[], || {
        let round = |count: usize| {
            let greenlets: Vec<_> = (0..count)
                .map(|_| {
                    greenlet::spawn(|| {
                        touch();
                        greenlet::yield_now();
                    })
                })
                .collect();
            for greenlet in greenlets {
                greenlet.join().unwrap();
            }
        };
        round(10);
        let before = process::resident();
        for _ in 0..5 {
            round(500);
        }
        // Those that a hub keeps warm may keep a few pages each.
        let grown = process::resident().saturating_sub(before);
        assert!(
            grown < 128 * 5 * 4096 + SOME,
            "{grown} bytes more than before"
        );
    });
}

/// The proof of a million: all parked at once, under the system's default limits.
#[test]
fn a_million_greenlets_are_parked_at_once() {
    const NAME: &str = "a_million_greenlets_are_parked_at_once";
    let _deadline = watchdog::within(300, NAME);
    child::run(NAME, &[], || {
        let count = many(100_000, 1_000_000);
        let word = Arc::new(AtomicU32::new(0));
        let parked = Arc::new(AtomicUsize::new(0));
        let (before, mappings) = (process::resident(), process::mappings());
        let greenlets: Vec<_> = (0..count)
            .map(|number| {
                let (word, parked) = (word.clone(), parked.clone());
                greenlet::spawn(move || {
                    parked.fetch_add(1, Ordering::Relaxed);
                    futex::wait(&word, 0);
                    number
                })
            })
            .collect();
        greenlet::yield_now();
        assert_eq!(parked.load(Ordering::Relaxed), count);
        let most = process::resident() - before;
        assert!(most / count < 6_000, "{} bytes each", most / count);
        let now = process::mappings();
        assert!(now < mappings + 1_000, "{now} mappings, {mappings} before");
        word.store(1, Ordering::Release);
        assert_eq!(futex::wake(&*word, usize::MAX), count);
        for (number, greenlet) in greenlets.into_iter().enumerate() {
            assert_eq!(greenlet.join().unwrap(), number);
        }
        let left = process::resident().saturating_sub(before);
        assert!(left < most / 5, "{left} bytes of {most} are left");
    });
}

/// A destructor of a thread-local value that runs after the hub has gone.
#[test]
fn a_shield_at_the_end_of_a_thread_leaves_nothing() {
    const TEST: &str = "a_shield_at_the_end_of_a_thread_leaves_nothing";
    const THREADS: usize = 400;
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            greenlet::shield(|| ());
        }
    }
    std::thread_local! {
        static LATE: Late = const { Late };
    }
    let _deadline = watchdog::within(120, TEST);
    // A thread that begins before the one before it is quite gone would get 64 MiB of addresses to allocate from.
    child::run(TEST, &[("MALLOC_ARENA_MAX", "1")], || {
        let threads = |count| {
            for _ in 0..count {
                let thread = std::thread::spawn(|| {
                    // The last one made is destroyed first: the hub.
                    LATE.with(|_| greenlet::yield_now());
                });
                thread.join().unwrap();
            }
        };
        threads(50);
        let before = process::address_space();
        threads(THREADS);
        let grown = process::address_space().saturating_sub(before);
        assert!(grown < THREADS * 8 * 1024, "{grown} bytes");
    });
}
