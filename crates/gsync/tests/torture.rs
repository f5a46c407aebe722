//! OS threads and greenlets of several hubs on the same primitives, with kills, time-outs and panics: at the end every
//! count adds up, and nobody is left.

#[path = "../../gthread/tests/deadline/mod.rs"]
mod deadline;

mod channels;

use channels::channel_of;
use greenlet::Builder;
use gsync::mpsc::{Receiver, RecvTimeoutError, SendError, TrySendError, channel, sync_channel};
use gsync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, PoisonError, RwLock};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// More in a release build.
const ROUNDS: u64 = if cfg!(debug_assertions) {
    4_000
} else {
    40_000
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

/// Greenlets of two threads' hubs and of the workers take one step after the other, each with a number of its own that looks
/// random, until they are killed; a step may panic. The threads, which cannot be killed, take some steps themselves.
fn hunted(step: impl Fn(u64, Who) + Send + Sync + 'static) {
    let step = Arc::new(step);
    let hunters: Vec<_> = (0..2)
        .map(|hunter| {
            let step = step.clone();
            std::thread::spawn(move || {
                for round in 0..ROUNDS / 20 {
                    let seed = move |victim: u64| hunter << 40 | round << 20 | victim << 16;
                    let flee = |victim| {
                        let step = step.clone();
                        move || -> () {
                            for number in seed(victim).. {
                                step(mixed(number), Who::Victim);
                                // A step that need not wait is no place for a kill.
                                if number % 4 == 0 {
                                    greenlet::yield_now();
                                }
                            }
                        }
                    };
                    let locals: Vec<_> =
                        (0..4).map(|victim| greenlet::spawn(flee(victim))).collect();
                    let workers: Vec<_> = (4..7)
                        .map(|victim| Builder::new().spawn_worker(flee(victim)).unwrap())
                        .collect();
                    for number in 0..mixed(round) % 5 {
                        let step = AssertUnwindSafe(|| step(mixed(seed(7) + number), Who::Hunter));
                        let _ = greenlet::catch_unwind(step);
                        greenlet::yield_now();
                    }
                    locals.iter().for_each(|local| local.kill().unwrap());
                    workers.iter().for_each(|worker| worker.kill().unwrap());
                    assert!(locals.into_iter().all(|local| local.join().is_err()));
                    assert!(workers.into_iter().all(|worker| worker.join().is_err()));
                }
            })
        })
        .collect();
    for hunter in hunters {
        hunter.join().unwrap();
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Victim,
    Hunter,
}

/// Without a message.
fn panics() -> ! {
    panic::resume_unwind(Box::new("panic"))
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

#[test]
fn kills_and_panics_at_a_lock_of_readers_and_writers() {
    let _deadline = deadline::seconds(120);
    let lock = Arc::new(RwLock::new(0_u64));
    let added = Arc::new(AtomicU64::new(0));
    hunted({
        let (lock, added) = (lock.clone(), added.clone());
        move |draw, _| match draw % 16 {
            0..4 => {
                let mut guard = lock.write().unwrap_or_else(PoisonError::into_inner);
                *guard += 1;
                added.fetch_add(1, Relaxed);
                greenlet::yield_now();
            }
            4 => {
                let _guard = lock.write().unwrap_or_else(PoisonError::into_inner);
                panics();
            }
            5 => {
                if let Ok(mut guard) = lock.try_write() {
                    *guard += 1;
                    added.fetch_add(1, Relaxed);
                    drop(gsync::RwLockWriteGuard::downgrade(guard));
                }
            }
            6 => {
                let _guard = lock.try_read();
                greenlet::yield_now();
            }
            _ => {
                let guard = lock.read().unwrap_or_else(PoisonError::into_inner);
                let before = *guard;
                greenlet::yield_now();
                assert_eq!(*guard, before);
            }
        }
    });
    lock.clear_poison();
    assert_eq!(*lock.try_write().unwrap(), added.load(Relaxed));
}

#[test]
fn kills_at_a_barrier() {
    let _deadline = deadline::seconds(120);
    let barrier = Arc::new(Barrier::new(3));
    let (passed, leaders) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    hunted({
        let (barrier, passed, leaders) = (barrier.clone(), passed.clone(), leaders.clone());
        move |draw, who| {
            // It might wait for ever.
            if who == Who::Hunter {
                return;
            }
            if barrier.wait().is_leader() {
                leaders.fetch_add(1, Relaxed);
            }
            passed.fetch_add(1, Relaxed);
            if draw.is_multiple_of(16) {
                panics();
            }
        }
    });
    // One that is killed when the third has come, but has not gone yet, has not passed.
    let (passed, leaders) = (passed.load(Relaxed), leaders.load(Relaxed));
    assert!(leaders > 0 && (leaders..=3 * leaders).contains(&passed));
    // None of the killed ones counts as waiting.
    let waits = || {
        let barrier = barrier.clone();
        let waits = greenlet::spawn(move || barrier.wait().is_leader());
        greenlet::yield_now();
        waits
    };
    let (first, second) = (waits(), waits());
    assert!(!first.is_finished() && !second.is_finished());
    assert!(waits().join().unwrap());
    assert!(!first.join().unwrap() && !second.join().unwrap());
}

#[test]
fn kills_and_panics_in_initialisers() {
    let _deadline = deadline::seconds(120);
    struct Cells {
        cells: [OnceLock<usize>; 64],
        onces: [Once; 64],
        lazy: [LazyLock<usize>; 64],
        made: AtomicU64,
        called: AtomicU64,
    }
    let cells = Arc::new(Cells {
        cells: [const { OnceLock::new() }; 64],
        onces: [const { Once::new() }; 64],
        lazy: [const {
            LazyLock::new(|| {
                greenlet::yield_now();
                7
            })
        }; 64],
        made: AtomicU64::new(0),
        called: AtomicU64::new(0),
    });
    let make = |cells: &Cells, draw: u64| {
        greenlet::yield_now();
        if draw.is_multiple_of(3) {
            panics();
        }
        cells.made.fetch_add(1, Relaxed);
        (draw % 64) as usize
    };
    hunted({
        let cells = cells.clone();
        move |draw, who| {
            let place = (draw % 64) as usize;
            match draw / 64 % 4 {
                0 => {
                    let value = cells.cells[place].get_or_init(|| make(&cells, draw));
                    assert_eq!(*value, place);
                }
                1 => cells.onces[place].call_once_force(|_| {
                    greenlet::yield_now();
                    cells.called.fetch_add(1, Relaxed);
                }),
                2 => assert_eq!(*cells.lazy[place], 7),
                _ if who == Who::Victim => {
                    cells.cells[place].wait();
                }
                // Nobody may be left to make it.
                _ => (),
            }
        }
    });
    let made = cells.cells.iter().filter(|cell| cell.get().is_some());
    assert_eq!(made.count() as u64, cells.made.load(Relaxed));
    let called = cells.onces.iter().filter(|once| once.is_completed());
    assert_eq!(called.count() as u64, cells.called.load(Relaxed));
    // None is stuck.
    for place in 0..64 {
        cells.cells[place].get_or_init(|| place);
        cells.onces[place].call_once_force(|_| ());
        assert_eq!(*cells.lazy[place], 7);
    }
}

/// A message that was sent is received, and one that was not is dropped, whoever is killed.
#[test]
fn kills_and_panics_at_channels() {
    let _deadline = deadline::seconds(120);
    struct Message(Arc<AtomicU64>);
    impl Message {
        fn new(alive: &Arc<AtomicU64>) -> Message {
            alive.fetch_add(1, Relaxed);
            Message(alive.clone())
        }
    }
    impl Drop for Message {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }
    for bound in [Some(0), Some(1), Some(16), None] {
        let alive = Arc::new(AtomicU64::new(0));
        let (sent, received) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        // Sends, waiting for room if it may.
        type Sends = Box<dyn Fn(Message, bool) -> Result<(), TrySendError<Message>> + Send + Sync>;
        let gone = |error: SendError<Message>| TrySendError::Disconnected(error.0);
        let (send, receiver): (Sends, _) = match bound {
            None => {
                let (sender, receiver) = channel();
                let send = move |message, _| sender.send(message).map_err(gone);
                (Box::new(send), receiver)
            }
            Some(bound) => {
                let (sender, receiver) = sync_channel(bound);
                let send = move |message, may_wait| match may_wait {
                    true => sender.send(message).map_err(gone),
                    false => sender.try_send(message),
                };
                (Box::new(send), receiver)
            }
        };
        let receiver = Arc::new(Mutex::new(receiver));
        let receive = {
            let (receiver, received) = (receiver.clone(), received.clone());
            move |patience| {
                let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                let message = receiver.recv_timeout(patience);
                if message.is_ok() {
                    received.fetch_add(1, Relaxed);
                }
                message.map(drop)
            }
        };
        hunted({
            let (alive, sent, receive) = (alive.clone(), sent.clone(), receive.clone());
            move |draw, who| {
                if draw.is_multiple_of(2) {
                    let _ = receive(Duration::from_micros(draw % 64));
                    return;
                }
                let may_wait = draw % 8 != 1 && who == Who::Victim;
                match send(Message::new(&alive), may_wait) {
                    Ok(()) => {
                        sent.fetch_add(1, Relaxed);
                    }
                    Err(TrySendError::Full(_)) => (),
                    Err(TrySendError::Disconnected(_)) => panic!("the receiver is there"),
                }
                if draw % 32 == 1 {
                    panics();
                }
            }
        });
        while receive(Duration::ZERO).is_ok() {}
        assert_eq!(received.load(Relaxed), sent.load(Relaxed), "{bound:?}");
        assert_eq!(alive.load(Relaxed), 0, "{bound:?}");
    }
}
