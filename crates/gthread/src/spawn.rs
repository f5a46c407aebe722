//! `spawn`, the short form of `Builder::new().spawn(f)`.

use crate::{Builder, JoinHandle};

/// Starts a greenlet on the worker hubs and returns the [`JoinHandle`] to wait for it.
///
/// Mirrors [`std::thread::spawn`], bounds included: the closure and its result cross to another OS
/// thread, hence `Send`, and may outlive the caller, hence `'static`.
///
/// The call *synchronizes with* the start of the closure, so that what was written before it is
/// visible in the greenlet. A panic of the closure ends this greenlet only, and [`join`] hands its
/// payload over. Dropping the handle *detaches* the greenlet: it goes on, and nobody learns its
/// result. As with threads, the end of `main` is the end of the process, whatever greenlets are left.
///
/// A greenlet keeps its hub until it calls something that waits. Those that compute for long should
/// call [`yield_now`] now and then.
///
/// # Panics
///
/// Panics if the greenlet cannot be made, which means that no stack could be mapped for it or, on
/// the first call, that the worker hubs could not be started. [`Builder::spawn`] gives an error
/// instead.
///
/// # Examples
///
/// ```
/// let sum = gthread::spawn(|| (1..=100).sum::<u32>());
///
/// assert_eq!(sum.join().unwrap(), 5050);
/// ```
///
/// A panic stays in its greenlet:
///
/// ```
/// let greenlet = gthread::spawn(|| -> u32 { std::panic::panic_any("no such thing") });
///
/// let payload = greenlet.join().unwrap_err();
/// assert_eq!(payload.downcast_ref::<&str>(), Some(&"no such thing"));
/// ```
///
/// [`join`]: JoinHandle::join
/// [`yield_now`]: crate::yield_now()
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T,
    F: Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}
