//! Kills around a scope: of the one that waits, and of its children.

mod deadline;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Parks for ever.
fn park_on() -> ! {
    loop {
        gthread::park();
    }
}

fn handle_of(cell: &OnceLock<greenlet::Handle>) -> greenlet::Handle {
    loop {
        match cell.get() {
            Some(handle) => return handle.clone(),
            None => gthread::yield_now(),
        }
    }
}

#[test]
fn a_killed_owner_waits_for_its_children() {
    let _deadline = deadline::seconds(60);
    static CHILD: OnceLock<gthread::Thread> = OnceLock::new();
    static OWNER: OnceLock<greenlet::Handle> = OnceLock::new();
    static GO: AtomicBool = AtomicBool::new(false);
    static ENDED: AtomicUsize = AtomicUsize::new(0);

    let owner = gthread::spawn(|| {
        let local = AtomicUsize::new(0);
        gthread::scope(|scope| {
            scope.spawn(|| {
                CHILD.set(gthread::current()).unwrap();
                while !GO.load(Ordering::Acquire) {
                    gthread::park();
                }
                local.fetch_add(1, Ordering::Relaxed);
                ENDED.fetch_add(1, Ordering::Relaxed);
            });
            OWNER.set(greenlet::current()).unwrap();
            park_on();
        })
    });
    handle_of(&OWNER).kill().unwrap();
    for _ in 0..100 {
        gthread::yield_now();
        assert!(!owner.is_finished());
    }
    let child = loop {
        match CHILD.get() {
            Some(child) => break child,
            None => gthread::yield_now(),
        }
    };
    GO.store(true, Ordering::Release);
    child.unpark();
    assert!(owner.join().unwrap_err().is::<greenlet::Killed>());
    assert_eq!(ENDED.load(Ordering::Relaxed), 1);
}

#[test]
fn a_kill_is_held_back_while_the_scope_waits() {
    let _deadline = deadline::seconds(60);
    static SEEN: AtomicBool = AtomicBool::new(false);
    let owner = gthread::spawn(|| {
        let owner = greenlet::current();
        let sum = gthread::scope(|scope| {
            scope.spawn(move || {
                owner.kill().unwrap();
                for _ in 0..10 {
                    gthread::yield_now();
                }
            });
            1 + 1
        });
        SEEN.store(sum == 2, Ordering::Relaxed);
        park_on();
    });
    let payload = owner.join().map(|never: ()| never).unwrap_err();
    assert!(payload.is::<greenlet::Killed>());
    assert!(SEEN.load(Ordering::Relaxed));
}

#[test]
fn a_killed_child_is_no_panic() {
    let _deadline = deadline::seconds(60);
    gthread::scope(|scope| {
        let cell = Box::leak(Box::new(OnceLock::new()));
        let cell = &*cell;
        scope.spawn(move || {
            cell.set(greenlet::current()).unwrap();
            park_on();
        });
        handle_of(cell).kill().unwrap();
    });
}

#[test]
fn joining_a_killed_child_says_so() {
    let _deadline = deadline::seconds(60);
    gthread::scope(|scope| {
        let cell = Box::leak(Box::new(OnceLock::new()));
        let cell = &*cell;
        let child = scope.spawn(move || {
            cell.set(greenlet::current()).unwrap();
            park_on();
        });
        handle_of(cell).kill().unwrap();
        let payload = child.join().map(|never: ()| never).unwrap_err();
        assert!(payload.is::<greenlet::Killed>());
    });
}

/// A payload that only was caught together with a kill is a panic all the same.
#[test]
fn a_panic_on_the_way_out_of_a_kill_is_a_panic() {
    let _deadline = deadline::seconds(60);
    let payload = gthread::scope(|scope| {
        let cell = Box::leak(Box::new(OnceLock::new()));
        let cell = &*cell;
        let child = scope.spawn(move || {
            cell.set(greenlet::current()).unwrap();
            let _kill = greenlet::catch_unwind(|| park_on()).unwrap_err();
            std::panic::resume_unwind(Box::new("a panic"));
        });
        handle_of(cell).kill().unwrap();
        child.join().map(|never: ()| never).unwrap_err()
    });
    assert_eq!(payload.downcast_ref(), Some(&"a panic"));
}
