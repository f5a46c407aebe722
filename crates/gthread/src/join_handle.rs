//! `JoinHandle`: the right to wait for one greenlet.

use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::OnceLock;

use crate::{Result, Thread};

/// The right to wait for a greenlet of [`spawn`] and to take its result.
///
/// Mirrors [`std::thread::JoinHandle`]: there is one handle a greenlet, and dropping it *detaches*
/// the greenlet, which goes on running.
///
/// # Examples
///
/// ```
/// let handle: gthread::JoinHandle<u8> = gthread::spawn(|| 1);
///
/// assert_eq!(handle.join().unwrap(), 1);
/// ```
///
/// [`spawn`]: crate::spawn()
pub struct JoinHandle<T> {
    inner: greenlet::JoinHandle<T>,
    /// Made when it is asked for: each handle counts.
    thread: OnceLock<Thread>,
    /// std's handle is neither `UnwindSafe` nor `RefUnwindSafe`, whatever `T` is. A trait object is
    /// neither, and this one takes nothing else away.
    _not_unwind_safe: PhantomData<Box<dyn Any + Send + Sync>>,
}

// std's is, whatever `T` is: the result lies elsewhere, and nothing here is ever pinned.
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(crate) fn new(inner: greenlet::JoinHandle<T>) -> JoinHandle<T> {
        JoinHandle {
            inner,
            thread: OnceLock::new(),
            _not_unwind_safe: PhantomData,
        }
    }

    /// The handle that names the greenlet and can [`unpark`](Thread::unpark) it.
    ///
    /// Mirrors [`std::thread::JoinHandle::thread`].
    ///
    /// # Examples
    ///
    /// ```
    /// let greenlet = gthread::spawn(|| gthread::current().id());
    ///
    /// let id = greenlet.thread().id();
    /// assert_eq!(greenlet.join().unwrap(), id);
    /// ```
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.thread.get_or_init(|| Thread::new(self.inner.handle()))
    }

    /// Parks the caller until the greenlet has ended, and takes its result.
    ///
    /// Mirrors [`std::thread::JoinHandle::join`]. It returns at once if the greenlet has ended
    /// already. The end of the greenlet *synchronizes with* the return: all that it did, its
    /// destructors included, happens before what follows the `join`.
    ///
    /// If the caller is killed while it waits here, the greenlet is detached, as when the handle is
    /// dropped.
    ///
    /// # Errors
    ///
    /// If the greenlet has panicked, the error is the payload of the panic. If it was killed, the
    /// error is a [`greenlet::Killed`].
    ///
    /// # Panics
    ///
    /// Panics if a greenlet joins itself, as a thread of std does on this platform.
    ///
    /// # Examples
    ///
    /// ```
    /// let fine = gthread::spawn(|| "result");
    /// let failed = gthread::spawn(|| std::panic::resume_unwind(Box::new(404)));
    ///
    /// assert_eq!(fine.join().unwrap(), "result");
    /// assert_eq!(failed.join().unwrap_err().downcast_ref(), Some(&404));
    /// ```
    pub fn join(self) -> Result<T> {
        refuse_oneself(self.inner.is_current());
        self.inner.join()
    }

    /// Whether the greenlet has ended, so that a [`join`](JoinHandle::join) would not wait.
    ///
    /// Mirrors [`std::thread::JoinHandle::is_finished`]. It never parks: a loop around it must call
    /// something that does, or else the greenlets of the caller's hub do not get on.
    ///
    /// # Examples
    ///
    /// ```
    /// let greenlet = gthread::spawn(gthread::park);
    /// assert!(!greenlet.is_finished());
    ///
    /// greenlet.thread().unpark();
    /// while !greenlet.is_finished() {
    ///     gthread::yield_now();
    /// }
    /// greenlet.join().unwrap();
    /// ```
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

/// Panics if the greenlet that the caller is about to join is the caller.
pub(crate) fn refuse_oneself(is_oneself: bool) {
    if is_oneself {
        panic!("failed to join thread: {}", io::ErrorKind::Deadlock);
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
