//! A meeting point.

use crate::{Condvar, Mutex};
use std::fmt;
use std::panic::RefUnwindSafe;
use std::sync::PoisonError;

/// Lets a number of greenlets begin something together.
///
/// This mirrors [`std::sync::Barrier`]. Where that blocks the thread, this parks the calling greenlet; so any number of
/// greenlets of one thread can meet. One that is [killed](greenlet::Handle::kill) while it waits has not come.
///
/// # Examples
///
/// ```
/// use gsync::{Arc, Barrier};
///
/// let barrier = Arc::new(Barrier::new(10));
/// let greenlets: Vec<_> = (0..10)
///     .map(|_| {
///         let barrier = Arc::clone(&barrier);
///         gthread::spawn(move || barrier.wait().is_leader())
///     })
///     .collect();
/// let leaders = greenlets.into_iter().filter(|_| true).map(|greenlet| greenlet.join().unwrap());
/// assert_eq!(leaders.filter(|&leads| leads).count(), 1);
/// ```
pub struct Barrier {
    meeting: Mutex<Meeting>,
    all_there: Condvar,
    size: usize,
}

/// Who waits at present.
struct Meeting {
    there: usize,
    /// Counts the meetings.
    number: usize,
}

/// Whether a greenlet was the last to come to a [`Barrier`].
///
/// This mirrors [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

// What std's has; the condition variable takes it away from nobody, but the cell of the mutex would.
impl RefUnwindSafe for Barrier {}

impl Barrier {
    /// A barrier for `n` greenlets, or threads. One for none lets everybody through, as one for one does.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(gsync::Barrier::new(1).wait().is_leader());
    /// ```
    #[must_use]
    #[inline]
    pub const fn new(n: usize) -> Barrier {
        Barrier {
            meeting: Mutex::new(Meeting {
                there: 0,
                number: 0,
            }),
            all_there: Condvar::new(),
            size: n,
        }
    }

    /// Parks the calling greenlet until as many have come as the barrier is for.
    ///
    /// It can be used again at once. One of them, the last, is told that it leads.
    ///
    /// # Examples
    ///
    /// See the [type](Barrier)'s.
    pub fn wait(&self) -> BarrierWaitResult {
        /// One that is killed has not come.
        struct Leave<'a>(&'a Barrier, usize);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                let mut meeting = self
                    .0
                    .meeting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if meeting.number == self.1 {
                    meeting.there -= 1;
                }
            }
        }

        let mut meeting = self.meeting.lock().unwrap_or_else(PoisonError::into_inner);
        let number = meeting.number;
        meeting.there += 1;
        if meeting.there >= self.size {
            meeting.there = 0;
            meeting.number = number.wrapping_add(1);
            self.all_there.notify_all();
            return BarrierWaitResult(true);
        }
        // Declared after the guard that a kill drops first.
        let leave = Leave(self, number);
        let meeting = self
            .all_there
            .wait_while(meeting, |meeting| meeting.number == number);
        drop(meeting);
        std::mem::forget(leave);
        BarrierWaitResult(false)
    }
}

impl BarrierWaitResult {
    /// Whether this is the one of all that met that leads.
    ///
    /// # Examples
    ///
    /// See [`Barrier::new`].
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult")
            .field("is_leader", &self.is_leader())
            .finish()
    }
}
