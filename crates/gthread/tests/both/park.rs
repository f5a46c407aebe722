use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::deadline;

/// A time that no test lives to see.
const NEVER: Duration = Duration::from_secs(86_400);

#[test]
fn unpark_before_park() {
    let _deadline = deadline::seconds(60);
    thread::current().unpark();
    thread::park();
    thread::current().unpark();
    thread::park_timeout(NEVER);
    let handle = thread::spawn(|| {
        thread::current().unpark();
        thread::park();
    });
    handle.join().unwrap();
}

#[test]
fn two_unparks_are_one() {
    let _deadline = deadline::seconds(60);
    thread::current().unpark();
    thread::current().unpark();
    thread::park();
    let start = Instant::now();
    let wait = Duration::from_millis(20);
    while start.elapsed() < wait {
        // With a second token the first round would be over at once, which is allowed but not what
        // happens.
        thread::park_timeout(wait);
    }
}

#[test]
fn unpark_of_one_not_yet_started() {
    let _deadline = deadline::seconds(60);
    for _ in 0..200 {
        let handle = thread::spawn(thread::park);
        handle.thread().unpark();
        handle.join().unwrap();
    }
}

#[test]
fn unpark_of_one_that_has_ended() {
    let _deadline = deadline::seconds(60);
    let handle = thread::spawn(|| ());
    let thread = handle.thread().clone();
    handle.join().unwrap();
    thread.unpark();
    thread.unpark();
}

#[test]
fn park_timeout_ends() {
    let _deadline = deadline::seconds(60);
    let parks = || {
        let start = Instant::now();
        let wait = Duration::from_millis(20);
        while start.elapsed() < wait {
            thread::park_timeout(wait);
        }
        thread::park_timeout(Duration::ZERO);
    };
    parks();
    thread::spawn(parks).join().unwrap();
}

#[test]
fn a_timed_out_park_leaves_no_trace() {
    let _deadline = deadline::seconds(60);
    thread::park_timeout(Duration::from_millis(1));
    thread::current().unpark();
    thread::park();
    thread::park_timeout(Duration::from_millis(1));
    thread::park_timeout(Duration::from_millis(1));
    thread::current().unpark();
    thread::park_timeout(NEVER);
}

#[test]
fn a_timeout_past_the_end_of_the_clock() {
    let _deadline = deadline::seconds(60);
    let handle = thread::spawn(|| thread::park_timeout(Duration::MAX));
    handle.thread().unpark();
    handle.join().unwrap();
}

#[test]
fn ping_pong() {
    let _deadline = deadline::seconds(60);
    const ROUNDS: u32 = 2_000;
    let turn = Arc::new(AtomicU32::new(0));
    let ping = thread::current();
    let pong = thread::spawn({
        let turn = Arc::clone(&turn);
        move || {
            for round in 0..ROUNDS {
                while turn.load(Ordering::Relaxed) != 2 * round + 1 {
                    thread::park();
                }
                turn.store(2 * round + 2, Ordering::Relaxed);
                ping.unpark();
            }
        }
    });
    for round in 0..ROUNDS {
        turn.store(2 * round + 1, Ordering::Relaxed);
        pong.thread().unpark();
        while turn.load(Ordering::Relaxed) != 2 * round + 2 {
            thread::park();
        }
    }
    pong.join().unwrap();
}

#[test]
fn a_ring_of_spawned_ones() {
    let _deadline = deadline::seconds(60);
    const MEMBERS: u32 = 50;
    const LAPS: u32 = 20;
    let position = Arc::new(AtomicU32::new(0));
    let mut next = thread::current();
    let mut members = Vec::new();
    // From the last to the first, so that each has its successor's handle.
    for member in (0..MEMBERS).rev() {
        let position = Arc::clone(&position);
        let successor = next;
        let handle = thread::spawn(move || {
            for lap in 0..LAPS {
                // The caller's own turn is the last of each lap.
                let turn = lap * (MEMBERS + 1) + member + 1;
                while position.load(Ordering::Relaxed) != turn {
                    thread::park();
                }
                position.store(turn + 1, Ordering::Relaxed);
                successor.unpark();
            }
        });
        next = handle.thread().clone();
        members.push(handle);
    }
    for lap in 0..LAPS {
        let turn = lap * (MEMBERS + 1);
        position.store(turn + 1, Ordering::Relaxed);
        next.unpark();
        while position.load(Ordering::Relaxed) != turn + MEMBERS + 1 {
            thread::park();
        }
    }
    for member in members {
        member.join().unwrap();
    }
}

#[test]
fn unparks_race_with_timeouts() {
    let _deadline = deadline::seconds(60);
    const ROUNDS: u32 = 500;
    let count = Arc::new(AtomicU32::new(0));
    let sleeper = thread::spawn({
        let count = Arc::clone(&count);
        move || {
            let mut timeouts = (0..).map(|n| Duration::from_micros(n % 50));
            while count.load(Ordering::Relaxed) < ROUNDS {
                thread::park_timeout(timeouts.next().unwrap());
            }
            thread::park_timeout(Duration::ZERO);
            thread::current().unpark();
            thread::park();
        }
    });
    for _ in 0..ROUNDS {
        count.fetch_add(1, Ordering::Relaxed);
        sleeper.thread().unpark();
        thread::yield_now();
    }
    sleeper.join().unwrap();
}

#[test]
#[allow(deprecated)]
fn milliseconds() {
    let _deadline = deadline::seconds(60);
    thread::park_timeout_ms(0);
    thread::park_timeout_ms(1);
    thread::current().unpark();
    thread::park_timeout_ms(u32::MAX);
}
