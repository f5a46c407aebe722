//! Broken on purpose: the wrong kind of error, and a method that is missing.

pub use gnet::*;
use std::io;

pub struct TcpListener(gnet::TcpListener);

impl TcpListener {
    pub fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
        gnet::TcpListener::bind(address)
            .map(TcpListener)
            .map_err(io::Error::other)
    }

    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept()
    }
}
