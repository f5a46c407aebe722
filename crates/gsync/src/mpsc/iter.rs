//! The iterators over the messages of a channel.

use super::Receiver;

/// The messages of a [`Receiver`], until no sender is left.
///
/// This mirrors [`std::sync::mpsc::Iter`]. [`Receiver::iter`] makes it.
#[derive(Debug)]
pub struct Iter<'a, T: 'a> {
    rx: &'a Receiver<T>,
}

/// The messages that a [`Receiver`] has at present.
///
/// This mirrors [`std::sync::mpsc::TryIter`]. [`Receiver::try_iter`] makes it.
#[derive(Debug)]
pub struct TryIter<'a, T: 'a> {
    rx: &'a Receiver<T>,
}

/// The messages of a [`Receiver`], until no sender is left, with the receiver.
///
/// This mirrors [`std::sync::mpsc::IntoIter`]. The receiver's `into_iter` makes it.
#[derive(Debug)]
pub struct IntoIter<T> {
    rx: Receiver<T>,
}

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(rx: &'a Receiver<T>) -> Iter<'a, T> {
        Iter { rx }
    }
}

impl<'a, T> TryIter<'a, T> {
    pub(super) fn new(rx: &'a Receiver<T>) -> TryIter<'a, T> {
        TryIter { rx }
    }
}

impl<T> IntoIter<T> {
    pub(super) fn new(rx: Receiver<T>) -> IntoIter<T> {
        IntoIter { rx }
    }
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rx.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}
