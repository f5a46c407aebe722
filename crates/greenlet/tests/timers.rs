//! Door 3: sleepers are never early, and wake in the order of their deadlines.

mod random;
mod watchdog;

use greenlet::io::{Progress, Source};
use greenlet::{Builder, time};
use random::Random;
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn nobody_wakes_early() {
    let _deadline = watchdog::within(60, "nobody_wakes_early");
    let sleeps = |seed: u64| {
        let mut random = Random::new(seed);
        for _ in 0..200 {
            let deadline = Instant::now() + Duration::from_nanos(random.below(300_000) as u64);
            time::sleep_until(deadline);
            assert!(Instant::now() >= deadline);
        }
    };
    let local: Vec<_> = (0..50)
        .map(|seed| greenlet::spawn(move || sleeps(seed)))
        .collect();
    let workers: Vec<_> = (100..150)
        .map(|seed| Builder::new().spawn_worker(move || sleeps(seed)).unwrap())
        .collect();
    sleeps(1_000);
    for greenlet in local {
        greenlet.join().unwrap();
    }
    for worker in workers {
        worker.join().unwrap();
    }
}

/// A futex's deadline and a reactor's are kept by the same timers.
#[test]
fn no_wait_ends_early() {
    let _deadline = watchdog::within(60, "no_wait_ends_early");
    let word = AtomicU32::new(0);
    for micros in 0..300 {
        let deadline = Instant::now() + Duration::from_micros(micros);
        assert!(!greenlet::futex::wait_until(&word, 0, Some(deadline)));
        assert!(Instant::now() >= deadline);
    }
}

/// One sleeper for each of these nanoseconds after `delay`; gives the order in which they woke, by their numbers, or
/// nothing if one of them came to sleep too late to be of use.
fn order_of_waking(offsets: &[u64], delay: Duration) -> Option<Vec<usize>> {
    let base = Instant::now() + delay;
    let log = Rc::new(RefCell::new(Vec::new()));
    let late = Rc::new(Cell::new(false));
    let sleepers: Vec<_> = offsets
        .iter()
        .enumerate()
        .map(|(number, &offset)| {
            let (log, late) = (log.clone(), late.clone());
            greenlet::spawn(move || {
                let deadline = base + Duration::from_nanos(offset);
                if Instant::now() >= base {
                    late.set(true);
                }
                time::sleep_until(deadline);
                assert!(Instant::now() >= deadline);
                log.borrow_mut().push(number);
            })
        })
        .collect();
    // All of them come to sleep.
    greenlet::yield_now();
    if Instant::now() >= base {
        late.set(true);
    }
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
    assert_eq!(log.borrow().len(), offsets.len());
    (!late.get()).then(|| log.take())
}

#[test]
fn ten_thousand_sleepers_wake_in_the_order_of_their_deadlines() {
    let _deadline = watchdog::within(
        120,
        "ten_thousand_sleepers_wake_in_the_order_of_their_deadlines",
    );
    const COUNT: usize = 10_000;
    let mut random = Random::new(5);
    // More than a tick of the clock apart, in a random order.
    let mut offsets: Vec<u64> = (0..COUNT as u64).map(|number| number * 12_000).collect();
    for end in (1..COUNT).rev() {
        offsets.swap(end, random.below(end + 1));
    }
    let order = order_on_a_machine_of_any_speed(&offsets);
    assert!(order.is_sorted_by_key(|&number| offsets[number]));
}

#[test]
fn sleepers_of_one_deadline_wake_in_the_order_in_which_they_came() {
    let _deadline = watchdog::within(
        120,
        "sleepers_of_one_deadline_wake_in_the_order_in_which_they_came",
    );
    let order = order_on_a_machine_of_any_speed(&[0; 1_000]);
    assert!(order.is_sorted());
}

fn order_on_a_machine_of_any_speed(offsets: &[u64]) -> Vec<usize> {
    let mut delay = Duration::from_millis(60);
    loop {
        match order_of_waking(offsets, delay) {
            Some(order) => return order,
            None => delay *= 2,
        }
    }
}

#[test]
fn a_sleep_into_the_past_is_a_yield() {
    let _deadline = watchdog::within(30, "a_sleep_into_the_past_is_a_yield");
    let start = Instant::now();
    let turns = Rc::new(Cell::new(0));
    let other = greenlet::spawn({
        let turns = turns.clone();
        move || {
            for turn in 1..=100 {
                turns.set(turn);
                time::sleep_until(start);
            }
        }
    });
    for turn in 1..=100 {
        time::sleep_until(start);
        assert_eq!(turns.get(), turn, "each yield lets the other run once");
    }
    other.join().unwrap();
    // Long before the process began.
    if let Some(past) = start.checked_sub(Duration::from_secs(1)) {
        time::sleep_until(past);
    }
}

#[test]
fn a_sleep_into_the_far_future_may_be_killed() {
    let _deadline = watchdog::within(30, "a_sleep_into_the_far_future_may_be_killed");
    let far = |power: u32| Instant::now() + Duration::from_secs(1 << power);
    for power in [20, 33, 34, 35, 45, 60] {
        let here = greenlet::spawn(move || time::sleep_until(far(power)));
        let there = Builder::new()
            .spawn_worker(move || time::sleep_until(far(power)))
            .unwrap();
        // Nearer ones are not held up.
        let near = greenlet::spawn(|| time::sleep_until(Instant::now() + Duration::from_millis(1)));
        near.join().unwrap();
        assert!(!here.is_finished() && !there.is_finished());
        here.kill().unwrap();
        there.kill().unwrap();
        assert!(here.join().unwrap_err().is::<greenlet::Killed>());
        assert!(there.join().unwrap_err().is::<greenlet::Killed>());
    }
}

#[test]
fn a_far_deadline_does_not_hide_a_wake() {
    let _deadline = watchdog::within(30, "a_far_deadline_does_not_hide_a_wake");
    let word = Arc::new(AtomicU32::new(0));
    let waker = thread::spawn({
        let word = word.clone();
        move || {
            word.store(1, Ordering::Release);
            greenlet::futex::wake(&*word, 1)
        }
    });
    let far = Instant::now() + Duration::from_secs(1 << 45);
    assert!(greenlet::futex::wait_until(&word, 0, Some(far)));
    waker.join().unwrap();
}

#[test]
fn join_gives_up_at_its_timeout() {
    let _deadline = watchdog::within(30, "join_gives_up_at_its_timeout");
    let word = Arc::new(AtomicU32::new(0));
    let parked = || {
        let word = word.clone();
        move || {
            greenlet::futex::wait(&word, 0);
            9
        }
    };
    let here = greenlet::spawn(parked());
    let there = Builder::new().spawn_worker(parked()).unwrap();
    let timeout = Duration::from_millis(2);
    let before = Instant::now();
    let here = here.join_timeout(timeout).unwrap_err();
    assert!(before.elapsed() >= timeout);
    let there = there.join_timeout(Duration::ZERO).unwrap_err();
    let there = there.join_timeout(timeout).unwrap_err();
    assert!(!here.is_finished() && !there.is_finished());
    word.store(1, Ordering::Release);
    greenlet::futex::wake(&*word, usize::MAX);
    assert_eq!(here.join_timeout(Duration::MAX).unwrap().unwrap(), 9);
    assert_eq!(
        there
            .join_timeout(Duration::from_secs(3_600))
            .unwrap()
            .unwrap(),
        9
    );
}

/// Deadlines that are taken back leave nothing that fires later.
#[test]
fn a_deadline_that_was_not_needed_is_forgotten() {
    let _deadline = watchdog::within(60, "a_deadline_that_was_not_needed_is_forgotten");
    let mut random = Random::new(6);
    for _ in 0..2_000 {
        let word = Rc::new(AtomicU32::new(0));
        let deadline = Instant::now() + Duration::from_micros(200 + random.below(400) as u64);
        let waiter = greenlet::spawn({
            let word = word.clone();
            move || {
                let woken = greenlet::futex::wait_until(&word, 0, Some(deadline));
                // This frame is another one now: a timer that fires late would find it parked.
                let end = Instant::now() + Duration::from_micros(50);
                time::sleep_until(end);
                assert!(Instant::now() >= end);
                woken
            }
        });
        greenlet::yield_now();
        let woken = greenlet::futex::wake(&*word, 1);
        assert_eq!(waiter.join().unwrap(), woken == 1);
    }
}

#[test]
fn a_sleeper_is_not_late_by_a_round_of_all_that_are_runnable() {
    let _deadline = watchdog::within(
        120,
        "a_sleeper_is_not_late_by_a_round_of_all_that_are_runnable",
    );
    const OTHERS: usize = 10_000;
    let steps = Rc::new(Cell::new(0_usize));
    let deadline = Rc::new(Cell::new(None));
    let due_at = Rc::new(Cell::new(None));
    let over = Rc::new(Cell::new(false));
    let others: Vec<_> = (0..OTHERS)
        .map(|_| {
            let (steps, deadline) = (steps.clone(), deadline.clone());
            let (due_at, over) = (due_at.clone(), over.clone());
            greenlet::spawn(move || {
                while !over.get() {
                    steps.set(steps.get() + 1);
                    let is_due = deadline.get().is_some_and(|at| Instant::now() >= at);
                    if is_due && due_at.get().is_none() {
                        due_at.set(Some(steps.get()));
                    }
                    greenlet::yield_now();
                }
            })
        })
        .collect();
    // All of them have begun.
    greenlet::yield_now();
    let at = Instant::now() + Duration::from_millis(5);
    deadline.set(Some(at));
    time::sleep_until(at);
    over.set(true);
    // Nobody may have had a turn since, or seen the time pass.
    let late = steps.get() - due_at.get().unwrap_or(steps.get());
    assert!(
        late < OTHERS / 10,
        "{late} others have had their turn first"
    );
    for other in others {
        other.join().unwrap();
    }
}

#[test]
fn sleepers_that_are_always_due_keep_nobody_from_running() {
    let _deadline = watchdog::within(60, "sleepers_that_are_always_due_keep_nobody_from_running");
    let over = Rc::new(Cell::new(false));
    let sleepers: Vec<_> = (0..1_000)
        .map(|_| {
            let over = over.clone();
            greenlet::spawn(move || {
                while !over.get() {
                    time::sleep_until(Instant::now() + Duration::from_nanos(500));
                }
            })
        })
        .collect();
    for _ in 0..1_000 {
        greenlet::yield_now();
    }
    over.set(true);
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
}

/// Sleeps a little and works for longer than that, so that with a few of these there is always one whose time has come.
fn be_always_due(is_over: impl Fn() -> bool) {
    while !is_over() {
        time::sleep_until(Instant::now() + Duration::from_micros(20));
        let end = Instant::now() + Duration::from_micros(200);
        while Instant::now() < end {
            std::hint::spin_loop();
        }
    }
}

#[test]
fn sleepers_that_are_always_due_keep_no_descriptor_waiting() {
    let _deadline = watchdog::within(
        60,
        "sleepers_that_are_always_due_keep_no_descriptor_waiting",
    );
    let (reader, mut writer) = UnixStream::pair().unwrap();
    reader.set_nonblocking(true).unwrap();
    let is_over = Rc::new(Cell::new(false));
    let reader = greenlet::spawn({
        let is_over = is_over.clone();
        move || {
            let source = Source::new(reader);
            let mut buffer = [0; 8];
            let count = source.read_with(None, |mut stream| {
                Ok(Progress::More(stream.read(&mut buffer)?))
            });
            is_over.set(true);
            count.unwrap()
        }
    });
    let sleepers: Vec<_> = (0..3)
        .map(|_| {
            let is_over = is_over.clone();
            greenlet::spawn(move || be_always_due(|| is_over.get()))
        })
        .collect();
    // All of them wait.
    greenlet::yield_now();
    writer.write_all(b"x").unwrap();
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
    assert_eq!(reader.join().unwrap(), 1);
}

#[test]
fn sleepers_that_are_always_due_keep_nobody_from_beginning() {
    let _deadline = watchdog::within(
        60,
        "sleepers_that_are_always_due_keep_nobody_from_beginning",
    );
    static IS_OVER: AtomicU32 = AtomicU32::new(0);
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    // As many on each worker, if they are shared out.
    let sleepers: Vec<_> = (0..3 * greenlet::workers())
        .map(|_| {
            Builder::new()
                .spawn_worker(|| {
                    BEGUN.fetch_add(1, Ordering::Relaxed);
                    be_always_due(|| IS_OVER.load(Ordering::Relaxed) == 1);
                })
                .unwrap()
        })
        .collect();
    while BEGUN.load(Ordering::Relaxed) < sleepers.len() {
        thread::yield_now();
    }
    let last = Builder::new()
        .spawn_worker(|| IS_OVER.store(1, Ordering::Relaxed))
        .unwrap();
    last.join().unwrap();
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
}

#[test]
fn sleepers_of_one_deadline_keep_their_order_whatever_they_do() {
    let _deadline = watchdog::within(
        60,
        "sleepers_of_one_deadline_keep_their_order_whatever_they_do",
    );
    let log = Rc::new(RefCell::new(Vec::new()));
    let begun = Rc::new(Cell::new(0));
    let deadline = Instant::now() + Duration::from_millis(100);
    let sleepers: Vec<_> = (0..200)
        .map(|number| {
            let (log, begun) = (log.clone(), begun.clone());
            greenlet::spawn(move || {
                begun.set(begun.get() + usize::from(Instant::now() < deadline));
                time::sleep_until(deadline);
                log.borrow_mut().push(number);
                if number < 5 {
                    // Each 64th lets the others run, and the hub look around.
                    (0..200).for_each(|_| greenlet::take_turns());
                }
            })
        })
        .collect();
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
    // On a machine that is too slow they do not all sleep.
    if begun.get() == 200 {
        assert!(log.borrow().is_sorted(), "{log:?}");
    }
}
