//! TCP: the sockets of `std::net` on `greenlet::io::Source`.

mod accept_mode;
mod connect;
mod descriptor;
mod incoming;
mod listener;
mod settings;
mod stream;
mod system;
mod transfer;

pub use incoming::Incoming;
pub use listener::TcpListener;
pub use stream::TcpStream;
