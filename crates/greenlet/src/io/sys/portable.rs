//! Any Unix that `polling` has edge-triggered events for.

use super::{Event, refused};
use parking_lot::Mutex;
use polling::{PollMode, Poller as Inner};
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

/// `polling` does not tell the end of a stream from data, so a short read must be followed by one that asks.
pub(crate) const SHORT_MEANS_EMPTY: bool = false;

/// `polling`'s own notification, once there is a poller.
pub(crate) struct Notifier(Mutex<Option<Arc<Inner>>>);

impl Notifier {
    pub(crate) fn new() -> Notifier {
        Notifier(Mutex::new(None))
    }

    /// The hub has ended: its poller is needed no more.
    pub(crate) fn retire(&self) {
        *self.0.lock() = None;
    }

    pub(crate) fn notify(&self) {
        let poller = self.0.lock().clone();
        if let Some(poller) = poller {
            // The only errors are those of a pipe or eventfd that the poller owns and keeps open.
            let _ = poller.notify();
        }
    }
}

pub(crate) struct Events(polling::Events);

impl Events {
    pub(crate) fn new() -> Events {
        Events(polling::Events::new())
    }
}

pub(crate) struct Poller(Arc<Inner>);

impl Poller {
    pub(crate) fn new(notifier: &Notifier) -> io::Result<Poller> {
        let poller = Arc::new(Inner::new()?);
        if !poller.supports_edge() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system's poller has no edge-triggered events",
            ));
        }
        *notifier.0.lock() = Some(poller.clone());
        Ok(Poller(poller))
    }

    /// Registers a descriptor for both directions, under a key. [`AlreadyExists`](io::ErrorKind::AlreadyExists) if it is.
    pub(crate) fn add(&self, fd: RawFd, key: u64) -> io::Result<()> {
        // SAFETY: the source deletes the registration before it closes the descriptor.
        unsafe { self.0.add_with_mode(fd, interest(key)?, PollMode::Edge) }
            .map_err(|error| refused(fd, error))
    }

    /// Gives a descriptor that is registered another key.
    pub(crate) fn change(&self, fd: RawFd, key: u64) -> io::Result<()> {
        // SAFETY: open, since the source owns it.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        self.0
            .modify_with_mode(borrowed, interest(key)?, PollMode::Edge)
            .map_err(|error| refused(fd, error))
    }

    /// Ends a registration, if there is one.
    pub(crate) fn delete(&self, fd: BorrowedFd<'_>) {
        // Nothing registered is what was wanted.
        let _ = self.0.delete(fd);
    }

    /// Waits, at most for `timeout` nanoseconds, and gives each event to `take`.
    pub(crate) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<u64>,
        mut take: impl FnMut(Event),
    ) -> io::Result<()> {
        events.0.clear();
        match self
            .0
            .wait(&mut events.0, timeout.map(Duration::from_nanos))
        {
            Ok(_) => (),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
        for event in events.0.iter() {
            take(Event {
                key: event.key as u64,
                readable: event.readable,
                writable: event.writable,
                read_to_the_end: false,
                write_to_the_end: false,
            });
        }
        Ok(())
    }
}

fn interest(key: u64) -> io::Result<polling::Event> {
    match usize::try_from(key) {
        Ok(key) => Ok(polling::Event::all(key)),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::OutOfMemory,
            "too many descriptors for one hub",
        )),
    }
}
