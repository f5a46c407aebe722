#![doc = include_str!("../README.md")]

mod addr;
mod descriptor;
#[cfg(target_os = "linux")]
pub mod linux;
mod read_write;
mod socket;
mod tcp;
mod udp;
pub mod unix;

pub use addr::ToSocketAddrs;
pub use tcp::{Incoming, TcpListener, TcpStream};
pub use udp::UdpSocket;

// The values of `std::net`, which never block: the same types, not copies of them.
pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};
