//! The sockets of `std` that are waited on here, as far as they are alike.

use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::net as unix;
use std::time::Duration;

use super::settings::Settings;

/// A socket of `std` that sends and receives.
pub(crate) trait PlainSocket: AsFd + Sized {
    fn try_clone(&self) -> io::Result<Self>;
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    fn take_error(&self) -> io::Result<Option<io::Error>>;
}

/// A socket of `std` that accepts connections.
pub(crate) trait PlainListener: AsFd + Sized {
    /// The socket of a connection.
    type Stream: PlainSocket;
    /// Where a connection comes from.
    type Addr;

    fn try_clone(&self) -> io::Result<Self>;
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;
    fn accept(&self) -> io::Result<(Self::Stream, Self::Addr)>;

    /// What the kernel hands on to a connection that was accepted with these settings.
    fn accepted(settings: &Settings) -> Settings;
}

/// Implements the trait by the type's own methods.
macro_rules! impl_plain_socket {
    ($($socket:ty),*) => {$(
        impl PlainSocket for $socket {
            fn try_clone(&self) -> io::Result<Self> {
                <$socket>::try_clone(self)
            }

            fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
                <$socket>::set_nonblocking(self, nonblocking)
            }

            fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                <$socket>::set_read_timeout(self, timeout)
            }

            fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                <$socket>::set_write_timeout(self, timeout)
            }

            fn take_error(&self) -> io::Result<Option<io::Error>> {
                <$socket>::take_error(self)
            }
        }
    )*};
}

impl_plain_socket! {
    net::TcpStream, net::UdpSocket, unix::UnixStream, unix::UnixDatagram
}

impl PlainListener for net::TcpListener {
    type Stream = net::TcpStream;
    type Addr = SocketAddr;

    fn try_clone(&self) -> io::Result<Self> {
        net::TcpListener::try_clone(self)
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        net::TcpListener::set_nonblocking(self, nonblocking)
    }

    fn accept(&self) -> io::Result<(net::TcpStream, SocketAddr)> {
        net::TcpListener::accept(self)
    }

    fn accepted(settings: &Settings) -> Settings {
        settings.accepted()
    }
}

impl PlainListener for unix::UnixListener {
    type Stream = unix::UnixStream;
    type Addr = unix::SocketAddr;

    fn try_clone(&self) -> io::Result<Self> {
        unix::UnixListener::try_clone(self)
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        unix::UnixListener::set_nonblocking(self, nonblocking)
    }

    fn accept(&self) -> io::Result<(unix::UnixStream, unix::SocketAddr)> {
        unix::UnixListener::accept(self)
    }

    /// Linux hands on nothing. Of other systems it is asked.
    fn accepted(_settings: &Settings) -> Settings {
        if cfg!(any(target_os = "linux", target_os = "android")) {
            Settings::fresh_but_not_tcp()
        } else {
            Settings::adopted()
        }
    }
}
