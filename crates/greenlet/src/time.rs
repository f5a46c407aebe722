//! Door 3: waiting for a point in time.

use crate::hub::{Hub, Wake};
use crate::task;
use once_cell::sync::Lazy;
use std::time::{Duration, Instant};

/// Nanosecond 0 of the core's clock.
static EPOCH: Lazy<Instant> = Lazy::new(Instant::now);

/// The time, in nanoseconds of the core's clock.
pub(crate) fn now() -> u64 {
    at(Instant::now())
}

/// `instant` on the core's clock: 0 if it was before the clock began, the far future past 584 years.
pub(crate) fn at(instant: Instant) -> u64 {
    let since = instant.saturating_duration_since(*EPOCH);
    since
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(since.subsec_nanos()))
}

/// The instant of a time of the core's clock.
pub(crate) fn instant(at: u64) -> Instant {
    *EPOCH + Duration::from_nanos(at)
}

/// Parks the calling greenlet until `deadline`. It never returns before.
///
/// A deadline that has passed already makes it a [`yield_now`](crate::yield_now), as `sleep(0)` is in
/// gevent. `gthread::sleep`, which mirrors [`std::thread::sleep`], is made of it.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// let deadline = Instant::now() + Duration::from_millis(5);
/// greenlet::time::sleep_until(deadline);
/// assert!(Instant::now() >= deadline);
/// ```
pub fn sleep_until(deadline: Instant) {
    let hub = Hub::get();
    if deadline <= Instant::now() {
        return hub.yield_now();
    }
    match hub.park(Some(deadline), crate::hub::Kills::Deliver) {
        Wake::TimedOut => (),
        Wake::Killed => task::throw_kill(hub.current()),
        Wake::Woken => unreachable!("nobody knows of a sleeper but its timer"),
    }
}
