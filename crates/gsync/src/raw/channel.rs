//! Channels: of any bound, of none, of zero.
//!
//! Messages stand in a queue under a [lock](Spin) that is held for a push or a pop, and so do those who wait: receivers,
//! each with a place for a message, or senders, each with its message. (There is one `Receiver`, but greenlets of one hub
//! can share it.) Each waits with a waker of its own, which is taken out under the lock by the one who uses it.
//!
//! | state | queue | waiting receivers | waiting senders |
//! | --- | --- | --- | --- |
//! | idle | up to the bound | none | none |
//! | starved | empty | one or more | none |
//! | crowded | at the bound | none | one or more |
//!
//! | from | to | by |
//! | --- | --- | --- |
//! | starved | starved or idle | a sender: takes the first receiver out, unlocks, puts the message into its place, wakes it |
//! | idle, queue at the bound | crowded | a sender: joins the end of the waiting, unlocks, parks |
//! | idle, queue empty | starved | a receiver: joins the end of the waiting, unlocks, parks |
//! | crowded | crowded or idle | a receiver: takes the first message, moves that of the first sender into the queue (or takes it, with a bound of zero), unlocks, wakes the sender |
//! | starved | starved or idle | a receiver, out of time or killed: takes itself out; the last sender: wakes them all, with nothing in their places |
//! | crowded | crowded or idle | a sender that is killed: takes itself out; the receiver that goes: drops the queue and wakes them all, and each takes itself out |
//!
//! *No wake-up is lost.* Who parks has joined the waiting under the lock, together with the look that found nothing to do. A
//! waker that is gone was taken by one who is about to use it, and the wait lasts until then.
//!
//! *No message is lost.* A receiver's place belongs to the sender that took its waker until it wakes it, and to the
//! receiver from then on; a receiver that was woken takes what is there, whatever else has come: a deadline or a
//! kill. A sender's message stands in the queue of the waiting until it is received or the sender takes it back.
//!
//! Orderings: the lock orders all that is under it, the wake orders a receiver's place. `receiver_is_gone` is written under
//! the lock and read again by senders that were woken, after the wake that it came before. The count of senders is as
//! that of `Arc`.
//!
//! *Batches.* Of a channel without a bound the receiver takes all there is at once, and the lock the less often.

use super::line::Line;
use super::spin::Spin;
use super::system::futex::{Waker, wait_with_waker};
use super::system::{
    AcqRel, Acquire, AtomicBool, AtomicUsize, Relaxed, Release, UnsafeCell, breathe,
};
use std::collections::VecDeque;
use std::mem;
use std::ptr::NonNull;
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Instant;

/// The bound of a channel that has none.
pub(crate) const UNBOUNDED: usize = usize::MAX;

/// Room for so many messages is not kept when they have gone.
const LARGE: usize = 1_024;

pub(crate) struct Channel<T> {
    lock: Spin,
    state: UnsafeCell<State<T>>,
    bound: usize,
    senders: AtomicUsize,
    receiver_is_gone: AtomicBool,
    batch: Batch<T>,
}

/// Under the lock.
struct State<T> {
    queue: VecDeque<T>,
    receivers: Line<WaitingReceiver<T>>,
    senders: Line<WaitingSender<T>>,
    /// Of the last that has waited.
    number: u64,
    senders_are_gone: bool,
}

struct WaitingReceiver<T> {
    number: u64,
    waker: Waker,
    /// On its stack.
    place: NonNull<Place<T>>,
}

type Place<T> = UnsafeCell<Option<T>>;

struct WaitingSender<T> {
    number: u64,
    /// `None` when the receiver has gone.
    waker: Option<Waker>,
    message: T,
}

/// The receiver's own, away from what the senders touch all the time.
#[repr(align(128))]
struct Batch<T>(UnsafeCell<VecDeque<T>>);

impl<T> WaitingReceiver<T> {
    #[inline]
    fn serve(self, message: T) {
        // SAFETY: its receiver waits until the waker is used.
        let place = unsafe { self.place.as_ref() };
        // SAFETY: it is the waker's owner's until then.
        place.with_mut(|place| unsafe { *place = Some(message) });
        self.waker.wake();
    }
}

// SAFETY: messages go from thread to thread, references to them do not. `state` is touched under the lock, `batch` by the
// receiver, a receiver's place as stated above.
unsafe impl<T: Send> Sync for Channel<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Channel<T> {}

/// The channel's lock, taken.
struct Locked<'a, T>(&'a Channel<T>);

impl<T> Locked<'_, T> {
    #[inline]
    fn state<R>(&mut self, f: impl FnOnce(&mut State<T>) -> R) -> R {
        // SAFETY: the lock is taken, and borrowed for this.
        self.0.state.with_mut(|state| f(unsafe { &mut *state }))
    }

    /// A number for one that waits.
    #[inline]
    fn number(&mut self) -> u64 {
        self.state(|state| {
            state.number += 1;
            state.number
        })
    }
}

impl<T> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: taken when this was made.
        unsafe { self.0.lock.unlock() };
    }
}

/// What a sender has that is about to wait. In this order it is dropped: a message may do anything when it is.
struct Joining<'a, T> {
    locked: Locked<'a, T>,
    number: u64,
    message: T,
}

impl<T> Joining<'_, T> {
    /// Joins the senders that wait, and unlocks.
    #[inline]
    fn join(self, waker: Waker) {
        let Joining {
            mut locked,
            number,
            message,
        } = self;
        locked.state(|state| {
            state.senders.push_back(WaitingSender {
                number,
                waker: Some(waker),
                message,
            });
        });
    }
}

impl<T> Channel<T> {
    /// With one sender and one receiver.
    pub(crate) fn new(bound: usize) -> Channel<T> {
        Channel {
            lock: Spin::new(),
            state: UnsafeCell::new(State {
                queue: VecDeque::new(),
                receivers: Line::new(),
                senders: Line::new(),
                number: 0,
                senders_are_gone: false,
            }),
            bound,
            senders: AtomicUsize::new(1),
            receiver_is_gone: AtomicBool::new(false),
            batch: Batch(UnsafeCell::new(VecDeque::new())),
        }
    }

    #[inline]
    fn lock(&self) -> Locked<'_, T> {
        self.lock.lock();
        Locked(self)
    }

    /// Sends if that can be done without waiting.
    #[inline(always)]
    fn send_now<'a>(
        &'a self,
        mut locked: Locked<'a, T>,
        message: T,
    ) -> Result<(), (Locked<'a, T>, TrySendError<T>)> {
        if self.receiver_is_gone.load(Relaxed) {
            return Err((locked, TrySendError::Disconnected(message)));
        }
        if let Some(receiver) = locked.state(|state| state.receivers.pop_front()) {
            drop(locked);
            receiver.serve(message);
            return Ok(());
        }
        let bound = self.bound;
        let sent = locked.state(|state| {
            if state.queue.len() < bound {
                state.queue.push_back(message);
                Ok(())
            } else {
                Err(TrySendError::Full(message))
            }
        });
        sent.map_err(|error| (locked, error))
    }

    /// Whoever sends on and on may do so to somebody of its own hub, and so may whoever is told "not yet" and asks again.
    #[cfg(not(loom))]
    pub(crate) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let sent = self.send_now(self.lock(), message);
        let sent = sent.map_err(|(_locked, error)| error);
        breathe();
        sent
    }

    /// Only the models have deadlines: to give up looks like a kill, but for the unwinding.
    pub(crate) fn send(&self, message: T, deadline: Option<Instant>) -> Result<(), SendError<T>> {
        match self.send_now(self.lock(), message) {
            Ok(()) => {
                breathe();
                Ok(())
            }
            Err((_, TrySendError::Disconnected(message))) => Err(SendError(message)),
            Err((locked, TrySendError::Full(message))) => {
                self.wait_and_send(locked, message, deadline)
            }
        }
    }

    #[inline(never)]
    fn wait_and_send(
        &self,
        mut locked: Locked<'_, T>,
        message: T,
        deadline: Option<Instant>,
    ) -> Result<(), SendError<T>> {
        let number = locked.number();
        let joining = Joining {
            locked,
            number,
            message,
        };
        let mut taken_back = None;
        wait_with_waker(
            deadline,
            move |waker| joining.join(waker),
            || taken_back = self.withdraw(number),
        );
        if let Some(message) = taken_back {
            // The receiver has gone at the same time.
            return Err(SendError(message));
        }
        if !self.receiver_is_gone.load(Acquire) {
            return Ok(());
        }
        match self.withdraw(number) {
            Some(message) => Err(SendError(message)),
            None => Ok(()),
        }
    }

    /// Takes a sender that waits out again, if nobody has done so. Its waker is dropped.
    #[cold]
    fn withdraw(&self, number: u64) -> Option<T> {
        let sender = self
            .lock()
            .state(|state| state.senders.remove(|one| one.number == number));
        sender.map(|sender| sender.message)
    }

    /// The next of the messages that the receiver has taken already.
    #[inline]
    fn next_of_batch(&self) -> Option<T> {
        // SAFETY: the caller is the receiver, of which there is one.
        self.batch.0.with_mut(|batch| unsafe {
            let message = (*batch).pop_front();
            if message.is_none() && (*batch).capacity() > LARGE {
                *batch = VecDeque::new();
            }
            message
        })
    }

    /// The next message, if there is one.
    #[inline(always)]
    fn receive_now<'a>(
        &'a self,
        mut locked: Locked<'a, T>,
    ) -> Result<T, (Locked<'a, T>, TryRecvError)> {
        if self.bound == UNBOUNDED {
            let message = locked.state(|state| {
                let message = state.queue.pop_front()?;
                if !state.queue.is_empty() {
                    // SAFETY: the caller is the receiver. It has found the batch empty, and nobody of its thread has run
                    // since; only the room is of use.
                    self.batch.0.with_mut(|batch| unsafe {
                        let room = mem::take(&mut *batch);
                        *batch = mem::replace(&mut state.queue, room);
                    });
                }
                Some(message)
            });
            if let Some(message) = message {
                return Ok(message);
            }
        } else {
            let (message, sender) = locked.state(|state| {
                let first = state.queue.pop_front();
                let Some(waiting) = state.senders.pop_front() else {
                    return (first, None);
                };
                let message = match first {
                    Some(first) => {
                        state.queue.push_back(waiting.message);
                        first
                    }
                    None => waiting.message,
                };
                (Some(message), waiting.waker)
            });
            if let Some(message) = message {
                drop(locked);
                if let Some(sender) = sender {
                    sender.wake();
                }
                return Ok(message);
            }
        }
        let error = if locked.state(|state| state.senders_are_gone) {
            TryRecvError::Disconnected
        } else {
            TryRecvError::Empty
        };
        Err((locked, error))
    }

    /// By the receiver; see [`try_send`](Self::try_send).
    #[cfg(not(loom))]
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        if let Some(message) = self.next_of_batch() {
            return Ok(message);
        }
        let received = self.receive_now(self.lock());
        let received = received.map_err(|(_locked, error)| error);
        if let Err(TryRecvError::Empty) = received {
            breathe();
        }
        received
    }

    /// By the receiver. `Timeout` only if there is a deadline.
    #[inline]
    pub(crate) fn recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match self.next_of_batch() {
            Some(message) => Ok(message),
            None => self.receive_next(deadline),
        }
    }

    /// The batch is empty.
    #[inline(never)]
    fn receive_next(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match self.receive_now(self.lock()) {
            Ok(message) => Ok(message),
            Err((_, TryRecvError::Disconnected)) => Err(RecvTimeoutError::Disconnected),
            Err((locked, TryRecvError::Empty)) => self.wait_and_receive(locked, deadline),
        }
    }

    fn wait_and_receive(
        &self,
        mut locked: Locked<'_, T>,
        deadline: Option<Instant>,
    ) -> Result<T, RecvTimeoutError> {
        let place = Place::new(None);
        let number = locked.number();
        let woken = wait_with_waker(
            deadline,
            |waker| {
                let receiver = WaitingReceiver {
                    number,
                    waker,
                    place: NonNull::from(&place),
                };
                locked.state(|state| state.receivers.push_back(receiver));
                drop(locked);
            },
            || self.give_up(number),
        );
        if !woken {
            return self.receive_late();
        }
        // SAFETY: whoever has woken this one is done with it.
        let message = place.with_mut(|place| unsafe { (*place).take() });
        // The last sender leaves none.
        message.ok_or(RecvTimeoutError::Disconnected)
    }

    /// Takes a receiver that waits out again, if nobody has done so.
    #[cold]
    fn give_up(&self, number: u64) {
        let mut locked = self.lock();
        let receiver = locked.state(|state| state.receivers.remove(|one| one.number == number));
        drop(locked);
        drop(receiver);
    }

    /// The deadline has passed; but something may have come just after it.
    #[cold]
    fn receive_late(&self) -> Result<T, RecvTimeoutError> {
        // Others of this hub may have received since.
        if let Some(message) = self.next_of_batch() {
            return Ok(message);
        }
        self.receive_now(self.lock())
            .map_err(|(_locked, error)| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            })
    }

    pub(crate) fn add_sender(&self) {
        self.senders.fetch_add(1, Relaxed);
    }

    pub(crate) fn remove_sender(&self) {
        if self.senders.fetch_sub(1, AcqRel) == 1 {
            self.remove_last_sender();
        }
    }

    #[cold]
    fn remove_last_sender(&self) {
        let receivers = self.lock().state(|state| {
            state.senders_are_gone = true;
            mem::take(&mut state.receivers)
        });
        for receiver in receivers {
            receiver.waker.wake();
        }
    }

    pub(crate) fn remove_receiver(&self) {
        let mut locked = self.lock();
        self.receiver_is_gone.store(true, Release);
        let (queue, senders) = locked.state(|state| {
            let senders = state.senders.iter_mut();
            let wakers: Vec<_> = senders.filter_map(|one| one.waker.take()).collect();
            (mem::take(&mut state.queue), wakers)
        });
        drop(locked);
        for sender in senders {
            sender.wake();
        }
        // SAFETY: the caller is the receiver.
        let batch = self
            .batch
            .0
            .with_mut(|batch| unsafe { mem::take(&mut *batch) });
        // Messages may do anything when they are dropped.
        drop((batch, queue));
    }
}
