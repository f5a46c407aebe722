use std::sync::{Arc, Condvar, Mutex};
use std::thread;

#[test]
fn a_single_wake() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let other = shared.clone();
    let waiter = thread::spawn(move || {
        let mut is_set = other.0.lock().unwrap();
        while !*is_set {
            is_set = other.1.wait(is_set).unwrap();
        }
    });
    // So that it waits already.
    for _ in 0..1000 {
        thread::yield_now();
    }
    thread::sleep(std::time::Duration::from_millis(5));
    *shared.0.lock().unwrap() = true;
    shared.1.notify_one();
    waiter.join().unwrap();
}

#[test]
fn a_lock() {
    assert_eq!(*Mutex::new(5).lock().unwrap(), 5);
}
