//! The endless iterator over a listener's connections.

use std::io;
use std::iter::FusedIterator;

use super::listener::TcpListener;
use super::stream::TcpStream;

/// The connections of a [`TcpListener`], one after the other, for ever.
///
/// This mirrors [`std::net::Incoming`]. It is made by [`TcpListener::incoming`], never gives
/// `None`, and parks the calling greenlet between connections.
#[must_use = "iterators are lazy and do nothing unless consumed"]
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(listener: &'a TcpListener) -> Incoming<'a> {
        Incoming { listener }
    }
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}

impl FusedIterator for Incoming<'_> {}
