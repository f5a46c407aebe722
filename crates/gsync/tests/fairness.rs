//! Nobody waits for ever, whatever the others do.

#[path = "../../gthread/tests/deadline/mod.rs"]
mod deadline;

use greenlet::spawn;
use gsync::mpsc::{TryRecvError, channel, sync_channel};
use gsync::{Arc, Mutex, OnceLock, RwLock};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A greenlet that locks again as soon as it has unlocked, and parks only while it has the lock: one that is woken never
/// finds it free.
#[test]
fn a_greedy_owner_does_not_starve_a_waiter() {
    let _deadline = deadline::seconds(60);
    let mutex = Rc::new(Mutex::new(()));
    let stop = Rc::new(Cell::new(false));
    let greedy = spawn({
        let (mutex, stop) = (mutex.clone(), stop.clone());
        move || {
            while !stop.get() {
                let _guard = mutex.lock().unwrap();
                greenlet::yield_now();
            }
        }
    });
    greenlet::yield_now();
    let waiters: Vec<_> = (0..10)
        .map(|_| {
            let mutex = mutex.clone();
            spawn(move || drop(mutex.lock().unwrap()))
        })
        .collect();
    for waiter in waiters {
        waiter.join().unwrap();
    }
    stop.set(true);
    greedy.join().unwrap();
}

#[test]
fn greedy_readers_do_not_starve_a_writer_nor_the_other_way_round() {
    let _deadline = deadline::seconds(60);
    let lock = Rc::new(RwLock::new(()));
    let stop = Rc::new(Cell::new(false));
    let reads = || {
        let (lock, stop) = (lock.clone(), stop.clone());
        spawn(move || {
            while !stop.get() {
                let _guard = lock.read().unwrap();
                greenlet::yield_now();
            }
        })
    };
    let writes = || {
        let (lock, stop) = (lock.clone(), stop.clone());
        spawn(move || {
            while !stop.get() {
                let _guard = lock.write().unwrap();
                greenlet::yield_now();
            }
        })
    };
    // The readers overlap: there is always one.
    let readers = [reads(), reads(), reads()];
    greenlet::yield_now();
    drop(lock.write().unwrap());
    let writers = [writes(), writes()];
    greenlet::yield_now();
    for _ in 0..3 {
        drop(lock.read().unwrap());
        drop(lock.write().unwrap());
    }
    stop.set(true);
    for greenlet in readers.into_iter().chain(writers) {
        greenlet.join().unwrap();
    }
}

/// On threads, where the lock is taken again within nanoseconds.
#[test]
fn a_greedy_thread_does_not_starve_a_greenlet() {
    let _deadline = deadline::seconds(60);
    let mutex = Arc::new(Mutex::new(0_u64));
    let stop = Arc::new(AtomicBool::new(false));
    let greedy: Vec<_> = (0..2)
        .map(|_| {
            let (mutex, stop) = (mutex.clone(), stop.clone());
            std::thread::spawn(move || {
                while !stop.load(Relaxed) {
                    *mutex.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for _ in 0..50 {
        let mutex = mutex.clone();
        gthread::spawn(move || *mutex.lock().unwrap() += 1)
            .join()
            .unwrap();
    }
    stop.store(true, Relaxed);
    for thread in greedy {
        thread.join().unwrap();
    }
}

/// Loops that ask, and never park, for what another greenlet of the same thread will do.
#[test]
fn asking_in_a_loop_comes_to_an_end() {
    let _deadline = deadline::seconds(60);

    let (sender, receiver) = channel();
    spawn(move || sender.send(1));
    while receiver.try_recv() == Err(TryRecvError::Empty) {}

    let (sender, receiver) = sync_channel(0);
    let receives = spawn(move || receiver.recv().unwrap());
    while sender.try_send(1).is_err() {}
    assert_eq!(receives.join().unwrap(), 1);

    let mutex = Rc::new(Mutex::new(()));
    let lock = Rc::new(RwLock::new(()));
    let holds = spawn({
        let (mutex, lock) = (mutex.clone(), lock.clone());
        move || {
            let _guards = (mutex.lock().unwrap(), lock.write().unwrap());
            greenlet::yield_now();
        }
    });
    greenlet::yield_now();
    while mutex.try_lock().is_err() {}
    while lock.try_read().is_err() {}
    while lock.try_write().is_err() {}
    holds.join().unwrap();

    let cell = Rc::new(OnceLock::new());
    spawn({
        let cell = cell.clone();
        move || cell.set(1)
    });
    while cell.get().is_none() {}

    // Without end, until the receiver has gone.
    let (sender, receiver) = channel();
    let receives = spawn(move || receiver.recv().unwrap());
    while sender.send(1).is_ok() {}
    assert_eq!(receives.join().unwrap(), 1);
}
