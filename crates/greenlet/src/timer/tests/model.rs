//! The wheel beside a sorted map that does the same, slowly.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::slot::SORT_STEPS;
use super::super::wheel::SEARCH_LIMIT;
use super::{SECOND, TICK, Timers, due};

const TIMERS: usize = 96;

#[derive(Clone, Debug)]
enum Step {
    /// Insert the timer, if it is not there, relative to now: back, or ahead.
    Insert {
        number: usize,
        back: bool,
        distance: u64,
    },
    /// Insert the timer, if it is not there, near another time than now.
    InsertAt {
        number: usize,
        deadline: u64,
    },
    Remove {
        number: usize,
    },
    Jump {
        distance: u64,
    },
    /// Jump to shortly before, at, or after the next deadline.
    JumpToNext {
        off: i64,
    },
    Next,
}

/// From nanoseconds to centuries, each magnitude as likely as the others.
fn distance() -> impl Strategy<Value = u64> {
    (0..64u32, any::<u64>()).prop_map(|(shift, noise)| noise >> shift)
}

/// Mostly times that a program uses, in which timers meet each other in slots.
fn usual_distance() -> impl Strategy<Value = u64> {
    prop_oneof![
        distance(),
        0..4 * TICK,
        (0..300u64).prop_map(|ticks| ticks * TICK),
        (0..5000u64).prop_map(|ms| ms * 1_000_000),
        (SECOND..SECOND + 20 * TICK),
    ]
}

fn step(wide: bool) -> impl Strategy<Value = Step> {
    let distance = if wide {
        distance().boxed()
    } else {
        usual_distance().boxed()
    };
    let number = 0..TIMERS;
    prop_oneof![
        8 => (number.clone(), prop::bool::weighted(0.1), distance.clone())
            .prop_map(|(number, back, distance)| Step::Insert { number, back, distance }),
        1 => (number.clone(), prop_oneof![any::<u64>(), u64::MAX - 3000..=u64::MAX])
            .prop_map(|(number, deadline)| Step::InsertAt { number, deadline }),
        3 => number.prop_map(|number| Step::Remove { number }),
        1 => distance.prop_map(|distance| Step::Jump { distance }),
        2 => (-2000..2000i64).prop_map(|off| Step::JumpToNext { off }),
        2 => Just(Step::Next),
    ]
}

/// The wheel beside what it has to do.
struct Checked {
    timers: Timers,
    /// (due, deadline, order of insertion) -> number. An overdue timer is due when the last
    /// expired tick began.
    model: BTreeMap<(u64, u64, u64), usize>,
    keys: Vec<Option<(u64, u64, u64)>>,
    inserted: u64,
    now: u64,
}

impl Checked {
    fn new(now: u64) -> Checked {
        Checked {
            timers: Timers::new(TIMERS, now),
            model: BTreeMap::new(),
            keys: vec![None; TIMERS],
            inserted: 0,
            now,
        }
    }

    /// When the tick that `expire(now)` reaches begins.
    fn reached(&self) -> u64 {
        if self.now == u64::MAX {
            u64::MAX
        } else {
            self.now / TICK * TICK
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Insert {
                number,
                back: false,
                distance,
            } => {
                self.insert(number, self.now.saturating_add(distance));
            }
            Step::Insert {
                number,
                back: true,
                distance,
            } => {
                self.insert(number, self.now.saturating_sub(distance));
            }
            Step::InsertAt { number, deadline } => self.insert(number, deadline),
            Step::Remove { number } => {
                self.timers.remove(number);
                if let Some(key) = self.keys[number].take() {
                    self.model.remove(&key);
                }
            }
            Step::Jump { distance } => self.expire(self.now.saturating_add(distance)),
            Step::JumpToNext { off } => {
                if let Some(next) = self.timers.next() {
                    self.expire(next.saturating_add_signed(off).max(self.now));
                }
            }
            Step::Next => self.check_next(),
        }
        assert_eq!(self.timers.wheel.len(), self.model.len());
        assert_eq!(self.timers.wheel.is_empty(), self.model.is_empty());
        for (known, key) in self.timers.keys.iter().zip(&self.keys) {
            assert_eq!(known.is_some(), key.is_some());
        }
    }

    fn insert(&mut self, number: usize, deadline: u64) {
        if self.keys[number].is_some() {
            return;
        }
        let key = (due(deadline).max(self.reached()), deadline, self.inserted);
        self.inserted += 1;
        self.timers.insert(number, deadline);
        self.model.insert(key, number);
        self.keys[number] = Some(key);
    }

    fn expire(&mut self, now: u64) {
        self.now = now;
        let later = match self.reached().checked_add(1) {
            Some(after) => self.model.split_off(&(after, 0, 0)),
            None => BTreeMap::new(),
        };
        let expected = std::mem::replace(&mut self.model, later);
        let fired = self.timers.expire(now);
        let keys: Vec<_> = fired
            .iter()
            .map(|&number| self.keys[number].take().expect("fired, but not inserted"))
            .collect();
        assert_eq!(keys.len(), expected.len());
        assert!(keys.iter().all(|key| expected.contains_key(key)));
        // Never early: overdue ones have been due before, the others by their rounded deadline.
        assert!(keys.iter().all(|&(_, deadline, _)| deadline <= now));
        assert!(keys.is_sorted_by_key(|&(due, ..)| due));
        for tick in keys.chunk_by(|a, b| a.0 == b.0) {
            if tick.len() <= SORT_STEPS {
                assert!(tick.is_sorted());
            }
            for (at, first) in tick.iter().enumerate() {
                assert!(
                    tick[at..]
                        .iter()
                        .all(|key| key.1 != first.1 || key.2 >= first.2)
                );
            }
        }
        // Nothing is due now, so there is no reason to wake up at once.
        if let Some(next) = self.timers.next() {
            assert!(next > now);
        }
        self.check_next();
    }

    fn check_next(&mut self) {
        let next = self.timers.next();
        assert_eq!(next, self.timers.next());
        let first = self.model.keys().next().map(|&(due, ..)| due);
        assert_eq!(next.is_some(), first.is_some());
        assert!(next <= first);
        if self.model.len() <= SEARCH_LIMIT {
            assert_eq!(next, first);
        }
    }

    /// Lets all timers fire, as a hub without anything else to do would.
    fn drain(&mut self) {
        let mut rounds = 0;
        let most = self.model.len() * 10;
        while let Some(next) = self.timers.next() {
            rounds += 1;
            assert!(rounds <= most, "no progress");
            self.expire(next.max(self.now));
        }
        assert!(self.model.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn does_as_a_sorted_map_does_with_usual_times(
        start in distance(),
        steps in vec(step(false), 0..600),
    ) {
        let mut checked = Checked::new(start);
        steps.into_iter().for_each(|step| checked.run(step));
        checked.drain();
    }

    #[test]
    fn does_as_a_sorted_map_does_with_any_times(
        start in distance(),
        steps in vec(step(true), 0..200),
    ) {
        let mut checked = Checked::new(start);
        steps.into_iter().for_each(|step| checked.run(step));
        checked.drain();
    }
}
