//! The connected socket. The descriptor is in `descriptor`.

use std::fmt;
use std::io;
use std::net::{self, Shutdown, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use super::connect::connect;
use crate::addr::{ToSocketAddrs, first_that_opens};
use crate::socket::{Settings, Socket};

/// A TCP connection.
///
/// This mirrors [`std::net::TcpStream`]. Where that blocks the thread, this parks the calling
/// greenlet, and the others of its thread go on. `&TcpStream` reads and writes too, so one stream
/// may be used from any number of greenlets and threads at a time.
///
/// The connection is closed when the value, and every [clone](TcpStream::try_clone), is dropped.
///
/// # Examples
///
/// ```
/// use gnet::{Shutdown, TcpListener, TcpStream};
/// use std::io::{self, Read, Write};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let addr = listener.local_addr()?;
///
/// let client = greenlet::spawn(move || {
///     let mut stream = TcpStream::connect(addr)?;
///     stream.write_all(b"ping")?;
///     stream.shutdown(Shutdown::Write)?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer)?;
///     Ok::<String, io::Error>(answer)
/// });
///
/// let (mut stream, _) = listener.accept()?;
/// let mut question = String::new();
/// stream.read_to_string(&mut question)?;
/// assert_eq!(question, "ping");
/// stream.write_all(b"pong")?;
/// drop(stream);
///
/// assert_eq!(client.join().unwrap()?, "pong");
/// # Ok::<(), io::Error>(())
/// ```
pub struct TcpStream {
    pub(crate) socket: Socket<net::TcpStream>,
}

// As std's. What is shared behind a reference is atomics.
impl UnwindSafe for TcpStream {}
impl RefUnwindSafe for TcpStream {}

impl TcpStream {
    /// Opens a connection to `addr`.
    ///
    /// Of several addresses, each is tried in turn until one answers. Parks the calling greenlet
    /// while a host name is looked up and while a connection is under way.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{SocketAddr, TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let open = listener.local_addr()?;
    /// let stream = TcpStream::connect(open)?;
    /// assert_eq!(stream.peer_addr()?, open);
    ///
    /// let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    /// let stream = TcpStream::connect(&[closed, open][..])?;
    /// assert_eq!(stream.peer_addr()?, open);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// That of the look-up, or of the last address tried;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address to try.
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let source = first_that_opens(addr, |addr| connect(addr, None))?;
        Ok(TcpStream::new(Socket::new(source, Settings::fresh())))
    }

    /// Opens a connection to one address, and gives up after `timeout`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let addr = listener.local_addr()?;
    /// let stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5))?;
    /// assert_eq!(stream.peer_addr()?, addr);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when the time is over,
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a `timeout` of zero, and those of
    /// [`connect`](Self::connect).
    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        let source = connect(addr, Some(timeout))?;
        Ok(TcpStream::new(Socket::new(source, Settings::fresh())))
    }

    /// The address of the other end.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getpeername` gives: [`NotConnected`](io::ErrorKind::NotConnected) once the connection
    /// was reset.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// assert!(stream.local_addr()?.ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockname` gives.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().local_addr()
    }

    /// Ends one direction of the connection, or both, for every handle of it.
    ///
    /// Greenlets that are parked in a direction which ends wake up, readers with the end of the
    /// stream and writers with an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{Shutdown, TcpListener, TcpStream};
    /// use std::io::Read;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let client = TcpStream::connect(listener.local_addr()?)?;
    /// let (mut server, _) = listener.accept()?;
    ///
    /// client.shutdown(Shutdown::Write)?;
    /// assert_eq!(server.read(&mut [0; 8])?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `shutdown` gives: [`NotConnected`](io::ErrorKind::NotConnected) when the connection is
    /// gone.
    ///
    /// # Platform-specific behavior
    ///
    /// On Linux a direction may be shut down twice.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.plain().shutdown(how)
    }

    /// Makes a second handle of the same connection.
    ///
    /// Both read and write the same stream of bytes, and what is set on one is set on the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::io::{self, BufRead, BufReader, Write};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut client = TcpStream::connect(listener.local_addr()?)?;
    /// client.write_all(b"hello\n")?;
    ///
    /// let (mut writer, _) = listener.accept()?;
    /// let mut reader = BufReader::new(writer.try_clone()?);
    /// let mut line = String::new();
    /// reader.read_line(&mut line)?;
    /// writer.write_all(line.as_bytes())?;
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        self.socket.try_clone().map(TcpStream::new)
    }

    /// Sets how long a read may wait; `None` is for ever.
    ///
    /// A read that gets nothing in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does on Unix. A read that is under
    /// way keeps the time-out that it began with.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::io::{ErrorKind, Read};
    /// use std::time::Duration;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_read_timeout(Some(Duration::from_millis(10)))?;
    /// let silence = stream.read(&mut [0; 8]).unwrap_err();
    /// assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    ///
    /// let zero = stream.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
    /// assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a time-out of zero.
    pub fn set_read_timeout(&self, dur: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(dur)
    }

    /// Sets how long a write may wait; `None` is for ever.
    ///
    /// A write that could send nothing in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does on Unix; one that could send a
    /// part tells how much.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::io::{ErrorKind, Write};
    /// use std::time::Duration;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_write_timeout(Some(Duration::from_millis(10)))?;
    /// let stuck = loop {
    ///     if let Err(error) = stream.write(&[0; 65536]) {
    ///         break error; // Nobody reads, and the buffers are full.
    ///     }
    /// };
    /// assert_eq!(stuck.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a time-out of zero.
    pub fn set_write_timeout(&self, dur: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(dur)
    }

    /// Gives the time-out of reads, as the kernel keeps it: rounded up to its ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// assert_eq!(stream.read_timeout()?, None);
    /// stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    /// assert_eq!(stream.read_timeout()?, Some(Duration::from_secs(2)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        self.socket.plain().read_timeout()
    }

    /// Gives the time-out of writes, as the kernel keeps it: rounded up to its ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    /// assert_eq!(stream.write_timeout()?, Some(Duration::from_secs(2)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        self.socket.plain().write_timeout()
    }

    /// Reads without taking: the next read or peek gives the same bytes again.
    ///
    /// Waits as a read does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::io::{Read, Write};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut client = TcpStream::connect(listener.local_addr()?)?;
    /// let (mut server, _) = listener.accept()?;
    /// client.write_all(b"x")?;
    ///
    /// let mut buf = [0; 8];
    /// assert_eq!(server.peek(&mut buf)?, 1);
    /// assert_eq!(server.read(&mut buf)?, 1);
    /// assert_eq!(buf[0], b'x');
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of a read.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.peek_into(buf)
    }

    /// Sets `TCP_NODELAY`: whether small pieces are sent at once instead of being collected.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.plain().set_nodelay(nodelay)
    }

    /// Gives `TCP_NODELAY`, as [`set_nodelay`](Self::set_nodelay) sets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// assert!(!stream.nodelay()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.plain().nodelay()
    }

    /// Sets `IP_TTL`, the time to live of the packets sent from this socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_ttl(100)?;
    /// assert_eq!(stream.ttl()?, 100);
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
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// assert_ne!(stream.ttl()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.plain().ttl()
    }

    /// Takes the socket's pending error (`SO_ERROR`) and clears it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// assert!(stream.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    /// Sets whether reads, peeks and writes return
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where they would park.
    ///
    /// Clones of the stream share this. A greenlet that is parked already stays so.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{TcpListener, TcpStream};
    /// use std::io::{ErrorKind, Read};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_nonblocking(true)?;
    /// let nothing_yet = stream.read(&mut [0; 8]).unwrap_err();
    /// assert_eq!(nothing_yet.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, for a descriptor that is not open.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.socket.set_nonblocking(nonblocking)
    }

    pub(crate) fn new(socket: Socket<net::TcpStream>) -> TcpStream {
        TcpStream { socket }
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.plain().fmt(f)
    }
}
