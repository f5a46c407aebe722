//! The three epoll calls, as the hand-written server and the load generator use them.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// One event that was waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The number that the descriptor was added with.
    pub(crate) token: usize,
    /// Whether the peer will send no more, or the connection is broken.
    pub(crate) closing: bool,
}

/// An epoll instance with room for the events of one wait.
pub(crate) struct Epoll {
    descriptor: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    pub(crate) fn new() -> io::Result<Epoll> {
        // SAFETY: no pointer is passed.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Epoll {
            descriptor,
            events: vec![libc::epoll_event { events: 0, u64: 0 }; 1_024],
        })
    }

    /// Reports, edge-triggered, when `source` has something to read or its peer closes.
    pub(crate) fn add(&self, source: &impl AsFd, token: usize) -> io::Result<()> {
        let events = (libc::EPOLLIN | libc::EPOLLET | libc::EPOLLRDHUP) as u32;
        let mut event = libc::epoll_event {
            events,
            u64: token as u64,
        };
        let source = source.as_fd().as_raw_fd();
        // SAFETY: both descriptors are open, being borrowed, and `event` is readable.
        let outcome = unsafe {
            libc::epoll_ctl(
                self.descriptor.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                source,
                &mut event,
            )
        };
        match outcome {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Waits for events, at most for `timeout`.
    pub(crate) fn wait(
        &mut self,
        timeout: Option<Duration>,
    ) -> io::Result<impl Iterator<Item = Event>> {
        let milliseconds = timeout.map_or(-1, |timeout| timeout.as_millis() as libc::c_int);
        let room = self.events.len() as libc::c_int;
        // SAFETY: the kernel writes at most `room` events to the buffer, which has room for them.
        let count = unsafe {
            let buffer = self.events.as_mut_ptr();
            libc::epoll_wait(self.descriptor.as_raw_fd(), buffer, room, milliseconds)
        };
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => 0,
                error => return Err(error),
            },
        };
        let closing = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;
        Ok(self.events[..count].iter().map(move |event| Event {
            token: event.u64 as usize,
            closing: event.events & closing != 0,
        }))
    }
}
