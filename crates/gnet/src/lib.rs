#![doc = include_str!("../README.md")]

mod addr;
#[cfg(target_os = "linux")]
pub mod linux;
mod tcp;

pub use addr::ToSocketAddrs;
pub use tcp::{Incoming, TcpListener, TcpStream};

// The values of `std::net`, which never block: the same types, not copies of them.
pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};

/// `std`'s own UDP socket, re-exported unchanged until its shim lands.
///
/// It still **blocks the whole OS thread**, and every greenlet of it, while it waits for a
/// datagram, and it takes `std`'s [`ToSocketAddrs`](std::net::ToSocketAddrs), not this crate's.
pub use std::net::UdpSocket;
