//! What libtest captures of a test stays captured.

mod fixture;

use std::io::Write;

use fixture::child;

/// Prints in all ways that libtest captures, on this thread and in a greenlet of it, alone and in company.
fn talk() {
    gio::println!("of the test");
    gio::eprint!("of the error {}\n", 5);
    assert_eq!(gio::dbg!(2 + 3), 5);
    greenlet::spawn(|| {
        gio::print!("of its greenlet\n");
        std::println!("by std");
    })
    .join()
    .unwrap();
}

#[test]
fn a_test_that_passes() {
    if child::is("capture") {
        talk();
    }
}

#[test]
fn a_test_that_fails() {
    if child::is("capture") {
        talk();
        panic!("as it is to");
    }
}

#[test]
fn a_test_that_writes() {
    if child::is("capture") {
        // As with std, this is not captured.
        writeln!(gio::stdout(), "past the capture").unwrap();
    }
}

fn child(arguments: &[&str]) -> (String, String) {
    let binary = std::env::current_exe().unwrap();
    let output = std::process::Command::new(binary)
        .args(arguments)
        .env("GREENLET_TEST_CHILD", "capture")
        .env("RUST_BACKTRACE", "0")
        .env_remove("RUST_TEST_NOCAPTURE")
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn captured_is_what_std_captures() {
    let _deadline = fixture::deadline();
    for threads in ["--test-threads=1", "--test-threads=3"] {
        let (out, err) = child(&["a_test_that", threads]);
        assert_eq!(err, "", "{out}");
        let (before, report) = out.split_once("\nfailures:\n").unwrap();
        assert!(before.contains("past the capture\n"), "{out}");
        assert_eq!(before.matches("of the test").count(), 0, "{out}");
        assert!(!report.contains("a_test_that_passes"), "{out}");
        let (_, failed) = report
            .split_once("---- a_test_that_fails stdout ----\n")
            .unwrap();
        let (_, after) = failed.split_once("of the test\nof the error 5\n[").unwrap();
        let (place, after) = after.split_once("] 2 + 3 = 5\n").unwrap();
        assert!(place.contains("capture.rs:"), "{out}");
        assert!(after.starts_with("of its greenlet\nby std\n"), "{out}");
        assert!(after.contains("as it is to"), "{out}");
    }
}

#[test]
fn nothing_is_captured_when_it_is_not_to_be() {
    let _deadline = fixture::deadline();
    let (out, err) = child(&["a_test_that_passes", "--nocapture", "--test-threads=1"]);
    assert!(
        out.contains("of the test\nof its greenlet\nby std\n"),
        "{out}"
    );
    assert!(err.starts_with("of the error 5\n["), "{err}");
}
