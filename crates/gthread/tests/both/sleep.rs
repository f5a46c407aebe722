use std::time::{Duration, Instant};

use super::deadline;

#[test]
fn never_early() {
    let _deadline = deadline::seconds(60);
    let sleeps = |wait: Duration| {
        let start = Instant::now();
        thread::sleep(wait);
        assert!(start.elapsed() >= wait);
    };
    for micros in [0, 1, 999, 1_000, 1_001, 20_000] {
        sleeps(Duration::from_micros(micros));
        let handle = thread::spawn(move || sleeps(Duration::from_micros(micros)));
        handle.join().unwrap();
    }
}

#[test]
fn many_at_once() {
    let _deadline = deadline::seconds(60);
    let handles: Vec<_> = (0..200)
        .map(|n| {
            thread::spawn(move || {
                let wait = Duration::from_millis(n % 20);
                let start = Instant::now();
                thread::sleep(wait);
                start.elapsed() >= wait
            })
        })
        .collect();
    for handle in handles {
        assert!(handle.join().unwrap());
    }
}

#[test]
fn an_unpark_does_not_end_it() {
    let _deadline = deadline::seconds(60);
    let wait = Duration::from_millis(30);
    let handle = thread::spawn(move || {
        let start = Instant::now();
        thread::sleep(wait);
        assert!(start.elapsed() >= wait);
        // The token is still there.
        thread::park();
    });
    handle.thread().unpark();
    handle.join().unwrap();
}

#[test]
fn yield_now_returns() {
    let _deadline = deadline::seconds(60);
    let yields = || (0..1_000).for_each(|_| thread::yield_now());
    let handles: Vec<_> = (0..10).map(|_| thread::spawn(yields)).collect();
    yields();
    for handle in handles {
        handle.join().unwrap();
    }
}

#[test]
#[allow(deprecated)]
fn milliseconds() {
    let _deadline = deadline::seconds(60);
    let start = Instant::now();
    thread::sleep_ms(5);
    assert!(start.elapsed() >= Duration::from_millis(5));
}
