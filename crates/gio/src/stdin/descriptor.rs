//! What is under the buffer: descriptor 0, whatever that is at the time.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut, Read};
use std::os::fd::BorrowedFd;

use greenlet::io::{Stream, nowait};
use greenlet::is_alone;
use rustix::io::Errno;

/// Reads descriptor 0, and before that what was given back to it.
#[derive(Default)]
pub(super) struct Descriptor {
    /// What a greenlet had read when a kill ended it half way.
    given_back: VecDeque<u8>,
}

impl Descriptor {
    /// Has the next reads give these bytes.
    ///
    /// The buffer above must be empty, as it is where a read of it had to wait.
    pub(super) fn give_back(&mut self, bytes: &[u8]) {
        for &byte in bytes.iter().rev() {
            self.given_back.push_front(byte);
        }
    }
}

impl Read for Descriptor {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buf)])
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if !self.given_back.is_empty() {
            return self.given_back.read_vectored(bufs);
        }
        match read(rustix::stdio::stdin(), bufs) {
            // As std's: who has closed it has said that there is nothing.
            Err(error) if error.raw_os_error() == Some(Errno::BADF.raw_os_error()) => Ok(0),
            outcome => outcome,
        }
    }
}

/// A stream of its own for each wait: by the next one the number may stand for another file.
fn read(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    if is_alone() {
        return Ok(rustix::io::readv(fd, bufs)?);
    }
    // A loop of reads that always find something would let nobody else run.
    greenlet::take_turns();
    if let Ok(count) = nowait::read(fd, bufs) {
        return Ok(count);
    }
    match fd.try_clone_to_owned() {
        // While a plain read waits, its file stays open whatever becomes of the number.
        Ok(file) => Stream::new(file).read_vectored(bufs),
        Err(_) => Stream::new(fd).read_vectored(bufs),
    }
}
