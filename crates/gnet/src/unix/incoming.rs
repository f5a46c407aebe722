//! The endless iterator over a listener's connections.

use std::io;

use super::listener::UnixListener;
use super::stream::UnixStream;

/// The connections of a [`UnixListener`], one after the other, for ever.
///
/// This mirrors [`std::os::unix::net::Incoming`]. It is made by [`UnixListener::incoming`], never
/// gives `None`, and parks the calling greenlet between connections.
#[must_use = "iterators are lazy and do nothing unless consumed"]
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(listener: &'a UnixListener) -> Incoming<'a> {
        Incoming { listener }
    }
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    fn next(&mut self) -> Option<io::Result<UnixStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}
