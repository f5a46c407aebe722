//! A channel that holds nothing: a message goes from hand to hand.
//!
//! Under one lock stand two queues, of which one is empty: senders that wait, each with its message, and receivers that
//! wait, each with a place for one. Whoever comes and finds somebody on the other side serves it and wakes it.
//!
//! | word of a seat | means | set by |
//! | --- | --- | --- |
//! | `WAITING` | it stands in its queue | the one that sits down |
//! | `SERVED` | its message was taken, or brought | the other side, under the lock, then it wakes |
//! | `ALONE` | the other side is gone | the last of it, under the lock, then it wakes |
//!
//! *No wake-up is lost:* the word is changed before the wake, and it is what the futex compares. *No message is lost:* one that is
//! killed takes its seat out of the queue; if a message was brought to it before, that goes to the next receiver.

use super::Senders;
use crate::Mutex;
use greenlet::{breathe, futex, shield};
use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

const WAITING: u32 = 0;
const SERVED: u32 = 1;
const ALONE: u32 = 2;

pub(super) struct Rendezvous<T> {
    queues: Mutex<Queues<T>>,
    senders: Senders,
}

struct Queues<T> {
    senders: VecDeque<Arc<Seat<T>>>,
    receivers: VecDeque<Arc<Seat<T>>>,
    /// Messages that were brought to receivers which were killed before they could take them.
    left: VecDeque<T>,
    senders_are_gone: bool,
    receiver_is_gone: bool,
}

struct Seat<T> {
    word: AtomicU32,
    message: Mutex<Option<T>>,
}

impl<T> Seat<T> {
    fn new(message: Option<T>) -> Arc<Seat<T>> {
        Arc::new(Seat {
            word: AtomicU32::new(WAITING),
            message: Mutex::new(message),
        })
    }

    fn put(&self, message: T) {
        *lock(&self.message) = Some(message);
    }

    fn take(&self) -> Option<T> {
        lock(&self.message).take()
    }

    /// The last that the other side does with it.
    fn release(&self, word: u32) {
        self.word.store(word, Release);
        futex::wake(&raw const self.word, 1);
    }
}

/// Nothing here leaves anything half done when it unwinds.
fn lock<T>(mutex: &Mutex<T>) -> crate::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Queues<T> {
    /// Gives a message to a receiver that waits.
    fn serve(&mut self, message: T) -> Result<(), T> {
        match self.receivers.pop_front() {
            Some(receiver) => {
                receiver.put(message);
                receiver.release(SERVED);
                Ok(())
            }
            None => Err(message),
        }
    }

    /// A message of a sender that waits, or of one that need not.
    fn next(&mut self) -> Option<T> {
        if let Some(message) = self.left.pop_front() {
            return Some(message);
        }
        let sender = self.senders.pop_front()?;
        let message = sender.take();
        sender.release(SERVED);
        message
    }
}

/// Takes a seat out of its queue; `false` if it is not there any more.
fn leave<T>(queue: &mut VecDeque<Arc<Seat<T>>>, seat: &Arc<Seat<T>>) -> bool {
    let place = queue.iter().position(|other| Arc::ptr_eq(other, seat));
    place.and_then(|place| queue.remove(place)).is_some()
}

impl<T> Rendezvous<T> {
    pub(super) fn new() -> Rendezvous<T> {
        Rendezvous {
            queues: Mutex::new(Queues {
                senders: VecDeque::new(),
                receivers: VecDeque::new(),
                left: VecDeque::new(),
                senders_are_gone: false,
                receiver_is_gone: false,
            }),
            senders: Senders::one(),
        }
    }

    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let mut queues = lock(&self.queues);
        if queues.receiver_is_gone {
            return Err(TrySendError::Disconnected(message));
        }
        let sent = queues.serve(message);
        drop(queues);
        // As with the other channels.
        breathe();
        sent.map_err(TrySendError::Full)
    }

    pub(super) fn send(&self, message: T) -> Result<(), SendError<T>> {
        let mut queues = lock(&self.queues);
        if queues.receiver_is_gone {
            return Err(SendError(message));
        }
        let message = match queues.serve(message) {
            Ok(()) => return Ok(()),
            Err(message) => message,
        };
        let seat = Seat::new(Some(message));
        queues.senders.push_back(Arc::clone(&seat));
        drop(queues);
        let killed = KilledSender(self, &seat);
        while seat.word.load(Acquire) == WAITING {
            futex::wait(&seat.word, WAITING);
        }
        mem::forget(killed);
        match seat.take() {
            None => Ok(()),
            Some(message) => Err(SendError(message)),
        }
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut queues = lock(&self.queues);
        match queues.next() {
            Some(message) => Ok(message),
            None if queues.senders_are_gone => Err(TryRecvError::Disconnected),
            None => {
                drop(queues);
                breathe();
                Err(TryRecvError::Empty)
            }
        }
    }

    /// `Timeout` only if there is a deadline.
    pub(super) fn recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        let mut queues = lock(&self.queues);
        if let Some(message) = queues.next() {
            return Ok(message);
        }
        if queues.senders_are_gone {
            return Err(RecvTimeoutError::Disconnected);
        }
        let seat = Seat::new(None);
        queues.receivers.push_back(Arc::clone(&seat));
        drop(queues);
        let killed = KilledReceiver(self, &seat);
        while seat.word.load(Acquire) == WAITING {
            if !futex::wait_until(&seat.word, WAITING, deadline)
                && leave(&mut lock(&self.queues).receivers, &seat)
            {
                mem::forget(killed);
                return Err(RecvTimeoutError::Timeout);
            }
        }
        mem::forget(killed);
        seat.take().ok_or(RecvTimeoutError::Disconnected)
    }

    pub(super) fn add_sender(&self) {
        self.senders.add();
    }

    pub(super) fn remove_sender(&self) {
        if self.senders.remove() {
            // Half of it would leave the receiver waiting.
            shield(|| {
                let mut queues = lock(&self.queues);
                queues.senders_are_gone = true;
                for receiver in queues.receivers.drain(..) {
                    receiver.release(ALONE);
                }
            });
        }
    }

    pub(super) fn remove_receiver(&self) {
        // As above. The messages are dropped when the lock is free again: they may do anything.
        let _left = shield(|| {
            let mut queues = lock(&self.queues);
            queues.receiver_is_gone = true;
            for sender in queues.senders.drain(..) {
                sender.release(ALONE);
            }
            mem::take(&mut queues.left)
        });
    }
}

struct KilledSender<'a, T>(&'a Rendezvous<T>, &'a Arc<Seat<T>>);

impl<T> Drop for KilledSender<'_, T> {
    fn drop(&mut self) {
        leave(&mut lock(&self.0.queues).senders, self.1);
    }
}

struct KilledReceiver<'a, T>(&'a Rendezvous<T>, &'a Arc<Seat<T>>);

impl<T> Drop for KilledReceiver<'_, T> {
    fn drop(&mut self) {
        let mut queues = lock(&self.0.queues);
        if !leave(&mut queues.receivers, self.1)
            && let Some(message) = self.1.take()
            && let Err(message) = queues.serve(message)
        {
            queues.left.push_back(message);
        }
    }
}
