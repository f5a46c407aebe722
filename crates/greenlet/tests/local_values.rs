//! Greenlet-local values: whose they are, and when they are destroyed.

mod child;
mod watchdog;

use greenlet::{Builder, Killed, Local, futex};
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs when it is dropped.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

type Anything = RefCell<Option<Box<dyn std::any::Any>>>;

/// Makes `f` run when `key` is destroyed.
fn at_the_end(key: &'static Local<Anything>, f: impl FnMut() + 'static) {
    key.with(Anything::default, |value| {
        *value.borrow_mut() = Some(Box::new(Finally(f)));
    })
    .unwrap();
}

fn park_for_ever() -> ! {
    let word = AtomicU32::new(0);
    loop {
        futex::wait(&word, 0);
    }
}

#[test]
fn greenlets_of_one_hub_have_their_own() {
    let _deadline = watchdog::within(30, "greenlets_of_one_hub_have_their_own");
    static VALUE: Local<Cell<usize>> = Local::new();
    let tasks: Vec<_> = (1..=10)
        .map(|n| {
            greenlet::spawn(move || {
                let sum = VALUE.with(
                    || {
                        // An initialiser may let others run.
                        greenlet::yield_now();
                        Cell::new(n)
                    },
                    |value| {
                        // And so may the closure.
                        for _ in 0..3 {
                            value.set(value.get() + n);
                            greenlet::yield_now();
                        }
                        value.get()
                    },
                );
                sum == VALUE.with(|| unreachable!(), Cell::get) && sum == Ok(4 * n)
            })
        })
        .collect();
    assert_eq!(VALUE.with(|| Cell::new(100), Cell::get), Ok(100));
    assert!(tasks.into_iter().all(|task| task.join().unwrap()));
    assert_eq!(VALUE.with(|| unreachable!(), Cell::get), Ok(100));
}

#[test]
fn a_killed_greenlet_destroys_its_own() {
    let _deadline = watchdog::within(30, "a_killed_greenlet_destroys_its_own");
    static VALUE: Local<Counted> = Local::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let parked = greenlet::spawn({
        let drops = drops.clone();
        move || VALUE.with(|| Counted(drops), |_| park_for_ever())
    });
    greenlet::yield_now();
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    parked.kill().unwrap();
    assert!(parked.join().map(drop).unwrap_err().is::<Killed>());
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn one_that_is_killed_before_it_begins_may_make_some() {
    let _deadline = watchdog::within(30, "one_that_is_killed_before_it_begins_may_make_some");
    static VALUE: Local<Counted> = Local::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let captured = Finally({
        let drops = drops.clone();
        move || VALUE.with(|| Counted(drops.clone()), |_| ()).unwrap()
    });
    let unstarted = greenlet::spawn(move || drop(captured));
    unstarted.kill().unwrap();
    assert!(unstarted.join().unwrap_err().is::<Killed>());
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn kills_are_held_back_in_destructors() {
    let _deadline = watchdog::within(30, "kills_are_held_back_in_destructors");
    static FIRST: Local<Anything> = Local::new();
    static SECOND: Local<Anything> = Local::new();
    let ended = Rc::new(Cell::new(0));
    let ending = greenlet::spawn({
        let ended = ended.clone();
        move || {
            let (one, other) = (ended.clone(), ended);
            at_the_end(&FIRST, move || {
                greenlet::yield_now();
                one.set(one.get() + 1);
            });
            at_the_end(&SECOND, move || {
                for _ in 0..3 {
                    greenlet::yield_now();
                }
                other.set(other.get() + 1);
            });
            "result"
        }
    });
    greenlet::yield_now();
    assert!(!ending.is_finished() && ended.get() == 0);
    ending.kill().unwrap();
    assert_eq!(ending.join().unwrap(), "result");
    assert_eq!(ended.get(), 2);
}

#[test]
fn a_destructor_is_not_panicking() {
    let _deadline = watchdog::within(30, "a_destructor_is_not_panicking");
    static VALUE: Local<Anything> = Local::new();
    for (panics, others) in [(true, false), (true, true), (false, true)] {
        let asked = Rc::new(Cell::new(false));
        // Another greenlet that is parked while it unwinds makes std's answer wrong.
        let go = Rc::new(Cell::new(false));
        let other = others.then(|| {
            greenlet::spawn({
                let go = go.clone();
                move || {
                    let _waits = Finally(move || {
                        while !go.get() {
                            greenlet::yield_now();
                        }
                    });
                    greenlet::resume_unwind(Box::new("other"));
                }
            })
        });
        greenlet::yield_now();
        let failed = greenlet::spawn({
            let asked = asked.clone();
            move || {
                at_the_end(&VALUE, move || {
                    assert!(!greenlet::panicking() && !greenlet::killing());
                    asked.set(true);
                });
                if panics {
                    greenlet::resume_unwind(Box::new("failed"));
                }
            }
        });
        assert_eq!(failed.join().is_err(), panics);
        assert!(asked.get());
        go.set(true);
        if let Some(other) = other {
            assert!(other.join().is_err());
        }
    }
}

#[test]
fn joiners_of_all_kinds_come_after_the_destructors() {
    let _deadline = watchdog::within(30, "joiners_of_all_kinds_come_after_the_destructors");
    static VALUE: Local<Anything> = Local::new();
    for _ in 0..50 {
        let drops = Arc::new(AtomicUsize::new(0));
        let slow = {
            let drops = drops.clone();
            move || {
                let counted = Counted(drops);
                at_the_end(&VALUE, move || {
                    let _keep = &counted;
                    greenlet::yield_now();
                });
            }
        };
        let far = Builder::new().spawn_worker(slow.clone()).unwrap();
        let from_a_thread = Builder::new().spawn_worker(slow.clone()).unwrap();
        let near = greenlet::spawn(slow);
        std::thread::spawn(move || from_a_thread.join().unwrap())
            .join()
            .unwrap();
        near.join().unwrap();
        far.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 3);
    }
}

#[test]
fn a_handle_that_goes_during_the_destructors_leaves_the_result_to_the_hub() {
    let _deadline = watchdog::within(
        30,
        "a_handle_that_goes_during_the_destructors_leaves_the_result_to_the_hub",
    );
    static VALUE: Local<Anything> = Local::new();
    static LATE: Local<Counted> = Local::new();
    struct Result(Arc<AtomicUsize>);
    impl Drop for Result {
        fn drop(&mut self) {
            // The values that were there are gone; new ones are destroyed after this.
            assert!(VALUE.with(|| unreachable!(), |_| ()).is_err());
            LATE.with(|| Counted(self.0.clone()), |_| ()).unwrap();
            self.0.fetch_add(10, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let ending = greenlet::spawn({
        let drops = drops.clone();
        move || {
            at_the_end(&VALUE, greenlet::yield_now);
            Result(drops)
        }
    });
    greenlet::yield_now();
    assert!(!ending.is_finished());
    drop(ending);
    while Arc::strong_count(&drops) > 1 {
        greenlet::yield_now();
    }
    assert_eq!(drops.load(Ordering::Relaxed), 11);
}

#[test]
fn keys_are_told_apart_by_many_threads_at_once() {
    let _deadline = watchdog::within(60, "keys_are_told_apart_by_many_threads_at_once");
    for _ in 0..100 {
        let keys: &'static [Local<Cell<usize>>; 8] = Box::leak(Box::default());
        let barrier = Arc::new(std::sync::Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let barrier = barrier.clone();
                std::thread::spawn(move || {
                    barrier.wait();
                    for (n, key) in keys.iter().enumerate() {
                        key.with(|| Cell::new(n), |_| ()).unwrap();
                    }
                    for (n, key) in keys.iter().enumerate() {
                        assert_eq!(key.with(|| unreachable!(), Cell::get), Ok(n));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn the_destructors_of_a_threads_own_may_wait() {
    let _deadline = watchdog::within(30, "the_destructors_of_a_threads_own_may_wait");
    static VALUE: Local<Anything> = Local::new();
    let ended = Arc::new(AtomicUsize::new(0));
    std::thread::spawn({
        let ended = ended.clone();
        move || {
            at_the_end(&VALUE, move || {
                let near = greenlet::spawn(|| {
                    greenlet::yield_now();
                    1
                });
                let far = Builder::new().spawn_worker(|| 10).unwrap();
                let sum = near.join().unwrap() + far.join().unwrap();
                ended.fetch_add(sum, Ordering::Relaxed);
            });
        }
    })
    .join()
    .unwrap();
    assert_eq!(ended.load(Ordering::Relaxed), 11);
}

#[test]
fn a_thread_that_has_taken_its_hub_down_refuses() {
    let _deadline = watchdog::within(30, "a_thread_that_has_taken_its_hub_down_refuses");
    static NUMBER: Local<Cell<u8>> = Local::new();
    static REFUSED: AtomicBool = AtomicBool::new(false);
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            let refused = NUMBER.with(Cell::default, Cell::get).is_err();
            REFUSED.store(refused, Ordering::Relaxed);
        }
    }
    thread_local!(static LATE: Late = const { Late });
    std::thread::spawn(|| {
        // Older than the hub, so it goes after it.
        LATE.with(|_| ());
        NUMBER.with(Cell::default, |_| ()).unwrap();
    })
    .join()
    .unwrap();
    assert!(REFUSED.load(Ordering::Relaxed));
}

#[test]
fn a_leaked_greenlet_keeps_its_own() {
    const NAME: &str = "a_leaked_greenlet_keeps_its_own";
    let _deadline = watchdog::within(30, NAME);
    child::run(NAME, &[], || {
        static VALUE: Local<Counted> = Local::new();
        let drops = Arc::new(AtomicUsize::new(0));
        std::thread::spawn({
            let drops = drops.clone();
            move || {
                let mine = drops.clone();
                greenlet::spawn(move || VALUE.with(|| Counted(drops), |_| park_for_ever()));
                greenlet::yield_now();
                VALUE.with(|| Counted(mine), |_| ()).unwrap();
            }
        })
        .join()
        .unwrap();
        // The thread's own one alone.
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_destructor_that_panics_is_the_end_of_the_process() {
    const NAME: &str = "a_destructor_that_panics_is_the_end_of_the_process";
    let _deadline = watchdog::within(30, NAME);
    if child::is(NAME) {
        static VALUE: Local<Anything> = Local::new();
        let failed = greenlet::spawn(|| at_the_end(&VALUE, || resume_unwind(Box::new("out"))));
        let _ = failed.join();
        unreachable!("the process has ended");
    }
    let output = child::command(NAME).output().unwrap();
    assert!(!output.status.success());
    let stderr = child::stderr(&output);
    let message = "fatal: a greenlet-local value panicked when it was dropped";
    assert!(stderr.contains(message), "{}", child::show(&output));
}
