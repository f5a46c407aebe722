//! The condition variable. Its state machine is in `raw/condvar.rs`.

use crate::MutexGuard;
use crate::raw::RawCondvar;
use std::fmt;
use std::sync::{LockResult, PoisonError};
use std::time::{Duration, Instant};

/// Lets greenlets wait until others have changed what a [`Mutex`](crate::Mutex) guards.
///
/// This mirrors [`std::sync::Condvar`]. Where that blocks the thread, this parks the calling greenlet. As there, a wait may
/// end without a notification, so it belongs into a loop, or is one of those that have a condition. A
/// [kill](greenlet::Handle::kill) that ends a wait takes the mutex again before it unwinds further.
///
/// Greenlets are woken in the order in which they wait.
///
/// # Examples
///
/// ```
/// use gsync::{Arc, Condvar, Mutex};
///
/// let pair = Arc::new((Mutex::new(false), Condvar::new()));
/// let setter = Arc::clone(&pair);
/// gthread::spawn(move || {
///     *setter.0.lock().unwrap() = true;
///     setter.1.notify_one();
/// });
///
/// let mut ready = pair.0.lock().unwrap();
/// while !*ready {
///     ready = pair.1.wait(ready).unwrap();
/// }
/// ```
pub struct Condvar {
    raw: RawCondvar,
}

/// Whether a wait with a time-out has run into it.
///
/// This mirrors [`std::sync::WaitTimeoutResult`].
#[derive(Debug, PartialEq, Eq, Copy, Clone)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over before a notification came.
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    /// let guard = mutex.lock().unwrap();
    /// let (_guard, result) = condvar
    ///     .wait_timeout_while(guard, Duration::from_millis(1), |()| true)
    ///     .unwrap();
    /// assert!(result.timed_out());
    /// ```
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condition variable that nobody waits for.
    ///
    /// # Examples
    ///
    /// ```
    /// static CHANGED: gsync::Condvar = gsync::Condvar::new();
    /// CHANGED.notify_all();
    /// ```
    #[must_use]
    #[inline]
    pub const fn new() -> Condvar {
        Condvar {
            raw: RawCondvar::new(),
        }
    }

    /// Unlocks the mutex, parks the calling greenlet until it is notified, and locks the mutex again.
    ///
    /// A notification that comes after the unlocking is not missed.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`] around the guard, if the mutex is poisoned when it is locked again.
    ///
    /// # Examples
    ///
    /// See the [type](Condvar)'s.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.park(&guard, None);
        guard.checked()
    }

    /// Waits for as long as `condition` holds.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::{Condvar, Mutex};
    ///
    /// let (queue, filled) = (Mutex::new(vec![1]), Condvar::new());
    /// let guard = queue.lock().unwrap();
    /// let mut guard = filled.wait_while(guard, |queue| queue.is_empty()).unwrap();
    /// assert_eq!(guard.pop(), Some(1));
    /// ```
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// [`wait_timeout`](Self::wait_timeout) for a number of milliseconds; `false` when the time was over.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    #[deprecated(since = "0.1.0", note = "replaced by `gsync::Condvar::wait_timeout`")]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        ms: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(ms.into())) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(poisoned) => {
                let (guard, result) = poisoned.into_inner();
                Err(PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// [`wait`](Self::wait) for no longer than `dur`, and for the time that it takes to lock the mutex again.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    /// let guard = mutex.lock().unwrap();
    /// let (_guard, result) = condvar.wait_timeout(guard, Duration::from_millis(1)).unwrap();
    /// assert!(result.timed_out());
    /// ```
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        dur: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let in_time = self.park(&guard, Some(dur));
        let result = WaitTimeoutResult(!in_time);
        match guard.checked() {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// Waits for as long as `condition` holds, and for no longer than `dur`.
    ///
    /// The result says that the time was over only if the condition still holds then.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// See [`WaitTimeoutResult::timed_out`].
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        dur: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = dur.checked_sub(start.elapsed()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// Wakes the greenlet that has waited longest, if there is one.
    ///
    /// # Examples
    ///
    /// See the [type](Condvar)'s.
    #[inline]
    pub fn notify_one(&self) {
        self.raw.notify_one();
    }

    /// Wakes all that wait.
    ///
    /// # Examples
    ///
    /// ```
    /// gsync::Condvar::new().notify_all();
    /// ```
    #[inline]
    pub fn notify_all(&self) {
        self.raw.notify_all();
    }

    /// `false` when the time was over first.
    fn park<T>(&self, guard: &MutexGuard<'_, T>, dur: Option<Duration>) -> bool {
        // A time past the end of the clock is no deadline at all.
        let deadline = dur.and_then(|dur| Instant::now().checked_add(dur));
        // SAFETY: the guard has the lock.
        unsafe { self.raw.wait(guard.raw(), deadline) }
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}
