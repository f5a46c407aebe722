use std::thread;
use std::time::Duration;

#[test]
fn a_sleep() {
    thread::sleep(Duration::from_millis(1_500));
}

#[test]
fn a_park_with_a_time_limit() {
    thread::park_timeout(Duration::from_millis(1_500));
}

#[test]
fn a_result() {
    assert_eq!(thread::spawn(|| 5).join().unwrap(), 5);
}

#[test]
#[should_panic(expected = "as it should")]
fn a_panic() {
    panic!("as it should");
}

#[test]
#[ignore]
fn not_run() {
    panic!("it was run");
}
