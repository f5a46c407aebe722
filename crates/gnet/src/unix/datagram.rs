//! The socket for datagrams. Its time-outs and modes are in `datagram_options`.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;

use greenlet::io::Source;
use rustix::net::{recv, recvfrom, send, sendto};

use super::addr::{from_system, to_system};
use crate::socket::system::SEND;
use crate::socket::{RECEIVE, Settings, Socket};

/// A Unix socket for datagrams.
///
/// This mirrors [`std::os::unix::net::UnixDatagram`]. Where that blocks the thread, this parks the
/// calling greenlet, and the others of its thread go on. All calls take `&self`, so one socket may
/// be used from any number of greenlets and threads at a time; each datagram goes to one of them.
///
/// A datagram is sent and received whole. One that is longer than the buffer it is received into
/// loses what does not fit, and one of no bytes at all is received as any other. On Linux none is
/// lost otherwise, and they keep their order: a sender waits until there is room for one.
///
/// The socket is closed when the value, and every [clone](UnixDatagram::try_clone), is dropped. The
/// file that it was bound to stays, and has to be removed before the path can be bound again.
///
/// # Examples
///
/// ```
/// use gnet::unix::UnixDatagram;
/// use std::io;
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("log");
/// let log = UnixDatagram::bind(&path)?;
/// let lines = greenlet::spawn(move || {
///     let mut buf = [0; 100];
///     let first = log.recv(&mut buf)?;
///     let second = log.recv(&mut buf)?;
///     Ok::<_, io::Error>((first, second))
/// });
///
/// let program = UnixDatagram::unbound()?;
/// program.connect(path)?;
/// program.send(b"started")?;
/// program.send(b"ended")?;
/// assert_eq!(lines.join().unwrap()?, (7, 5));
/// # Ok::<(), io::Error>(())
/// ```
pub struct UnixDatagram {
    pub(crate) socket: Socket<net::UnixDatagram>,
}

// As std's. What is shared behind a reference is atomics.
impl UnwindSafe for UnixDatagram {}
impl RefUnwindSafe for UnixDatagram {}

impl UnixDatagram {
    /// Makes a socket that receives at `path`, where a file for it is made.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that is too long for an address or
    /// has a zero byte in it, [`AddrInUse`](io::ErrorKind::AddrInUse) for one that exists, and what
    /// else the system gives.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        net::UnixDatagram::bind(path).map(UnixDatagram::fresh)
    }

    /// Makes a socket that receives at `socket_addr`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{SocketAddr, UnixDatagram};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let addr = SocketAddr::from_pathname(folder.path().join("socket"))?;
    /// let socket = UnixDatagram::bind_addr(&addr)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), addr.as_pathname());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) for an address that is taken, and what else the
    /// system gives.
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixDatagram> {
        net::UnixDatagram::bind_addr(socket_addr).map(UnixDatagram::fresh)
    }

    /// Makes a socket without an address, which nobody can send to.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// let socket = UnixDatagram::unbound()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn unbound() -> io::Result<UnixDatagram> {
        net::UnixDatagram::unbound().map(UnixDatagram::fresh)
    }

    /// Makes two sockets that are connected to each other, and have no address.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// let (here, there) = UnixDatagram::pair()?;
    /// here.send(b"abc")?;
    /// assert_eq!(there.recv(&mut [0; 8])?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((UnixDatagram::fresh(one), UnixDatagram::fresh(other)))
    }

    /// Sets where [`send`](Self::send) sends to, and from where alone datagrams are received.
    ///
    /// A socket may be connected again, to another path. Never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
    ///
    /// let receiver = UnixDatagram::bind(&path)?;
    /// sender.connect(&path)?;
    /// sender.send(b"abc")?;
    /// assert_eq!(receiver.recv(&mut [0; 8])?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that is too long for an address or
    /// has a zero byte in it, and what else the system gives.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.socket.plain().connect(path)
    }

    /// Sets the same by an address.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let receiver = UnixDatagram::bind(folder.path().join("socket"))?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect_addr(&receiver.local_addr()?)?;
    /// assert_eq!(sender.send(b"abc")?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub fn connect_addr(&self, socket_addr: &SocketAddr) -> io::Result<()> {
        self.socket.plain().connect_addr(socket_addr)
    }

    /// Makes a second handle of the same socket.
    ///
    /// Both send from it and receive what arrives at it, each datagram going to one of them, and
    /// what is set on one is set on the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// let (here, there) = UnixDatagram::pair()?;
    /// let second = there.try_clone()?;
    /// here.send(b"abc")?;
    /// assert_eq!(second.recv(&mut [0; 8])?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<UnixDatagram> {
        self.socket.try_clone().map(UnixDatagram::new)
    }

    /// The address of this socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockname` gives.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().local_addr()
    }

    /// The address that [`connect`](Self::connect) has set.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// let socket = UnixDatagram::unbound()?;
    /// assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getpeername` gives: [`NotConnected`](io::ErrorKind::NotConnected) if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().peer_addr()
    }

    /// Receives a datagram, and tells how long it is and where it comes from.
    ///
    /// Parks the calling greenlet until there is one. What does not fit into `buf` is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.send_to(b"abc", path)?;
    ///
    /// let (count, from) = receiver.recv_from(&mut [0; 8])?;
    /// assert_eq!(count, 3);
    /// assert!(from.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) when the
    /// [time-out](Self::set_read_timeout) is over, or when there is nothing to receive in the
    /// [non-blocking mode](Self::set_nonblocking).
    ///
    /// # Platform-specific behavior
    ///
    /// Linux can bind a socket to a path of 108 bytes, one more than `std` can. The sender of what
    /// comes from such a one is given as unnamed.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (count, from) = self.socket.receive_datagram(|socket| {
            let (count, _, from) = recvfrom(socket, &mut *buf, RECEIVE)?;
            Ok((count, from))
        })?;
        match from_system(from)? {
            Some(from) => Ok((count, from)),
            // An adopted socket of another family: std says of its own address what it says of the sender's.
            None => Err(self
                .local_addr()
                .err()
                .unwrap_or_else(|| io::ErrorKind::InvalidInput.into())),
        }
    }

    /// Receives a datagram, and tells how long it is.
    ///
    /// Parks the calling greenlet until there is one. What does not fit into `buf` is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// let (here, there) = UnixDatagram::pair()?;
    /// here.send(b"abc")?;
    /// here.send(b"d")?;
    ///
    /// let mut buf = [0; 2];
    /// assert_eq!(there.recv(&mut buf)?, 2); // and the "c" is lost
    /// assert_eq!(there.recv(&mut buf)?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Self::recv_from).
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket
            .receive_datagram(|socket| Ok(recv(socket, &mut *buf, RECEIVE)?.0))
    }

    /// Sends a datagram to the socket at `path`, and tells how long it is.
    ///
    /// Parks the calling greenlet while the receiver's queue, or the send buffer, has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.send_to(b"abc", path)?, 3);
    /// assert_eq!(receiver.recv(&mut [0; 8])?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that is too long for an address or
    /// has a zero byte in it, [`NotFound`](io::ErrorKind::NotFound) if there is no such file,
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody receives there any more,
    /// and what else the system gives; [`WouldBlock`](io::ErrorKind::WouldBlock) when the
    /// [time-out](Self::set_write_timeout) is over, or when there is no room in the
    /// [non-blocking mode](Self::set_nonblocking).
    ///
    /// # Platform-specific behavior
    ///
    /// On Linux, a call that has to wait for the receiver needs a free descriptor for that.
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        self.send_to_addr(buf, &SocketAddr::from_pathname(path)?)
    }

    /// Sends a datagram to the socket at `socket_addr`, and tells how long it is.
    ///
    /// Parks as [`send_to`](Self::send_to) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let here = UnixDatagram::bind(folder.path().join("here"))?;
    /// let there = UnixDatagram::bind(folder.path().join("there"))?;
    /// here.send_to_addr(b"abc", &there.local_addr()?)?;
    ///
    /// let (_, from) = there.recv_from(&mut [0; 8])?;
    /// there.send_to_addr(b"answer", &from)?;
    /// assert_eq!(here.recv(&mut [0; 8])?, 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Self::send_to).
    pub fn send_to_addr(&self, buf: &[u8], socket_addr: &SocketAddr) -> io::Result<usize> {
        let addr = to_system(socket_addr)?;
        self.socket.send_datagram_to(
            |socket| sendto(socket, buf, SEND, &addr),
            || {
                let stand_in = net::UnixDatagram::unbound()?;
                let connected = stand_in.connect_addr(socket_addr).is_ok();
                Ok(connected.then_some(stand_in))
            },
        )
    }

    /// Sends a datagram to the address that [`connect`](Self::connect) has set, and tells how long
    /// it is.
    ///
    /// Parks the calling greenlet while the receiver's queue, or the send buffer, has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    ///
    /// let (here, there) = UnixDatagram::pair()?;
    /// assert_eq!(here.send(b"abc")?, 3);
    /// assert_eq!(here.send(b"")?, 0);
    /// assert_eq!(there.recv(&mut [0; 8])?, 3);
    /// assert_eq!(there.recv(&mut [0; 8])?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's: that the socket is not connected, that the datagram is too long, that the
    /// receiver is gone; [`WouldBlock`](io::ErrorKind::WouldBlock) when the
    /// [time-out](Self::set_write_timeout) is over, or when there is no room in the
    /// [non-blocking mode](Self::set_nonblocking).
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.send_datagram(|socket| send(socket, buf, SEND))
    }

    /// Ends one direction, or both, for every handle of the socket.
    ///
    /// Greenlets that are parked in a direction which ends wake up, receivers with no bytes and
    /// senders with an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::Shutdown;
    /// use gnet::unix::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// let (here, there) = UnixDatagram::pair()?;
    /// here.shutdown(Shutdown::Both)?;
    /// assert_eq!(here.recv(&mut [0; 8])?, 0);
    /// assert_eq!(here.send(b"abc").unwrap_err().kind(), ErrorKind::BrokenPipe);
    /// # drop(there);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `shutdown` gives.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Write {
            self.socket.expect_end();
        }
        self.socket.plain().shutdown(how)
    }

    pub(crate) fn new(socket: Socket<net::UnixDatagram>) -> UnixDatagram {
        UnixDatagram { socket }
    }

    fn fresh(socket: net::UnixDatagram) -> UnixDatagram {
        let settings = Settings::fresh_but_not_tcp();
        UnixDatagram::new(Socket::new(Source::new(socket), settings))
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.plain().fmt(f)
    }
}
