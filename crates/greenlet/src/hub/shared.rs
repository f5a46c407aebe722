//! The part of a hub that other threads see.

use super::inbox::{Bed, Doorbell, Inbox};
use crate::io::sys::Notifier;
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::time::Instant;

/// Inbox, doorbell and means of waking of one hub.
///
/// Never freed: when a thread ends in good order its hub's shared part is [retired](retire) and serves
/// the next hub, so a late wake-up from a thread that still holds the reference is at worst a spurious one.
/// The [epoch](HubShared::epoch) tells the hubs that one block has served apart.
pub(crate) struct HubShared {
    pub(crate) inbox: Inbox,
    pub(crate) bell: Doorbell,
    pub(crate) notifier: Notifier,
    epoch: AtomicU32,
    /// Its thread has ended with greenlets parked, which nobody will ever run.
    dead: AtomicBool,
    woken: Mutex<bool>,
    wakes: Condvar,
}

// SAFETY: the inbox is made for many pushing threads; the nodes in it belong to the pusher until they are pushed
// and to the hub's thread from then on. All else is `Sync` by itself.
unsafe impl Sync for HubShared {}
// SAFETY: as above.
unsafe impl Send for HubShared {}

/// Whether any hub is dead.
static ANY_DEAD: AtomicBool = AtomicBool::new(false);

/// Shared parts whose hubs have ended.
static RETIRED: Mutex<Vec<&'static HubShared>> = Mutex::new(Vec::new());

impl HubShared {
    /// A shared part for a new hub.
    pub(crate) fn acquire() -> &'static HubShared {
        if let Some(shared) = RETIRED.lock().pop() {
            return shared;
        }
        Box::leak(Box::new(HubShared {
            inbox: Inbox::new(),
            bell: Doorbell::new(),
            notifier: Notifier::new(),
            epoch: AtomicU32::new(0),
            dead: AtomicBool::new(false),
            woken: Mutex::new(false),
            wakes: Condvar::new(),
        }))
    }

    /// Gives the shared part back. No greenlet of the hub is left, so no waiter's node can come any more;
    /// what may still come (a kill of a finished greenlet, the release of a poller's slot) is recognised
    /// as stale by the next owner.
    ///
    /// # Safety
    ///
    /// Called once, by the owner, on its thread.
    pub(crate) unsafe fn retire(&'static self) {
        // SAFETY: still the owner.
        unsafe { self.inbox.deliver() };
        self.epoch.fetch_add(1, Ordering::Release);
        *self.woken.lock() = false;
        self.notifier.retire();
        RETIRED.lock().push(self);
    }

    /// Whether a waiter of any hub may be one that will never run.
    #[inline]
    pub(crate) fn any_is_dead() -> bool {
        ANY_DEAD.load(Ordering::Relaxed)
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// From now on nobody is to be woken here. Wakes that are on their way already go to somebody else.
    ///
    /// # Safety
    ///
    /// By the owner, on its thread, whose hub is still there.
    pub(crate) unsafe fn die(&self) {
        ANY_DEAD.store(true, Ordering::SeqCst);
        self.dead.store(true, Ordering::SeqCst);
        // Pairs with the fence of `ring`: a wake that comes too late for this delivery sees that the hub is dead.
        fence(Ordering::SeqCst);
        // SAFETY: the owner.
        unsafe { self.inbox.deliver() };
    }

    /// Changes with each hub that this block serves.
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Wakes the hub if it sleeps or is about to. Comes after a push into the inbox. Tells whether
    /// it was this call that woke it.
    #[inline]
    pub(crate) fn ring(&self) -> bool {
        match self.bell.ring() {
            None => return false,
            Some(Bed::Condvar) => {
                *self.woken.lock() = true;
                self.wakes.notify_one();
            }
            Some(Bed::Reactor) => self.notifier.notify(),
        }
        true
    }

    /// Sleeps on the condition variable until rung, or until the deadline.
    pub(crate) fn sleep(&self, deadline: Option<Instant>) {
        let mut woken = self.woken.lock();
        while !*woken {
            match deadline {
                None => self.wakes.wait(&mut woken),
                Some(deadline) => {
                    if self.wakes.wait_until(&mut woken, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        *woken = false;
    }
}
