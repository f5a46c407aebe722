//! Opening a connection.

use std::io;
use std::net::{self, SocketAddr};
use std::time::Duration;

use greenlet::io::{Progress, Source};
use rustix::io::Errno;
use rustix::net::AddressFamily;

use crate::socket::{is_deadline, system, within_the_clock};

/// Connects a new socket, which is in blocking mode afterwards, as std's is.
pub(super) fn connect(
    addr: &SocketAddr,
    timeout: Option<Duration>,
) -> io::Result<Source<net::TcpStream>> {
    let family = match addr {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let source = Source::new(net::TcpStream::from(system::new_socket(family)?));
    if !attempt(source.get_ref(), addr)? {
        // Std looks at the time-out here, when the connection is under way.
        if timeout == Some(Duration::ZERO) {
            return Err(zero_timeout(source.get_ref()));
        }
        // On the loopback the handshake has been made by now, so the first look saves a park.
        // A failure is no `Err` to the source: the kernel has an EAGAIN that means no free port.
        let connected =
            source.write_with(timeout.and_then(within_the_clock), |socket| {
                match attempt(socket, addr) {
                    Ok(true) => Ok(Progress::More(Ok(()))),
                    Ok(false) => Err(io::ErrorKind::WouldBlock.into()),
                    Err(error) => Ok(Progress::More(Err(error))),
                }
            });
        match connected {
            Ok(connected) => connected?,
            // It may have come through while other greenlets had the thread: std's would have seen it.
            Err(error) if is_deadline(&error) => {
                if !attempt(source.get_ref(), addr)? {
                    return Err(timed_out());
                }
            }
            Err(error) => return Err(error),
        }
    }
    source.get_ref().set_nonblocking(false)?;
    Ok(source)
}

/// Starts to connect or asks how far it has come: `false` while it is under way.
fn attempt(socket: &net::TcpStream, addr: &SocketAddr) -> io::Result<bool> {
    loop {
        return match rustix::net::connect(socket, addr) {
            Ok(()) | Err(Errno::ISCONN) => Ok(true),
            Err(Errno::INPROGRESS | Errno::ALREADY) => Ok(false),
            Err(Errno::INTR) => continue,
            Err(error) => Err(error.into()),
        };
    }
}

/// Std's error for a time-out of zero, from std itself, so that it is the same in every form.
fn zero_timeout(socket: &net::TcpStream) -> io::Error {
    socket
        .set_read_timeout(Some(Duration::ZERO))
        .expect_err("std took a time-out of zero")
}

#[cold]
fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "connection timed out")
}
