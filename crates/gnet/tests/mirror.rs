//! The surface: every name of `std::net`, with the signature and the traits that it has there.

use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::iter::FusedIterator;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::time::Duration;

use gnet::linux::{SocketAddrExt, TcpStreamExt};
use gnet::unix::{self, UnixDatagram, UnixListener, UnixStream};
use gnet::{
    Incoming, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs,
    UdpSocket,
};

/// Compiles where the value has that very type.
fn has_type<T>(_: T) {}

#[test]
fn methods_of_streams() {
    type Stream = TcpStream;
    has_type::<fn(&'static str) -> io::Result<Stream>>(Stream::connect);
    has_type::<fn(&SocketAddr, Duration) -> io::Result<Stream>>(Stream::connect_timeout);
    has_type::<fn(&Stream) -> io::Result<SocketAddr>>(Stream::peer_addr);
    has_type::<fn(&Stream) -> io::Result<SocketAddr>>(Stream::local_addr);
    has_type::<fn(&Stream, Shutdown) -> io::Result<()>>(Stream::shutdown);
    has_type::<fn(&Stream) -> io::Result<Stream>>(Stream::try_clone);
    has_type::<fn(&Stream, Option<Duration>) -> io::Result<()>>(Stream::set_read_timeout);
    has_type::<fn(&Stream, Option<Duration>) -> io::Result<()>>(Stream::set_write_timeout);
    has_type::<fn(&Stream) -> io::Result<Option<Duration>>>(Stream::read_timeout);
    has_type::<fn(&Stream) -> io::Result<Option<Duration>>>(Stream::write_timeout);
    has_type::<fn(&Stream, &mut [u8]) -> io::Result<usize>>(Stream::peek);
    has_type::<fn(&Stream, bool) -> io::Result<()>>(Stream::set_nodelay);
    has_type::<fn(&Stream) -> io::Result<bool>>(Stream::nodelay);
    has_type::<fn(&Stream, u32) -> io::Result<()>>(Stream::set_ttl);
    has_type::<fn(&Stream) -> io::Result<u32>>(Stream::ttl);
    has_type::<fn(&Stream) -> io::Result<Option<io::Error>>>(Stream::take_error);
    has_type::<fn(&Stream, bool) -> io::Result<()>>(Stream::set_nonblocking);
    has_type::<fn(&Stream, bool) -> io::Result<()>>(Stream::set_quickack);
    has_type::<fn(&Stream) -> io::Result<bool>>(Stream::quickack);
}

#[test]
#[expect(deprecated, reason = "std has these two still")]
fn methods_of_listeners() {
    type Listener = TcpListener;
    has_type::<fn(&'static str) -> io::Result<Listener>>(Listener::bind);
    has_type::<fn(&Listener) -> io::Result<SocketAddr>>(Listener::local_addr);
    has_type::<fn(&Listener) -> io::Result<Listener>>(Listener::try_clone);
    has_type::<fn(&Listener) -> io::Result<(TcpStream, SocketAddr)>>(Listener::accept);
    has_type::<fn(&Listener) -> Incoming<'_>>(Listener::incoming);
    has_type::<fn(&Listener, u32) -> io::Result<()>>(Listener::set_ttl);
    has_type::<fn(&Listener) -> io::Result<u32>>(Listener::ttl);
    has_type::<fn(&Listener, bool) -> io::Result<()>>(Listener::set_only_v6);
    has_type::<fn(&Listener) -> io::Result<bool>>(Listener::only_v6);
    has_type::<fn(&Listener) -> io::Result<Option<io::Error>>>(Listener::take_error);
    has_type::<fn(&Listener, bool) -> io::Result<()>>(Listener::set_nonblocking);
}

#[test]
fn methods_of_udp_sockets() {
    type Udp = UdpSocket;
    type Received = io::Result<(usize, SocketAddr)>;
    has_type::<fn(&'static str) -> io::Result<Udp>>(Udp::bind);
    has_type::<fn(&Udp, &mut [u8]) -> Received>(Udp::recv_from);
    has_type::<fn(&Udp, &mut [u8]) -> Received>(Udp::peek_from);
    has_type::<fn(&Udp, &[u8], &'static str) -> io::Result<usize>>(Udp::send_to);
    has_type::<fn(&Udp) -> io::Result<SocketAddr>>(Udp::peer_addr);
    has_type::<fn(&Udp) -> io::Result<SocketAddr>>(Udp::local_addr);
    has_type::<fn(&Udp) -> io::Result<Udp>>(Udp::try_clone);
    has_type::<fn(&Udp, Option<Duration>) -> io::Result<()>>(Udp::set_read_timeout);
    has_type::<fn(&Udp, Option<Duration>) -> io::Result<()>>(Udp::set_write_timeout);
    has_type::<fn(&Udp) -> io::Result<Option<Duration>>>(Udp::read_timeout);
    has_type::<fn(&Udp) -> io::Result<Option<Duration>>>(Udp::write_timeout);
    has_type::<fn(&Udp, bool) -> io::Result<()>>(Udp::set_broadcast);
    has_type::<fn(&Udp) -> io::Result<bool>>(Udp::broadcast);
    has_type::<fn(&Udp, bool) -> io::Result<()>>(Udp::set_multicast_loop_v4);
    has_type::<fn(&Udp) -> io::Result<bool>>(Udp::multicast_loop_v4);
    has_type::<fn(&Udp, u32) -> io::Result<()>>(Udp::set_multicast_ttl_v4);
    has_type::<fn(&Udp) -> io::Result<u32>>(Udp::multicast_ttl_v4);
    has_type::<fn(&Udp, bool) -> io::Result<()>>(Udp::set_multicast_loop_v6);
    has_type::<fn(&Udp) -> io::Result<bool>>(Udp::multicast_loop_v6);
    has_type::<fn(&Udp, u32) -> io::Result<()>>(Udp::set_ttl);
    has_type::<fn(&Udp) -> io::Result<u32>>(Udp::ttl);
    has_type::<fn(&Udp, &Ipv4Addr, &Ipv4Addr) -> io::Result<()>>(Udp::join_multicast_v4);
    has_type::<fn(&Udp, &Ipv6Addr, u32) -> io::Result<()>>(Udp::join_multicast_v6);
    has_type::<fn(&Udp, &Ipv4Addr, &Ipv4Addr) -> io::Result<()>>(Udp::leave_multicast_v4);
    has_type::<fn(&Udp, &Ipv6Addr, u32) -> io::Result<()>>(Udp::leave_multicast_v6);
    has_type::<fn(&Udp) -> io::Result<Option<io::Error>>>(Udp::take_error);
    has_type::<fn(&Udp, &'static str) -> io::Result<()>>(Udp::connect);
    has_type::<fn(&Udp, &[u8]) -> io::Result<usize>>(Udp::send);
    has_type::<fn(&Udp, &mut [u8]) -> io::Result<usize>>(Udp::recv);
    has_type::<fn(&Udp, &mut [u8]) -> io::Result<usize>>(Udp::peek);
    has_type::<fn(&Udp, bool) -> io::Result<()>>(Udp::set_nonblocking);
}

#[test]
fn methods_of_unix_streams() {
    type Stream = UnixStream;
    type Addr = unix::SocketAddr;
    has_type::<fn(&'static Path) -> io::Result<Stream>>(Stream::connect);
    has_type::<fn(&Addr) -> io::Result<Stream>>(Stream::connect_addr);
    has_type::<fn() -> io::Result<(Stream, Stream)>>(Stream::pair);
    has_type::<fn(&Stream) -> io::Result<Stream>>(Stream::try_clone);
    has_type::<fn(&Stream) -> io::Result<Addr>>(Stream::local_addr);
    has_type::<fn(&Stream) -> io::Result<Addr>>(Stream::peer_addr);
    has_type::<fn(&Stream, Option<Duration>) -> io::Result<()>>(Stream::set_read_timeout);
    has_type::<fn(&Stream, Option<Duration>) -> io::Result<()>>(Stream::set_write_timeout);
    has_type::<fn(&Stream) -> io::Result<Option<Duration>>>(Stream::read_timeout);
    has_type::<fn(&Stream) -> io::Result<Option<Duration>>>(Stream::write_timeout);
    has_type::<fn(&Stream, bool) -> io::Result<()>>(Stream::set_nonblocking);
    has_type::<fn(&Stream) -> io::Result<Option<io::Error>>>(Stream::take_error);
    has_type::<fn(&Stream, Shutdown) -> io::Result<()>>(Stream::shutdown);
}

#[test]
fn methods_of_unix_listeners() {
    type Listener = UnixListener;
    type Addr = unix::SocketAddr;
    has_type::<fn(&'static Path) -> io::Result<Listener>>(Listener::bind);
    has_type::<fn(&Addr) -> io::Result<Listener>>(Listener::bind_addr);
    has_type::<fn(&Listener) -> io::Result<(UnixStream, Addr)>>(Listener::accept);
    has_type::<fn(&Listener) -> io::Result<Listener>>(Listener::try_clone);
    has_type::<fn(&Listener) -> io::Result<Addr>>(Listener::local_addr);
    has_type::<fn(&Listener, bool) -> io::Result<()>>(Listener::set_nonblocking);
    has_type::<fn(&Listener) -> io::Result<Option<io::Error>>>(Listener::take_error);
    has_type::<fn(&Listener) -> unix::Incoming<'_>>(Listener::incoming);
    fn into_iter(listener: &Listener) -> unix::Incoming<'_> {
        listener.into_iter()
    }
    has_type::<fn(&Listener) -> unix::Incoming<'_>>(into_iter);
}

#[test]
fn methods_of_unix_datagrams() {
    type Datagram = UnixDatagram;
    type Addr = unix::SocketAddr;
    has_type::<fn(&'static Path) -> io::Result<Datagram>>(Datagram::bind);
    has_type::<fn(&Addr) -> io::Result<Datagram>>(Datagram::bind_addr);
    has_type::<fn() -> io::Result<Datagram>>(Datagram::unbound);
    has_type::<fn() -> io::Result<(Datagram, Datagram)>>(Datagram::pair);
    has_type::<fn(&Datagram, &'static Path) -> io::Result<()>>(Datagram::connect);
    has_type::<fn(&Datagram, &Addr) -> io::Result<()>>(Datagram::connect_addr);
    has_type::<fn(&Datagram) -> io::Result<Datagram>>(Datagram::try_clone);
    has_type::<fn(&Datagram) -> io::Result<Addr>>(Datagram::local_addr);
    has_type::<fn(&Datagram) -> io::Result<Addr>>(Datagram::peer_addr);
    has_type::<fn(&Datagram, &mut [u8]) -> io::Result<(usize, Addr)>>(Datagram::recv_from);
    has_type::<fn(&Datagram, &mut [u8]) -> io::Result<usize>>(Datagram::recv);
    has_type::<fn(&Datagram, &[u8], &'static Path) -> io::Result<usize>>(Datagram::send_to);
    has_type::<fn(&Datagram, &[u8], &Addr) -> io::Result<usize>>(Datagram::send_to_addr);
    has_type::<fn(&Datagram, &[u8]) -> io::Result<usize>>(Datagram::send);
    has_type::<fn(&Datagram, Option<Duration>) -> io::Result<()>>(Datagram::set_read_timeout);
    has_type::<fn(&Datagram, Option<Duration>) -> io::Result<()>>(Datagram::set_write_timeout);
    has_type::<fn(&Datagram) -> io::Result<Option<Duration>>>(Datagram::read_timeout);
    has_type::<fn(&Datagram) -> io::Result<Option<Duration>>>(Datagram::write_timeout);
    has_type::<fn(&Datagram, bool) -> io::Result<()>>(Datagram::set_nonblocking);
    has_type::<fn(&Datagram) -> io::Result<Option<io::Error>>>(Datagram::take_error);
    has_type::<fn(&Datagram, Shutdown) -> io::Result<()>>(Datagram::shutdown);
}

#[test]
fn traits() {
    fn everyones<T: Debug + Send + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
    fn sockets<Plain, T>()
    where
        T: AsFd + AsRawFd + IntoRawFd + FromRawFd + From<OwnedFd> + From<Plain> + 'static,
        OwnedFd: From<T>,
        Plain: From<T>,
    {
    }
    fn streams<T: Read + Write>() {}
    fn iterators<'a, T: Iterator<Item = io::Result<TcpStream>> + FusedIterator + 'a>() {}

    sockets::<std::net::TcpStream, TcpStream>();
    sockets::<std::net::TcpListener, TcpListener>();
    sockets::<std::net::UdpSocket, UdpSocket>();
    sockets::<std::os::unix::net::UnixStream, UnixStream>();
    sockets::<std::os::unix::net::UnixListener, UnixListener>();
    sockets::<std::os::unix::net::UnixDatagram, UnixDatagram>();
    everyones::<UnixStream>();
    everyones::<UnixListener>();
    everyones::<UnixDatagram>();
    everyones::<unix::Incoming<'_>>();
    streams::<UnixStream>();
    streams::<&UnixStream>();
    everyones::<UdpSocket>();
    everyones::<TcpStream>();
    everyones::<TcpListener>();
    everyones::<Incoming<'_>>();
    streams::<TcpStream>();
    streams::<&TcpStream>();
    iterators::<Incoming<'_>>();
}

#[test]
fn values_are_those_of_std() {
    has_type::<fn(std::net::IpAddr) -> gnet::IpAddr>(|same| same);
    has_type::<fn(std::net::Ipv4Addr) -> gnet::Ipv4Addr>(|same| same);
    has_type::<fn(std::net::Ipv6Addr) -> gnet::Ipv6Addr>(|same| same);
    has_type::<fn(std::net::SocketAddr) -> gnet::SocketAddr>(|same| same);
    has_type::<fn(std::net::SocketAddrV4) -> gnet::SocketAddrV4>(|same| same);
    has_type::<fn(std::net::SocketAddrV6) -> gnet::SocketAddrV6>(|same| same);
    has_type::<fn(std::net::AddrParseError) -> gnet::AddrParseError>(|same| same);
    has_type::<fn(std::net::Shutdown) -> gnet::Shutdown>(|same| same);
    has_type::<fn(std::os::unix::net::SocketAddr) -> unix::SocketAddr>(|same| same);
    unix::SocketAddr::from_abstract_name("the trait is std's").unwrap();
}

#[test]
fn iterators_of_addresses_are_those_of_std() {
    fn same<A>(_: A)
    where
        A: ToSocketAddrs + std::net::ToSocketAddrs<Iter = <A as ToSocketAddrs>::Iter>,
    {
    }
    let addr: SocketAddr = "192.0.2.1:1".parse().unwrap();
    let ip = addr.ip();
    same(addr);
    same(gnet::SocketAddrV4::new(gnet::Ipv4Addr::LOCALHOST, 1));
    same(gnet::SocketAddrV6::new(gnet::Ipv6Addr::LOCALHOST, 1, 0, 0));
    same((ip, 1));
    same((gnet::Ipv4Addr::LOCALHOST, 1));
    same((gnet::Ipv6Addr::LOCALHOST, 1));
    same(("192.0.2.1", 1));
    same(("192.0.2.1".to_owned(), 1));
    same("192.0.2.1:1");
    same("192.0.2.1:1".to_owned());
    same(&[addr][..]);
    same(&&addr);
}
