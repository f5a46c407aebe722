//! `current`: the handle of the calling greenlet.

use crate::Thread;

/// The handle of the calling greenlet.
///
/// Mirrors [`std::thread::current`]. Code that runs on a thread's own stack, outside of any spawned
/// greenlet, is that thread's root greenlet: it has an id and can be unparked like every other, and
/// its name is that of the thread.
///
/// # Examples
///
/// ```
/// let greenlet = gthread::Builder::new()
///     .name("self-aware".into())
///     .spawn(|| gthread::current().name() == Some("self-aware"))?;
///
/// assert!(greenlet.join().unwrap());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn current() -> Thread {
    Thread::new(greenlet::current())
}
