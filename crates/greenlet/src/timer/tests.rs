use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::node::Node;
use super::slot::SORT_STEPS;
use super::{Key, Wheel};

mod model;

const TICK: u64 = 1024;
const SECOND: u64 = 1_000_000_000;

/// A wheel and its timers, known by their numbers.
struct Timers {
    keys: Vec<Option<Key>>,
    wheel: Wheel,
}

impl Timers {
    fn new(count: usize, now: u64) -> Timers {
        Timers {
            keys: vec![None; count],
            wheel: Wheel::new(now),
        }
    }

    fn insert(&mut self, number: usize, deadline: u64) {
        assert!(self.keys[number].is_none());
        let key = self.wheel.insert(ptr::without_provenance(number), deadline);
        self.keys[number] = Some(key);
    }

    fn remove(&mut self, number: usize) {
        if let Some(key) = self.keys[number].take() {
            self.wheel.remove(key);
        }
    }

    fn expire(&mut self, now: u64) -> Vec<usize> {
        self.expire_some(now, usize::MAX)
    }

    fn expire_some(&mut self, now: u64, most: usize) -> Vec<usize> {
        let mut fired = Vec::new();
        self.wheel.expire(now, most, |payload| {
            let number = payload.addr();
            assert!(self.keys[number].take().is_some());
            fired.push(number);
        });
        fired
    }

    fn next(&mut self) -> Option<u64> {
        self.wheel.next_deadline()
    }
}

/// When an entry fires: its deadline rounded up to a tick; the end of time cannot be rounded.
fn due(deadline: u64) -> u64 {
    deadline.checked_next_multiple_of(TICK).unwrap_or(u64::MAX)
}

#[test]
fn a_timer_is_small_and_a_new_wheel_allocates_nothing() {
    assert!(size_of::<Node>() <= 32);
    assert!(size_of::<Wheel>() <= 192);
    const EMPTY: Wheel = Wheel::new(0);
    let mut wheel = EMPTY;
    wheel.expire(u64::MAX / 2, usize::MAX, |_| unreachable!());
    assert!(wheel.is_empty());
    assert_eq!(wheel.next_deadline(), None);
}

#[test]
fn a_lone_sleeper_wakes_the_hub_once() {
    for start in [0, 1, 12_345, 7 * SECOND + 11, u64::MAX / 3] {
        for nap in [1, TICK, 63 * TICK, 64 * TICK, SECOND, 100_000 * SECOND] {
            let mut timers = Timers::new(1, start);
            timers.insert(0, start + nap);
            let wake = timers.next().unwrap();
            assert_eq!(wake, due(start + nap));
            assert_eq!(timers.expire(wake - 1), []);
            assert_eq!(timers.next(), Some(wake));
            assert_eq!(timers.expire(wake), [0]);
            assert_eq!(timers.next(), None);
            assert!(timers.wheel.is_empty());
        }
    }
}

#[test]
fn a_deadline_on_a_tick_is_not_late() {
    let mut timers = Timers::new(1, 0);
    timers.insert(0, 5 * TICK);
    assert_eq!(timers.expire(5 * TICK - 1), []);
    assert_eq!(timers.expire(5 * TICK), [0]);
}

#[test]
fn a_past_deadline_fires_at_the_next_expiry() {
    let mut timers = Timers::new(3, SECOND);
    timers.insert(0, SECOND - SECOND % TICK);
    timers.insert(1, 5);
    timers.insert(2, 0);
    assert!(timers.next().unwrap() <= SECOND);
    assert_eq!(timers.expire(SECOND), [2, 1, 0]);
}

#[test]
fn a_clock_that_goes_back_fires_nothing_new_and_loses_nothing() {
    let mut timers = Timers::new(2, SECOND);
    timers.insert(0, 2 * SECOND);
    assert_eq!(timers.expire(0), []);
    timers.insert(1, SECOND / 2);
    assert_eq!(timers.expire(0), [1]);
    assert_eq!(timers.expire(3 * SECOND), [0]);
}

#[test]
fn the_end_of_time_is_reached_and_not_passed() {
    let mut timers = Timers::new(4, 0);
    for (number, back) in [0, 1, 1023, 1024].into_iter().enumerate() {
        timers.insert(number, u64::MAX - back);
    }
    let last_tick = u64::MAX - 1023;
    assert_eq!(timers.next(), Some(last_tick));
    assert_eq!(timers.expire(last_tick - 1), []);
    assert_eq!(timers.expire(last_tick), [3, 2]);
    assert_eq!(timers.next(), Some(u64::MAX));
    assert_eq!(timers.expire(u64::MAX - 1), []);
    assert_eq!(timers.expire(u64::MAX), [1, 0]);
    timers.insert(0, u64::MAX);
    timers.insert(1, 0);
    assert_eq!(timers.next(), Some(u64::MAX));
    assert_eq!(timers.expire(u64::MAX), [1, 0]);
}

#[test]
fn removal_from_any_place_of_a_slot_keeps_the_others() {
    for gone in 0..3 {
        for deadline in [TICK, 3 * SECOND] {
            let mut timers = Timers::new(3, 0);
            (0..3).for_each(|number| timers.insert(number, deadline));
            timers.remove(gone);
            timers.remove(gone);
            assert_eq!(timers.wheel.len(), 2);
            let rest: Vec<usize> = (0..3).filter(|&number| number != gone).collect();
            assert_eq!(timers.expire(due(deadline)), rest);
        }
    }
}

#[test]
fn a_timer_that_fired_can_be_inserted_again() {
    let mut timers = Timers::new(1, 0);
    let mut now = 0;
    for _ in 0..1000 {
        timers.insert(0, now + 777_777);
        now = timers.next().unwrap();
        assert_eq!(timers.expire(now), [0]);
    }
}

#[test]
fn one_deadline_is_fifo_even_across_cascades() {
    let mut timers = Timers::new(100, 0);
    let deadline = 10 * SECOND;
    for number in 0..100 {
        timers.insert(number, deadline);
        assert_eq!(timers.expire(number as u64 * SECOND / 10), []);
    }
    assert_eq!(timers.expire(due(deadline)), Vec::from_iter(0..100));
}

#[test]
fn one_tick_is_ordered_by_deadline_if_it_is_not_crowded() {
    for base in [0, SECOND - SECOND % TICK] {
        let count = SORT_STEPS + 1;
        let mut timers = Timers::new(count, 0);
        for number in 0..count {
            timers.insert(number, base + (count - number) as u64);
        }
        let fired = timers.expire(base + TICK);
        assert_eq!(fired, Vec::from_iter((0..count).rev()));
    }
}

#[test]
fn a_crowded_slot_has_a_lower_bound_and_then_the_exact_time() {
    let mut timers = Timers::new(1000, 0);
    for number in 0..1000 {
        timers.insert(number, SECOND + number as u64 * 50_000);
    }
    // The bound is remembered from the insertions; removing the first timer makes it look again.
    timers.remove(0);
    let first = due(SECOND + 50_000);
    let mut rounds = 0;
    loop {
        let wake = timers.next().unwrap();
        assert!(wake <= first);
        rounds += 1;
        if !timers.expire(wake).is_empty() {
            assert_eq!(wake, first);
            break;
        }
    }
    assert!(rounds > 1, "this is not the case that the test is about");
    assert!(rounds <= 10);
}

#[test]
fn a_panic_of_fire_leaves_the_others_linked() {
    let mut timers = Timers::new(4, 0);
    for number in 0..4 {
        timers.insert(number, SECOND + number as u64 / 2 * SECOND);
    }
    let result = catch_unwind(AssertUnwindSafe(|| {
        timers
            .wheel
            .expire(3 * SECOND, usize::MAX, |_| panic!("on purpose"));
    }));
    assert!(result.is_err());
    assert_eq!(timers.wheel.len(), 3);
    assert_eq!(timers.next(), Some(due(SECOND)));
    timers.remove(2);
    assert_eq!(timers.expire(3 * SECOND), [1, 3]);
}

#[test]
fn years_of_idle_time_are_skipped() {
    let mut timers = Timers::new(64, 0);
    for number in 0..64 {
        timers.insert(number, 1 << number);
    }
    assert_eq!(timers.expire(u64::MAX), Vec::from_iter(0..64));
}

#[test]
fn the_rest_of_many_fires_with_the_next_call_and_in_order() {
    for deadline in [TICK, SECOND] {
        let mut timers = Timers::new(100, 0);
        for number in 0..100 {
            timers.insert(number, deadline + number as u64 / 10 * TICK);
        }
        let now = deadline + SECOND;
        assert_eq!(timers.expire_some(now, 0), []);
        assert_eq!(timers.expire_some(now, 33), Vec::from_iter(0..33));
        assert!(timers.next().unwrap() <= now);
        timers.remove(33);
        assert_eq!(timers.expire_some(now, 2), [34, 35]);
        assert_eq!(timers.expire(now), Vec::from_iter(36..100));
        assert!(timers.wheel.is_empty());
    }
}

#[test]
fn room_for_many_timers_is_given_back_and_made_again() {
    let mut timers = Timers::new(20_000, 0);
    for round in 1..3 {
        let deadline = round * SECOND;
        (0..20_000).for_each(|number| timers.insert(number, deadline));
        (0..20_000)
            .step_by(2)
            .for_each(|number| timers.remove(number));
        let rest = Vec::from_iter((0..20_000).filter(|number| number % 2 == 1));
        assert_eq!(timers.expire(due(deadline)), rest);
        assert_eq!(timers.next(), None);
    }
}
