//! A deadline for a test: a thread of std that aborts the process when the test takes too long,
//! whatever state the greenlets are in.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Ends with the test.
pub(crate) struct Deadline {
    _done: Sender<()>,
}

/// Aborts the process if the guard still lives after this many seconds.
pub(crate) fn seconds(limit: u64) -> Deadline {
    let (done, waiter) = channel();
    let name = std::thread::current()
        .name()
        .unwrap_or("unnamed")
        .to_owned();
    std::thread::spawn(move || {
        // By the second, so that a pause of the whole machine counts as one.
        let goes_on = || waiter.recv_timeout(Duration::from_secs(1));
        if (0..limit).all(|_| goes_on() == Err(RecvTimeoutError::Timeout)) {
            eprintln!("test {name}: not done after {limit} s");
            std::process::abort();
        }
    });
    Deadline { _done: done }
}
