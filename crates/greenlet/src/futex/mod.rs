//! Door 1: waiting on a word of memory, across hubs and threads.
//!
//! What the system's futex is for threads, with the same meaning: [`wait`] parks while the word has an expected
//! value, and comparing, queueing and parking are one step in the eyes of [`wake`]. Every blocking
//! lock of `gsync` and `gthread` is an `AtomicU32` and these three functions, and so can be `const`. Where only one
//! greenlet can be the one to wake, [`wait_with_waker`] does the same without a table.
//!
//! # Examples
//!
//! A one-shot event between a greenlet and a thread:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! let event = Arc::new(AtomicU32::new(0));
//! let waiter = greenlet::spawn({
//!     let event = event.clone();
//!     move || while event.load(Ordering::Acquire) == 0 {
//!         greenlet::futex::wait(&event, 0);
//!     }
//! });
//! std::thread::spawn(move || {
//!     event.store(1, Ordering::Release);
//!     greenlet::futex::wake(&*event, usize::MAX);
//! });
//! waiter.join().unwrap();
//! ```

mod spin;
mod table;
mod waker;

pub use waker::{Waker, wait_with_waker};

use crate::hub::inbox::Node;
use crate::hub::{Hub, HubShared, Kills, Wake};
use crate::task::{Core, WOKEN};
use std::cell::Cell;
use std::mem::offset_of;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// One waiting greenlet; on its stack.
///
/// Linked into a bucket by the greenlet, under the bucket's lock. Whoever takes it out, under the lock, owes it
/// a delivery, which happens on the hub's thread: directly, or by the inbox. Until that the greenlet stays
/// in [`wait_until`], so the waiter stays alive.
pub(crate) struct Waiter {
    node: Node,
    key: usize,
    core: NonNull<Core>,
    hub: &'static HubShared,
    /// In a bucket. Read and written under its lock.
    linked: Cell<bool>,
    /// Its delivery has happened. The hub's thread only.
    delivered: Cell<bool>,
    next: Cell<*const Waiter>,
    previous: Cell<*const Waiter>,
    /// The last of the queue; of the first of an address only.
    last: Cell<*const Waiter>,
    next_key: Cell<*const Waiter>,
    previous_key: Cell<*const Waiter>,
}

/// The node of a waiter that another thread has taken out arrives.
///
/// # Safety
///
/// `node` is the node of a waiter that was taken out and not delivered yet; on its hub's thread.
unsafe fn arrive(node: *const Node) {
    // SAFETY: a field of a waiter, pushed by a pointer to the whole.
    let waiter = unsafe { node.byte_sub(offset_of!(Waiter, node)) }.cast::<Waiter>();
    let hub = Hub::get();
    if hub.shared.is_dead() {
        // SAFETY: its frame stays for ever.
        wake(ptr::without_provenance(unsafe { (*waiter).key }), 1);
        return;
    }
    // SAFETY: its greenlet waits for this delivery.
    unsafe { deliver(hub, waiter) };
}

/// # Safety
///
/// As for [`arrive`].
#[inline]
unsafe fn deliver(hub: &Hub, waiter: *const Waiter) {
    // SAFETY: alive, see above; after the unpark it is not touched.
    unsafe {
        (*waiter).delivered.set(true);
        hub.unpark((*waiter).core, WOKEN);
    }
}

/// Takes the waiter out on every way out of the wait.
struct Linked<'a> {
    hub: &'a Hub,
    waiter: &'a Waiter,
}

impl Linked<'_> {
    /// Out of the bucket, if nobody has taken it out; otherwise waits for the delivery that is on its way.
    fn unlink(&self) {
        let mut bucket = table::lock(self.waiter.key);
        if self.waiter.linked.get() {
            // SAFETY: linked, in the bucket of its key.
            unsafe { bucket.remove(self.waiter) };
            return;
        }
        drop(bucket);
        self.hub.park_until_delivered(&self.waiter.delivered);
    }
}

impl Drop for Linked<'_> {
    fn drop(&mut self) {
        if !self.waiter.delivered.get() {
            self.unlink();
        }
    }
}

/// Parks the calling greenlet if `*word` is `expected`, until a [`wake`].
///
/// Gives `true` when it was woken, and `false` at once if the word has another value. It does not return for any other
/// reason, but the caller must look at the word again all the same: others may have run since the wake. A kill is
/// thrown here; it never swallows a wake.
///
/// # Examples
///
/// ```
/// let word = std::sync::atomic::AtomicU32::new(1);
/// assert!(!greenlet::futex::wait(&word, 0)); // it is not 0: returns
/// ```
pub fn wait(word: &AtomicU32, expected: u32) -> bool {
    park(word, expected, None) == Outcome::Woken
}

/// [`wait`] with a deadline: `false` when it has passed without a wake.
///
/// With `None` it waits for ever and gives `true`. A wake that comes together with the deadline is a wake.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// let word = std::sync::atomic::AtomicU32::new(0);
/// let deadline = Instant::now() + Duration::from_millis(1);
/// assert!(!greenlet::futex::wait_until(&word, 0, Some(deadline)));
/// ```
pub fn wait_until(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> bool {
    park(word, expected, deadline) != Outcome::TimedOut
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Woken,
    /// The word had another value.
    Unequal,
    TimedOut,
}

fn park(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> Outcome {
    let hub = Hub::get();
    if hub.current().kill_is_due() {
        hub.throw_kill();
    }
    let key = ptr::from_ref(word).addr();
    let waiter = Waiter {
        node: Node::new(arrive),
        key,
        core: hub.current_ptr(),
        hub: hub.shared,
        linked: Cell::new(false),
        delivered: Cell::new(false),
        next: Cell::new(ptr::null()),
        previous: Cell::new(ptr::null()),
        last: Cell::new(ptr::null()),
        next_key: Cell::new(ptr::null()),
        previous_key: Cell::new(ptr::null()),
    };
    let mut bucket = table::lock(key);
    if word.load(Ordering::Relaxed) != expected {
        return Outcome::Unequal;
    }
    // SAFETY: `linked` takes it out before this frame goes.
    let crowded = unsafe { bucket.push(&raw const waiter) };
    let linked = Linked {
        hub,
        waiter: &waiter,
    };
    drop(bucket);
    if crowded {
        table::grow();
    }
    let wake = hub.park(deadline, Kills::Deliver);
    drop(linked);
    if waiter.delivered.get() {
        return Outcome::Woken;
    }
    match wake {
        Wake::Killed => hub.throw_kill(),
        Wake::TimedOut | Wake::Woken => Outcome::TimedOut,
    }
}

/// Wakes up to `count` of the greenlets that wait on `word`, the longest waiting first, and says how many it woke.
///
/// From any thread. The pointer is only compared, never read through: the word may be gone already, as it may
/// after the store that let its last user go.
///
/// # Examples
///
/// ```
/// let word = std::sync::atomic::AtomicU32::new(0);
/// assert_eq!(greenlet::futex::wake(&word, 1), 0);
/// ```
pub fn wake(word: *const AtomicU32, count: usize) -> usize {
    let key = word.addr();
    let (mut waiter, woken) = table::lock(key).take(key, count);
    let here = Hub::try_current();
    let mut late = false;
    while !waiter.is_null() {
        // SAFETY: taken out and not yet delivered, so its greenlet is in `wait_until` and the waiter alive. Its fields are read
        // before the delivery, which may end its life at once. Hubs' shared parts are never freed.
        unsafe {
            let next = (*waiter).next.get();
            let hub = (*waiter).hub;
            match here {
                Some(here) if ptr::eq(here.shared, hub) => deliver(here, waiter),
                _ => {
                    hub.inbox.push(&raw const (*waiter).node);
                    hub.ring();
                    late |= hub.is_dead();
                }
            }
            waiter = next;
        }
    }
    if late {
        // Whether it was in time to be passed on by the hub's last delivery is not known. One too many does no harm.
        return woken + wake(word, count);
    }
    woken
}
