//! What a greenlet does to itself.

use super::{Core, Handle};
use crate::hub::Hub;

/// The calling greenlet; outside of a spawned one, the root greenlet of the thread.
///
/// Mirrors [`std::thread::current`] and gevent's `getcurrent`.
///
/// # Examples
///
/// ```
/// let inside = greenlet::spawn(|| greenlet::current().id());
/// assert_ne!(greenlet::current().id(), inside.join().unwrap());
/// ```
pub fn current() -> Handle {
    // SAFETY: the running greenlet is alive, and the hub keeps the pointer it was made with.
    unsafe { Handle::of(Hub::get().current_ptr()) }
}

/// Lets every other runnable greenlet of this hub run once.
///
/// When there is none, every 16th call gives up the rest of the thread's time slice. A pending kill is thrown here.
/// Mirrors [`std::thread::yield_now`] and gevent's `sleep(0)`.
///
/// # Examples
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// let log = Rc::new(RefCell::new(Vec::new()));
/// let tasks: Vec<_> = ["a", "b"]
///     .into_iter()
///     .map(|name| {
///         let log = log.clone();
///         greenlet::spawn(move || {
///             log.borrow_mut().push(name);
///             greenlet::yield_now();
///             log.borrow_mut().push(name);
///         })
///     })
///     .collect();
/// for task in tasks {
///     task.join().unwrap();
/// }
/// assert_eq!(*log.borrow(), ["a", "b", "a", "b"]);
/// ```
#[inline]
pub fn yield_now() {
    Hub::get().yield_now();
}

/// To be called where a greenlet that waits for others in a loop is told "not yet" without parking: a lock that was tried in
/// vain, a queue that was found empty.
///
/// Every 64th call of a thread is a [`yield_now`] with kills held back. Without it the loop would never end: there is no
/// preemption, and those that it waits for may be of the same hub. std has no counterpart, since it needs none.
///
/// # Examples
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// let done = Rc::new(Cell::new(false));
/// let other = done.clone();
/// greenlet::spawn(move || other.set(true));
/// while !done.get() {
///     greenlet::breathe();
/// }
/// ```
#[inline]
pub fn breathe() {
    if let Some(hub) = Hub::try_current() {
        hub.breathe();
    }
}

/// To be called before what a greenlet may do again and again without ever waiting: a read that always finds something.
///
/// It is a parking point: a kill is thrown here, and every 64th call of a thread is a [`yield_now`], after a look at timers,
/// descriptors and other threads. Without it such a loop would let nobody else run, and could not be killed. It is for
/// shims; on a thread that has no hub it makes one.
///
/// # Examples
///
/// ```
/// let greedy = greenlet::spawn(|| {
///     loop {
///         greenlet::take_turns();
///     }
/// });
/// greenlet::yield_now();
/// greedy.kill()?;
/// assert!(greedy.join().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[inline]
pub fn take_turns() {
    Hub::get().take_turns();
}

/// Runs `f` with kills held back.
///
/// One that arrives meanwhile is thrown at the first call after it that parks. For code that must not be left half way:
/// waiting for the children of a scope, or taking a lock again.
///
/// # Examples
///
/// ```
/// let done = greenlet::spawn(|| {
///     greenlet::shield(|| {
///         greenlet::current().kill().unwrap();
///         greenlet::yield_now();
///     });
///     "kept"
/// });
/// assert_eq!(done.join().unwrap(), "kept");
/// ```
pub fn shield<R>(f: impl FnOnce() -> R) -> R {
    struct Shield(Handle);
    impl Drop for Shield {
        fn drop(&mut self) {
            shields(&self.0, |depth| depth - 1);
        }
    }
    if Hub::try_current().is_none() {
        // A thread's own greenlet cannot be killed; it does not need a hub for this.
        return f();
    }
    let shield = Shield(current());
    shields(&shield.0, |depth| depth + 1);
    f()
}

/// Changes the depth of shields of the calling greenlet.
fn shields(current: &Handle, change: impl FnOnce(u32) -> u32) {
    let core: &Core = current.core();
    core.shields.set(change(core.shields.get()));
}
