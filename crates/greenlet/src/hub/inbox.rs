//! The lock-free inbox of a hub, and the doorbell that wakes it.
//!
//! Any thread may [push](Inbox::push) a [`Node`]; only the hub's own thread takes them out. Nodes are
//! intrusive: they sit in the waiter, the job or the control block they speak of, so a wake-up
//! allocates nothing.
//!
//! The sleep protocol: a hub that is about to sleep [arms](Doorbell::arm) its bell and only then looks
//! at the inbox for the last time; a thread that wakes it pushes first and [rings](Doorbell::ring)
//! afterwards. Between the two stores and the two loads stand sequentially consistent fences, so at
//! least one side sees the other: either the hub finds the node, or the pusher finds the bell armed.
//! `loom` checks this in the tests below.

use std::cell::Cell;
use std::ptr;

#[cfg(loom)]
use loom::sync::atomic::{AtomicPtr, AtomicU8, Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering, fence};

/// What the hub does with a node that it has taken out. It runs on the hub's thread.
pub(crate) type Action = unsafe fn(*const Node);

/// A link in an inbox, embedded in whatever is to be delivered.
#[repr(C)]
pub(crate) struct Node {
    next: AtomicPtr<Node>,
    action: Cell<Action>,
}

impl Node {
    pub(crate) fn new(action: Action) -> Node {
        Node {
            next: AtomicPtr::new(ptr::null_mut()),
            action: Cell::new(action),
        }
    }
}

/// A many-producer, single-consumer stack that is drained whole and read in arrival order.
pub(crate) struct Inbox {
    head: AtomicPtr<Node>,
}

impl Inbox {
    pub(crate) fn new() -> Inbox {
        Inbox {
            head: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Adds `node`. The caller must ring the hub's doorbell afterwards.
    ///
    /// # Safety
    ///
    /// `node` stays where it is until the hub has taken it out, and is in no inbox now. After this call
    /// the caller may touch it no more: the hub may have taken it, and its owner dropped it, already.
    pub(crate) unsafe fn push(&self, node: *const Node) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the caller keeps the node alive until it is taken out, which cannot be before the
            // exchange below has published it.
            unsafe { (*node).next.store(head, Ordering::Relaxed) };
            match self.head.compare_exchange_weak(
                head,
                node.cast_mut(),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Whether nothing waits in the inbox at this moment.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }

    /// Takes out everything and runs each node's action, in the order of arrival.
    ///
    /// # Safety
    ///
    /// Only the thread of the hub that owns this inbox may call it.
    pub(crate) unsafe fn deliver(&self) {
        let mut newest = self.head.swap(ptr::null_mut(), Ordering::Acquire);
        let mut oldest: *mut Node = ptr::null_mut();
        while !newest.is_null() {
            // SAFETY: a node in the chain stays alive until its action has run.
            let older = unsafe {
                let older = (*newest).next.load(Ordering::Relaxed);
                (*newest).next.store(oldest, Ordering::Relaxed);
                older
            };
            oldest = newest;
            newest = older;
        }
        while !oldest.is_null() {
            let node = oldest;
            // SAFETY: as above; both fields are read before the action runs, which may end the
            // node's life.
            let action = unsafe {
                oldest = (*node).next.load(Ordering::Relaxed);
                (*node).action.get()
            };
            // SAFETY: the action was made for this node by whoever embedded it, and this is the
            // hub's thread.
            unsafe { action(node) };
        }
    }
}

/// How a sleeping hub has to be woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bed {
    /// It waits on its condition variable: it has no reactor.
    Condvar = 1,
    /// It waits in its reactor.
    Reactor = 2,
}

/// Whether the hub sleeps, or is about to.
pub(crate) struct Doorbell {
    armed: AtomicU8,
}

const AWAKE: u8 = 0;

impl Doorbell {
    pub(crate) fn new() -> Doorbell {
        Doorbell {
            armed: AtomicU8::new(AWAKE),
        }
    }

    /// Says that the hub is about to sleep. The last look at the inbox comes after it.
    ///
    /// With `Release`, so that whoever rings sees the notifier that was made before.
    pub(crate) fn arm(&self, bed: Bed) {
        self.armed.store(bed as u8, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Says that the hub is awake.
    ///
    /// An exchange, so that the next `arm` comes after the ring that this one missed.
    pub(crate) fn disarm(&self) {
        self.armed.swap(AWAKE, Ordering::Acquire);
    }

    /// After a push: how to wake the hub, if it has to be woken and nobody has done so yet.
    pub(crate) fn ring(&self) -> Option<Bed> {
        fence(Ordering::SeqCst);
        let bed = match self.armed.load(Ordering::Relaxed) {
            AWAKE => return None,
            bed if bed == Bed::Condvar as u8 => Bed::Condvar,
            _ => Bed::Reactor,
        };
        self.armed
            .compare_exchange(bed as u8, AWAKE, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
            .then_some(bed)
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::{Arc, Condvar, Mutex};

    #[repr(C)]
    struct Item {
        node: Node,
        log: *const std::sync::Mutex<Vec<u32>>,
        value: u32,
    }

    unsafe fn record(node: *const Node) {
        // SAFETY: only items of these tests are pushed, `node` is their first field.
        let item = unsafe { Box::from_raw(node.cast_mut().cast::<Item>()) };
        // SAFETY: the log outlives the model run.
        unsafe { (*item.log).lock().unwrap().push(item.value) };
    }

    struct Shared {
        inbox: Inbox,
        bell: Doorbell,
        awake: Mutex<bool>,
        wakes: Condvar,
    }
    // SAFETY: `Inbox` and `Doorbell` are made for many threads.
    unsafe impl Sync for Shared {}
    // SAFETY: as above.
    unsafe impl Send for Shared {}

    impl Shared {
        fn new() -> Arc<Shared> {
            Arc::new(Shared {
                inbox: Inbox::new(),
                bell: Doorbell::new(),
                awake: Mutex::new(false),
                wakes: Condvar::new(),
            })
        }

        fn send(&self, log: usize, value: u32) {
            let item = Box::new(Item {
                node: Node::new(record),
                log: log as *const _,
                value,
            });
            // SAFETY: the item is leaked until its action frees it.
            unsafe { self.inbox.push(Box::into_raw(item).cast::<Node>()) };
            if self.bell.ring().is_some() {
                *self.awake.lock().unwrap() = true;
                self.wakes.notify_one();
            }
        }

        /// The hub's side: deliver until `count` values came, sleeping by the protocol. A lost wake-up is
        /// a deadlock, which loom reports.
        fn receive(&self, log: &std::sync::Mutex<Vec<u32>>, count: usize) {
            loop {
                // SAFETY: the model's one consumer.
                unsafe { self.inbox.deliver() };
                if log.lock().unwrap().len() == count {
                    return;
                }
                self.bell.arm(Bed::Condvar);
                if self.inbox.is_empty() {
                    let mut awake = self.awake.lock().unwrap();
                    while !*awake {
                        awake = self.wakes.wait(awake).unwrap();
                    }
                    *awake = false;
                }
                self.bell.disarm();
            }
        }
    }

    /// Every execution with up to three preemptions, which is where such bugs are found; all of them take hours.
    fn model(f: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(f);
    }

    #[test]
    fn loom_two_pushers_never_lose_a_wake_up() {
        model(|| {
            let log = Box::new(std::sync::Mutex::new(Vec::new()));
            let at = &raw const *log as usize;
            let shared = Shared::new();
            let other = shared.clone();
            let a = loom::thread::spawn(move || other.send(at, 1));
            let other = shared.clone();
            let b = loom::thread::spawn(move || other.send(at, 2));
            shared.receive(&log, 2);
            a.join().unwrap();
            b.join().unwrap();
            let mut seen = log.lock().unwrap().clone();
            seen.sort_unstable();
            assert_eq!(seen, [1, 2]);
        });
    }

    #[test]
    fn loom_one_pusher_is_heard_in_order() {
        model(|| {
            let log = Box::new(std::sync::Mutex::new(Vec::new()));
            let at = &raw const *log as usize;
            let shared = Shared::new();
            let other = shared.clone();
            let a = loom::thread::spawn(move || {
                other.send(at, 1);
                other.send(at, 2);
            });
            shared.receive(&log, 2);
            a.join().unwrap();
            assert_eq!(*log.lock().unwrap(), [1, 2]);
        });
    }
}
