//! OS threads and greenlets of several hubs on the same primitives, with kills, time-outs and panics: at the end every
//! count adds up, and nobody is left.

#[path = "../../gthread/tests/deadline/mod.rs"]
mod deadline;

mod channels;

use channels::channel_of;
use greenlet::Builder;
use gsync::mpsc::{Receiver, RecvTimeoutError};
use gsync::{Arc, Condvar, Mutex, Once, PoisonError, RwLock};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// More in a release build.
const ROUNDS: u64 = if cfg!(debug_assertions) {
    2_000
} else {
    10_000
};

/// Runs one body on two OS threads, on two hubs of theirs, and on the workers.
fn everywhere(body: impl Fn(u64) + Send + Sync + 'static) {
    let body = Arc::new(body);
    let threads: Vec<_> = (0..2)
        .map(|number| {
            let body = body.clone();
            std::thread::spawn(move || {
                let locals: Vec<_> = (0..3)
                    .map(|local| {
                        let body = body.clone();
                        greenlet::spawn(move || body(10 * number + local))
                    })
                    .collect();
                body(10 * number + 5);
                for local in locals {
                    local.join().unwrap();
                }
            })
        })
        .collect();
    let greenlets: Vec<_> = (0..4)
        .map(|number| {
            let body = body.clone();
            gthread::spawn(move || body(100 + number))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    for greenlet in greenlets {
        greenlet.join().unwrap();
    }
}

/// Numbers that look random, the same in every run.
fn mixed(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

#[test]
fn locks() {
    let _deadline = deadline::seconds(120);
    let mutex = Arc::new(Mutex::new(0_u64));
    let lock = Arc::new(RwLock::new((0_u64, 0_u64)));
    let added = Arc::new(AtomicU64::new(0));
    everywhere({
        let (mutex, lock, added) = (mutex.clone(), lock.clone(), added.clone());
        move |number| {
            for round in 0..ROUNDS {
                match mixed(number << 32 | round) % 8 {
                    0 => {
                        let mut guard = lock.write().unwrap();
                        guard.0 += 1;
                        greenlet::yield_now();
                        guard.1 += 1;
                    }
                    1 | 2 => {
                        let guard = lock.read().unwrap();
                        assert_eq!(guard.0, guard.1);
                        greenlet::yield_now();
                    }
                    3 => {
                        let mut guard = mutex.lock().unwrap();
                        greenlet::yield_now();
                        *guard += 1;
                        added.fetch_add(1, Relaxed);
                    }
                    _ => {
                        *mutex.lock().unwrap() += 1;
                        added.fetch_add(1, Relaxed);
                    }
                }
            }
        }
    });
    assert_eq!(*mutex.try_lock().unwrap(), added.load(Relaxed));
    assert!(lock.try_write().is_ok());
}

/// Each victim takes and gives tokens of a counter under a mutex and a condition variable, until it is killed; none gets
/// lost with it.
#[test]
fn kills_time_outs_and_panics() {
    let _deadline = deadline::seconds(120);
    struct Tokens {
        count: Mutex<u32>,
        more: Condvar,
        once: Once,
    }
    struct Token<'a>(&'a Tokens);
    impl Drop for Token<'_> {
        fn drop(&mut self) {
            // This may be the end of its scope, and no unwinding: a kill here would lose it.
            greenlet::shield(|| {
                *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            });
            self.0.more.notify_one();
        }
    }
    const TOKENS: u32 = 3;
    let tokens = Arc::new(Tokens {
        count: Mutex::new(TOKENS),
        more: Condvar::new(),
        once: Once::new(),
    });
    let work = |tokens: &Tokens, seed: u64| -> ! {
        for round in 0.. {
            let draw = mixed(seed << 20 | round);
            let mut count = tokens.count.lock().unwrap_or_else(PoisonError::into_inner);
            while *count == 0 {
                count = if draw.is_multiple_of(3) {
                    let time = Duration::from_micros(draw % 50);
                    let waited = tokens.more.wait_timeout(count, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                } else {
                    let waited = tokens.more.wait(count);
                    waited.unwrap_or_else(PoisonError::into_inner)
                };
            }
            *count -= 1;
            drop(count);
            let _token = Token(tokens);
            greenlet::yield_now();
            if draw.is_multiple_of(50) {
                tokens.once.call_once(greenlet::yield_now);
            }
            if draw.is_multiple_of(200) {
                std::panic::resume_unwind(Box::new("panic"));
            }
        }
        unreachable!("it goes on until it is killed");
    };
    for round in 0..ROUNDS / 20 {
        let victims: Vec<_> = (0..8)
            .map(|number| {
                let tokens = tokens.clone();
                Builder::new()
                    .spawn_worker(move || work(&tokens, round * 8 + number))
                    .unwrap()
            })
            .collect();
        for _ in 0..mixed(round) % 5 {
            greenlet::yield_now();
        }
        for victim in &victims {
            victim.kill().unwrap();
        }
        for victim in victims {
            assert!(victim.join().is_err());
        }
        assert_eq!(
            *tokens.count.lock().unwrap_or_else(PoisonError::into_inner),
            TOKENS
        );
    }
}

#[test]
fn channels() {
    let _deadline = deadline::seconds(120);
    fn add_up(receiver: Receiver<u64>) -> u64 {
        let mut sum = 0;
        loop {
            match receiver.recv_timeout(Duration::from_micros(200)) {
                Ok(number) => sum += number,
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => return sum,
            }
        }
    }
    for bound in [None, Some(0), Some(1), Some(16)] {
        let sent = Arc::new(AtomicU64::new(0));
        let (send, receiver) = channel_of(bound);
        let receives = gthread::spawn(move || add_up(receiver));
        everywhere({
            let sent = sent.clone();
            move |number| {
                for round in 0..ROUNDS / 4 {
                    let number = mixed(number << 32 | round) % 1_000;
                    send(number);
                    sent.fetch_add(number, Relaxed);
                }
            }
        });
        assert_eq!(receives.join().unwrap(), sent.load(Relaxed));
    }
}
