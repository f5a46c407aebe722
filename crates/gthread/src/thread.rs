//! `Thread`: names a greenlet and can unpark it.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use crate::ThreadId;
use crate::park::unpark;

/// Names a greenlet, for as long as one likes: it may have ended.
///
/// Mirrors [`std::thread::Thread`]. [`JoinHandle::thread`] has the one of a spawned greenlet, and
/// [`current`] gives the caller's own.
///
/// # Examples
///
/// ```
/// let greenlet = gthread::Builder::new().name("scribe".into()).spawn(gthread::current)?;
///
/// let thread = greenlet.join().unwrap();
/// assert_eq!(thread.name(), Some("scribe"));
/// assert_eq!(
///     format!("{thread:?}"),
///     format!("Thread {{ id: {:?}, name: Some(\"scribe\"), .. }}", thread.id()),
/// );
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`JoinHandle::thread`]: crate::JoinHandle::thread
/// [`current`]: crate::current()
#[derive(Clone)]
pub struct Thread {
    handle: greenlet::Handle,
}

// std's handle is both. There is nothing behind ours that a panic could leave half done: the core
// catches what unwinds out of a greenlet, and the park token is one atomic word.
impl UnwindSafe for Thread {}
impl RefUnwindSafe for Thread {}

impl Thread {
    pub(crate) fn new(handle: greenlet::Handle) -> Thread {
        Thread { handle }
    }

    /// Makes the greenlet's token available, and wakes it if it waits for that in [`park`].
    ///
    /// Mirrors [`std::thread::Thread::unpark`]. A token that nobody waits for yet stays: the
    /// greenlet's next [`park`] takes it and returns at once. There is one token only, so two calls
    /// in a row are one. It may be called from any thread and never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// static READY: AtomicBool = AtomicBool::new(false);
    ///
    /// let greenlet = gthread::spawn(|| {
    ///     while !READY.load(Ordering::Relaxed) {
    ///         gthread::park();
    ///     }
    /// });
    ///
    /// READY.store(true, Ordering::Relaxed);
    /// greenlet.thread().unpark();
    /// greenlet.join().unwrap();
    /// ```
    ///
    /// [`park`]: crate::park()
    #[inline]
    pub fn unpark(&self) {
        unpark(self.handle.token());
    }

    /// The id of the greenlet, which no other one ever has.
    ///
    /// Mirrors [`std::thread::Thread::id`].
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(gthread::current().id(), gthread::current().id());
    /// ```
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId::new(self.handle.id())
    }

    /// The name that [`Builder::name`] gave, if any.
    ///
    /// Mirrors [`std::thread::Thread::name`]. A thread's own greenlet has the name of the thread,
    /// which is `main` for the first.
    ///
    /// # Examples
    ///
    /// ```
    /// let named = gthread::Builder::new().name("n".into()).spawn(|| ())?;
    /// let unnamed = gthread::spawn(|| ());
    ///
    /// assert_eq!(named.thread().name(), Some("n"));
    /// assert_eq!(unnamed.thread().name(), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// [`Builder::name`]: crate::Builder::name
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handle.name()
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
