//! Channels of every kind behind one type.

use gsync::mpsc::{Receiver, channel, sync_channel};

/// How a message is sent, whatever the kind.
pub(crate) type Sends<T> = Box<dyn Fn(T) + Send + Sync>;

/// One without a bound, or with that one.
pub(crate) fn channel_of<T: Send + 'static>(bound: Option<usize>) -> (Sends<T>, Receiver<T>) {
    match bound {
        None => {
            let (sender, receiver) = channel();
            (
                Box::new(move |message| sender.send(message).unwrap()),
                receiver,
            )
        }
        Some(bound) => {
            let (sender, receiver) = sync_channel(bound);
            (
                Box::new(move |message| sender.send(message).unwrap()),
                receiver,
            )
        }
    }
}
