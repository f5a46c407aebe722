//! Time-outs and modes of the socket for datagrams.

use std::io;
use std::time::Duration;

use super::datagram::UnixDatagram;

impl UnixDatagram {
    /// Sets how long receiving may wait; `None` is for ever.
    ///
    /// A call that gets no datagram in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does. One that is under way keeps the
    /// time-out that it began with.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    ///
    /// let (here, _there) = UnixDatagram::pair()?;
    /// here.set_read_timeout(Some(Duration::from_millis(10)))?;
    /// let silence = here.recv(&mut [0; 8]).unwrap_err();
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

    /// Sets how long sending may wait; `None` is for ever.
    ///
    /// A call that finds no room in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    ///
    /// let (here, _there) = UnixDatagram::pair()?;
    /// here.set_write_timeout(Some(Duration::from_millis(10)))?;
    /// let stuck = loop {
    ///     if let Err(error) = here.send(&[0; 1024]) {
    ///         break error; // Nobody receives, and the buffers are full.
    ///     }
    /// };
    /// # #[cfg(target_os = "linux")]
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

    /// Gives the time-out of receiving, as the kernel keeps it: rounded up to its ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::time::Duration;
    ///
    /// let (here, _there) = UnixDatagram::pair()?;
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

    /// Gives the time-out of sending, as the kernel keeps it: rounded up to its ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::time::Duration;
    ///
    /// let (here, _there) = UnixDatagram::pair()?;
    /// assert_eq!(here.write_timeout()?, None);
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

    /// Sets whether calls return [`WouldBlock`](io::ErrorKind::WouldBlock) where they would park.
    ///
    /// Clones of the socket share this. A greenlet that is parked already stays so.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::unix::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// let (here, _there) = UnixDatagram::pair()?;
    /// here.set_nonblocking(true)?;
    /// let nothing_yet = here.recv(&mut [0; 8]).unwrap_err();
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
    /// use gnet::unix::UnixDatagram;
    ///
    /// let (here, _there) = UnixDatagram::pair()?;
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
}
