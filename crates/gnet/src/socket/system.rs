//! Where the Unixes differ. `--cfg greenlet_portable` takes what has no better way, to test it on Linux.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{AddressFamily, SendFlags, SocketType};

/// What every `send` is made with: it neither waits nor raises `SIGPIPE`.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
/// What every `send` is made with. The sockets themselves have `SO_NOSIGPIPE`.
#[cfg(target_vendor = "apple")]
pub(crate) const SEND: SendFlags = SendFlags::DONTWAIT;

/// A socket that is not connected, does not wait, and is not handed on to other programs.
#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    not(greenlet_portable)
))]
pub(crate) fn new_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    use rustix::net::{SocketFlags, socket_with};

    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(family, SocketType::STREAM, flags, None)?)
}

/// A socket that is not connected, does not wait, and is not handed on to other programs.
#[cfg(not(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    not(greenlet_portable)
)))]
pub(crate) fn new_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};

    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    #[cfg(target_vendor = "apple")]
    rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
    Ok(socket)
}

/// Whether `accept` hands on the listener's `O_NONBLOCK`, which is set for our sake.
pub(crate) const ACCEPT_HANDS_ON_MODE: bool = cfg!(target_vendor = "apple");

/// Whether the socket is known to be plain TCP.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
pub(crate) fn is_plain_tcp(socket: impl AsFd) -> bool {
    use rustix::net::{ipproto, sockopt};

    sockopt::socket_protocol(socket).is_ok_and(|protocol| protocol == Some(ipproto::TCP))
}

/// Whether the socket is known to be plain TCP: the system does not tell.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
pub(crate) fn is_plain_tcp(_socket: impl AsFd) -> bool {
    false
}

/// Whether nothing will be received any more, which Linux does not tell who receives a datagram
/// without waiting: it tells who waits.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn has_ended(socket: impl AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut polled = [PollFd::new(&socket, PollFlags::RDHUP)];
    let now = Timespec::default();
    poll(&mut polled, Some(&now)).is_ok() && polled[0].revents().contains(PollFlags::RDHUP)
}

/// Whether nothing will be received any more, and who receives is not told.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn has_ended(_socket: impl AsFd) -> bool {
    false
}
