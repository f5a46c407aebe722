//! What `std` has for sockets on Linux only: the mirror of [`std::os::linux::net`].

use std::io;
use std::os::linux::net::TcpStreamExt as _;

pub use std::os::linux::net::SocketAddrExt;

mod sealed {
    /// Keeps [`TcpStreamExt`](super::TcpStreamExt) open to new methods, as std's is.
    pub trait Sealed {}

    impl Sealed for crate::TcpStream {}
}

/// Linux's own options of a [`TcpStream`](crate::TcpStream).
///
/// This mirrors [`std::os::linux::net::TcpStreamExt`]. It cannot be implemented outside of this
/// crate.
///
/// # Examples
///
/// ```
/// use gnet::linux::TcpStreamExt;
/// use gnet::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?)?;
/// stream.set_quickack(true)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait TcpStreamExt: sealed::Sealed {
    /// Sets `TCP_QUICKACK`: whether the kernel acknowledges what it receives at once.
    ///
    /// The kernel leaves this mode of its own accord, so a program that wants it sets it again.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::linux::TcpStreamExt;
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_quickack(true)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    fn set_quickack(&self, quickack: bool) -> io::Result<()>;

    /// Gives the present value of `TCP_QUICKACK`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::linux::TcpStreamExt;
    /// use gnet::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_quickack(true)?;
    /// assert!(stream.quickack()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    fn quickack(&self) -> io::Result<bool>;
}

impl TcpStreamExt for crate::TcpStream {
    fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.socket.plain().set_quickack(quickack)
    }

    fn quickack(&self) -> io::Result<bool> {
        self.socket.plain().quickack()
    }
}
