//! Waiting until something that is not a futex word has changed, such as the content of a queue.
//!
//! | who | does |
//! | --- | --- |
//! | a waiter | counts itself, reads the number of changes, *looks once more*, waits for another number |
//! | who makes a change | makes it, *looks whether anybody waits*; if so it adds one to the number and wakes |
//!
//! *No wake-up is lost.* Between the two steps on either side stands a sequentially consistent fence: either the
//! waiter sees the change, or it is seen to wait; and then the number changes, which the futex compares. Whoever is woken looks
//! before a kill can be thrown, so a wake is never lost with the one that it went to.

use greenlet::futex;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, fence};
use std::time::Instant;

pub(super) struct Event {
    changes: AtomicU32,
    waiting: AtomicU32,
}

impl Event {
    pub(super) const fn new() -> Event {
        Event {
            changes: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
        }
    }

    /// Parks until `look` gives something, or the deadline has passed.
    pub(super) fn wait<R>(
        &self,
        deadline: Option<Instant>,
        mut look: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        loop {
            let waiting = Waiting::begin(self);
            let seen = self.changes.load(Relaxed);
            fence(SeqCst);
            if let Some(found) = look() {
                return Some(found);
            }
            let in_time = futex::wait_until(&self.changes, seen, deadline);
            drop(waiting);
            let found = look();
            if found.is_some() || !in_time {
                return found;
            }
        }
    }

    /// After a change that is of use to `count` of those that wait.
    #[inline]
    pub(super) fn notify(&self, count: usize) {
        fence(SeqCst);
        if self.waiting.load(Relaxed) != 0 {
            self.wake(count);
        }
    }

    #[cold]
    fn wake(&self, count: usize) {
        self.changes.fetch_add(1, Relaxed);
        futex::wake(&raw const self.changes, count);
    }
}

/// Counts a waiter, on every way out.
struct Waiting<'a>(&'a Event);

impl Waiting<'_> {
    fn begin(event: &Event) -> Waiting<'_> {
        event.waiting.fetch_add(1, Relaxed);
        Waiting(event)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}
