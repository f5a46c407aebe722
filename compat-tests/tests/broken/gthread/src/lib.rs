//! Broken on purpose: `sleep` blocks the thread, and so does `park_timeout`, a little at a time.

pub use gthread::*;
use std::time::{Duration, Instant};

pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

pub fn park_timeout(duration: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < duration {
        std::thread::sleep(Duration::from_millis(1));
    }
}
