//! UDP: the datagrams of `std::net`.

mod options;
mod socket;

pub use socket::UdpSocket;
