//! Door 1 under load: no wake-up is lost, none is counted twice, and queues keep their order.

mod child;
mod random;
mod watchdog;

use greenlet::{Builder, futex};
use random::Random;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
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

/// Greenlets and threads that hand a token on to each other, each by a word of its own.
struct Ring {
    seats: Vec<AtomicU32>,
    /// Hand-offs so far.
    count: AtomicUsize,
    /// At how many the token is taken out.
    end: usize,
}

const EMPTY: u32 = 0;
const TOKEN: u32 = 1;
const OVER: u32 = 2;

impl Ring {
    fn new(size: usize, end: usize) -> Arc<Ring> {
        Arc::new(Ring {
            seats: (0..size).map(|_| AtomicU32::new(EMPTY)).collect(),
            count: AtomicUsize::new(0),
            end,
        })
    }

    fn give(&self, seat: usize, what: u32) {
        let seat = &self.seats[seat % self.seats.len()];
        seat.store(what, Ordering::Release);
        futex::wake(seat, 1);
    }

    /// Takes part until the ring is over; gives how often the token came by.
    fn play(&self, seat: usize) -> usize {
        let mine = &self.seats[seat];
        let mut times = 0;
        loop {
            match mine.load(Ordering::Acquire) {
                EMPTY => {
                    futex::wait(mine, EMPTY);
                }
                TOKEN => {
                    mine.store(EMPTY, Ordering::Relaxed);
                    times += 1;
                    if self.count.fetch_add(1, Ordering::Relaxed) + 1 == self.end {
                        for seat in 0..self.seats.len() {
                            self.give(seat, OVER);
                        }
                    } else {
                        self.give(seat + 1, TOKEN);
                    }
                }
                _ => return times,
            }
        }
    }
}

/// Four threads and the worker hubs pass tokens around: in each ring sit a greenlet of every thread and two of
/// the workers; in the first one the threads themselves.
fn pass_tokens() {
    const THREADS: usize = 4;
    const SEATS: usize = THREADS + 2;
    const RINGS: usize = 8;
    let hand_offs = many(100_000, 1_000_000);
    let rings: Vec<_> = (0..RINGS)
        .map(|_| Ring::new(SEATS, hand_offs / RINGS))
        .collect();
    let mut workers = Vec::new();
    for ring in &rings {
        for seat in THREADS..SEATS {
            let ring = ring.clone();
            workers.push(
                Builder::new()
                    .spawn_worker(move || ring.play(seat))
                    .unwrap(),
            );
        }
    }
    let threads: Vec<_> = (0..THREADS)
        .map(|seat| {
            let rings = rings.clone();
            thread::spawn(move || {
                let greenlets: Vec<_> = rings[1..]
                    .iter()
                    .map(|ring| {
                        let ring = ring.clone();
                        greenlet::spawn(move || ring.play(seat))
                    })
                    .collect();
                let mut times = rings[0].play(seat);
                for greenlet in greenlets {
                    times += greenlet.join().unwrap();
                }
                times
            })
        })
        .collect();
    for ring in &rings {
        ring.give(0, TOKEN);
    }
    let mut times = 0;
    for thread in threads {
        times += thread.join().unwrap();
    }
    for worker in workers {
        times += worker.join().unwrap();
    }
    assert_eq!(times, hand_offs / RINGS * RINGS);
}

#[test]
fn tokens_arrive_with_one_worker() {
    const NAME: &str = "tokens_arrive_with_one_worker";
    let _deadline = watchdog::within(120, NAME);
    child::run(NAME, &[("GREENLET_WORKERS", "1")], pass_tokens);
}

#[test]
fn tokens_arrive_with_two_workers() {
    const NAME: &str = "tokens_arrive_with_two_workers";
    let _deadline = watchdog::within(120, NAME);
    child::run(NAME, &[("GREENLET_WORKERS", "2")], pass_tokens);
}

/// Waiters with deadlines of some microseconds, and threads and greenlets that wake them: who was woken knows it, and
/// nobody else thinks so.
fn race_deadlines_and_wakes() {
    const WORDS: usize = 3;
    let waits = many(1_000, 5_000);
    let words: Arc<Vec<AtomicU32>> = Arc::new((0..WORDS).map(|_| AtomicU32::new(0)).collect());
    let done = Arc::new(AtomicBool::new(false));
    let wait = move |seed: u64, words: &[AtomicU32]| {
        let mut random = Random::new(seed);
        let mut woken = 0;
        for _ in 0..waits {
            let deadline = Instant::now() + Duration::from_nanos(random.below(60_000) as u64);
            let word = &words[random.below(WORDS)];
            woken += usize::from(futex::wait_until(word, 0, Some(deadline)));
        }
        woken
    };
    let wake = |seed: u64, words: &[AtomicU32], done: &AtomicBool| {
        let mut random = Random::new(seed);
        let mut woken = 0;
        while !done.load(Ordering::Relaxed) {
            let count = 1 + random.below(3);
            let now = futex::wake(&words[random.below(WORDS)], count);
            assert!(now <= count);
            woken += now;
            if random.below(4) == 0 {
                greenlet::yield_now();
            }
        }
        woken
    };
    let wakers: Vec<_> = (0..2)
        .map(|seed| {
            let (words, done) = (words.clone(), done.clone());
            thread::spawn(move || wake(seed, &words, &done))
        })
        .collect();
    let local: Vec<_> = (10..12)
        .map(|seed| {
            let words = words.clone();
            thread::spawn(move || {
                let greenlets: Vec<_> = (0..4)
                    .map(|number| {
                        let words = words.clone();
                        greenlet::spawn(move || wait(seed * 100 + number, &words))
                    })
                    .collect();
                let mut woken = wait(seed, &words);
                for greenlet in greenlets {
                    woken += greenlet.join().unwrap();
                }
                woken
            })
        })
        .collect();
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let words = words.clone();
            Builder::new()
                .spawn_worker(move || wait(1_000 + number, &words))
                .unwrap()
        })
        .collect();
    let mut heard = 0;
    for thread in local {
        heard += thread.join().unwrap();
    }
    for worker in workers {
        heard += worker.join().unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let mut told = 0;
    for waker in wakers {
        told += waker.join().unwrap();
    }
    assert_eq!(heard, told, "waits that were woken, and wakes");
    for word in &*words {
        assert_eq!(futex::wake(word, usize::MAX), 0, "nobody is left");
    }
}

#[test]
fn deadlines_race_wakes_with_one_worker() {
    const NAME: &str = "deadlines_race_wakes_with_one_worker";
    let _deadline = watchdog::within(120, NAME);
    child::run(NAME, &[("GREENLET_WORKERS", "1")], race_deadlines_and_wakes);
}

#[test]
fn deadlines_race_wakes_with_two_workers() {
    const NAME: &str = "deadlines_race_wakes_with_two_workers";
    let _deadline = watchdog::within(120, NAME);
    child::run(NAME, &[("GREENLET_WORKERS", "2")], race_deadlines_and_wakes);
}

/// A wake that was given to a greenlet that is killed at the same time is not lost: the wait returns first.
#[test]
fn kills_swallow_no_wake() {
    let _deadline = watchdog::within(120, "kills_swallow_no_wake");
    let word = Arc::new(AtomicU32::new(0));
    let heard = Arc::new(AtomicUsize::new(0));
    let told = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let waker = thread::spawn({
        let (word, told, done) = (word.clone(), told.clone(), done.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                match futex::wake(&*word, 1) {
                    0 => thread::yield_now(),
                    woken => drop(told.fetch_add(woken, Ordering::Relaxed)),
                }
            }
        }
    });
    for _ in 0..many(300, 2_000) {
        let waiters: Vec<_> = (0..8)
            .map(|_| {
                let (word, heard) = (word.clone(), heard.clone());
                Builder::new()
                    .spawn_worker(move || {
                        loop {
                            if futex::wait_until(&word, 0, None) {
                                heard.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    })
                    .unwrap()
            })
            .collect();
        for waiter in &waiters {
            waiter.kill().unwrap();
        }
        for waiter in waiters {
            let payload = waiter.join().unwrap_err();
            assert!(payload.is::<greenlet::Killed>());
        }
    }
    done.store(true, Ordering::Relaxed);
    waker.join().unwrap();
    assert_eq!(
        heard.load(Ordering::Relaxed),
        told.load(Ordering::Relaxed),
        "waits that were woken, and wakes"
    );
}

/// Starts every greenlet that is queued here, so that each stands in its first wait.
fn let_all_park() {
    greenlet::yield_now();
}

#[test]
fn a_hundred_thousand_words_are_woken_in_any_order() {
    let _deadline = watchdog::within(60, "a_hundred_thousand_words_are_woken_in_any_order");
    const COUNT: usize = 100_000;
    let words: Arc<Vec<AtomicU32>> = Arc::new((0..COUNT).map(|_| AtomicU32::new(0)).collect());
    let log = Rc::new(RefCell::new(Vec::with_capacity(COUNT)));
    let waiters: Vec<_> = (0..COUNT)
        .map(|number| {
            let (words, log) = (words.clone(), log.clone());
            greenlet::spawn(move || {
                futex::wait(&words[number], 0);
                log.borrow_mut().push(number);
            })
        })
        .collect();
    let_all_park();
    let mut order: Vec<usize> = (0..COUNT).collect();
    let mut random = Random::new(1);
    for end in (1..COUNT).rev() {
        order.swap(end, random.below(end + 1));
    }
    let waker = thread::spawn({
        let (words, order) = (words.clone(), order.clone());
        move || {
            for number in order {
                assert_eq!(futex::wake(&words[number], 1), 1);
            }
        }
    });
    for waiter in waiters {
        waiter.join().unwrap();
    }
    waker.join().unwrap();
    assert!(*log.borrow() == order, "they run in the order of the wakes");
}

#[test]
fn a_hundred_thousand_waiters_of_one_word_are_woken_in_turn() {
    let _deadline = watchdog::within(
        60,
        "a_hundred_thousand_waiters_of_one_word_are_woken_in_turn",
    );
    const COUNT: usize = 100_000;
    let word = Arc::new(AtomicU32::new(0));
    let log = Rc::new(RefCell::new(Vec::with_capacity(COUNT)));
    let waiters: Vec<_> = (0..COUNT)
        .map(|number| {
            let (word, log) = (word.clone(), log.clone());
            greenlet::spawn(move || {
                futex::wait(&word, 0);
                log.borrow_mut().push(number);
            })
        })
        .collect();
    let_all_park();
    let waker = thread::spawn({
        let word = word.clone();
        move || {
            let mut random = Random::new(2);
            let mut left = COUNT;
            while left > 0 {
                let count = random.below(50);
                let woken = futex::wake(&*word, count);
                assert_eq!(woken, count.min(left));
                left -= woken;
            }
            assert_eq!(futex::wake(&*word, usize::MAX), 0);
        }
    });
    for waiter in waiters {
        waiter.join().unwrap();
    }
    waker.join().unwrap();
    assert!(
        log.borrow().iter().copied().eq(0..COUNT),
        "first in, first out"
    );
}

/// Wakes of some, kills in the middle of queues, and new waiters, on many words: against a model of the queues.
#[test]
fn queues_are_as_the_model_says() {
    let _deadline = watchdog::within(60, "queues_are_as_the_model_says");
    const WORDS: usize = 400;
    let words: Rc<Vec<AtomicU32>> = Rc::new((0..WORDS).map(|_| AtomicU32::new(0)).collect());
    let log = Rc::new(RefCell::new(Vec::new()));
    let mut model: Vec<VecDeque<usize>> = vec![VecDeque::new(); WORDS];
    let mut waiters: Vec<Option<greenlet::Greenlet<()>>> = Vec::new();
    let mut random = Random::new(3);
    for step in 0..many(3_000, 20_000) {
        // At first more come than go, later more go.
        let come = if step % 1_000 < 500 { 8 } else { 2 };
        for _ in 0..come {
            // Few words have most of the waiters.
            let at = random.below(WORDS) % (1 + random.below(WORDS));
            let number = waiters.len();
            let (words, log) = (words.clone(), log.clone());
            waiters.push(Some(greenlet::spawn(move || {
                futex::wait(&words[at], 0);
                log.borrow_mut().push(number);
            })));
            model[at].push_back(number);
        }
        let_all_park();
        let at = random.below(WORDS) % (1 + random.below(WORDS));
        let queue = &mut model[at];
        if random.below(3) == 0 && !queue.is_empty() {
            let out = queue.remove(random.below(queue.len())).unwrap();
            let waiter = waiters[out].take().unwrap();
            waiter.kill().unwrap();
            assert!(waiter.join().unwrap_err().is::<greenlet::Killed>());
            assert!(log.borrow().is_empty());
            continue;
        }
        let count = random.below(12);
        let expected: Vec<_> = queue.drain(..count.min(queue.len())).collect();
        assert_eq!(futex::wake(&words[at], count), expected.len());
        for &number in &expected {
            waiters[number].take().unwrap().join().unwrap();
        }
        assert_eq!(std::mem::take(&mut *log.borrow_mut()), expected);
    }
    for (at, queue) in model.iter().enumerate() {
        assert_eq!(futex::wake(&words[at], usize::MAX), queue.len());
    }
    for waiter in waiters.into_iter().flatten() {
        waiter.join().unwrap();
    }
    let left: Vec<_> = model.into_iter().flatten().collect();
    assert_eq!(*log.borrow(), left);
}
