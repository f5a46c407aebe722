//! `ThreadId`: tells greenlets apart.

use std::num::NonZeroU64;

/// Tells one greenlet from all others that the process ever has.
///
/// Mirrors [`std::thread::ThreadId`]. An id is never given twice, and a thread's own greenlet, the
/// one that [`current`] gives outside of any spawned greenlet, has one as well. It has nothing to do
/// with the id that std gives to the OS thread.
///
/// # Examples
///
/// ```
/// let other = gthread::spawn(|| gthread::current().id()).join().unwrap();
///
/// assert_ne!(gthread::current().id(), other);
/// ```
///
/// [`current`]: crate::current()
#[derive(Eq, PartialEq, Clone, Copy, Hash, Debug)]
pub struct ThreadId(NonZeroU64);

impl ThreadId {
    pub(crate) fn new(id: greenlet::Id) -> ThreadId {
        ThreadId(id.as_u64())
    }
}
