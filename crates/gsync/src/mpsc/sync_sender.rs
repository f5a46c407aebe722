//! The sending end of a channel that holds so many messages.

use super::{SendError, TrySendError};
use crate::raw::Channel;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// Sends on a channel of [`sync_channel`](super::sync_channel).
///
/// This mirrors [`std::sync::mpsc::SyncSender`]. It can be cloned, and used by several greenlets and threads at a time.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = gsync::mpsc::sync_channel(0);
/// gthread::spawn(move || sender.send("from hand to hand").unwrap());
/// assert_eq!(receiver.recv(), Ok("from hand to hand"));
/// ```
pub struct SyncSender<T> {
    channel: Arc<Channel<T>>,
}

// As std's; see `Sender`.
impl<T> UnwindSafe for SyncSender<T> {}
impl<T> RefUnwindSafe for SyncSender<T> {}

impl<T> SyncSender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> SyncSender<T> {
        SyncSender { channel }
    }

    /// Parks the calling greenlet until there is room for the message; on a channel without room, until it has been
    /// received.
    ///
    /// # Errors
    ///
    /// The message itself, if the receiver is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = gsync::mpsc::sync_channel(1);
    /// sender.send(1).unwrap();
    /// let second = gthread::spawn(move || sender.send(2).is_ok());
    /// assert_eq!(receiver.recv(), Ok(1));
    /// assert_eq!(receiver.recv(), Ok(2));
    /// assert!(second.join().unwrap());
    /// ```
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.channel.send(t, None)
    }

    /// Sends a message if there is room for it; on a channel without room, if a receiver waits. Never parks for one.
    ///
    /// # Errors
    ///
    /// [`Full`](TrySendError::Full) or [`Disconnected`](TrySendError::Disconnected), with the message.
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::mpsc::{TrySendError, sync_channel};
    ///
    /// let (sender, receiver) = sync_channel(0);
    /// assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    /// drop(receiver);
    /// assert_eq!(sender.try_send(1), Err(TrySendError::Disconnected(1)));
    /// ```
    pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        self.channel.try_send(t)
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> SyncSender<T> {
        self.channel.add_sender();
        SyncSender::new(Arc::clone(&self.channel))
    }
}

impl<T> Drop for SyncSender<T> {
    fn drop(&mut self) {
        self.channel.remove_sender();
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}
