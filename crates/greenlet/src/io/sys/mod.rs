//! The system's way to wait for descriptors: one of two modules of the same shape.
//!
//! * [`epoll`](self) on Linux: creating and deleting go through `polling`; adding and waiting go straight to the
//!   poller's own descriptor, for `EPOLLRDHUP` and for one system call a wait.
//! * `portable` elsewhere: `polling` alone.
//!
//! `--cfg greenlet_portable` takes the portable one on Linux, to test it.

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(greenlet_portable)
))]
#[path = "epoll.rs"]
mod backend;

#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    not(greenlet_portable)
)))]
#[path = "portable.rs"]
mod backend;

pub(crate) use backend::{Events, Notifier, Poller, SHORT_MEANS_EMPTY};

use std::io;
use std::os::fd::RawFd;

/// What has happened to a descriptor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The key it was added with.
    pub(crate) key: u64,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The peer will send no more, or urgent data came: a short read proves nothing from now on.
    pub(crate) read_to_the_end: bool,
    /// The same for writing: the connection is gone.
    pub(crate) write_to_the_end: bool,
}

/// Says what ran out, or what cannot be waited for, when a registration is refused.
fn refused(fd: RawFd, error: io::Error) -> io::Error {
    let why = match error.raw_os_error() {
        Some(libc::ENOSPC) => {
            "the user's limit of epoll registrations, fs.epoll.max_user_watches, is reached"
                .to_owned()
        }
        Some(libc::ENOMEM) => "the kernel has no memory for it".to_owned(),
        Some(libc::EPERM) => {
            "it is of a kind that cannot be polled, such as a regular file or a directory"
                .to_owned()
        }
        _ => error.to_string(),
    };
    io::Error::new(
        error.kind(),
        format!("the reactor refused descriptor {fd}: {why}"),
    )
}
