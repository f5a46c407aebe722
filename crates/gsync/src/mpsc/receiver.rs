//! The receiving end of a channel.

use super::{IntoIter, Iter, RecvError, RecvTimeoutError, TryIter, TryRecvError};
use crate::raw::Channel;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Receives from a channel.
///
/// This mirrors [`std::sync::mpsc::Receiver`]. There is one of each channel; it may go from one thread to another. (Greenlets of
/// one thread can share it in an [`Rc`](std::rc::Rc): each message goes to one of them.)
///
/// # Examples
///
/// ```
/// let (sender, receiver) = gsync::mpsc::channel();
/// gthread::spawn(move || (0..3).try_for_each(|number| sender.send(number)));
/// assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
/// ```
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    /// Not `Sync`, as std's is not.
    _not_sync: PhantomData<Cell<()>>,
}

// As std's; see `Sender`.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> Receiver<T> {
        Receiver {
            channel,
            _not_sync: PhantomData,
        }
    }

    /// A message, if there is one; never parks for one.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryRecvError::Empty) if there is none, and [`Disconnected`](TryRecvError::Disconnected) if there will never be
    /// one, because no sender is left.
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::mpsc::{TryRecvError, channel};
    ///
    /// let (sender, receiver) = channel::<u8>();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.channel.try_recv()
    }

    /// Parks the calling greenlet until there is a message.
    ///
    /// # Errors
    ///
    /// When there will never be one, because no sender is left.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = gsync::mpsc::channel();
    /// gthread::spawn(move || sender.send(1).unwrap());
    /// assert_eq!(receiver.recv(), Ok(1));
    /// assert!(receiver.recv().is_err());
    /// ```
    pub fn recv(&self) -> Result<T, RecvError> {
        self.receive(None).map_err(|_| RecvError)
    }

    /// [`recv`](Self::recv) for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// [`Timeout`](RecvTimeoutError::Timeout) when the time is over, and
    /// [`Disconnected`](RecvTimeoutError::Disconnected) when no sender is left.
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::mpsc::{RecvTimeoutError, channel};
    /// use std::time::Duration;
    ///
    /// let (_sender, receiver) = channel::<u8>();
    /// let nothing = receiver.recv_timeout(Duration::from_millis(1));
    /// assert_eq!(nothing, Err(RecvTimeoutError::Timeout));
    /// ```
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        // A time past the end of the clock is no deadline at all.
        self.receive(Instant::now().checked_add(timeout))
    }

    /// Iterates over the messages, parks between them, and ends when no sender is left.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = gsync::mpsc::channel();
    /// gthread::spawn(move || (0..3).try_for_each(|number| sender.send(number)));
    /// assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }

    /// Iterates over the messages that are there, and ends when there is none. Never parks for one.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = gsync::mpsc::channel();
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1]);
    /// ```
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self)
    }

    fn receive(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        self.channel.recv(deadline)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.remove_receiver();
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter::new(self)
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
