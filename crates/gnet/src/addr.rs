//! Socket addresses out of whatever names them, without blocking the thread for a look-up.

use std::net::{self, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::{io, iter, option, slice, vec};

/// What can be turned into one or more [`SocketAddr`]s.
///
/// This mirrors [`std::net::ToSocketAddrs`]: the same shape, implemented for the same types, with
/// the same iterators and the same errors. What differs is who waits. An address that is written
/// out as digits is parsed where it stands and never leaves the calling thread. A host name is
/// looked up by the system's resolver on a thread set apart for that, and only the calling
/// greenlet waits for the answer.
///
/// | type | gives |
/// | --- | --- |
/// | [`SocketAddr`], [`SocketAddrV4`], [`SocketAddrV6`] | itself |
/// | `(`[`IpAddr`]`, u16)`, `(`[`Ipv4Addr`]`, u16)`, `(`[`Ipv6Addr`]`, u16)` | the address with that port |
/// | `(&str, u16)`, `(String, u16)` | the host with that port |
/// | [`str`], [`String`] | an address in digits, or `host:port` |
/// | `&[SocketAddr]` | each in turn |
/// | `&T` | what `T` gives |
///
/// # Examples
///
/// A function that takes what [`TcpStream::connect`](crate::TcpStream::connect) takes:
///
/// ```
/// use gnet::ToSocketAddrs;
/// use std::io;
///
/// fn ports<A: ToSocketAddrs>(addr: A) -> io::Result<Vec<u16>> {
///     Ok(addr.to_socket_addrs()?.map(|addr| addr.port()).collect())
/// }
///
/// assert_eq!(ports("192.0.2.1:80")?, [80]);
/// assert_eq!(ports(("2001:db8::1", 443))?, [443]);
/// # Ok::<(), io::Error>(())
/// ```
///
/// A type of your own:
///
/// ```
/// use gnet::{SocketAddr, ToSocketAddrs};
/// use std::{io, option};
///
/// struct Service {
///     port: u16,
/// }
///
/// impl ToSocketAddrs for Service {
///     type Iter = option::IntoIter<SocketAddr>;
///
///     fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
///         Ok(Some(SocketAddr::from(([127, 0, 0, 1], self.port))).into_iter())
///     }
/// }
///
/// let listener = gnet::TcpListener::bind(Service { port: 0 })?;
/// # drop(listener);
/// # Ok::<(), io::Error>(())
/// ```
pub trait ToSocketAddrs {
    /// The iterator over the addresses.
    type Iter: Iterator<Item = SocketAddr>;

    /// Gives the addresses that this value stands for.
    ///
    /// Parks the calling greenlet while a host name is looked up; does not wait for anything else.
    ///
    /// # Examples
    ///
    /// ```
    /// use gnet::{SocketAddr, ToSocketAddrs};
    ///
    /// let mut addrs = ("127.0.0.1", 80).to_socket_addrs()?;
    /// assert_eq!(addrs.next(), Some(SocketAddr::from(([127, 0, 0, 1], 80))));
    /// assert_eq!(addrs.next(), None);
    ///
    /// for addr in "localhost:80".to_socket_addrs()? {
    ///     assert!(addr.ip().is_loopback());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `std`: [`InvalidInput`](io::ErrorKind::InvalidInput) for a string that is neither
    /// an address nor `host:port`, and the resolver's failure for a name that it does not know.
    fn to_socket_addrs(&self) -> io::Result<Self::Iter>;
}

impl ToSocketAddrs for SocketAddr {
    type Iter = option::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(Some(*self).into_iter())
    }
}

/// Implements the trait for a type that is an address already.
macro_rules! impl_for_address {
    ($($address:ty),*) => {$(
        impl ToSocketAddrs for $address {
            type Iter = option::IntoIter<SocketAddr>;

            fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
                SocketAddr::from(*self).to_socket_addrs()
            }
        }
    )*};
}

impl_for_address! {
    SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16)
}

impl ToSocketAddrs for (&str, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let (host, port) = *self;
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)].into_iter());
        }
        greenlet::offload_lookup(|| net::ToSocketAddrs::to_socket_addrs(&(host, port)))?
    }
}

impl ToSocketAddrs for (String, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (self.0.as_str(), self.1).to_socket_addrs()
    }
}

impl ToSocketAddrs for str {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        if let Ok(addr) = self.parse::<SocketAddr>() {
            return Ok(vec![addr].into_iter());
        }
        let host_and_port = self
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match host_and_port {
            Some(host_and_port) => host_and_port.to_socket_addrs(),
            // With no port there is nothing to look up: std says so at once, in its own words.
            None => net::ToSocketAddrs::to_socket_addrs(self),
        }
    }
}

impl ToSocketAddrs for String {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        self.as_str().to_socket_addrs()
    }
}

impl<'a> ToSocketAddrs for &'a [SocketAddr] {
    type Iter = iter::Cloned<slice::Iter<'a, SocketAddr>>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.iter().cloned())
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    type Iter = T::Iter;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (**self).to_socket_addrs()
    }
}

/// Gives the first success of `open` among the addresses, taken one by one as the iterator hands
/// them out; else the last failure.
pub(crate) fn first_that_opens<A: ToSocketAddrs, T>(
    addrs: A,
    mut open: impl FnMut(&SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = None;
    for addr in addrs.to_socket_addrs()? {
        match open(&addr) {
            Ok(opened) => return Ok(opened),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_addresses))
}

/// The error of `std` for an empty set of addresses, taken from `std` so that its kind, its text
/// and its `Debug` form are the same. An empty set makes no system call.
fn no_addresses() -> io::Error {
    let nowhere: &[SocketAddr] = &[];
    net::TcpListener::bind(nowhere).expect_err("std bound a listener to no address at all")
}
