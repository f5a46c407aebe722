//! `sleep`: parks until a time.

use std::time::{Duration, Instant};

use greenlet::time::sleep_until;

/// Parks the calling greenlet for at least `dur`, while others of its hub run.
///
/// Mirrors [`std::thread::sleep`]. It never returns early; how late it returns depends on what else
/// the hub has to do. `sleep(Duration::ZERO)` is a [`yield_now`], as gevent's `sleep(0)` is, and a
/// `dur` that reaches past the end of the clock is for ever.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// gthread::sleep(Duration::from_millis(10));
///
/// assert!(start.elapsed() >= Duration::from_millis(10));
/// ```
///
/// [`yield_now`]: crate::yield_now()
pub fn sleep(dur: Duration) {
    if dur.is_zero() {
        return greenlet::yield_now();
    }
    match Instant::now().checked_add(dur) {
        Some(deadline) => sleep_until(deadline),
        None => sleep_for_ever(),
    }
}

/// Parks the calling greenlet for at least `ms` milliseconds.
///
/// Mirrors [`std::thread::sleep_ms`], deprecated there too. It is [`sleep`] for a number.
///
/// # Examples
///
/// ```
/// #![allow(deprecated)]
///
/// gthread::sleep_ms(10);
/// ```
#[deprecated(since = "0.1.0", note = "replaced by `gthread::sleep`")]
pub fn sleep_ms(ms: u32) {
    sleep(Duration::from_millis(ms.into()));
}

/// Ends only when the greenlet is killed. No `Instant` lies past the end of the clock, so this
/// sleeps until one that is far away, again and again.
fn sleep_for_ever() -> ! {
    /// About 136 years.
    const FAR: Duration = Duration::from_secs(1 << 32);

    loop {
        sleep_until(Instant::now() + FAR);
    }
}
