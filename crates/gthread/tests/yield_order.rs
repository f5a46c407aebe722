//! `yield_now` and `sleep(0)` go round the greenlets of a hub in order, as gevent's `sleep(0)` does.

mod deadline;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What three greenlets of this thread's hub write that call `pause` between their rounds.
fn rounds(pause: fn()) -> String {
    let written = Rc::new(RefCell::new(String::new()));
    let greenlets: Vec<_> = ['a', 'b', 'c']
        .into_iter()
        .map(|name| {
            let written = Rc::clone(&written);
            greenlet::spawn(move || {
                for _ in 0..3 {
                    written.borrow_mut().push(name);
                    pause();
                }
            })
        })
        .collect();
    for greenlet in greenlets {
        greenlet.join().unwrap();
    }
    written.take()
}

#[test]
fn yield_now() {
    let _deadline = deadline::seconds(60);
    assert_eq!(rounds(gthread::yield_now), "abcabcabc");
}

#[test]
fn sleep_zero() {
    let _deadline = deadline::seconds(60);
    assert_eq!(rounds(|| gthread::sleep(Duration::ZERO)), "abcabcabc");
}

#[test]
fn sleepers_by_deadline() {
    let _deadline = deadline::seconds(60);
    let woken = Rc::new(RefCell::new(Vec::new()));
    let greenlets: Vec<_> = [150, 50, 100]
        .into_iter()
        .map(|millis| {
            let woken = Rc::clone(&woken);
            greenlet::spawn(move || {
                gthread::sleep(Duration::from_millis(millis));
                woken.borrow_mut().push(millis);
            })
        })
        .collect();
    for greenlet in greenlets {
        greenlet.join().unwrap();
    }
    assert_eq!(*woken.borrow(), [50, 100, 150]);
}
