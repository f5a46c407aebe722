//! Killing a spawned greenlet, which only the core can do: what `join` gives, and what state the
//! greenlet's park token is left in.

mod deadline;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gthread::{JoinHandle, Thread};

/// Spawns `f`, and returns once it runs, with the handle that can kill it.
fn spawn_known<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> (JoinHandle<T>, greenlet::Handle) {
    let known = Arc::new(OnceLock::new());
    let spawner = gthread::current();
    let joined = gthread::spawn({
        let known = Arc::clone(&known);
        move || {
            known.set(greenlet::current()).ok();
            spawner.unpark();
            f()
        }
    });
    loop {
        match known.get() {
            Some(handle) => return (joined, Clone::clone(handle)),
            None => gthread::park(),
        }
    }
}

fn assert_killed<T: std::fmt::Debug>(joined: gthread::Result<T>) {
    assert!(joined.unwrap_err().is::<greenlet::Killed>());
}

#[test]
fn a_parked_one() {
    let _deadline = deadline::seconds(60);
    let (joined, handle) = spawn_known(|| {
        loop {
            gthread::park();
        }
    });
    handle.kill().unwrap();
    assert_killed::<()>(joined.join());
}

#[test]
fn a_parked_one_with_timeout() {
    let _deadline = deadline::seconds(60);
    let (joined, handle) = spawn_known(|| {
        loop {
            gthread::park_timeout(Duration::MAX);
        }
    });
    handle.kill().unwrap();
    assert_killed::<()>(joined.join());
}

#[test]
fn a_sleeping_one() {
    let _deadline = deadline::seconds(60);
    for time in [Duration::from_secs(86_400), Duration::MAX] {
        let (joined, handle) = spawn_known(move || gthread::sleep(time));
        handle.kill().unwrap();
        assert_killed(joined.join());
    }
}

#[test]
fn one_that_joins_detaches_the_other() {
    let _deadline = deadline::seconds(60);
    let done = Arc::new(AtomicBool::new(false));
    let joined_thread = Arc::new(OnceLock::<Thread>::new());
    let spawner = gthread::current();
    let (joined, handle) = spawn_known({
        let (done, joined_thread) = (Arc::clone(&done), Arc::clone(&joined_thread));
        move || {
            let inner = gthread::spawn(move || {
                while !done.load(Ordering::Acquire) {
                    gthread::park();
                }
                spawner.unpark();
            });
            joined_thread.set(inner.thread().clone()).unwrap();
            inner.join()
        }
    });
    while joined_thread.get().is_none() {
        gthread::yield_now();
    }
    handle.kill().unwrap();
    assert_killed(joined.join());
    done.store(true, Ordering::Release);
    joined_thread.get().unwrap().unpark();
    // The inner one lives, and holds the last clone but ours until it has ended.
    while Arc::strong_count(&done) > 1 {
        gthread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn the_token_is_as_before_the_park() {
    let _deadline = deadline::seconds(60);

    struct ParksAgain(Arc<AtomicU32>);
    impl Drop for ParksAgain {
        fn drop(&mut self) {
            self.0.store(
                greenlet::current().token().load(Ordering::Relaxed),
                Ordering::Relaxed,
            );
            // Would loop for ever on a word that no park can have left.
            gthread::park_timeout(Duration::from_millis(1));
            gthread::current().unpark();
            gthread::park();
        }
    }

    for timeout in [None, Some(Duration::MAX)] {
        let left = Arc::new(AtomicU32::new(u32::MAX));
        let (joined, handle) = spawn_known({
            let left = Arc::clone(&left);
            move || {
                let _parks_again = ParksAgain(left);
                match timeout {
                    None => gthread::park(),
                    Some(timeout) => gthread::park_timeout(timeout),
                }
            }
        });
        handle.kill().unwrap();
        assert_killed(joined.join());
        assert_eq!(left.load(Ordering::Relaxed), 0);
    }
}

/// Whichever of the two comes first, no token is lost and the greenlet ends killed.
#[test]
fn a_kill_and_an_unpark_at_once() {
    let _deadline = deadline::seconds(60);
    for _ in 0..200 {
        let (joined, handle) = spawn_known(|| {
            loop {
                gthread::park();
            }
        });
        let thread = joined.thread().clone();
        let unparker = gthread::spawn(move || thread.unpark());
        handle.kill().unwrap();
        unparker.join().unwrap();
        assert_killed::<()>(joined.join());
    }
}
