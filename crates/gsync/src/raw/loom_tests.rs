//! Every interleaving of the state words on the futex's contract.

use super::{Channel, Outcome, RawCondvar, RawMutex, RawOnce, RawRwLock, UNBOUNDED};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
use std::time::Instant;

/// Loom's own default would take for ever; three preemptions find what is known to go wrong.
fn model(f: impl Fn() + Sync + Send + 'static) {
    model_with(3, f);
}

fn model_with(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(f);
}

struct Guarded<L> {
    lock: L,
    value: UnsafeCell<usize>,
}

// SAFETY: the tests touch the value under the lock only; that is what they check.
unsafe impl<L: Sync> Sync for Guarded<L> {}
// SAFETY: as above.
unsafe impl<L: Send> Send for Guarded<L> {}

impl<L> Guarded<L> {
    fn new(lock: L) -> Arc<Guarded<L>> {
        Arc::new(Guarded {
            lock,
            value: UnsafeCell::new(0),
        })
    }

    fn add(&self) {
        // SAFETY: the caller has the lock; loom fails if somebody else touches it meanwhile.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    fn get(&self) -> usize {
        // SAFETY: as above.
        self.value.with(|value| unsafe { *value })
    }
}

/// Whoever is woken in vain starves at once: this goes through the handing over, too.
#[test]
fn loom_mutex_excludes_and_loses_no_wake() {
    model(|| {
        let guarded = Guarded::new(RawMutex::new());
        let turn = |guarded: &Guarded<RawMutex>| {
            guarded.lock.lock();
            guarded.add();
            // SAFETY: locked above.
            unsafe { guarded.lock.unlock() };
        };
        let others: Vec<_> = (0..2)
            .map(|_| {
                let guarded = guarded.clone();
                thread::spawn(move || turn(&guarded))
            })
            .collect();
        turn(&guarded);
        turn(&guarded);
        for other in others {
            other.join().unwrap();
        }
        assert!(
            guarded.lock.try_lock(),
            "nobody has it, nor is it handed over"
        );
        assert_eq!(guarded.get(), 4);
    });
}

#[test]
fn loom_condvar_loses_no_notification() {
    model(|| {
        let pair = Arc::new((Guarded::new(RawMutex::new()), RawCondvar::new()));
        let waiter = thread::spawn({
            let pair = pair.clone();
            move || {
                let (guarded, condvar) = &*pair;
                guarded.lock.lock();
                while guarded.get() == 0 {
                    // SAFETY: locked above.
                    unsafe { condvar.wait(&guarded.lock, None) };
                }
                // SAFETY: locked by the wait.
                unsafe { guarded.lock.unlock() };
            }
        });
        let (guarded, condvar) = &*pair;
        guarded.lock.lock();
        guarded.add();
        // SAFETY: locked above.
        unsafe { guarded.lock.unlock() };
        condvar.notify_one();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_rwlock_excludes_and_loses_no_wake() {
    model(|| {
        let guarded = Guarded::new(RawRwLock::new());
        let writer = thread::spawn({
            let guarded = guarded.clone();
            move || {
                guarded.lock.write();
                guarded.add();
                // SAFETY: it writes.
                unsafe { guarded.lock.downgrade() };
                assert!(guarded.get() > 0);
                // SAFETY: it reads.
                unsafe { guarded.lock.end_read() };
            }
        });
        let reader = thread::spawn({
            let guarded = guarded.clone();
            move || {
                guarded.lock.read();
                let seen = guarded.get();
                // SAFETY: it reads.
                unsafe { guarded.lock.end_read() };
                assert!(seen <= 2);
            }
        });
        guarded.lock.write();
        guarded.add();
        // SAFETY: it writes.
        unsafe { guarded.lock.end_write() };
        writer.join().unwrap();
        reader.join().unwrap();
        assert!(guarded.lock.try_write());
        assert_eq!(guarded.get(), 2);
    });
}

#[test]
fn loom_once_runs_one_and_lets_the_others_see_it() {
    model(|| {
        let guarded = Guarded::new(RawOnce::new());
        let runs = Arc::new(AtomicUsize::new(0));
        let call = |guarded: &Guarded<RawOnce>, runs: &AtomicUsize| {
            guarded
                .lock
                .call(false, true, &mut |_| {
                    runs.fetch_add(1, Relaxed);
                    guarded.add();
                    Outcome::Complete
                })
                .unwrap();
            assert_eq!(guarded.get(), 1);
        };
        let other = thread::spawn({
            let (guarded, runs) = (guarded.clone(), runs.clone());
            move || call(&guarded, &runs)
        });
        let waiter = thread::spawn({
            let guarded = guarded.clone();
            move || {
                guarded.lock.wait(false).unwrap();
                assert_eq!(guarded.get(), 1);
            }
        });
        call(&guarded, &runs);
        other.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(runs.load(Relaxed), 1);
    });
}

/// One that fails leaves it to the others, which are not left waiting.
#[test]
fn loom_once_that_fails_is_tried_again() {
    model(|| {
        let once = Arc::new(RawOnce::new());
        let failing = thread::spawn({
            let once = once.clone();
            move || {
                let _ = once.call(true, true, &mut |_| Outcome::Poisoned);
            }
        });
        let waiter = thread::spawn({
            let once = once.clone();
            move || once.wait(true).unwrap()
        });
        once.call(true, true, &mut |_| Outcome::Complete).unwrap();
        // `call` returns when its own closure has run, or another one has completed it.
        failing.join().unwrap();
        if !once.is_complete() {
            once.call(true, true, &mut |_| Outcome::Complete).unwrap();
        }
        waiter.join().unwrap();
    });
}

/// Two senders, each with some messages, and a receiver that is there until both have gone. The mutex has models of its own,
/// so two preemptions are enough for what is around it.
fn all_arrive(bound: usize, each: u32) {
    model_with(2, move || {
        let channel = Arc::new(Channel::new(bound));
        channel.add_sender();
        let senders: Vec<_> = [10, 20]
            .into_iter()
            .map(|first| {
                let channel = channel.clone();
                thread::spawn(move || {
                    for number in first..first + each {
                        channel.send(number, None).unwrap();
                    }
                    channel.remove_sender();
                })
            })
            .collect();
        let mut received = Vec::new();
        let end = loop {
            match channel.recv(None) {
                Ok(message) => received.push(message),
                Err(end) => break end,
            }
        };
        assert_eq!(end, Disconnected);
        let of = |first: u32| {
            received
                .iter()
                .filter(move |&&number| number / 10 == first / 10)
        };
        for first in [10, 20] {
            assert!(of(first).copied().eq(first..first + each), "in their order");
        }
        channel.remove_receiver();
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

#[test]
fn loom_channel_without_bound_loses_no_message() {
    all_arrive(UNBOUNDED, 2);
}

#[test]
fn loom_channel_with_bound_loses_no_message() {
    all_arrive(1, 2);
}

#[test]
fn loom_rendezvous_loses_no_message() {
    all_arrive(0, 1);
}

/// The deadline may come before the message, together with it, or after.
#[test]
fn loom_receiver_out_of_time_leaves_no_message_behind() {
    for bound in [UNBOUNDED, 0] {
        model(move || {
            let channel = Arc::new(Channel::new(bound));
            let sender = thread::spawn({
                let channel = channel.clone();
                move || {
                    channel.send(7, None).unwrap();
                    channel.remove_sender();
                }
            });
            let first = channel.recv(Some(Instant::now()));
            let second = channel.recv(None);
            match first {
                Ok(message) => {
                    assert_eq!(message, 7);
                    assert_eq!(second, Err(Disconnected));
                }
                Err(error) => {
                    assert_eq!(error, Timeout);
                    assert_eq!(second, Ok(7));
                }
            }
            channel.remove_receiver();
            sender.join().unwrap();
        });
    }
}

/// Each message is received, or comes back to its sender.
#[test]
fn loom_senders_hear_that_the_receiver_has_gone() {
    for bound in [0, 1] {
        model_with(2, move || {
            let channel = Arc::new(Channel::new(bound));
            channel.add_sender();
            let senders: Vec<_> = [1, 2]
                .into_iter()
                .map(|number| {
                    let channel = channel.clone();
                    thread::spawn(move || {
                        let back = channel.send(number, None).map_err(|error| error.0);
                        channel.remove_sender();
                        assert!(matches!(back, Ok(()) | Err(1 | 2)));
                        back.is_ok()
                    })
                })
                .collect();
            assert!(channel.recv(None).is_ok());
            channel.remove_receiver();
            let sent = senders
                .into_iter()
                .map(|sender| sender.join().unwrap())
                .filter(|sent| *sent)
                .count();
            // One was received; what the queue held went with the receiver.
            assert!((1..=1 + bound).contains(&sent));
        });
    }
}

/// A message comes back to the sender that gives up, or is received, or goes with the receiver: whatever the sender was told.
#[test]
fn loom_senders_that_give_up_have_not_sent() {
    for bound in [0, 1] {
        for receives in [false, true] {
            model(move || {
                let channel = Arc::new(Channel::new(bound));
                if bound == 1 {
                    channel.send(0, None).unwrap();
                }
                let sender = thread::spawn({
                    let channel = channel.clone();
                    move || {
                        let sent = channel.send(7, Some(Instant::now()));
                        channel.remove_sender();
                        sent.map_err(|error| error.0)
                    }
                });
                let mut received = Vec::new();
                if receives {
                    received.extend(std::iter::from_fn(|| channel.recv(None).ok()));
                }
                channel.remove_receiver();
                match sender.join().unwrap() {
                    Ok(()) => assert!(received.contains(&7)),
                    Err(back) => assert!(back == 7 && !received.contains(&7)),
                }
            });
        }
    }
}
