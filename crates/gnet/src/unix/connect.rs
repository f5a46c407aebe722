//! Opening a connection to a listener of this machine.

use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::time::{Duration, Instant};

use greenlet::io::Source;
use rustix::io::Errno;
use rustix::net::AddressFamily;

use super::addr::to_system;
use crate::socket::{Settings, Socket, system};

/// The first and the longest pause before a listener with a full queue is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// Connects a new socket, which is in blocking mode afterwards, as std's is.
///
/// The kernel connects at once or, when the listener's queue is full, refuses to: a socket of this
/// kind is never on its way, so there is no event to wait for. It is tried again until the kernel
/// does something else, which leaves the thread to others and can be killed.
pub(super) fn connect(addr: &SocketAddr) -> io::Result<Socket<net::UnixStream>> {
    let socket = net::UnixStream::from(system::new_socket(AddressFamily::UNIX)?);
    let addr = to_system(addr)?;
    let mut pause = FIRST_PAUSE;
    loop {
        match rustix::net::connect(&socket, &addr) {
            Ok(()) => break,
            Err(Errno::AGAIN) => {
                greenlet::time::sleep_until(Instant::now() + pause);
                pause = LONGEST_PAUSE.min(2 * pause);
            }
            Err(error) => return Err(error.into()),
        }
    }
    socket.set_nonblocking(false)?;
    let settings = Settings::fresh_but_not_tcp();
    Ok(Socket::new(Source::new(socket), settings))
}
