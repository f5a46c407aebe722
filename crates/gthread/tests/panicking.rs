//! `panicking` belongs to the greenlet, also while it waits in a destructor.

mod deadline;

use std::cell::Cell;
use std::panic::{catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells what `panicking` says while it is dropped.
struct Ask(Arc<AtomicBool>);

impl Drop for Ask {
    fn drop(&mut self) {
        self.0.store(gthread::panicking(), Ordering::Relaxed);
    }
}

#[test]
fn false_without_a_panic() {
    let _deadline = deadline::seconds(60);
    assert!(!gthread::panicking());
    let answer = Arc::new(AtomicBool::new(true));
    let ask = Ask(Arc::clone(&answer));
    gthread::spawn(move || drop(ask)).join().unwrap();
    assert!(!answer.load(Ordering::Relaxed));
}

#[test]
fn true_while_unwinding() {
    let _deadline = deadline::seconds(60);
    let answer = Arc::new(AtomicBool::new(false));
    let ask = Ask(Arc::clone(&answer));
    let greenlet = gthread::spawn(move || {
        let _ask = ask;
        panic!("on purpose");
    });
    assert!(greenlet.join().is_err());
    assert!(answer.load(Ordering::Relaxed));
    assert!(!gthread::panicking());
}

#[test]
fn true_in_the_root_greenlet() {
    let _deadline = deadline::seconds(60);
    let answer = Arc::new(AtomicBool::new(false));
    let ask = Ask(Arc::clone(&answer));
    let unwound = catch_unwind(move || {
        let _ask = ask;
        resume_unwind(Box::new(()));
    });
    assert!(unwound.is_err());
    assert!(answer.load(Ordering::Relaxed));
    assert!(!gthread::panicking());
}

/// One greenlet waits in a destructor while it unwinds; another of the same hub asks.
#[test]
fn false_for_the_neighbours() {
    let _deadline = deadline::seconds(60);

    struct Waits {
        waiting: Rc<Cell<bool>>,
        asked: Rc<Cell<bool>>,
    }
    impl Drop for Waits {
        fn drop(&mut self) {
            assert!(gthread::panicking());
            self.waiting.set(true);
            while !self.asked.get() {
                gthread::yield_now();
            }
            assert!(gthread::panicking());
        }
    }

    let waiting = Rc::new(Cell::new(false));
    let asked = Rc::new(Cell::new(false));
    let unwinds = greenlet::spawn({
        let (waiting, asked) = (Rc::clone(&waiting), Rc::clone(&asked));
        move || {
            let _waits = Waits { waiting, asked };
            panic!("on purpose");
        }
    });
    let asks = greenlet::spawn(move || {
        while !waiting.get() {
            gthread::yield_now();
        }
        let answer = gthread::panicking();
        asked.set(true);
        answer
    });
    assert!(!asks.join().unwrap());
    assert!(!gthread::panicking());
    assert!(unwinds.join().is_err());
}
