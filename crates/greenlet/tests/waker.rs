//! Waiting for one who knows the waiter: a wake goes to it and to nobody else, and nothing else ends the wait but the
//! deadline, a kill, or the waker's being dropped.

mod random;
mod watchdog;

use greenlet::futex::{Waker, wait_with_waker};
use greenlet::{Builder, spawn, yield_now};
use random::Random;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Where a waker is found.
type Place = Arc<Mutex<Option<Waker>>>;

fn take(place: &Place) -> Option<Waker> {
    place.lock().unwrap().take()
}

fn wait(place: &Place, deadline: Option<Instant>) -> bool {
    wait_with_waker(
        deadline,
        |waker| *place.lock().unwrap() = Some(waker),
        || drop(take(place)),
    )
}

/// A greenlet of this hub that waits already.
fn waiting(place: &Place) -> greenlet::Greenlet<bool> {
    let place = place.clone();
    let waits = spawn(move || wait(&place, None));
    yield_now();
    waits
}

fn soon() -> Option<Instant> {
    Some(Instant::now() + Duration::from_millis(5))
}

#[test]
fn it_is_woken_on_its_own_hub() {
    let _deadline = watchdog::within(60, "it_is_woken_on_its_own_hub");
    let place = Place::default();
    let waits = waiting(&place);
    assert!(!waits.is_finished());
    take(&place).unwrap().wake();
    assert!(waits.join().unwrap());
}

#[test]
fn it_is_woken_by_another_thread() {
    let _deadline = watchdog::within(60, "it_is_woken_by_another_thread");
    let place = Place::default();
    let wakes = thread::spawn({
        let place = place.clone();
        move || {
            for _ in 0..1_000 {
                let waker = loop {
                    match take(&place) {
                        Some(waker) => break waker,
                        None => thread::yield_now(),
                    }
                };
                waker.wake();
            }
        }
    });
    for _ in 0..1_000 {
        assert!(wait(&place, None));
    }
    wakes.join().unwrap();
}

#[test]
fn it_may_be_woken_before_it_has_parked() {
    let _deadline = watchdog::within(60, "it_may_be_woken_before_it_has_parked");
    assert!(wait_with_waker(None, Waker::wake, || unreachable!()));
    assert!(!wait_with_waker(None, drop, || unreachable!()));
}

#[test]
fn the_deadline_takes_the_waker_back() {
    let _deadline = watchdog::within(60, "the_deadline_takes_the_waker_back");
    let place = Place::default();
    let deadline = soon();
    assert!(!wait(&place, deadline));
    assert!(Instant::now() >= deadline.unwrap());
    assert!(take(&place).is_none());
}

#[test]
fn a_waker_that_is_dropped_ends_the_wait() {
    let _deadline = watchdog::within(60, "a_waker_that_is_dropped_ends_the_wait");
    let place = Place::default();
    let waits = waiting(&place);
    drop(take(&place));
    assert!(!waits.join().unwrap());

    let waits = waiting(&place);
    let waker = take(&place);
    thread::spawn(move || drop(waker)).join().unwrap();
    assert!(!waits.join().unwrap());
}

/// The waker is in somebody's hands when the deadline passes: its frame must stay until it is used.
#[test]
fn a_waker_that_was_taken_is_waited_for() {
    let _deadline = watchdog::within(60, "a_waker_that_was_taken_is_waited_for");
    let place = Place::default();
    let thief = spawn({
        let place = place.clone();
        move || {
            let waker = take(&place).unwrap();
            greenlet::time::sleep_until(Instant::now() + Duration::from_millis(30));
            waker.wake();
        }
    });
    let begin = Instant::now();
    assert!(wait(&place, soon()), "the wake counts, late as it is");
    assert!(begin.elapsed() >= Duration::from_millis(25));
    thief.join().unwrap();
}

#[test]
fn a_kill_takes_the_waker_back_and_swallows_no_wake() {
    let _deadline = watchdog::within(60, "a_kill_takes_the_waker_back_and_swallows_no_wake");
    let place = Place::default();
    for wake_first in [false, true] {
        let woken = Rc::new(Cell::new(false));
        let waits = spawn({
            let (place, woken) = (place.clone(), woken.clone());
            move || {
                woken.set(wait(&place, None));
                wait(&place, None);
            }
        });
        yield_now();
        if wake_first {
            take(&place).unwrap().wake();
        }
        waits.kill().unwrap();
        assert!(waits.join().is_err());
        assert_eq!(woken.get(), wake_first);
        assert!(take(&place).is_none());
    }
}

/// `take_back` may park, for a lock for instance, while the kill that called for it is still due.
#[test]
fn taking_back_may_park() {
    let _deadline = watchdog::within(60, "taking_back_may_park");
    let place: Rc<RefCell<Option<Waker>>> = Rc::default();
    let waits = spawn({
        let place = place.clone();
        move || {
            wait_with_waker(
                None,
                |waker| *place.borrow_mut() = Some(waker),
                || {
                    yield_now();
                    greenlet::time::sleep_until(Instant::now() + Duration::from_millis(5));
                    drop(place.borrow_mut().take());
                },
            );
        }
    });
    yield_now();
    waits.kill().unwrap();
    assert!(waits.join().is_err());
    assert!(place.borrow().is_none());
}

/// It is used while its greenlet is parked for something else: that goes on.
#[test]
fn a_wake_does_not_end_what_take_back_waits_for() {
    let _deadline = watchdog::within(60, "a_wake_does_not_end_what_take_back_waits_for");
    let place: Rc<RefCell<Option<Waker>>> = Rc::default();
    let slept = Rc::new(Cell::new(Duration::ZERO));
    let waits = spawn({
        let (place, slept) = (place.clone(), slept.clone());
        move || {
            wait_with_waker(
                soon(),
                |waker| *place.borrow_mut() = Some(waker),
                || {
                    let begin = Instant::now();
                    let waker = place.borrow_mut().take().unwrap();
                    let wakes = spawn(move || {
                        waker.wake();
                        "joined"
                    });
                    greenlet::time::sleep_until(begin + Duration::from_millis(20));
                    slept.set(begin.elapsed());
                    assert_eq!(wakes.join().unwrap(), "joined");
                },
            )
        }
    });
    assert!(waits.join().unwrap());
    assert!(slept.get() >= Duration::from_millis(20));
}

#[test]
fn it_may_be_handed_out_slowly() {
    let _deadline = watchdog::within(60, "it_may_be_handed_out_slowly");
    let woken = wait_with_waker(
        None,
        |waker| {
            let wakes = spawn(move || waker.wake());
            let begin = Instant::now();
            greenlet::time::sleep_until(begin + Duration::from_millis(5));
            assert!(begin.elapsed() >= Duration::from_millis(5));
            wakes.join().unwrap();
        },
        || unreachable!(),
    );
    assert!(woken);
}

#[test]
fn a_panic_while_it_is_handed_out_takes_it_back() {
    let _deadline = watchdog::within(60, "a_panic_while_it_is_handed_out_takes_it_back");
    let place = Place::default();
    let waits = spawn({
        let place = place.clone();
        move || {
            wait_with_waker(
                None,
                |waker| {
                    *place.lock().unwrap() = Some(waker);
                    std::panic::resume_unwind(Box::new("stop"));
                },
                || drop(take(&place)),
            )
        }
    });
    assert_eq!(waits.join().unwrap_err().downcast_ref(), Some(&"stop"));
    assert!(take(&place).is_none());
}

/// The greenlet is leaked with its thread, and its frame stays: the waker may still be used or dropped.
#[test]
fn it_outlives_the_thread() {
    let _deadline = watchdog::within(60, "it_outlives_the_thread");
    for wakes in [true, false] {
        let place = Place::default();
        thread::spawn({
            let place = place.clone();
            move || {
                let waits = spawn(move || wait(&place, None));
                yield_now();
                drop(waits);
            }
        })
        .join()
        .unwrap();
        let waker = take(&place).unwrap();
        if wakes {
            waker.wake();
        } else {
            drop(waker);
        }
    }
}

/// Wakes, deadlines and dropped wakers race; each wait ends by what it says.
#[test]
fn wakes_race_deadlines_across_threads() {
    let _deadline = watchdog::within(120, "wakes_race_deadlines_across_threads");
    const WAITERS: usize = 8;
    let rounds = if cfg!(debug_assertions) {
        2_000
    } else {
        10_000
    };
    let places: Arc<Vec<Place>> = Arc::new((0..WAITERS).map(|_| Place::default()).collect());
    let (wakes, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let wakers: Vec<_> = (0..2)
        .map(|seed| {
            let (places, wakes, over) = (places.clone(), wakes.clone(), over.clone());
            thread::spawn(move || {
                let mut random = Random::new(seed + 1);
                while over.load(Relaxed) < WAITERS {
                    match take(&places[random.below(WAITERS)]) {
                        Some(waker) if random.below(8) == 0 => drop(waker),
                        Some(waker) => {
                            wakes.fetch_add(1, Relaxed);
                            waker.wake();
                        }
                        None => thread::yield_now(),
                    }
                }
            })
        })
        .collect();
    let waiters: Vec<_> = (0..WAITERS)
        .map(|number| {
            let (places, over) = (places.clone(), over.clone());
            Builder::new()
                .spawn_worker(move || {
                    let mut woken = 0;
                    for round in 0..rounds {
                        let patience = Duration::from_micros(round as u64 % 50);
                        let deadline = Instant::now() + patience;
                        if wait(&places[number], Some(deadline)) {
                            woken += 1;
                        } else {
                            yield_now();
                        }
                    }
                    over.fetch_add(1, Relaxed);
                    woken
                })
                .unwrap()
        })
        .collect();
    let woken: usize = waiters
        .into_iter()
        .map(|waiter| waiter.join().unwrap())
        .sum();
    for waker in wakers {
        waker.join().unwrap();
    }
    assert_eq!(woken, wakes.load(Relaxed));
}
