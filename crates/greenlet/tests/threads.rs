//! Hubs of threads that end.

#![cfg(target_os = "linux")]

mod child;
mod process;
mod watchdog;

use greenlet::io::Source;
use greenlet::{Builder, futex};
use std::cell::Cell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// More in a release build.
const fn many(debug: usize, release: usize) -> usize {
    if cfg!(debug_assertions) {
        debug
    } else {
        release
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_micros(200)
}

#[test]
fn a_thread_that_leaves_greenlets_behind_says_so_once() {
    const NAME: &str = "a_thread_that_leaves_greenlets_behind_says_so_once";
    let _deadline = watchdog::within(30, NAME);
    if child::is(NAME) {
        let word = Arc::new(AtomicU32::new(0));
        let sleeper = thread::Builder::new().name("careless".into()).spawn({
            let word = word.clone();
            move || {
                for _ in 0..3 {
                    let word = word.clone();
                    greenlet::spawn(move || {
                        futex::wait(&word, 0);
                        unreachable!("its thread is gone");
                    });
                }
                greenlet::yield_now();
            }
        });
        sleeper.unwrap().join().unwrap();
        // They stand before this one in the queue, and take nothing from it.
        let living = greenlet::spawn({
            let word = word.clone();
            move || futex::wait(&word, 0)
        });
        greenlet::yield_now();
        let other = word.clone();
        thread::spawn(move || {
            assert_eq!(futex::wake(&*other, 1), 1);
            assert_eq!(futex::wake(&*other, usize::MAX), 0);
        })
        .join()
        .unwrap();
        living.join().unwrap();
        for _ in 0..100 {
            let hub = || greenlet::spawn(|| 1).join().unwrap();
            assert_eq!(thread::spawn(hub).join().unwrap(), 1);
        }
        return;
    }
    let output = child::command(NAME).output().unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    let report =
        "greenlet: thread 'careless' ended with 3 of its greenlets unfinished; they are leaked";
    assert_eq!(stderr.matches(report).count(), 1, "{stderr}");
    assert_eq!(stderr.matches("leaked").count(), 1, "{stderr}");
}

/// Greenlets that have not begun count as unfinished too.
#[test]
fn greenlets_that_never_began_are_counted() {
    const NAME: &str = "greenlets_that_never_began_are_counted";
    let _deadline = watchdog::within(30, NAME);
    if child::is(NAME) {
        let never = || {
            greenlet::spawn(|| unreachable!("nobody yields"));
        };
        return thread::spawn(never).join().unwrap();
    }
    let output = child::command(NAME).output().unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    assert!(
        stderr.contains("thread '<unnamed>' ended with 1 of its greenlets unfinished"),
        "{stderr}"
    );
}

/// The result of a detached greenlet is dropped on its stack, where a destructor may park: it is unfinished till then.
#[test]
fn a_result_whose_destructor_parks_is_unfinished() {
    const NAME: &str = "a_result_whose_destructor_parks_is_unfinished";
    let _deadline = watchdog::within(30, NAME);
    struct Waits(Arc<AtomicU32>);
    impl Drop for Waits {
        fn drop(&mut self) {
            futex::wait(&self.0, 0);
        }
    }
    if child::is(NAME) {
        let word = Arc::new(AtomicU32::new(0));
        thread::spawn({
            let word = word.clone();
            move || {
                drop(greenlet::spawn(move || Waits(word)));
                greenlet::yield_now();
            }
        })
        .join()
        .unwrap();
        // Its waiter belongs to a hub that is no more, not to one that comes later.
        let ready = Arc::new(Barrier::new(2));
        let later = thread::spawn({
            let ready = ready.clone();
            move || {
                greenlet::yield_now();
                ready.wait();
                ready.wait();
                greenlet::time::sleep_until(soon());
                greenlet::spawn(|| 7).join().unwrap()
            }
        });
        ready.wait();
        assert_eq!(futex::wake(&*word, 1), 0, "nobody is there to be woken");
        ready.wait();
        assert_eq!(later.join().unwrap(), 7);
        return;
    }
    let output = child::command(NAME).output().unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    assert!(
        stderr.contains("ended with 1 of its greenlets unfinished"),
        "{}",
        child::show(&output)
    );
}

/// What `main` would do, in a process whose harness has a `main` already: it runs before that one.
extern "C" fn in_main() {
    if std::env::var_os("GREENLET_TEST_MAIN").is_some() {
        for _ in 0..5 {
            greenlet::spawn(|| greenlet::time::sleep_until(Instant::now() + Duration::MAX / 4));
        }
        greenlet::yield_now();
        std::process::exit(17);
    }
}

#[used]
// SAFETY: the section holds pointers to functions of this type, which the C library calls before `main`; `in_main` uses
// nothing of std that needs its start-up code.
#[unsafe(link_section = ".init_array")]
static IN_MAIN: extern "C" fn() = in_main;

#[test]
fn the_end_of_main_is_silent() {
    const NAME: &str = "the_end_of_main_is_silent";
    let _deadline = watchdog::within(30, NAME);
    let output = child::command(NAME)
        .env("GREENLET_TEST_MAIN", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(17), "{}", child::show(&output));
    assert!(output.stderr.is_empty(), "{}", child::show(&output));
}

/// Ten thousand threads that block once each.
#[test]
fn short_threads_leave_nothing_behind() {
    const NAME: &str = "short_threads_leave_nothing_behind";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let round = |number: usize| {
            thread::spawn(move || match number % 4 {
                0 => {
                    let (near, mut far) = UnixStream::pair().unwrap();
                    let near = Source::new(near);
                    let waiter = greenlet::spawn(move || near.readable(None).unwrap());
                    greenlet::yield_now();
                    far.write_all(b"x").unwrap();
                    waiter.join().unwrap();
                }
                1 => greenlet::time::sleep_until(Instant::now() + Duration::from_micros(10)),
                2 => greenlet::spawn(|| ()).join().unwrap(),
                _ => {
                    let word = AtomicU32::new(0);
                    assert!(!futex::wait_until(&word, 0, Some(soon())));
                }
            })
        };
        let rounds = |count: usize| {
            for number in (0..count).step_by(4) {
                let threads: Vec<_> = (number..number + 4).map(round).collect();
                for thread in threads {
                    thread.join().unwrap();
                }
            }
        };
        rounds(400);
        let descriptors = process::descriptors();
        let mappings = process::mappings();
        let memory = process::resident();
        rounds(many(4_000, 10_000));
        // A shared part whose first owner had no reactor may have got its notifier since.
        let now = process::descriptors();
        assert!(
            now <= descriptors + 4,
            "{now} descriptors, {descriptors} before"
        );
        let grown = process::resident().saturating_sub(memory);
        assert!(grown < 700_000, "{grown} bytes more than before");
        let now = process::mappings();
        assert!(now < mappings + 40, "{now} mappings, {mappings} before");
    });
}

/// In thread-locals' destructors, before and after the hub's own end.
#[test]
fn thread_locals_may_block_when_they_are_dropped() {
    const NAME: &str = "thread_locals_may_block_when_they_are_dropped";
    let _deadline = watchdog::within(60, NAME);
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Blocks(Cell<u32>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            greenlet::time::sleep_until(soon());
            let greenlet = greenlet::spawn(|| {
                greenlet::yield_now();
                5
            });
            assert_eq!(greenlet.join().unwrap(), 5);
            assert_eq!(
                Builder::new().spawn_worker(|| 6).unwrap().join().unwrap(),
                6
            );
            let (near, mut far) = UnixStream::pair().unwrap();
            let near = Source::new(near);
            let waiter = greenlet::spawn(move || near.readable(None).unwrap());
            greenlet::yield_now();
            far.write_all(b"x").unwrap();
            waiter.join().unwrap();
            greenlet::offload(|| ());
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    thread_local! {
        static EARLY: Blocks = const { Blocks(Cell::new(0)) };
        static LATE: Blocks = const { Blocks(Cell::new(0)) };
    }
    child::run(NAME, &[], || {
        let before = DROPPED.load(Ordering::Relaxed);
        for number in 0..30 {
            thread::spawn(move || {
                EARLY.with(|early| early.0.set(1));
                if number % 3 > 0 {
                    greenlet::yield_now();
                }
                if number % 3 > 1 {
                    LATE.with(|late| late.0.set(1));
                }
            })
            .join()
            .unwrap();
        }
        assert_eq!(DROPPED.load(Ordering::Relaxed), before + 40);
    });
}

/// A hub that is made that late cannot end in good order; how much it leaves behind is bounded.
#[test]
fn hubs_made_in_destructors_leave_little_behind() {
    const NAME: &str = "hubs_made_in_destructors_leave_little_behind";
    let _deadline = watchdog::within(60, NAME);
    struct Sleeps;
    impl Drop for Sleeps {
        fn drop(&mut self) {
            greenlet::time::sleep_until(soon());
        }
    }
    thread_local!(static FIRST: Sleeps = const { Sleeps });
    child::run(NAME, &[], || {
        let rounds = |count| {
            for _ in 0..count {
                let thread = thread::spawn(|| {
                    FIRST.with(|_| ());
                    greenlet::yield_now();
                });
                thread.join().unwrap();
            }
        };
        rounds(50);
        let (memory, mappings) = (process::resident(), process::mappings());
        rounds(1_000);
        let grown = process::resident().saturating_sub(memory);
        assert!(grown < 1_000 * 24_000, "{grown} bytes more than before");
        let now = process::mappings();
        assert!(now < mappings + 40, "{now} mappings, {mappings} before");
    });
}
