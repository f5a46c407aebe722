//! The system calls that std does not have, as the hand-written server and the load generator use them.

use std::io;
use std::mem;
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

    /// Waits for events, at most for `timeout`, and says how many there are.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<usize> {
        let milliseconds = timeout.map_or(-1, |timeout| timeout.as_millis() as libc::c_int);
        let room = self.events.len() as libc::c_int;
        loop {
            // SAFETY: the kernel writes at most `room` events to the buffer, which has room for them.
            let count = unsafe {
                let buffer = self.events.as_mut_ptr();
                libc::epoll_wait(self.descriptor.as_raw_fd(), buffer, room, milliseconds)
            };
            match usize::try_from(count) {
                Ok(count) => return Ok(count),
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error => return Err(error),
                },
            }
        }
    }

    /// The event at this position of the last wait.
    pub(crate) fn event(&self, position: usize) -> Event {
        let closing = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;
        let event = self.events[position];
        Event {
            token: event.u64 as usize,
            closing: event.events & closing != 0,
        }
    }
}

/// Lets `stream` end with a reset when it is closed.
pub(crate) fn reset_on_close(stream: &impl AsFd) -> io::Result<()> {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    // SAFETY: the descriptor is open, being borrowed, and `linger` is readable and of the size that is passed.
    let outcome = unsafe {
        libc::setsockopt(
            stream.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            mem::size_of_val(&linger) as libc::socklen_t,
        )
    };
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
