//! The socket, and datagrams in and out of it. What can be set on it is in `options`.

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};

use greenlet::io::Source;
use rustix::net::{RecvFlags, SocketAddrAny, recv, recvfrom, send, sendto};

use crate::addr::{ToSocketAddrs, first_that_opens};
use crate::socket::system::SEND;
use crate::socket::{RECEIVE, Settings, Socket};

/// A UDP socket.
///
/// This mirrors [`std::net::UdpSocket`]. Where that blocks the thread, this parks the calling
/// greenlet, and the others of its thread go on. All calls take `&self`, so one socket may be used
/// from any number of greenlets and threads at a time; each datagram goes to one of them.
///
/// A datagram is sent and received whole. One that is longer than the buffer it is received into
/// loses what does not fit, and one of no bytes at all is received as any other. Datagrams may get
/// lost, arrive twice, or in another order than they were sent in.
///
/// The socket is closed when the value, and every [clone](UdpSocket::try_clone), is dropped.
///
/// # Examples
///
/// ```
/// use gnet::UdpSocket;
/// use std::io;
///
/// let server = UdpSocket::bind("127.0.0.1:0")?;
/// let addr = server.local_addr()?;
///
/// greenlet::spawn(move || -> io::Result<()> {
///     let mut buf = [0; 512];
///     loop {
///         let (count, from) = server.recv_from(&mut buf)?;
///         buf[..count].reverse();
///         server.send_to(&buf[..count], from)?;
///     }
/// });
///
/// let client = UdpSocket::bind("127.0.0.1:0")?;
/// client.send_to(b"stressed", addr)?;
/// let mut buf = [0; 512];
/// let (count, from) = client.recv_from(&mut buf)?;
/// assert_eq!((&buf[..count], from), (&b"desserts"[..], addr));
/// # Ok::<(), io::Error>(())
/// ```
pub struct UdpSocket {
    pub(crate) socket: Socket<net::UdpSocket>,
}

// As std's. What is shared behind a reference is atomics.
impl UnwindSafe for UdpSocket {}
impl RefUnwindSafe for UdpSocket {}

impl UdpSocket {
    /// Makes a socket that is bound to `addr`.
    ///
    /// Port 0 asks the system for a free one, which [`local_addr`](Self::local_addr) then tells.
    /// Of several addresses, the first that can be bound is taken. Parks only while a host name is
    /// looked up.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{SocketAddr, UdpSocket};
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    ///
    /// let either = [socket.local_addr()?, SocketAddr::from(([127, 0, 0, 1], 0))];
    /// let second = UdpSocket::bind(&either[..])?;
    /// assert_ne!(second.local_addr()?, socket.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// That of the look-up, or of the last address tried;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address to try.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        let socket = first_that_opens(addr, |addr| net::UdpSocket::bind(addr))?;
        let socket = Socket::new(Source::new(socket), Settings::fresh_but_not_tcp());
        Ok(UdpSocket::new(socket))
    }

    /// Receives a datagram, and tells how long it is and where it comes from.
    ///
    /// Parks the calling greenlet until there is one. What does not fit into `buf` is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = UdpSocket::bind("127.0.0.1:0")?;
    /// sender.send_to(b"abc", receiver.local_addr()?)?;
    ///
    /// let mut buf = [0; 8];
    /// let (count, from) = receiver.recv_from(&mut buf)?;
    /// assert_eq!(&buf[..count], b"abc");
    /// assert_eq!(from, sender.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) when the
    /// [time-out](Self::set_read_timeout) is over, or when there is nothing to receive in the
    /// [non-blocking mode](Self::set_nonblocking).
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.receive_from(buf, RECEIVE)
    }

    /// Receives a datagram without taking it: the next call gives the same one again.
    ///
    /// Waits, and tells length and sender, as [`recv_from`](Self::recv_from) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = UdpSocket::bind("127.0.0.1:0")?;
    /// sender.send_to(b"abc", receiver.local_addr()?)?;
    ///
    /// let mut buf = [0; 8];
    /// assert_eq!(receiver.peek_from(&mut buf)?, (3, sender.local_addr()?));
    /// assert_eq!(receiver.recv_from(&mut buf)?, (3, sender.local_addr()?));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Self::recv_from).
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.receive_from(buf, RECEIVE | RecvFlags::PEEK)
    }

    /// Sends a datagram to `addr`, and tells how long it is.
    ///
    /// Of several addresses, the first is taken, and no other is tried. Parks the calling greenlet
    /// while a host name is looked up and while the send buffer has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_eq!(sender.send_to(b"abc", receiver.local_addr()?)?, 3);
    /// assert_eq!(receiver.recv(&mut [0; 8])?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// That of the look-up; [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address;
    /// the system's, such as that for a datagram which is too long;
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when the [time-out](Self::set_write_timeout) is
    /// over, or when there is no room in the [non-blocking mode](Self::set_nonblocking).
    pub fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        match addr.to_socket_addrs()?.next() {
            Some(addr) => self
                .socket
                .send_datagram(|socket| sendto(socket, buf, SEND, &addr)),
            None => self.send_nowhere(),
        }
    }

    /// The address that [`connect`](Self::connect) has set.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    ///
    /// let other = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.connect(other.local_addr()?)?;
    /// assert_eq!(socket.peer_addr()?, other.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getpeername` gives: [`NotConnected`](io::ErrorKind::NotConnected) if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().peer_addr()
    }

    /// The address that this socket is bound to.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockname` gives.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().local_addr()
    }

    /// Makes a second handle of the same socket.
    ///
    /// Both send from it and receive what arrives at it, each datagram going to one of them, and
    /// what is set on one is set on the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = receiver.try_clone()?;
    /// sender.send_to(b"to myself", receiver.local_addr()?)?;
    /// assert_eq!(receiver.recv(&mut [0; 16])?, 9);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<UdpSocket> {
        self.socket.try_clone().map(UdpSocket::new)
    }

    /// Takes the socket's pending error (`SO_ERROR`) and clears it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    /// Sets where [`send`](Self::send) sends to, and from where alone datagrams are received.
    ///
    /// A socket may be connected again, to another address. Of several addresses, the first that
    /// the system takes is set. Parks only while a host name is looked up: nothing is sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let here = UdpSocket::bind("127.0.0.1:0")?;
    /// let there = UdpSocket::bind("127.0.0.1:0")?;
    /// here.connect(there.local_addr()?)?;
    /// there.connect(here.local_addr()?)?;
    /// here.send(b"abc")?;
    /// assert_eq!(there.recv(&mut [0; 8])?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// That of the look-up, or of the last address tried;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address to try. That nobody
    /// listens there is told by a later call, if at all.
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let socket = self.socket.plain();
        first_that_opens(addr, |addr| socket.connect(addr))
    }

    /// Sends a datagram to the address that [`connect`](Self::connect) has set, and tells how long
    /// it is.
    ///
    /// Parks the calling greenlet while the send buffer has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = UdpSocket::bind("127.0.0.1:0")?;
    /// sender.connect(receiver.local_addr()?)?;
    /// assert_eq!(sender.send(b"abc")?, 3);
    /// assert_eq!(sender.send(b"")?, 0);
    /// assert_eq!(receiver.recv(&mut [0; 8])?, 3);
    /// assert_eq!(receiver.recv(&mut [0; 8])?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's: that the socket is not connected, that the datagram is too long, that an
    /// earlier one has found nobody at that address
    /// ([`ConnectionRefused`](io::ErrorKind::ConnectionRefused));
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when the [time-out](Self::set_write_timeout) is
    /// over, or when there is no room in the [non-blocking mode](Self::set_nonblocking).
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.send_datagram(|socket| send(socket, buf, SEND))
    }

    /// Receives a datagram and tells how long it is; from the connected address only, if
    /// [`connect`](Self::connect) has set one.
    ///
    /// Parks the calling greenlet until there is one. What does not fit into `buf` is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = UdpSocket::bind("127.0.0.1:0")?;
    /// receiver.connect(sender.local_addr()?)?;
    /// sender.send_to(b"abc", receiver.local_addr()?)?;
    /// sender.send_to(b"d", receiver.local_addr()?)?;
    ///
    /// let mut buf = [0; 2];
    /// assert_eq!(receiver.recv(&mut buf)?, 2); // and the "c" is lost
    /// assert_eq!(receiver.recv(&mut buf)?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Self::recv_from), and
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) when something that was sent has
    /// found nobody at the connected address.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.receive(buf, RECEIVE)
    }

    /// Receives a datagram without taking it: the next call gives the same one again.
    ///
    /// Waits, and tells the length, as [`recv`](Self::recv) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let receiver = UdpSocket::bind("127.0.0.1:0")?;
    /// let sender = UdpSocket::bind("127.0.0.1:0")?;
    /// sender.send_to(b"abc", receiver.local_addr()?)?;
    ///
    /// let mut buf = [0; 8];
    /// assert_eq!(receiver.peek(&mut buf)?, 3);
    /// assert_eq!(receiver.recv(&mut buf)?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv).
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.receive(buf, RECEIVE | RecvFlags::PEEK)
    }

    pub(crate) fn new(socket: Socket<net::UdpSocket>) -> UdpSocket {
        UdpSocket { socket }
    }

    fn receive(&self, buf: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        self.socket
            .receive_datagram(|socket| Ok(recv(socket, &mut *buf, flags)?.0))
    }

    fn receive_from(&self, buf: &mut [u8], flags: RecvFlags) -> io::Result<(usize, SocketAddr)> {
        let (count, from) = self.socket.receive_datagram(|socket| {
            let (count, _, from) = recvfrom(socket, &mut *buf, flags)?;
            Ok((count, from))
        })?;
        Ok((count, self.sender(from)?))
    }

    /// The address of a sender as `std` tells it.
    fn sender(&self, from: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
        match from.map(SocketAddr::try_from) {
            Some(Ok(addr)) => Ok(addr),
            // An adopted socket of another family: std says of its own address what it says of the sender's.
            _ => Err(self
                .local_addr()
                .err()
                .unwrap_or_else(|| io::ErrorKind::InvalidInput.into())),
        }
    }

    /// The error of `std` for no address to send to, from `std` itself, so that it is the same in
    /// every form. It makes no system call for that.
    #[cold]
    fn send_nowhere(&self) -> io::Result<usize> {
        let nowhere: &[SocketAddr] = &[];
        self.socket.plain().send_to(&[], nowhere)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.plain().fmt(f)
    }
}
