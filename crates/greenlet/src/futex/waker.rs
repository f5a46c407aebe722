//! Waiting for one who knows the waiter: no table, no lock.

use crate::hub::inbox::Node;
use crate::hub::{Hub, HubShared, Kills, Wake};
use crate::task::{Core, WOKEN, shield};
use std::cell::Cell;
use std::fmt;
use std::mem::{self, offset_of};
use std::ptr::{self, NonNull};
use std::time::Instant;

/// A greenlet that waits for its waker; on its stack.
///
/// It stays there until the waker has been used or dropped *and* that has been delivered, on the hub's thread.
struct Sleeper {
    node: Node,
    core: NonNull<Core>,
    hub: &'static HubShared,
    /// Written by the waker's owner, read after the delivery.
    woken: Cell<bool>,
    /// Its greenlet is parked, or about to be, for this and for nothing else. The hub's thread only.
    parked: Cell<bool>,
    /// The hub's thread only.
    delivered: Cell<bool>,
}

/// Wakes the greenlet that has handed it out; see [`wait_with_waker`].
///
/// From any thread, once. Dropping it lets the greenlet go on as well, but then its wait gives `false`.
pub struct Waker {
    sleeper: NonNull<Sleeper>,
}

// SAFETY: the sleeper is written by the owner of its one waker, until the delivery, which goes through the inbox of its hub
// or happens on its thread.
unsafe impl Send for Waker {}
// SAFETY: nothing can be done by a shared reference.
unsafe impl Sync for Waker {}

impl Waker {
    /// Wakes the greenlet: its wait gives `true`.
    ///
    /// # Examples
    ///
    /// See [`wait_with_waker`].
    #[inline]
    pub fn wake(self) {
        self.release(true);
        mem::forget(self);
    }

    #[inline]
    fn release(&self, woken: bool) {
        let sleeper = self.sleeper.as_ptr();
        // SAFETY: alive until the delivery, which only this, the only waker, sets going. After that it is not touched.
        // Hubs' shared parts are never freed.
        unsafe {
            (*sleeper).woken.set(woken);
            let hub = (*sleeper).hub;
            match Hub::try_current() {
                Some(here) if ptr::eq(here.shared, hub) => deliver(here, sleeper),
                _ => {
                    hub.inbox.push(&raw const (*sleeper).node);
                    hub.ring();
                }
            }
        }
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.release(false);
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}

/// The node of a sleeper whose waker was used on another thread arrives.
///
/// # Safety
///
/// `node` is the node of a sleeper that is not delivered yet; on its hub's thread.
unsafe fn arrive(node: *const Node) {
    // SAFETY: a field of a sleeper, pushed by a pointer to the whole.
    let sleeper = unsafe { node.byte_sub(offset_of!(Sleeper, node)) }.cast::<Sleeper>();
    let hub = Hub::get();
    // On a hub that has died nobody ever runs it again.
    if !hub.shared.is_dead() {
        // SAFETY: its greenlet waits for this delivery.
        unsafe { deliver(hub, sleeper) };
    }
}

/// # Safety
///
/// As for [`arrive`].
#[inline]
unsafe fn deliver(hub: &Hub, sleeper: *const Sleeper) {
    // SAFETY: alive, see above; after the unpark it is not touched.
    unsafe {
        (*sleeper).delivered.set(true);
        // While it takes its waker back it may wait for something else, which this must not end.
        if (*sleeper).parked.get() {
            hub.unpark((*sleeper).core, WOKEN);
        }
    }
}

/// Lets the frame go only when the waker is gone, on every way out.
struct Awaited<'a, F: FnOnce()> {
    hub: &'a Hub,
    sleeper: &'a Sleeper,
    take_back: Option<F>,
}

impl<F: FnOnce()> Awaited<'_, F> {
    #[cold]
    fn end(&mut self) {
        struct Delivered<'a>(&'a Hub, &'a Sleeper);
        impl Drop for Delivered<'_> {
            fn drop(&mut self) {
                self.1.parked.set(true);
                self.0.park_until_delivered(&self.1.delivered);
            }
        }
        self.sleeper.parked.set(false);
        // Also if `take_back` panics.
        let _delivered = Delivered(self.hub, self.sleeper);
        if let Some(take_back) = self.take_back.take() {
            shield(take_back);
        }
    }
}

impl<F: FnOnce()> Drop for Awaited<'_, F> {
    #[inline]
    fn drop(&mut self) {
        if !self.sleeper.delivered.get() {
            self.end();
        }
    }
}

/// Parks the calling greenlet until the [`Waker`] that it hands out is used.
///
/// Where only one greenlet can be the one to wake, as the receiver of a channel, its waker stands in the
/// primitive itself, and neither side needs the futex's table.
///
/// `hand_out` gets the waker, and puts it where others find it. When the deadline has passed, or a kill is due, or
/// `hand_out` has panicked, `take_back` is called, with kills held back: it finds the waker, if it is still there, and
/// drops it. If it is not there, somebody is about to use it, and the wait lasts until then. Both may park.
///
/// Gives `true` if the waker was used, also when the deadline came at the same time, and `false` otherwise: the deadline has
/// passed, or the waker was dropped. A kill is thrown here; it never swallows a wake.
///
/// # Examples
///
/// ```
/// use greenlet::futex::{Waker, wait_with_waker};
/// use std::sync::{Arc, Mutex};
///
/// let place: Arc<Mutex<Option<Waker>>> = Arc::default();
/// let waker = std::thread::spawn({
///     let place = place.clone();
///     move || loop {
///         if let Some(waker) = place.lock().unwrap().take() {
///             break waker.wake();
///         }
///         std::thread::yield_now();
///     }
/// });
/// let woken = wait_with_waker(
///     None,
///     |waker| *place.lock().unwrap() = Some(waker),
///     || drop(place.lock().unwrap().take()),
/// );
/// assert!(woken);
/// # waker.join().unwrap();
/// ```
#[inline]
pub fn wait_with_waker(
    deadline: Option<Instant>,
    hand_out: impl FnOnce(Waker),
    take_back: impl FnOnce(),
) -> bool {
    let hub = Hub::get();
    if hub.current().kill_is_due() {
        hub.throw_kill();
    }
    let sleeper = Sleeper {
        node: Node::new(arrive),
        core: hub.current_ptr(),
        hub: hub.shared,
        woken: Cell::new(false),
        parked: Cell::new(false),
        delivered: Cell::new(false),
    };
    let waker = Waker {
        sleeper: NonNull::from(&sleeper),
    };
    let awaited = Awaited {
        hub,
        sleeper: &sleeper,
        take_back: Some(take_back),
    };
    hand_out(waker);
    let wake = if sleeper.delivered.get() {
        Wake::Woken
    } else {
        sleeper.parked.set(true);
        let wake = hub.park(deadline, Kills::Deliver);
        sleeper.parked.set(false);
        wake
    };
    drop(awaited);
    if sleeper.woken.get() {
        return true;
    }
    if wake == Wake::Killed {
        hub.throw_kill();
    }
    false
}
