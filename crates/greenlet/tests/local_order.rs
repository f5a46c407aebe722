//! In which order the greenlets of one hub run, and that nobody has to wait for ever.
//!
//! `greenlet::spawn` promises a deterministic program to one that uses nothing but greenlets of one hub: first in, first
//! out, for spawns, yields and wakes alike.

mod watchdog;

use greenlet::io::{Progress, Source};
use greenlet::{Builder, futex};
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use watchdog::within;

type Log<T> = Rc<RefCell<Vec<T>>>;

#[test]
fn spawned_ones_run_in_the_order_of_their_spawns() {
    let _deadline = within(60, "spawned_ones_run_in_the_order_of_their_spawns");
    let log = Log::default();
    for number in 0..1000 {
        let log = log.clone();
        drop(greenlet::spawn(move || log.borrow_mut().push(number)));
    }
    assert!(log.borrow().is_empty(), "a spawn runs nobody");
    greenlet::yield_now();
    assert!(log.borrow().iter().copied().eq(0..1000));
}

#[test]
fn one_yield_lets_each_of_the_others_run_once() {
    let _deadline = within(60, "one_yield_lets_each_of_the_others_run_once");
    let log = Log::default();
    for number in 0..10 {
        let log = log.clone();
        drop(greenlet::spawn(move || {
            for step in 0..100 {
                log.borrow_mut().push((step, number));
                greenlet::yield_now();
            }
        }));
    }
    for step in 0..100 {
        greenlet::yield_now();
        let expected: Vec<_> = (0..=step)
            .flat_map(|step| (0..10).map(move |number| (step, number)))
            .collect();
        assert_eq!(*log.borrow(), expected);
    }
    greenlet::yield_now();
}

#[test]
fn a_child_runs_behind_those_that_are_runnable_already() {
    let _deadline = within(60, "a_child_runs_behind_those_that_are_runnable_already");
    let log = Log::default();
    let note = |name: &'static str| {
        let log = log.clone();
        move || log.borrow_mut().push(name)
    };
    let (parent, child, sibling) = (note("parent"), note("child"), note("sibling"));
    let first = greenlet::spawn(move || {
        parent();
        drop(greenlet::spawn(child));
        greenlet::yield_now();
        parent();
    });
    let second = greenlet::spawn(move || {
        sibling();
        greenlet::yield_now();
        sibling();
    });
    first.join().unwrap();
    second.join().unwrap();
    assert_eq!(
        *log.borrow(),
        ["parent", "sibling", "child", "parent", "sibling"]
    );
}

#[test]
fn the_longest_waiting_is_woken_first() {
    let _deadline = within(60, "the_longest_waiting_is_woken_first");
    let word = Rc::new(AtomicU32::new(0));
    let log = Log::default();
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let (word, log) = (word.clone(), log.clone());
            greenlet::spawn(move || {
                futex::wait(&word, 0);
                log.borrow_mut().push(number);
            })
        })
        .collect();
    greenlet::yield_now();
    // One at a time, then some, then all.
    for number in 0..10 {
        assert_eq!(futex::wake(&*word, 1), 1);
        assert_eq!(log.borrow().len(), number, "a wake runs nobody");
        greenlet::yield_now();
        assert_eq!(log.borrow().last(), Some(&number));
    }
    assert_eq!(futex::wake(&*word, 20), 20);
    assert_eq!(futex::wake(&*word, usize::MAX), 70);
    assert_eq!(futex::wake(&*word, usize::MAX), 0);
    for task in tasks {
        task.join().unwrap();
    }
    assert!(log.borrow().iter().copied().eq(0..100));
}

#[test]
fn one_that_is_killed_does_not_change_the_order_of_the_rest() {
    let _deadline = within(
        60,
        "one_that_is_killed_does_not_change_the_order_of_the_rest",
    );
    let word = Rc::new(AtomicU32::new(0));
    let log = Log::default();
    let mut tasks: Vec<_> = (0..9)
        .map(|number| {
            let (word, log) = (word.clone(), log.clone());
            greenlet::spawn(move || {
                futex::wait(&word, 0);
                log.borrow_mut().push(number);
            })
        })
        .collect();
    greenlet::yield_now();
    // The last, one in the middle, the first.
    for number in [8, 4, 0] {
        let victim = tasks.remove(number);
        victim.kill().unwrap();
        assert!(victim.join().is_err());
    }
    for _ in 0..6 {
        assert_eq!(futex::wake(&*word, 1), 1);
    }
    assert_eq!(futex::wake(&*word, 1), 0);
    for task in tasks {
        task.join().unwrap();
    }
    assert_eq!(*log.borrow(), [1, 2, 3, 5, 6, 7]);
}

#[test]
fn wakes_of_one_thread_arrive_in_their_order() {
    let _deadline = within(60, "wakes_of_one_thread_arrive_in_their_order");
    for _ in 0..200 {
        let words: Arc<[AtomicU32; 20]> = Arc::new(Default::default());
        let log = Log::default();
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                let (words, log) = (words.clone(), log.clone());
                greenlet::spawn(move || {
                    while words[number].load(Ordering::Acquire) == 0 {
                        futex::wait(&words[number], 0);
                    }
                    log.borrow_mut().push(number);
                })
            })
            .collect();
        greenlet::yield_now();
        let waker = thread::spawn(move || {
            for number in (0..20).rev() {
                words[number].store(1, Ordering::Release);
                assert_eq!(futex::wake(&words[number], 1), 1);
            }
        });
        for task in tasks {
            task.join().unwrap();
        }
        waker.join().unwrap();
        assert!(log.borrow().iter().copied().eq((0..20).rev()));
    }
}

#[test]
fn deadlines_pass_in_their_order_and_never_early() {
    let _deadline = within(60, "deadlines_pass_in_their_order_and_never_early");
    let base = Instant::now() + Duration::from_millis(2);
    let log = Log::default();
    // In a mixed order, and several for each deadline: those come in the order in which they began to sleep.
    let tasks: Vec<_> = (0..300u32)
        .map(|number| {
            let log = log.clone();
            let slot = number * 7 % 30;
            greenlet::spawn(move || {
                let deadline = base + Duration::from_micros(100) * slot;
                greenlet::time::sleep_until(deadline);
                assert!(Instant::now() >= deadline);
                log.borrow_mut().push((slot, number));
            })
        })
        .collect();
    greenlet::yield_now();
    let all_slept = Instant::now() < base;
    for task in tasks {
        task.join().unwrap();
    }
    let log = log.borrow();
    // A machine that was away for so long proves nothing about the order.
    if all_slept {
        assert!(log.is_sorted(), "{log:?}");
    }
    assert_eq!(log.len(), 300);
}

/// A program that uses whatever does not depend on time; its trace.
fn trace() -> Vec<u32> {
    let log = Log::default();
    let word = Rc::new(AtomicU32::new(0));
    let mut tasks = Vec::new();
    for number in 0..40u32 {
        let (log, word) = (log.clone(), word.clone());
        tasks.push(greenlet::spawn(move || {
            let mut state = number.wrapping_mul(2_654_435_761).wrapping_add(1);
            for _ in 0..50 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                log.borrow_mut().push(number);
                match state >> 29 {
                    0..4 => greenlet::yield_now(),
                    4 => {
                        let log = log.clone();
                        drop(greenlet::spawn(move || {
                            log.borrow_mut().push(1000 + number);
                            greenlet::yield_now();
                            log.borrow_mut().push(2000 + number);
                        }));
                    }
                    5 => {
                        futex::wake(&*word, (number % 3) as usize);
                    }
                    6 if number != 0 => {
                        futex::wait(&word, 0);
                    }
                    _ => {
                        let log = log.clone();
                        let child = greenlet::spawn(move || {
                            greenlet::yield_now();
                            log.borrow_mut().push(3000 + number);
                        });
                        if number % 2 == 0 {
                            child.join().unwrap();
                        } else {
                            child.kill().unwrap();
                        }
                    }
                }
            }
        }));
    }
    for task in tasks {
        while !task.is_finished() {
            greenlet::yield_now();
            futex::wake(&*word, 1);
        }
        task.join().unwrap();
    }
    greenlet::yield_now();
    greenlet::yield_now();
    log.take()
}

#[test]
fn a_program_runs_the_same_way_each_time() {
    let _deadline = within(60, "a_program_runs_the_same_way_each_time");
    let first = trace();
    assert!(first.len() > 2000);
    for _ in 0..5 {
        assert_eq!(trace(), first);
    }
    // On a hub of its own too.
    assert_eq!(thread::spawn(trace).join().unwrap(), first);
}

/// Greenlets that yield until they are dropped.
struct Spinners {
    stop: Rc<Cell<bool>>,
    tasks: Vec<greenlet::Greenlet<u64>>,
}

impl Spinners {
    fn new(count: usize) -> Spinners {
        let stop = Rc::new(Cell::new(false));
        let spin = || {
            let stop = stop.clone();
            move || {
                let mut steps = 0;
                while !stop.get() {
                    greenlet::yield_now();
                    steps += 1;
                }
                steps
            }
        };
        let tasks = (0..count).map(|_| greenlet::spawn(spin())).collect();
        // All of them are at it.
        greenlet::yield_now();
        Spinners { stop, tasks }
    }

    fn end(self) {
        self.stop.set(true);
        for task in self.tasks {
            assert!(task.join().unwrap() > 0);
        }
    }
}

#[test]
fn yielding_for_ever_does_not_starve_timers() {
    let _deadline = within(60, "yielding_for_ever_does_not_starve_timers");
    for count in [1, 2, 100] {
        let spinners = Spinners::new(count);
        for _ in 0..20 {
            let deadline = Instant::now() + Duration::from_micros(300);
            greenlet::time::sleep_until(deadline);
            assert!(Instant::now() >= deadline);
            let word = AtomicU32::new(0);
            let deadline = Instant::now() + Duration::from_micros(300);
            assert!(!futex::wait_until(&word, 0, Some(deadline)));
        }
        spinners.end();
    }
}

#[test]
fn yielding_for_ever_does_not_starve_wakes_of_other_threads() {
    let _deadline = within(
        60,
        "yielding_for_ever_does_not_starve_wakes_of_other_threads",
    );
    for count in [1, 2, 100] {
        let spinners = Spinners::new(count);
        for _ in 0..50 {
            let word = Arc::new(AtomicU32::new(0));
            let waker = thread::spawn({
                let word = word.clone();
                move || {
                    word.store(1, Ordering::Release);
                    futex::wake(&*word, 1);
                }
            });
            while word.load(Ordering::Acquire) == 0 {
                futex::wait(&word, 0);
            }
            waker.join().unwrap();
            let far = Builder::new().spawn_worker(|| 5).unwrap();
            assert_eq!(far.join().unwrap(), 5);
            assert_eq!(greenlet::offload(|| 6), 6);
        }
        spinners.end();
    }
}

#[test]
fn yielding_for_ever_does_not_starve_kills_of_other_threads() {
    let _deadline = within(
        60,
        "yielding_for_ever_does_not_starve_kills_of_other_threads",
    );
    let spinners = Spinners::new(3);
    for _ in 0..50 {
        let victim = greenlet::spawn(|| futex::wait(&AtomicU32::new(0), 0));
        greenlet::yield_now();
        let handle = victim.handle();
        thread::spawn(move || handle.kill().unwrap())
            .join()
            .unwrap();
        assert!(victim.join().is_err());
    }
    spinners.end();
}

/// What a socket's other end sends comes back.
fn echo(peer: UnixStream) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut byte = [0];
        while (&peer).read(&mut byte).unwrap() == 1 {
            (&peer).write_all(&byte).unwrap();
        }
    })
}

/// Sends a byte and waits for it to come back.
fn ping(source: &Source<UnixStream>, byte: u8) {
    (&mut source.get_ref()).write_all(&[byte]).unwrap();
    let mut back = [0];
    let count = source.read_with(None, |mut stream| {
        stream.read(&mut back).map(Progress::More)
    });
    assert_eq!(count.unwrap(), 1);
    assert_eq!(back, [byte]);
}

#[test]
fn yielding_for_ever_does_not_starve_descriptors() {
    let _deadline = within(60, "yielding_for_ever_does_not_starve_descriptors");
    for count in [1, 2, 100] {
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        let here = Source::new(here);
        let echo = echo(there);
        let spinners = Spinners::new(count);
        for byte in 0..100 {
            ping(&here, byte);
        }
        spinners.end();
        drop(here);
        echo.join().unwrap();
    }
}

#[test]
fn waking_each_other_for_ever_starves_nobody() {
    let _deadline = within(60, "waking_each_other_for_ever_starves_nobody");
    // Two that hand a word to and fro never leave the hub without a runnable greenlet, and never yield.
    let word = Rc::new(AtomicU32::new(0));
    let stop = Rc::new(Cell::new(false));
    let players: Vec<_> = (0..2u32)
        .map(|me| {
            let (word, stop) = (word.clone(), stop.clone());
            greenlet::spawn(move || {
                while !stop.get() {
                    if word.load(Ordering::Relaxed) % 2 == me {
                        word.fetch_add(1, Ordering::Relaxed);
                        futex::wake(&*word, 1);
                    }
                    let now = word.load(Ordering::Relaxed);
                    if now % 2 != me && !stop.get() {
                        futex::wait(&word, now);
                    }
                }
                futex::wake(&*word, usize::MAX);
            })
        })
        .collect();
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let here = Source::new(here);
    let echo = echo(there);
    for byte in 0..50 {
        ping(&here, byte);
        greenlet::time::sleep_until(Instant::now() + Duration::from_micros(100));
        assert_eq!(greenlet::offload(|| byte), byte);
    }
    assert!(word.load(Ordering::Relaxed) > 100);
    stop.set(true);
    for player in players {
        player.join().unwrap();
    }
    drop(here);
    echo.join().unwrap();
}

#[test]
fn sleeping_for_no_time_starves_nobody() {
    let _deadline = within(60, "sleeping_for_no_time_starves_nobody");
    let stop = Rc::new(Cell::new(false));
    let sleeper = greenlet::spawn({
        let stop = stop.clone();
        move || {
            while !stop.get() {
                // Past, so a yield; or so near that it has passed when the hub looks.
                greenlet::time::sleep_until(Instant::now());
                greenlet::time::sleep_until(Instant::now() + Duration::from_nanos(100));
            }
        }
    });
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let here = Source::new(here);
    let echo = echo(there);
    for byte in 0..100 {
        ping(&here, byte);
    }
    stop.set(true);
    sleeper.join().unwrap();
    drop(here);
    echo.join().unwrap();
}

#[test]
fn yielding_on_every_worker_does_not_starve_unstarted_greenlets() {
    let _deadline = within(
        60,
        "yielding_on_every_worker_does_not_starve_unstarted_greenlets",
    );
    let stop = Arc::new(AtomicBool::new(false));
    let spinners: Vec<_> = (0..greenlet::workers() * 2)
        .map(|_| {
            let stop = stop.clone();
            let spin = move || {
                while !stop.load(Ordering::Relaxed) {
                    greenlet::yield_now();
                }
            };
            Builder::new().spawn_worker(spin).unwrap()
        })
        .collect();
    for number in 0..200 {
        let late = Builder::new().spawn_worker(move || {
            greenlet::time::sleep_until(Instant::now() + Duration::from_micros(10));
            number
        });
        assert_eq!(late.unwrap().join().unwrap(), number);
        // One that a greenlet of the workers has spawned.
        let parent = Builder::new().spawn_worker(move || {
            let child = Builder::new().spawn_worker(move || number).unwrap();
            child.join().unwrap()
        });
        assert_eq!(parent.unwrap().join().unwrap(), number);
    }
    stop.store(true, Ordering::Relaxed);
    for spinner in spinners {
        spinner.join().unwrap();
    }
}
