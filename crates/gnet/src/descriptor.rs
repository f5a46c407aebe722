//! Sockets to and from descriptors and the sockets of `std`.

use std::net;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net as unix;

use crate::socket::{ListeningSocket, Socket};
use crate::unix::{UnixDatagram, UnixListener, UnixStream};
use crate::{TcpListener, TcpStream, UdpSocket};

/// Implements what `std` has for descriptors, and the conversions to and from `std`'s own type.
macro_rules! impl_descriptors {
    ($($(#[$lends:meta])* $socket:ty, $inner:ident, $plain:ty;)*) => {$(
        /// Lends the descriptor, in the mode that `std` would have it in.
        ///
        $(#[$lends])*
        impl AsFd for $socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.socket.lend().as_fd()
            }
        }

        /// See the note on `AsFd` about what comes of using the descriptor.
        impl AsRawFd for $socket {
            fn as_raw_fd(&self) -> RawFd {
                self.socket.lend().as_raw_fd()
            }
        }

        impl IntoRawFd for $socket {
            fn into_raw_fd(self) -> RawFd {
                self.socket.into_plain().into_raw_fd()
            }
        }

        impl FromRawFd for $socket {
            unsafe fn from_raw_fd(fd: RawFd) -> $socket {
                // SAFETY: the caller hands over an open descriptor that nothing else owns: the same
                // contract, word for word.
                <$socket>::from(unsafe { OwnedFd::from_raw_fd(fd) })
            }
        }

        /// Adopts a descriptor with the mode and the time-outs that it has.
        impl From<OwnedFd> for $socket {
            fn from(fd: OwnedFd) -> $socket {
                <$socket>::from(<$plain>::from(fd))
            }
        }

        impl From<$socket> for OwnedFd {
            fn from(socket: $socket) -> OwnedFd {
                socket.socket.into_plain().into()
            }
        }

        /// Adopts a socket of `std` with the mode and the time-outs that it has.
        impl From<$plain> for $socket {
            fn from(plain: $plain) -> $socket {
                <$socket>::new($inner::adopt(plain))
            }
        }

        /// Gives the socket of `std`, in the mode and with the time-outs that it would have there.
        ///
        /// Clones of it stay usable here; a listener's next `accept` sets `O_NONBLOCK`, which the
        /// one given away then shares.
        impl From<$socket> for $plain {
            fn from(socket: $socket) -> $plain {
                socket.socket.into_plain()
            }
        }
    )*};
}

impl_descriptors! {
    /// Settings that are changed through it before the next call on the stream take effect, for
    /// this stream and its clones. A descriptor that is kept and changed later is not asked again.
    TcpStream, Socket, net::TcpStream;

    /// The next `accept` on this listener or a clone of it sets `O_NONBLOCK` in the kernel, where a
    /// duplicate of the descriptor shares it. Settings that are changed through the descriptor
    /// before that take effect; one that is kept and changed later is not asked again.
    TcpListener, ListeningSocket, net::TcpListener;

    /// Settings that are changed through it before the next call on the socket take effect, for
    /// this socket and its clones. A descriptor that is kept and changed later is not asked again.
    UdpSocket, Socket, net::UdpSocket;

    /// Settings that are changed through it before the next call on the stream take effect, for
    /// this stream and its clones. A descriptor that is kept and changed later is not asked again.
    UnixStream, Socket, unix::UnixStream;

    /// The next `accept` on this listener or a clone of it sets `O_NONBLOCK` in the kernel, where a
    /// duplicate of the descriptor shares it. Settings that are changed through the descriptor
    /// before that take effect; one that is kept and changed later is not asked again.
    UnixListener, ListeningSocket, unix::UnixListener;

    /// Settings that are changed through it before the next call on the socket take effect, for
    /// this socket and its clones. A descriptor that is kept and changed later is not asked again.
    UnixDatagram, Socket, unix::UnixDatagram;
}
