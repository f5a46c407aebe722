//! The one allocation of a greenlet: control block, closure, outcome.

use super::block;
use super::kill::KillPayload;
use super::{Core, DETACHED, FINISHED, JOINING, Killed, Methods, Owners};
use crate::futex;
use crate::hub::{Hub, Kills, Wake};
use crate::stack::Class;
use std::any::Any;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

/// The part whose layout a handle knows without knowing the closure's type.
#[repr(C)]
struct Head<T> {
    core: Core,
    /// Written by the greenlet before `FINISHED`; after it, it belongs to the handle, or to the greenlet's hub when
    /// the handle was detached before.
    outcome: UnsafeCell<Option<thread::Result<T>>>,
}

#[repr(C)]
struct Packet<F, T> {
    head: Head<T>,
    /// Taken when the greenlet first runs.
    closure: UnsafeCell<Option<F>>,
}

/// Makes a packet on which the hub that will run it counts, and the [`Joiner`].
pub(crate) fn new<F, T>(
    closure: F,
    name: Option<Arc<str>>,
    class: Class,
    spawner: &Hub,
    owners: Owners,
) -> (NonNull<Core>, Joiner<T>)
where
    F: FnOnce() -> T,
{
    let hub = match owners {
        Owners::OfOneThread => ptr::from_ref(spawner.shared),
        Owners::OfTwo | Owners::HubAlone => ptr::null(),
    };
    let place = spawner.blocks.allocate::<Packet<F, T>>();
    let packet = Packet {
        head: Head::<T> {
            core: Core::new(
                spawner.ids.next(),
                name,
                Some(class),
                hub,
                owners,
                const {
                    &Methods {
                        run: run::<F, T>,
                        drop_outcome: drop_outcome::<T>,
                        free: free::<F, T>,
                    }
                },
            ),
            outcome: UnsafeCell::new(None),
        },
        closure: UnsafeCell::new(Some(closure)),
    };
    // SAFETY: just allocated for it.
    unsafe { place.write(packet) };
    let core = place.cast::<Core>();
    (
        core,
        Joiner {
            core,
            outcome: PhantomData,
        },
    )
}

/// # Safety
///
/// `core` heads a `Packet<F, T>`, is the hub's current greenlet, and has not run before.
unsafe fn run<F, T>(core: *const Core, drop_only: bool)
where
    F: FnOnce() -> T,
{
    let packet = core.cast::<Packet<F, T>>();
    // SAFETY: nobody else touches the closure of a greenlet that has begun to run.
    let closure = unsafe { (*(*packet).closure.get()).take() };
    let Some(closure) = closure else {
        unreachable!("a greenlet runs once");
    };
    let outcome = if drop_only {
        // Its destructors may park, and nothing is gained by killing them.
        // SAFETY: alive.
        let shields = unsafe { &(*core).shields };
        shields.set(shields.get() + 1);
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(closure)));
        shields.set(shields.get() - 1);
        dropped.and_then(|()| Err(Box::new(Killed) as Box<dyn Any + Send>))
    } else {
        panic::catch_unwind(AssertUnwindSafe(closure)).map_err(|payload| {
            if payload.is::<KillPayload>() {
                Box::new(Killed)
            } else {
                payload
            }
        })
    };
    // SAFETY: nobody reads the outcome before `FINISHED` is set, which comes after this.
    unsafe { *(*packet).head.outcome.get() = Some(outcome) };
}

/// # Safety
///
/// `core` heads a `Head<T>`, is finished, and the outcome belongs to the caller.
unsafe fn drop_outcome<T>(core: *const Core) {
    // SAFETY: as the caller promises.
    let outcome = unsafe { (*(*core.cast::<Head<T>>()).outcome.get()).take() };
    if outcome.is_none() {
        return;
    }
    // As in std: a destructor that panics here has nobody to report to. A kill must not be thrown out of it.
    let drop = || panic::catch_unwind(AssertUnwindSafe(|| drop(outcome)));
    let dropped = match Hub::try_current() {
        Some(_) => super::shield(drop),
        None => drop(),
    };
    if let Err(payload) = dropped {
        std::mem::forget(payload);
        eprintln!("fatal: a greenlet's result panicked when it was dropped");
        std::process::abort();
    }
}

/// # Safety
///
/// `core` heads a `Packet<F, T>` whose last reference is gone.
unsafe fn free<F, T>(core: *const Core) {
    let packet = core.cast_mut().cast::<Packet<F, T>>();
    // SAFETY: made by `new` from this type. The closure was taken by `run` and the outcome by the handle or the
    // hub, so nothing of the caller's types is dropped here, on whatever thread this is.
    unsafe {
        ptr::drop_in_place(&raw mut (*packet).head.core);
        block::free(
            Hub::try_current().map(|hub| &hub.blocks),
            NonNull::new_unchecked(packet),
        );
    }
}

/// The right to a greenlet's outcome.
///
/// Dropping it detaches: the outcome is then dropped by whoever is later, this thread or the greenlet's hub,
/// never by a mere [`Handle`](super::Handle).
pub(crate) struct Joiner<T> {
    core: NonNull<Core>,
    /// Owned, behind a pointer.
    outcome: PhantomData<Box<T>>,
}

impl<T> Joiner<T> {
    pub(crate) fn core(&self) -> &Core {
        // SAFETY: the joiner counts on it.
        unsafe { self.core.as_ref() }
    }

    pub(crate) fn as_ptr(&self) -> *const Core {
        self.core.as_ptr()
    }

    /// Parks until the greenlet has ended; `false` if the deadline passed before. From any thread.
    ///
    /// There is one joiner, so the greenlet that ends finds its waker in the control block. The place belongs to the joiner
    /// until it sets `JOINING`, and to whoever of the two changes the status next from then on: the joiner, that takes the flag
    /// back before the end, or the greenlet that ends.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let core = self.core();
        if core.is_finished() {
            return true;
        }
        let forget = || {
            // SAFETY: the place is the joiner's, see above.
            drop(unsafe { (*core.waker.get()).take() });
        };
        let woken = futex::wait_with_waker(
            deadline,
            |waker| {
                // SAFETY: the flag is not set yet, so the place is the joiner's.
                unsafe { *core.waker.get() = Some(waker) };
                if core.status.fetch_or(JOINING, Ordering::AcqRel) & FINISHED != 0 {
                    forget();
                }
            },
            || {
                if core.status.fetch_and(!JOINING, Ordering::AcqRel) & FINISHED == 0 {
                    forget();
                }
            },
        );
        woken || core.is_finished()
    }

    /// The same on the thread of the greenlet's hub, where no futex is needed.
    pub(crate) fn wait_here(&self, deadline: Option<Instant>) -> bool {
        /// Clears the field on every way out of the wait.
        struct Linked<'a>(&'a Core);
        impl Drop for Linked<'_> {
            fn drop(&mut self) {
                self.0.joiner.set(ptr::null());
            }
        }
        if self.core().is_finished() {
            return true;
        }
        let hub = Hub::get();
        let linked = Linked(self.core());
        self.core().joiner.set(hub.current_ptr().as_ptr());
        let wake = hub.park(deadline, Kills::Deliver);
        drop(linked);
        match wake {
            Wake::Woken => true,
            Wake::TimedOut => self.core().is_finished(),
            Wake::Killed => hub.throw_kill(),
        }
    }

    /// Takes the outcome of a greenlet that has ended.
    pub(crate) fn take(self) -> thread::Result<T> {
        assert!(
            self.core().is_finished(),
            "the outcome is taken after the wait"
        );
        let this = ManuallyDrop::new(self);
        // SAFETY: finished, so the outcome belongs to the joiner. The joiner's own count is given up once, here.
        let outcome = unsafe {
            let outcome = (*(*this.as_ptr().cast::<Head<T>>()).outcome.get()).take();
            Core::release_owner(this.as_ptr());
            outcome
        };
        match outcome {
            Some(outcome) => outcome,
            None => unreachable!("the outcome is taken once"),
        }
    }
}

impl<T> Drop for Joiner<T> {
    fn drop(&mut self) {
        // Once it has finished nobody looks at the flag any more.
        if self.core().is_finished() || self.core().set(DETACHED) & FINISHED != 0 {
            // SAFETY: finished before it was detached, so the outcome is the joiner's.
            unsafe { drop_outcome::<T>(self.as_ptr()) };
        }
        // SAFETY: the joiner's own count.
        unsafe { Core::release_owner(self.as_ptr()) };
    }
}
