//! A deadline for a test: a test that hangs ends its process, with its name, instead of the
//! patience of whoever runs it.
//!
//! ```ignore
//! mod watchdog;
//!
//! #[test]
//! fn something_ends() {
//!     let _deadline = watchdog::within(30, "something_ends");
//!     // ...
//! }
//! ```
//!
//! The watching is done by a plain thread of `std`, so it works whatever the hubs are doing.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Holds the watchdog off when it is dropped.
#[must_use = "the deadline is off as soon as the guard is dropped"]
pub(crate) struct Guard {
    /// Dropping it is what the watching thread waits for.
    _alive: Sender<()>,
}

/// Aborts the process, naming the test, unless the returned guard is dropped within `seconds`.
///
/// Panicking out of the test drops the guard too, so a failure is reported as such.
pub(crate) fn within(seconds: u64, name: &'static str) -> Guard {
    let (alive, dropped) = mpsc::channel();
    thread::Builder::new()
        .name(format!("watchdog-{name}"))
        .spawn(move || {
            // By the second, so that a pause of the whole machine counts as one.
            let goes_on = || dropped.recv_timeout(Duration::from_secs(1));
            if (0..seconds).all(|_| goes_on() == Err(RecvTimeoutError::Timeout)) {
                // Not `eprintln!`: the test harness would capture it, and the lock of stderr may
                // be held by whatever hangs.
                let message = format!("\ntest `{name}` is not done after {seconds} s: aborting\n");
                // SAFETY: descriptor 2 is only borrowed, for one write; `ManuallyDrop` keeps it
                // open.
                let mut stderr = std::mem::ManuallyDrop::new(unsafe {
                    <std::fs::File as std::os::fd::FromRawFd>::from_raw_fd(2)
                });
                let _ = stderr.write_all(message.as_bytes());
                std::process::abort();
            }
        })
        .expect("no thread for the watchdog");
    Guard { _alive: alive }
}
