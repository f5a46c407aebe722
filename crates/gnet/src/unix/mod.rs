//! Sockets of this machine only: the mirror of [`std::os::unix::net`].
//!
//! The types are those of `std`, name for name. Where `std`'s block the thread, these park the
//! calling greenlet.
//!
//! # Examples
//!
//! ```
//! use gnet::unix::UnixStream; // was std::os::unix::net
//! use std::io::{Read, Write};
//!
//! let (mut here, mut there) = UnixStream::pair()?;
//! let answer = greenlet::spawn(move || {
//!     let mut buf = [0; 4];
//!     there.read_exact(&mut buf)?;
//!     there.write_all(&buf)
//! });
//! here.write_all(b"ping")?;
//! let mut echo = [0; 4];
//! here.read_exact(&mut echo)?;
//! assert_eq!(&echo, b"ping");
//! answer.join().unwrap()?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod addr;
mod connect;
mod datagram;
mod datagram_options;
mod incoming;
mod listener;
mod stream;

pub use datagram::UnixDatagram;
pub use incoming::Incoming;
pub use listener::UnixListener;
pub use stream::UnixStream;

// An address is a plain value: the same type, not a copy of it.
pub use std::os::unix::net::SocketAddr;
