//! The connected socket. The descriptor is in `descriptor`.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::time::Duration;

use greenlet::io::Source;

use super::connect::connect;
use crate::socket::{Settings, Socket};

/// A connection between two Unix sockets.
///
/// This mirrors [`std::os::unix::net::UnixStream`]. Where that blocks the thread, this parks the
/// calling greenlet, and the others of its thread go on. `&UnixStream` reads and writes too, so one
/// stream may be used from any number of greenlets and threads at a time.
///
/// The connection is closed when the value, and every [clone](UnixStream::try_clone), is dropped.
///
/// # Examples
///
/// ```
/// use gnet::unix::{UnixListener, UnixStream};
/// use std::io::{self, Read, Write};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("socket");
/// let listener = UnixListener::bind(&path)?;
///
/// let client = greenlet::spawn(move || {
///     let mut stream = UnixStream::connect(path)?;
///     stream.write_all(b"ping")?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer)?;
///     Ok::<String, io::Error>(answer)
/// });
///
/// let (mut stream, _) = listener.accept()?;
/// let mut question = [0; 4];
/// stream.read_exact(&mut question)?;
/// assert_eq!(&question, b"ping");
/// stream.write_all(b"pong")?;
/// drop(stream);
///
/// assert_eq!(client.join().unwrap()?, "pong");
/// # Ok::<(), io::Error>(())
/// ```
pub struct UnixStream {
    pub(crate) socket: Socket<net::UnixStream>,
}

// As std's. What is shared behind a reference is atomics.
impl UnwindSafe for UnixStream {}
impl RefUnwindSafe for UnixStream {}

impl UnixStream {
    /// Opens a connection to the listener at `path`.
    ///
    /// Parks the calling greenlet while the listener's queue is full.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{UnixListener, UnixStream};
    /// use std::io::ErrorKind;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("socket");
    /// assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
    ///
    /// let _listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path)?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(&*path));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a path that is too long for an address or
    /// has a zero byte in it, [`NotFound`](io::ErrorKind::NotFound) if there is no such file,
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody listens there any more,
    /// and what else the system gives.
    ///
    /// # Platform-specific behavior
    ///
    /// Linux does not tell when a full queue has room again. The listener is asked, first after a
    /// millisecond and then less and less often, down to some thirty times a second.
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        UnixStream::connect_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Opens a connection to the listener at `socket_addr`.
    ///
    /// Parks as [`connect`](Self::connect) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::{UnixListener, UnixStream};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let listener = UnixListener::bind(folder.path().join("socket"))?;
    /// let stream = UnixStream::connect_addr(&listener.local_addr()?)?;
    /// assert!(stream.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        connect(socket_addr).map(UnixStream::new)
    }

    /// Makes two sockets that are connected to each other, and have no name.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    /// use std::io::{Read, Write};
    ///
    /// let (mut here, mut there) = UnixStream::pair()?;
    /// here.write_all(b"abc")?;
    /// drop(here);
    /// let mut text = String::new();
    /// there.read_to_string(&mut text)?;
    /// assert_eq!(text, "abc");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((UnixStream::fresh(one), UnixStream::fresh(other)))
    }

    /// Makes a second handle of the same connection.
    ///
    /// Both read and write the same stream of bytes, and what is set on one is set on the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    /// use std::io::{BufRead, BufReader, Write};
    ///
    /// let (mut here, mut writer) = UnixStream::pair()?;
    /// let mut reader = BufReader::new(writer.try_clone()?);
    /// here.write_all(b"hello\n")?;
    /// let mut line = String::new();
    /// reader.read_line(&mut line)?;
    /// writer.write_all(line.as_bytes())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<UnixStream> {
        self.socket.try_clone().map(UnixStream::new)
    }

    /// The address of this end.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    ///
    /// let (here, _there) = UnixStream::pair()?;
    /// assert!(here.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockname` gives.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    ///
    /// let (here, _there) = UnixStream::pair()?;
    /// assert!(here.peer_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getpeername` gives.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.plain().peer_addr()
    }

    /// Sets how long a read may wait; `None` is for ever.
    ///
    /// A read that gets nothing in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does. A read that is under way keeps
    /// the time-out that it began with.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    /// use std::io::{ErrorKind, Read};
    /// use std::time::Duration;
    ///
    /// let (mut here, _there) = UnixStream::pair()?;
    /// here.set_read_timeout(Some(Duration::from_millis(10)))?;
    /// let silence = here.read(&mut [0; 8]).unwrap_err();
    /// assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    ///
    /// let zero = here.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
    /// assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a time-out of zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(timeout)
    }

    /// Sets how long a write may wait; `None` is for ever.
    ///
    /// A write that could send nothing in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does; one that could send a part tells
    /// how much.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    /// use std::io::{ErrorKind, Write};
    /// use std::time::Duration;
    ///
    /// let (mut here, _there) = UnixStream::pair()?;
    /// here.set_write_timeout(Some(Duration::from_millis(10)))?;
    /// let stuck = loop {
    ///     if let Err(error) = here.write(&[0; 65536]) {
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
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(timeout)
    }

    /// Gives the time-out of reads, as the kernel keeps it: rounded up to its ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (here, _there) = UnixStream::pair()?;
    /// assert_eq!(here.read_timeout()?, None);
    /// here.set_read_timeout(Some(Duration::from_secs(2)))?;
    /// assert_eq!(here.read_timeout()?, Some(Duration::from_secs(2)));
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
    /// use gnet::unix::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (here, _there) = UnixStream::pair()?;
    /// here.set_write_timeout(Some(Duration::from_secs(2)))?;
    /// assert_eq!(here.write_timeout()?, Some(Duration::from_secs(2)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        self.socket.plain().write_timeout()
    }

    /// Sets whether reads and writes return [`WouldBlock`](io::ErrorKind::WouldBlock) where they
    /// would park.
    ///
    /// Clones of the stream share this. A greenlet that is parked already stays so.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    /// use std::io::{ErrorKind, Read};
    ///
    /// let (mut here, _there) = UnixStream::pair()?;
    /// here.set_nonblocking(true)?;
    /// let nothing_yet = here.read(&mut [0; 8]).unwrap_err();
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

    /// Takes the socket's pending error (`SO_ERROR`) and clears it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixStream;
    ///
    /// let (here, _there) = UnixStream::pair()?;
    /// assert!(here.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    /// Ends one direction of the connection, or both, for every handle of it.
    ///
    /// Greenlets that are parked in a direction which ends wake up, readers with the end of the
    /// stream and writers with an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::Shutdown;
    /// use gnet::unix::UnixStream;
    /// use std::io::Read;
    ///
    /// let (here, mut there) = UnixStream::pair()?;
    /// here.shutdown(Shutdown::Write)?;
    /// assert_eq!(there.read(&mut [0; 8])?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `shutdown` gives.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.plain().shutdown(how)
    }

    pub(crate) fn new(socket: Socket<net::UnixStream>) -> UnixStream {
        UnixStream { socket }
    }

    fn fresh(stream: net::UnixStream) -> UnixStream {
        let settings = Settings::fresh_but_not_tcp();
        UnixStream::new(Socket::new(Source::new(stream), settings))
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.plain().fmt(f)
    }
}
