//! Broken on purpose: `sleep` blocks the thread.

pub use gthread::*;
use std::time::Duration;

pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}
