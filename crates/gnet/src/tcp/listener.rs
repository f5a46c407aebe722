//! The listening socket.

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::incoming::Incoming;
use super::stream::TcpStream;
use crate::addr::{ToSocketAddrs, first_that_opens};
use crate::socket::{ListeningSocket, Settings};

/// A TCP socket that listens for connections.
///
/// This mirrors [`std::net::TcpListener`]. Where that blocks the thread, this parks the calling
/// greenlet, and the others of its thread go on. Any number of greenlets, on any threads, may
/// accept on one listener, by reference or by [clones](TcpListener::try_clone).
///
/// The socket is closed when the value is dropped.
///
/// # Examples
///
/// ```
/// use gnet::{TcpListener, TcpStream};
/// use std::io::{self, Read, Write};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let addr = listener.local_addr()?;
///
/// let server = greenlet::spawn(move || {
///     for stream in listener.incoming().take(2) {
///         let mut stream = stream?;
///         greenlet::spawn(move || io::copy(&mut stream.try_clone()?, &mut stream));
///     }
///     Ok::<(), io::Error>(())
/// });
///
/// for word in ["one", "two"] {
///     let mut stream = TcpStream::connect(addr)?;
///     stream.write_all(word.as_bytes())?;
///     stream.shutdown(gnet::Shutdown::Write)?;
///     let mut echo = String::new();
///     stream.read_to_string(&mut echo)?;
///     assert_eq!(echo, word);
/// }
/// server.join().unwrap()?;
/// # Ok::<(), io::Error>(())
/// ```
pub struct TcpListener {
    pub(crate) socket: ListeningSocket<net::TcpListener>,
}

// As std's. What is shared behind a reference is atomics, and a lock that ignores poisoning.
impl UnwindSafe for TcpListener {}
impl RefUnwindSafe for TcpListener {}

impl TcpListener {
    /// Makes a socket that listens on `addr`.
    ///
    /// Port 0 asks the system for a free one, which [`local_addr`](Self::local_addr) then tells.
    /// Of several addresses, the first that can be bound is taken. Parks only while a host name is
    /// looked up.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{SocketAddr, TcpListener};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    ///
    /// let either = [listener.local_addr()?, SocketAddr::from(([127, 0, 0, 1], 0))];
    /// let second = TcpListener::bind(&either[..])?;
    /// assert_ne!(second.local_addr()?, listener.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// That of the look-up, or of the last address tried;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address to try.
    ///
    /// # Platform-specific behavior
    ///
    /// As `std` on Unix, sets `SO_REUSEADDR` and `CLOEXEC`, and a backlog of 128.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let listener = first_that_opens(addr, |addr| net::TcpListener::bind(addr))?;
        let settings = Settings::fresh();
        Ok(TcpListener::new(ListeningSocket::new(listener, settings)))
    }

    /// The address that this socket is bound to.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// assert!(listener.local_addr()?.ip().is_loopback());
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
    /// Both accept the connections that arrive, each connection going to one of them, and what is
    /// set on one is set on the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let second = listener.try_clone()?;
    /// let client = TcpStream::connect(listener.local_addr()?)?;
    /// let (_stream, addr) = second.accept()?;
    /// assert_eq!(addr, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<TcpListener> {
        self.socket.try_clone().map(TcpListener::new)
    }

    /// Takes the next connection, and the address that it comes from.
    ///
    /// Parks the calling greenlet until there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let client = TcpStream::connect(listener.local_addr()?)?;
    /// let (stream, addr) = listener.accept()?;
    /// assert_eq!(addr, client.local_addr()?);
    /// assert_eq!(stream.peer_addr()?, addr);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's. One of them does not break the listener: when the process has no descriptor
    /// left, say, the connection stays in the queue for a later call.
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) in the
    /// [non-blocking mode](Self::set_nonblocking) when no connection waits.
    ///
    /// # Platform-specific behavior
    ///
    /// On Linux an adopted descriptor may have a receive time-out (`SO_RCVTIMEO`): when it is
    /// over, the error is `WouldBlock` too, and the accepted streams inherit it.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, addr) = self.socket.accept()?;
        Ok((TcpStream::new(stream), addr))
    }

    /// Iterates over the connections to come, for ever.
    ///
    /// Its `next` is [`accept`](Self::accept) without the address.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let clients = [
    ///     TcpStream::connect(listener.local_addr()?)?,
    ///     TcpStream::connect(listener.local_addr()?)?,
    /// ];
    /// for (client, stream) in clients.iter().zip(listener.incoming()) {
    ///     assert_eq!(stream?.peer_addr()?, client.local_addr()?);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming::new(self)
    }

    /// Sets `IP_TTL`, the time to live of the packets sent from this socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_ttl(100)?;
    /// assert_eq!(listener.ttl()?, 100);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.plain().set_ttl(ttl)
    }

    /// Gives `IP_TTL`, as [`set_ttl`](Self::set_ttl) sets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// assert_ne!(listener.ttl()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.plain().ttl()
    }

    /// Sets `IPV6_V6ONLY`, which the system refuses on a bound socket, as every listener is.
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    #[deprecated(
        since = "0.1.0",
        note = "deprecated in std: the option can only be set before the socket is bound"
    )]
    pub fn set_only_v6(&self, only_v6: bool) -> io::Result<()> {
        #[expect(deprecated, reason = "mirrors std, which has it deprecated")]
        self.socket.plain().set_only_v6(only_v6)
    }

    /// Gives `IPV6_V6ONLY`.
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    #[deprecated(
        since = "0.1.0",
        note = "deprecated in std: the option can only be set before the socket is bound"
    )]
    pub fn only_v6(&self) -> io::Result<bool> {
        #[expect(deprecated, reason = "mirrors std, which has it deprecated")]
        self.socket.plain().only_v6()
    }

    /// Takes the socket's pending error (`SO_ERROR`) and clears it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.plain().take_error()
    }

    /// Sets whether [`accept`](Self::accept) returns
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where it would park.
    ///
    /// Clones of the listener share this. A greenlet that is parked already stays so, and the
    /// accepted streams do not inherit it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::TcpListener;
    /// use std::io::ErrorKind;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_nonblocking(true)?;
    /// assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, for a descriptor that is not open.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.socket.set_nonblocking(nonblocking)
    }

    pub(crate) fn new(socket: ListeningSocket<net::TcpListener>) -> TcpListener {
        TcpListener { socket }
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.plain().fmt(f)
    }
}
