//! The sending end of a channel that holds any number of messages.

use super::SendError;
use crate::raw::Channel;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// Sends on a channel of [`channel`](super::channel).
///
/// This mirrors [`std::sync::mpsc::Sender`]. It can be cloned, and used by several greenlets and threads at a time.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = gsync::mpsc::channel();
/// let other = sender.clone();
/// gthread::spawn(move || other.send(1).unwrap());
/// sender.send(1).unwrap();
/// assert_eq!(receiver.recv().unwrap() + receiver.recv().unwrap(), 2);
/// ```
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

// As std's. What is shared is atomics and a queue that no panic leaves half changed.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> Sender<T> {
        Sender { channel }
    }

    /// Sends a message; never parks.
    ///
    /// That it was sent does not mean that it will be received: the receiver may go before.
    ///
    /// # Errors
    ///
    /// The message itself, if the receiver is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = gsync::mpsc::channel();
    /// sender.send(1).unwrap();
    /// drop(receiver);
    /// assert_eq!(sender.send(2).unwrap_err().0, 2);
    /// ```
    #[inline]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.channel.send(t, None)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.channel.add_sender();
        Sender::new(Arc::clone(&self.channel))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
