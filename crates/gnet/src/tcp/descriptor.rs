//! Sockets to and from descriptors and the sockets of `std`.

use std::net;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::listener::TcpListener;
use super::stream::TcpStream;

/// Lends the descriptor, in the mode that `std` would have it in.
///
/// Settings that are changed through it before the next call on the stream take effect, for this
/// stream and its clones. A descriptor that is kept and changed later is not asked again.
impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lend().as_fd()
    }
}

/// See the note on `AsFd` above about settings that are changed through the descriptor.
impl AsRawFd for TcpStream {
    fn as_raw_fd(&self) -> RawFd {
        self.lend().as_raw_fd()
    }
}

impl IntoRawFd for TcpStream {
    fn into_raw_fd(self) -> RawFd {
        net::TcpStream::from(self).into_raw_fd()
    }
}

impl FromRawFd for TcpStream {
    unsafe fn from_raw_fd(fd: RawFd) -> TcpStream {
        // SAFETY: the caller hands over an open descriptor that nothing else owns: the same
        // contract, word for word.
        TcpStream::from(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

/// Adopts a descriptor with the mode and the time-outs that it has.
impl From<OwnedFd> for TcpStream {
    fn from(fd: OwnedFd) -> TcpStream {
        TcpStream::from(net::TcpStream::from(fd))
    }
}

impl From<TcpStream> for OwnedFd {
    fn from(stream: TcpStream) -> OwnedFd {
        net::TcpStream::from(stream).into()
    }
}

/// Adopts a stream of `std` with the mode and the time-outs that it has.
impl From<net::TcpStream> for TcpStream {
    fn from(stream: net::TcpStream) -> TcpStream {
        TcpStream::adopt(stream)
    }
}

/// Gives the stream of `std`, in the mode and with the time-outs that it would have there.
impl From<TcpStream> for net::TcpStream {
    fn from(stream: TcpStream) -> net::TcpStream {
        stream.into_std()
    }
}

/// Lends the descriptor, in the mode that `std` would have it in.
///
/// The next `accept` on this listener or a clone of it sets `O_NONBLOCK` in the kernel, where a
/// duplicate of the descriptor shares it. Settings that are changed through the descriptor before
/// that take effect; one that is kept and changed later is not asked again.
impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lend().as_fd()
    }
}

/// See the note on `AsFd` above about the mode of the descriptor.
impl AsRawFd for TcpListener {
    fn as_raw_fd(&self) -> RawFd {
        self.lend().as_raw_fd()
    }
}

impl IntoRawFd for TcpListener {
    fn into_raw_fd(self) -> RawFd {
        net::TcpListener::from(self).into_raw_fd()
    }
}

impl FromRawFd for TcpListener {
    unsafe fn from_raw_fd(fd: RawFd) -> TcpListener {
        // SAFETY: the caller hands over an open descriptor that nothing else owns: the same
        // contract, word for word.
        TcpListener::from(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

/// Adopts a descriptor with the mode and the time-out that it has.
impl From<OwnedFd> for TcpListener {
    fn from(fd: OwnedFd) -> TcpListener {
        TcpListener::from(net::TcpListener::from(fd))
    }
}

impl From<TcpListener> for OwnedFd {
    fn from(listener: TcpListener) -> OwnedFd {
        net::TcpListener::from(listener).into()
    }
}

/// Adopts a listener of `std` with the mode and the time-out that it has.
impl From<net::TcpListener> for TcpListener {
    fn from(listener: net::TcpListener) -> TcpListener {
        TcpListener::adopt(listener)
    }
}

/// Gives the listener of `std`, in the mode that it would have there.
///
/// Clones of the listener stay usable here; their next `accept` sets `O_NONBLOCK`, which the
/// one given away then shares.
impl From<TcpListener> for net::TcpListener {
    fn from(listener: TcpListener) -> net::TcpListener {
        listener.into_std()
    }
}
