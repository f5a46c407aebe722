//! Every interleaving of the state words on the futex's contract.

use super::{Outcome, RawCondvar, RawMutex, RawOnce, RawRwLock};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;

/// Loom's own default would take for ever; three preemptions find what is known to go wrong.
fn model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
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

/// With patience of zero every second wait of a waiter starves: this goes through the handing over, too.
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
