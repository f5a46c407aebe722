//! What can be set on the socket.

use std::io;
use std::time::Duration;

use super::socket::UdpSocket;
use crate::{Ipv4Addr, Ipv6Addr};

impl UdpSocket {
    /// Sets how long receiving may wait; `None` is for ever.
    ///
    /// A call that gets no datagram in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does on Unix. One that is under way keeps
    /// the time-out that it began with.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_read_timeout(Some(Duration::from_millis(10)))?;
    /// let silence = socket.recv_from(&mut [0; 8]).unwrap_err();
    /// assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    ///
    /// let zero = socket.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
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

    /// Sets how long sending may wait; `None` is for ever.
    ///
    /// A call that finds no room in that time fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as `std`'s does on Unix.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    /// use std::time::Duration;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_write_timeout(Some(Duration::from_secs(1)))?;
    /// assert_eq!(socket.send_to(b"abc", socket.local_addr()?)?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a time-out of zero.
    pub fn set_write_timeout(&self, dur: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(dur)
    }

    /// Gives the time-out of receiving, as the kernel keeps it: rounded up to its ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    /// use std::time::Duration;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_eq!(socket.read_timeout()?, None);
    /// socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    /// assert_eq!(socket.read_timeout()?, Some(Duration::from_secs(2)));
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
    /// use gnet::UdpSocket;
    /// use std::time::Duration;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_eq!(socket.write_timeout()?, None);
    /// socket.set_write_timeout(Some(Duration::from_secs(2)))?;
    /// assert_eq!(socket.write_timeout()?, Some(Duration::from_secs(2)));
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
    /// use gnet::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let nothing_yet = socket.recv(&mut [0; 8]).unwrap_err();
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

    /// Sets `SO_BROADCAST`: whether this socket may send to a broadcast address.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.socket.plain().set_broadcast(broadcast)
    }

    /// Gives `SO_BROADCAST`, as [`set_broadcast`](Self::set_broadcast) sets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(!socket.broadcast()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket.plain().broadcast()
    }

    /// Sets `IP_TTL`, the time to live of the packets sent from this socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_ttl(100)?;
    /// assert_eq!(socket.ttl()?, 100);
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
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_ne!(socket.ttl()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.plain().ttl()
    }

    /// Sets `IP_MULTICAST_LOOP`: whether what is sent to an IPv4 group is received on this machine too.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn set_multicast_loop_v4(&self, multicast_loop_v4: bool) -> io::Result<()> {
        self.socket.plain().set_multicast_loop_v4(multicast_loop_v4)
    }

    /// Gives `IP_MULTICAST_LOOP`, as [`set_multicast_loop_v4`](Self::set_multicast_loop_v4) sets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.multicast_loop_v4()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.socket.plain().multicast_loop_v4()
    }

    /// Sets `IP_MULTICAST_TTL`, the time to live of packets to an IPv4 group: 1, at first, is this
    /// network only.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_multicast_ttl_v4(7)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn set_multicast_ttl_v4(&self, multicast_ttl_v4: u32) -> io::Result<()> {
        self.socket.plain().set_multicast_ttl_v4(multicast_ttl_v4)
    }

    /// Gives `IP_MULTICAST_TTL`, as [`set_multicast_ttl_v4`](Self::set_multicast_ttl_v4) sets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.socket.plain().multicast_ttl_v4()
    }

    /// Sets `IPV6_MULTICAST_LOOP`: whether what is sent to an IPv6 group is received on this machine
    /// too.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// // A machine without IPv6 has no such sockets.
    /// if let Ok(socket) = UdpSocket::bind("[::1]:0") {
    ///     socket.set_multicast_loop_v6(false)?;
    ///     assert!(!socket.multicast_loop_v6()?);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn set_multicast_loop_v6(&self, multicast_loop_v6: bool) -> io::Result<()> {
        self.socket.plain().set_multicast_loop_v6(multicast_loop_v6)
    }

    /// Gives `IPV6_MULTICAST_LOOP`, as [`set_multicast_loop_v6`](Self::set_multicast_loop_v6) sets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// // A machine without IPv6 has no such sockets.
    /// if let Ok(socket) = UdpSocket::bind("[::1]:0") {
    ///     assert!(socket.multicast_loop_v6()?);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `getsockopt` gives.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket.plain().multicast_loop_v6()
    }

    /// Joins the IPv4 group `multiaddr` (`IP_ADD_MEMBERSHIP`) on the interface with the address
    /// `interface`, or on one that the system chooses if that is `0.0.0.0`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{Ipv4Addr, UdpSocket};
    ///
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// let socket = UdpSocket::bind("0.0.0.0:0")?;
    /// socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// assert!(socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_err()); // once is enough
    /// socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn join_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.socket.plain().join_multicast_v4(multiaddr, interface)
    }

    /// Joins the IPv6 group `multiaddr` (`IPV6_ADD_MEMBERSHIP`) on the interface with the index
    /// `interface`, or on any if that is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let group = "ff01::fb".parse().unwrap();
    /// // A machine without IPv6 has no such sockets.
    /// if let Ok(socket) = UdpSocket::bind("[::]:0") {
    ///     if socket.join_multicast_v6(&group, 0).is_ok() {
    ///         socket.leave_multicast_v6(&group, 0)?;
    ///     }
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.plain().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a group that [`join_multicast_v4`](Self::join_multicast_v4) has joined.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{Ipv4Addr, UdpSocket};
    ///
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// let socket = UdpSocket::bind("0.0.0.0:0")?;
    /// socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// assert!(socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn leave_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.socket.plain().leave_multicast_v4(multiaddr, interface)
    }

    /// Leaves a group that [`join_multicast_v6`](Self::join_multicast_v6) has joined.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::UdpSocket;
    ///
    /// let group = "ff01::fb".parse().unwrap();
    /// // A machine without IPv6 has no such sockets.
    /// if let Ok(socket) = UdpSocket::bind("[::]:0") {
    ///     if socket.join_multicast_v6(&group, 0).is_ok() {
    ///         socket.leave_multicast_v6(&group, 0)?;
    ///         assert!(socket.leave_multicast_v6(&group, 0).is_err());
    ///     }
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `setsockopt` gives.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.plain().leave_multicast_v6(multiaddr, interface)
    }
}
