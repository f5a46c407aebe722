//! Channels of many senders and one receiver.
//!
//! This mirrors [`std::sync::mpsc`]: the same names, the same errors (they are `std`'s own types), the same meaning. Where
//! `std` blocks the thread, this parks the calling greenlet. Sender and receiver may be greenlets of one hub, of several,
//! and plain threads, in any mix.
//!
//! | made by | holds | [`send`](SyncSender::send) parks |
//! | --- | --- | --- |
//! | [`channel`] | any number of messages | never |
//! | [`sync_channel`]`(n)` | up to n messages | while it is full |
//! | [`sync_channel`]`(0)` | none | until the message has been received |
//!
//! Messages of one sender arrive in the order in which they were sent. When the last sender goes the receiver still gets
//! what was sent; when the receiver goes, what was not received is dropped at once, and senders get their messages
//! back in an error. A [kill](greenlet::Handle::kill) loses no message that was sent.
//!
//! # Examples
//!
//! ```
//! use gsync::mpsc;
//!
//! let (sender, receiver) = mpsc::channel();
//! for number in 0..3 {
//!     let sender = sender.clone();
//!     gthread::spawn(move || sender.send(number).unwrap());
//! }
//! drop(sender);
//! assert_eq!(receiver.iter().sum::<i32>(), 3);
//! ```

mod iter;
mod receiver;
mod sender;
mod sync_sender;

pub use iter::{IntoIter, Iter, TryIter};
pub use receiver::Receiver;
pub use sender::Sender;
pub use sync_sender::SyncSender;

#[doc(no_inline)]
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use crate::raw::{Channel, UNBOUNDED};
use std::sync::Arc;

/// A channel that holds any number of messages: sending never parks.
///
/// This mirrors [`std::sync::mpsc::channel`].
///
/// # Examples
///
/// ```
/// let (sender, receiver) = gsync::mpsc::channel();
/// gthread::spawn(move || sender.send("hello").unwrap());
/// assert_eq!(receiver.recv(), Ok("hello"));
/// assert!(receiver.recv().is_err()); // the sender is gone
/// ```
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(UNBOUNDED));
    (Sender::new(Arc::clone(&channel)), Receiver::new(channel))
}

/// A channel that holds up to `bound` messages: sending parks while it is full.
///
/// With a bound of 0 it holds none: sending parks until the message has been received.
///
/// This mirrors [`std::sync::mpsc::sync_channel`].
///
/// # Examples
///
/// ```
/// use gsync::mpsc::{TrySendError, sync_channel};
///
/// let (sender, receiver) = sync_channel(1);
/// sender.send(1)?;
/// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
/// gthread::spawn(move || sender.send(2)); // parks until the first is received
/// assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
/// # Ok::<(), gsync::mpsc::SendError<i32>>(())
/// ```
#[must_use]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    // No queue can be as long as that.
    let bound = bound.min(UNBOUNDED - 1);
    let channel = Arc::new(Channel::new(bound));
    (
        SyncSender::new(Arc::clone(&channel)),
        Receiver::new(channel),
    )
}
