//! Naming a greenlet from anywhere.

use super::{Core, kill};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A number that no other greenlet of the process has, ever.
///
/// Mirrors [`std::thread::ThreadId`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Id(NonZeroU64);

/// Numbers that one hub gives out, taken from the process's counter some at a time.
pub(crate) struct Ids {
    next: Cell<u64>,
    end: Cell<u64>,
}

impl Ids {
    pub(crate) const fn new() -> Ids {
        Ids {
            next: Cell::new(0),
            end: Cell::new(0),
        }
    }

    #[inline]
    pub(crate) fn next(&self) -> Id {
        if self.next.get() == self.end.get() {
            self.refill();
        }
        let id = self.next.replace(self.next.get() + 1);
        match NonZeroU64::new(id) {
            Some(id) => Id(id),
            None => unreachable!("numbers begin at 1"),
        }
    }

    #[cold]
    fn refill(&self) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        const BLOCK: u64 = 64;
        let first = NEXT.fetch_add(BLOCK, Ordering::Relaxed);
        self.next.set(first);
        self.end.set(first + BLOCK);
    }
}

impl Id {
    /// The number itself.
    pub fn as_u64(self) -> NonZeroU64 {
        self.0
    }
}

/// Names a greenlet; given by [`current`](crate::current) and by the handles of spawned greenlets.
///
/// It keeps neither the greenlet nor its result alive, may be cloned, and goes to any thread. Outside of a spawned
/// greenlet it names the thread's root greenlet, with the thread's name. Mirrors the part of
/// [`std::thread::Thread`] that is not about parking.
pub struct Handle(NonNull<Core>);

// SAFETY: what a handle does with a control block is made for many threads, and the last release frees
// nothing of the user's types.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}
impl std::panic::UnwindSafe for Handle {}
impl std::panic::RefUnwindSafe for Handle {}

impl Handle {
    /// Counts on `core`.
    ///
    /// # Safety
    ///
    /// `core` is alive, and the pointer may be used for the whole control block.
    pub(crate) unsafe fn of(core: NonNull<Core>) -> Handle {
        // SAFETY: alive.
        unsafe { Core::retain(core.as_ptr()) };
        Handle(core)
    }

    pub(super) fn core(&self) -> &Core {
        // SAFETY: the handle counts on it.
        unsafe { self.0.as_ref() }
    }

    /// The greenlet's number.
    pub fn id(&self) -> Id {
        self.core().id()
    }

    /// The name given with [`Builder::name`](crate::Builder::name), or that of the thread for a root greenlet.
    pub fn name(&self) -> Option<&str> {
        self.core().name()
    }

    /// Whether the greenlet has ended.
    pub fn is_finished(&self) -> bool {
        self.core().is_finished()
    }

    /// Asks the greenlet to end, and returns at once.
    ///
    /// The greenlet unwinds from the call it is parked in, or from the next one it makes that parks; its destructors run, the
    /// panic hook is not called, and `join` gives [`Killed`](crate::Killed). If it catches that unwind, it is
    /// thrown again at the next call that parks. A kill is held back while the greenlet unwinds already, inside
    /// [`offload`](crate::offload()) and inside [`shield`](crate::shield). A greenlet that has not begun to run drops its
    /// closure. Killing one that has ended does nothing.
    ///
    /// Mirrors gevent's `Greenlet.kill(block=False)`; `join` afterwards to wait.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) in a program built with `panic = "abort"`;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for the greenlet of a thread's own stack.
    ///
    /// # Examples
    ///
    /// ```
    /// let word = std::sync::atomic::AtomicU32::new(0);
    /// let parked = greenlet::spawn(move || greenlet::futex::wait(&word, 0));
    /// let handle = parked.handle();
    /// std::thread::spawn(move || handle.kill()).join().unwrap()?;
    /// assert!(parked.join().unwrap_err().is::<greenlet::Killed>());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn kill(&self) -> io::Result<()> {
        // SAFETY: counted, and `self.0` came from the allocation's own pointer.
        unsafe { kill::request(self.0.as_ptr()) }
    }

    /// A futex word of the greenlet's own, 0 at first: the park token of `gthread`.
    ///
    /// The core does not use it.
    pub fn token(&self) -> &AtomicU32 {
        &self.core().token
    }
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        // SAFETY: alive, and the pointer is the original one.
        unsafe { Handle::of(self.0) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle's own count.
        unsafe { Core::release(self.0.as_ptr()) };
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
