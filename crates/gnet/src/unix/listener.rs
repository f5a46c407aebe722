//! The listening socket.

use std::fmt;
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;

use super::incoming::Incoming;
use super::stream::UnixStream;
use crate::socket::{ListeningSocket, Settings};

/// A Unix socket that listens for connections.
///
/// This mirrors [`std::os::unix::net::UnixListener`]. Where that blocks the thread, this parks the
/// calling greenlet, and the others of its thread go on. Any number of greenlets, on any threads,
/// may accept on one listener, by reference or by [clones](UnixListener::try_clone).
///
/// The socket is closed when the value is dropped. The file that it was bound to stays, and has to
/// be removed before the path can be bound again.
///
/// # Examples
///
/// ```
/// use gnet::unix::{UnixListener, UnixStream};
/// use std::io::{self, Read, Write};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("echo");
/// let listener = UnixListener::bind(&path)?;
/// greenlet::spawn(move || {
///     for stream in &listener {
///         let stream = stream?;
///         greenlet::spawn(move || io::copy(&mut &stream, &mut &stream));
///     }
///     Ok::<(), io::Error>(())
/// });
///
/// let mut stream = UnixStream::connect(&path)?;
/// stream.write_all(b"hello")?;
/// let mut echo = [0; 5];
/// stream.read_exact(&mut echo)?;
/// assert_eq!(&echo, b"hello");
/// # Ok::<(), io::Error>(())
/// ```
pub struct UnixListener {
    pub(crate) socket: ListeningSocket<net::UnixListener>,
}

// As std's. What is shared behind a reference is atomics, and a lock that ignores poisoning.
impl UnwindSafe for UnixListener {}
impl RefUnwindSafe for UnixListener {}

impl UnixListener {
    /// Makes a socket that listens at `path`, where a file for it is made.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixListener;
    /// use std::io::ErrorKind;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let _listener = UnixListener::bind(&path)?;
    /// assert!(path.exists());
    /// assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that is too long for an address or
    /// has a zero byte in it, [`AddrInUse`](io::ErrorKind::AddrInUse) for one that exists, and what
    /// else the system gives.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        net::UnixListener::bind(path).map(UnixListener::fresh)
    }

    /// Makes a socket that listens at `socket_addr`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{SocketAddr, UnixListener};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let addr = SocketAddr::from_pathname(folder.path().join("socket"))?;
    /// let listener = UnixListener::bind_addr(&addr)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), addr.as_pathname());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) for an address that is taken, and what else the
    /// system gives.
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        net::UnixListener::bind_addr(socket_addr).map(UnixListener::fresh)
    }

    /// Takes the next connection, and the address that it comes from, which has no name most often.
    ///
    /// Parks the calling greenlet until there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{UnixListener, UnixStream};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = greenlet::spawn(move || UnixStream::connect(path));
    /// let (_stream, addr) = listener.accept()?;
    /// assert!(addr.is_unnamed());
    /// client.join().unwrap()?;
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
    /// over, the error is `WouldBlock` too.
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, addr) = self.socket.accept()?;
        Ok((UnixStream::new(stream), addr))
    }

    /// Makes a second handle of the same socket.
    ///
    /// Both accept the connections that arrive, each connection going to one of them, and what is
    /// set on one is set on the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{UnixListener, UnixStream};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let second = listener.try_clone()?;
    /// let _client = UnixStream::connect(path)?;
    /// second.accept()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<UnixListener> {
        self.socket.try_clone().map(UnixListener::new)
    }

    /// The address that this socket is bound to.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixListener;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockname` gives.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().local_addr()
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
    /// use gnet::unix::UnixListener;
    /// use std::io::ErrorKind;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let listener = UnixListener::bind(folder.path().join("socket"))?;
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

    /// Takes the socket's pending error (`SO_ERROR`) and clears it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixListener;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let listener = UnixListener::bind(folder.path().join("socket"))?;
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

    /// Iterates over the connections to come, for ever.
    ///
    /// Its `next` is [`accept`](Self::accept) without the address.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{UnixListener, UnixStream};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let clients = [UnixStream::connect(&path)?, UnixStream::connect(&path)?];
    /// for (_client, stream) in clients.iter().zip(listener.incoming()) {
    ///     assert_eq!(stream?.local_addr()?.as_pathname(), Some(&*path));
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming::new(self)
    }

    pub(crate) fn new(socket: ListeningSocket<net::UnixListener>) -> UnixListener {
        UnixListener { socket }
    }

    fn fresh(listener: net::UnixListener) -> UnixListener {
        let settings = Settings::fresh_but_not_tcp();
        UnixListener::new(ListeningSocket::new(listener, settings))
    }
}

impl<'a> IntoIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.plain().fmt(f)
    }
}
