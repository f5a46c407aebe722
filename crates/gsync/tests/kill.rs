//! A kill at every wait: destructors run, nothing is poisoned, nothing is lost, and the others go on.

#[path = "../../gthread/tests/deadline/mod.rs"]
mod deadline;

mod channels;

use channels::channel_of;
use greenlet::{Greenlet, Killed, spawn, yield_now};
use gsync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use gsync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Kills a greenlet that is parked, and sees that it dies of that.
fn kill<T: std::fmt::Debug>(victim: Greenlet<T>) {
    assert!(!victim.is_finished());
    victim.kill().unwrap();
    assert!(victim.join().unwrap_err().is::<Killed>());
}

/// Spawns a greenlet and lets it run until it parks.
fn park<T: 'static>(f: impl FnOnce() -> T + 'static) -> Greenlet<T> {
    let greenlet = spawn(f);
    yield_now();
    assert!(!greenlet.is_finished());
    greenlet
}

#[test]
fn waiting_for_a_mutex() {
    let _deadline = deadline::seconds(60);
    let mutex = Rc::new(Mutex::new(0));
    for _ in 0..1_000 {
        let guard = mutex.lock().unwrap();
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let mutex = mutex.clone();
                park(move || *mutex.lock().unwrap() += 1)
            })
            .collect();
        let mut waiters = waiters.into_iter();
        kill(waiters.next().unwrap());
        drop(guard);
        // One has been woken, and is killed before it could do anything about it.
        let woken = waiters.next().unwrap();
        woken.kill().unwrap();
        waiters.next().unwrap().join().unwrap();
        let _ = woken.join();
    }
    assert!(!mutex.is_poisoned());
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn with_a_mutex_in_hand() {
    let _deadline = deadline::seconds(60);
    let mutex = Rc::new(Mutex::new(0));
    let lock = Rc::new(RwLock::new(0));
    let victim = park({
        let (mutex, lock) = (mutex.clone(), lock.clone());
        move || {
            let _guards = (mutex.lock().unwrap(), lock.write().unwrap());
            gthread::park();
        }
    });
    kill(victim);
    assert!(mutex.try_lock().is_ok() && lock.try_write().is_ok());
}

/// A kill that is swallowed, and then a panic: that one poisons.
#[test]
fn a_panic_after_a_kill_poisons() {
    let _deadline = deadline::seconds(60);
    let mutex = Rc::new(Mutex::new(0));
    let victim = park({
        let mutex = mutex.clone();
        move || {
            assert!(greenlet::catch_unwind(gthread::park).is_err());
            let _guard = mutex.lock().unwrap();
            std::panic::resume_unwind(Box::new("panic"));
        }
    });
    victim.kill().unwrap();
    assert!(victim.join().is_err());
    assert!(mutex.is_poisoned());
}

#[test]
fn waiting_for_a_lock_of_readers_and_writers() {
    let _deadline = deadline::seconds(60);
    let lock = Rc::new(RwLock::new(0));
    for _ in 0..500 {
        let reads = lock.read().unwrap();
        // It keeps the later ones out.
        let writer = park({
            let lock = lock.clone();
            move || *lock.write().unwrap() += 1
        });
        assert!(lock.try_read().is_err());
        let reader = park({
            let lock = lock.clone();
            move || *lock.read().unwrap()
        });
        kill(writer);
        reader.join().unwrap();
        let second = park({
            let lock = lock.clone();
            move || *lock.write().unwrap() += 1
        });
        let third = park({
            let lock = lock.clone();
            move || *lock.read().unwrap()
        });
        kill(third);
        drop(reads);
        second.join().unwrap();
    }
    assert_eq!(*lock.read().unwrap(), 500);
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_wait_for_a_condition_has_the_lock_again_when_it_unwinds() {
    let _deadline = deadline::seconds(60);
    let pair = Rc::new((Mutex::new(0), Condvar::new()));
    for _ in 0..1_000 {
        let victim = park({
            let pair = pair.clone();
            move || {
                struct Counts<'a>(gsync::MutexGuard<'a, i32>);
                impl Drop for Counts<'_> {
                    fn drop(&mut self) {
                        *self.0 += 1;
                    }
                }
                let (mutex, condvar) = &*pair;
                let guard = mutex.lock().unwrap();
                let waited = condvar.wait(guard);
                Counts(waited.unwrap());
            }
        });
        let held = pair.0.lock().unwrap();
        victim.kill().unwrap();
        yield_now();
        // It cannot be gone before it has had the lock.
        assert!(!victim.is_finished());
        drop(held);
        assert!(victim.join().unwrap_err().is::<Killed>());
        assert!(pair.0.try_lock().is_ok());
    }
    assert!(!pair.0.is_poisoned());
}

#[test]
fn an_initialiser_that_is_killed_is_followed_by_the_next() {
    let _deadline = deadline::seconds(60);
    for _ in 0..500 {
        let once = Rc::new(Once::new());
        let cell = Rc::new(OnceLock::new());
        let begins = park({
            let (once, cell) = (once.clone(), cell.clone());
            move || {
                once.call_once(|| {
                    cell.get_or_init(|| {
                        gthread::park();
                        1
                    });
                });
            }
        });
        let waiters = [
            park({
                let once = once.clone();
                move || once.call_once(|| ())
            }),
            park({
                let cell = cell.clone();
                move || assert_eq!(cell.get_or_init(|| 2), &2)
            }),
        ];
        let killed = park({
            let once = once.clone();
            move || once.wait()
        });
        kill(killed);
        kill(begins);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert!(once.is_completed());
        assert_eq!(cell.get(), Some(&2));
    }
}

#[test]
fn a_lazy_value_is_made_first() {
    let _deadline = deadline::seconds(60);
    let lazy = Rc::new(LazyLock::new(|| {
        yield_now();
        yield_now();
        7
    }));
    let makes = park({
        let lazy = lazy.clone();
        move || {
            assert_eq!(**lazy, 7);
            gthread::park();
        }
    });
    kill(makes);
    assert_eq!(LazyLock::get(&lazy), Some(&7));
}

#[test]
fn one_that_waited_at_a_barrier_has_not_come() {
    let _deadline = deadline::seconds(60);
    let barrier = Rc::new(Barrier::new(3));
    let come = || {
        let barrier = barrier.clone();
        park(move || barrier.wait().is_leader())
    };
    for _ in 0..500 {
        let (first, second) = (come(), come());
        kill(first);
        let third = come();
        assert!(!second.is_finished());
        assert!(barrier.wait().is_leader());
        assert!(!second.join().unwrap() && !third.join().unwrap());
    }
}

#[test]
fn receivers_lose_no_message() {
    let _deadline = deadline::seconds(60);
    for bound in [None, Some(0), Some(1), Some(5)] {
        for _ in 0..300 {
            let (send, receiver) = channel_of::<u32>(bound);
            let receiver = Rc::new(receiver);
            let received = Rc::new(Cell::new(0));
            let receives = || {
                let (receiver, received) = (receiver.clone(), received.clone());
                park(move || {
                    let message = receiver.recv().unwrap();
                    received.set(received.get() + message);
                })
            };
            let (first, second, third) = (receives(), receives(), receives());
            kill(first);
            send(1);
            // It is on its way to the second, which has it, or the third will.
            second.kill().unwrap();
            if second.join().is_err() {
                assert_eq!(received.get(), 0);
            }
            let sends = spawn(move || send(10));
            let _ = third.join();
            while received.get() < 11 {
                let left = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
                received.set(received.get() + left);
            }
            assert_eq!(received.get(), 11);
            sends.join().unwrap();
            assert_eq!(
                receiver.recv_timeout(Duration::from_secs(30)),
                Err(RecvTimeoutError::Disconnected)
            );
        }
    }
}

/// A channel that holds as many numbers as it can.
fn full_channel(bound: usize) -> (SyncSender<usize>, Receiver<usize>) {
    let (sender, receiver) = sync_channel(bound);
    for number in 0..bound {
        sender.send(number).unwrap();
    }
    (sender, receiver)
}

#[test]
fn a_sender_that_waited_has_not_sent() {
    let _deadline = deadline::seconds(60);
    for bound in [0, 1] {
        for _ in 0..300 {
            let (sender, receiver) = full_channel(bound);
            let other = sender.clone();
            let killed = park(move || other.send(100));
            let sends = park(move || sender.send(1).unwrap());
            kill(killed);
            let all: Vec<_> = receiver.iter().collect();
            assert_eq!(all, if bound == 0 { vec![1] } else { vec![0, 1] });
            sends.join().unwrap();
        }
    }
}

/// The kill takes the message back, and the receiver goes before that has happened.
#[test]
fn a_message_that_came_back_was_not_sent() {
    let _deadline = deadline::seconds(60);
    for bound in [0, 1] {
        for _ in 0..100 {
            let (sender, receiver) = full_channel(bound);
            let result = Rc::new(Cell::new(None));
            let killed = park({
                let result = result.clone();
                move || result.set(Some(sender.send(100)))
            });
            killed.kill().unwrap();
            std::thread::spawn(move || drop(receiver)).join().unwrap();
            // It is told that nobody received it, or is unwound, but not that it was sent.
            let _ = killed.join();
            assert_ne!(result.take(), Some(Ok(())));
        }
    }
}
