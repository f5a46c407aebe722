use std::sync::{Arc, Condvar, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    is_waiting: bool,
    is_set: bool,
}

#[test]
fn a_single_wake() {
    let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
    let other = shared.clone();
    let waiter = thread::spawn(move || {
        let mut state = other.0.lock().unwrap();
        state.is_waiting = true;
        while !state.is_set {
            state = other.1.wait(state).unwrap();
        }
    });
    // It waits as soon as it has given the lock back.
    loop {
        let mut state = shared.0.lock().unwrap();
        if state.is_waiting {
            state.is_set = true;
            break;
        }
        drop(state);
        thread::yield_now();
    }
    shared.1.notify_one();
    waiter.join().unwrap();
}

#[test]
fn a_lock() {
    assert_eq!(*Mutex::new(5).lock().unwrap(), 5);
}
