//! A channel that holds messages: a lock-free queue, and the waiting for it.
//!
//! The queue is `concurrent-queue`'s, which can be closed: then nothing can be pushed, and what is in it can still be popped.
//! The last sender closes it, or the receiver, which then drops what is left.

use super::Senders;
use super::event::Event;
use concurrent_queue::{ConcurrentQueue, PopError, PushError};
use greenlet::breathe;
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Instant;

pub(super) struct Buffered<T> {
    queue: ConcurrentQueue<T>,
    senders: Senders,
    /// There is a message, or there will be none.
    filled: Event,
    /// There is room, or there is nobody to receive.
    emptied: Event,
}

impl<T> Buffered<T> {
    pub(super) fn unbounded() -> Buffered<T> {
        Buffered::with(ConcurrentQueue::unbounded())
    }

    pub(super) fn bounded(bound: usize) -> Buffered<T> {
        Buffered::with(ConcurrentQueue::bounded(bound))
    }

    fn with(queue: ConcurrentQueue<T>) -> Buffered<T> {
        Buffered {
            queue,
            senders: Senders::one(),
            filled: Event::new(),
            emptied: Event::new(),
        }
    }

    /// Whoever is told "not yet" may ask in a loop, for somebody of this hub.
    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let sent = self.push(message);
        breathe();
        sent
    }

    /// Whoever sends on and on may do so to somebody of this hub.
    #[inline]
    pub(super) fn send(&self, message: T) -> Result<(), SendError<T>> {
        match self.push(message) {
            Ok(()) => {
                breathe();
                Ok(())
            }
            Err(TrySendError::Disconnected(message)) => Err(SendError(message)),
            Err(TrySendError::Full(message)) => self.wait_and_send(message),
        }
    }

    #[cold]
    fn wait_and_send(&self, message: T) -> Result<(), SendError<T>> {
        let mut message = Some(message);
        let sent = self
            .emptied
            .wait(None, || match self.push(message.take()?) {
                Ok(()) => Some(Ok(())),
                Err(TrySendError::Disconnected(message)) => Some(Err(SendError(message))),
                Err(TrySendError::Full(back)) => {
                    message = Some(back);
                    None
                }
            });
        match sent {
            Some(sent) => sent,
            None => unreachable!("there is no deadline"),
        }
    }

    /// Puts a message into the queue, and wakes somebody who waits for it.
    #[inline]
    fn push(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.queue.push(message) {
            Ok(()) => {
                self.filled.notify(1);
                Ok(())
            }
            Err(PushError::Full(message)) => Err(TrySendError::Full(message)),
            Err(PushError::Closed(message)) => Err(TrySendError::Disconnected(message)),
        }
    }

    /// See [`try_send`](Self::try_send).
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.pop();
        if let Err(TryRecvError::Empty) = received {
            breathe();
        }
        received
    }

    /// `Timeout` only if there is a deadline.
    #[inline]
    pub(super) fn recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match self.pop() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => self.wait_and_recv(deadline),
        }
    }

    #[cold]
    fn wait_and_recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        self.filled
            .wait(deadline, || match self.pop() {
                Ok(message) => Some(Ok(message)),
                Err(TryRecvError::Disconnected) => Some(Err(RecvTimeoutError::Disconnected)),
                Err(TryRecvError::Empty) => None,
            })
            .unwrap_or(Err(RecvTimeoutError::Timeout))
    }

    /// Takes a message out of the queue, and wakes somebody who waits for the room.
    #[inline]
    fn pop(&self) -> Result<T, TryRecvError> {
        match self.queue.pop() {
            Ok(message) => {
                if self.queue.capacity().is_some() {
                    self.emptied.notify(1);
                }
                Ok(message)
            }
            Err(PopError::Empty) => Err(TryRecvError::Empty),
            Err(PopError::Closed) => Err(TryRecvError::Disconnected),
        }
    }

    pub(super) fn add_sender(&self) {
        self.senders.add();
    }

    pub(super) fn remove_sender(&self) {
        if self.senders.remove() {
            self.queue.close();
            self.filled.notify(usize::MAX);
        }
    }

    pub(super) fn remove_receiver(&self) {
        self.queue.close();
        self.emptied.notify(usize::MAX);
        while self.queue.pop().is_ok() {}
    }
}
