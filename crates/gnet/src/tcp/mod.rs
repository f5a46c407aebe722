//! TCP: the connections of `std::net`, and what listens for them.

mod connect;
mod incoming;
mod listener;
mod stream;

pub use incoming::Incoming;
pub use listener::TcpListener;
pub use stream::TcpStream;
