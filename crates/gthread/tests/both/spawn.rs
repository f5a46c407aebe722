use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::deadline;

#[test]
fn gives_the_result() {
    let _deadline = deadline::seconds(60);
    let text = String::from("moved in");
    let handle = thread::spawn(move || text + " and out");
    assert_eq!(handle.join().unwrap(), "moved in and out");
}

#[test]
fn runs_each_closure_once() {
    let _deadline = deadline::seconds(60);
    let runs = Arc::new(AtomicUsize::new(0));
    let handles: Vec<_> = (0..500)
        .map(|n| {
            let runs = Arc::clone(&runs);
            thread::spawn(move || {
                runs.fetch_add(1, Ordering::Relaxed);
                n
            })
        })
        .collect();
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(handle.join().unwrap(), n);
    }
    assert_eq!(runs.load(Ordering::Relaxed), 500);
    assert_eq!(Arc::strong_count(&runs), 1, "a closure was not dropped");
}

#[test]
fn nests() {
    let _deadline = deadline::seconds(60);

    fn leaves(depth: u32) -> u32 {
        if depth == 0 {
            return 1;
        }
        let left = thread::spawn(move || leaves(depth - 1));
        let right = thread::spawn(move || leaves(depth - 1));
        left.join().unwrap() + right.join().unwrap()
    }

    assert_eq!(leaves(6), 64);
}

#[test]
fn from_several_threads_at_once() {
    let _deadline = deadline::seconds(60);
    let spawners: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                let handles: Vec<_> = (0..100).map(|n| thread::spawn(move || n)).collect();
                handles.into_iter().map(|h| h.join().unwrap()).sum::<u32>()
            })
        })
        .collect();
    for spawner in spawners {
        assert_eq!(spawner.join().unwrap(), 4950);
    }
}

#[test]
fn a_detached_one_goes_on() {
    let _deadline = deadline::seconds(60);
    let waiter = thread::current();
    let stage = Arc::new(AtomicUsize::new(0));
    let detached = thread::spawn({
        let stage = Arc::clone(&stage);
        move || {
            while stage.load(Ordering::Acquire) == 0 {
                thread::park();
            }
            stage.store(2, Ordering::Release);
            waiter.unpark();
        }
    });
    let thread = detached.thread().clone();
    drop(detached);
    stage.store(1, Ordering::Release);
    thread.unpark();
    while stage.load(Ordering::Acquire) != 2 {
        thread::park();
    }
}

#[test]
fn a_detached_one_drops_its_own_result() {
    let _deadline = deadline::seconds(60);

    struct Tell(thread::Thread, Arc<AtomicUsize>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.1.store(1, Ordering::Release);
            self.0.unpark();
        }
    }

    let dropped = Arc::new(AtomicUsize::new(0));
    let tell = Tell(thread::current(), Arc::clone(&dropped));
    drop(thread::spawn(move || tell));
    while dropped.load(Ordering::Acquire) == 0 {
        thread::park();
    }
}

#[test]
fn spawn_and_join_order_memory() {
    let _deadline = deadline::seconds(60);
    for round in 1..200 {
        let there = Arc::new(AtomicUsize::new(0));
        let back = Arc::new(AtomicUsize::new(0));
        there.store(round, Ordering::Relaxed);
        let handle = thread::spawn({
            let (there, back) = (Arc::clone(&there), Arc::clone(&back));
            move || back.store(there.load(Ordering::Relaxed), Ordering::Relaxed)
        });
        handle.join().unwrap();
        assert_eq!(back.load(Ordering::Relaxed), round);
    }
}
