//! `park`, `park_timeout` and the other side of them, [`Thread::unpark`](crate::Thread::unpark): a
//! token of one bit for each greenlet, kept in the futex word that the core gives to each.
//!
//! ```text
//!              park                    unpark
//!   NOTIFIED   takes it: EMPTY         NOTIFIED
//!   EMPTY      PARKED, and waits       NOTIFIED
//!   PARKED     (never: one owner)      NOTIFIED, and wakes
//! ```
//!
//! Only its greenlet parks on a token, and only that greenlet moves it to `EMPTY` or `PARKED`.
//! Others move it to `NOTIFIED`, with `Release`, which the `Acquire` of the park that takes the token
//! answers. That is all the ordering that `std::thread::park` promises.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use greenlet::futex;

/// No token, nobody waits. The core hands the word out in this state.
const EMPTY: u32 = 0;
/// The token is there.
const NOTIFIED: u32 = 1;
/// No token, and the greenlet waits or is about to. `EMPTY - 1`, so that one subtraction takes the
/// token or announces the wait.
const PARKED: u32 = u32::MAX;

/// Parks the calling greenlet until its token is available, and takes it.
///
/// Mirrors [`std::thread::park`]. [`Thread::unpark`] makes the token available. If that happened
/// before, `park` returns at once: a wake-up is never lost. There is one token a greenlet, and like
/// std this reserves the right to return without it, so call it in a loop that looks at what it waits
/// for.
///
/// # Memory ordering
///
/// `unpark` *synchronizes with* the `park` that takes the token: what was written before the
/// `unpark` is visible after the `park`. All earlier `unpark`s of the same token do, too.
///
/// # Unwinding
///
/// std's `park` never unwinds. This one does when the greenlet is killed while it waits. The token
/// is then as if `park` had not been called.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let number = Arc::new(AtomicU32::new(0));
///
/// let greenlet = gthread::spawn({
///     let number = Arc::clone(&number);
///     move || loop {
///         match number.load(Ordering::Relaxed) {
///             0 => gthread::park(),
///             number => return number,
///         }
///     }
/// });
///
/// number.store(11, Ordering::Relaxed);
/// greenlet.thread().unpark();
/// assert_eq!(greenlet.join().unwrap(), 11);
/// ```
///
/// [`Thread::unpark`]: crate::Thread::unpark
pub fn park() {
    let current = greenlet::current();
    let token = current.token();
    if token.fetch_sub(1, Acquire) == NOTIFIED {
        return;
    }
    let guard = ParkedGuard { token };
    loop {
        futex::wait(token, PARKED);
        if token
            .compare_exchange(NOTIFIED, EMPTY, Acquire, Acquire)
            .is_ok()
        {
            break;
        }
    }
    std::mem::forget(guard);
}

/// [`park`] that gives up after `dur`.
///
/// Mirrors [`std::thread::park_timeout`]. It does not say why it returned: whether the token was
/// taken shows only in what the other side wrote before its [`unpark`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// // Nobody unparks this thread: it goes on after the time.
/// gthread::park_timeout(Duration::from_millis(10));
///
/// // The token is there: it does not wait at all.
/// gthread::current().unpark();
/// gthread::park_timeout(Duration::from_secs(3600));
/// ```
///
/// [`unpark`]: crate::Thread::unpark
pub fn park_timeout(dur: Duration) {
    let current = greenlet::current();
    let token = current.token();
    if token.fetch_sub(1, Acquire) == NOTIFIED {
        return;
    }
    let guard = ParkedGuard { token };
    // A time past the end of the clock is no deadline at all.
    let deadline = Instant::now().checked_add(dur);
    futex::wait_until(token, PARKED, deadline);
    std::mem::forget(guard);
    // Not a store: if an `unpark` came in the meantime, this takes its token and must see what it
    // wrote.
    token.swap(EMPTY, Acquire);
}

/// [`park_timeout`] for a number of milliseconds.
///
/// Mirrors [`std::thread::park_timeout_ms`], deprecated there too.
///
/// # Examples
///
/// ```
/// #![allow(deprecated)]
///
/// gthread::park_timeout_ms(10);
/// ```
#[deprecated(since = "0.1.0", note = "replaced by `gthread::park_timeout`")]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(ms.into()));
}

/// Makes the token available and wakes its greenlet if that waits for it.
pub(crate) fn unpark(token: &AtomicU32) {
    // A token that is there already is written again, so that this `unpark` synchronizes with the
    // `park` as well.
    if token.swap(NOTIFIED, Release) == PARKED {
        futex::wake(token, 1);
    }
}

/// Takes the announcement of a wait back when a kill unwinds out of it. A token that came in the
/// meantime stays for the next `park`.
struct ParkedGuard<'a> {
    token: &'a AtomicU32,
}

impl Drop for ParkedGuard<'_> {
    fn drop(&mut self) {
        let _ = self.token.compare_exchange(PARKED, EMPTY, Relaxed, Relaxed);
    }
}
