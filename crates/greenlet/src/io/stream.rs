//! Reading and writing a descriptor whose mode is not ours.

use super::nowait::{self, Refusal};
use super::reactor::Direction;
use super::{Source, can_be_awaited, may_wait_to_read, may_wait_to_write};
use crate::hub::Hub;
use crate::{is_alone, offload, offload_wait};
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A stream of bytes in blocking mode that is read and written without blocking the hub: a pipe, a terminal, whatever
/// a process was given as its standard input.
///
/// Calls do what `read` and `write` do in blocking mode: a read waits until there is something, a write until all has
/// been taken. Meanwhile the greenlet is parked. The descriptor's mode is neither changed nor assumed, since other
/// processes may share it: where somebody has set `O_NONBLOCK`, calls give
/// [`WouldBlock`](io::ErrorKind::WouldBlock) as a plain one would. It is for shims of pipes and standard streams; sockets
/// have [`Source`].
///
/// What cannot be asked not to wait (a terminal, a pipe before Linux 6.4, anything on another system) is waited for and then
/// read or written by [`offload_wait`], as somebody else may be quicker. A file is read from memory where that can be asked
/// for, and by [`offload()`] else. On a thread without other greenlets, and in a forked child, the call is just made. It
/// is gevent's `FileObject`, without its `O_NONBLOCK`.
///
/// # Examples
///
/// ```
/// use greenlet::io::Stream;
///
/// let (reader, writer) = std::io::pipe()?;
/// let (reader, writer) = (Stream::new(reader), Stream::new(writer));
/// let received = greenlet::spawn(move || {
///     let mut bytes = [0; 8];
///     let count = reader.read(&mut bytes)?;
///     Ok::<_, std::io::Error>(bytes[..count].to_vec())
/// });
/// greenlet::yield_now(); // it parks: there is nothing to read
/// writer.write(b"ping")?;
/// assert_eq!(received.join().unwrap()?, b"ping");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Stream<T: AsFd> {
    source: Source<T>,
    /// Whether it was found out that calls cannot be asked not to wait.
    unsupported: AtomicBool,
    /// Whether it can be waited for.
    awaitable: OnceLock<bool>,
}

impl<T: AsFd> Stream<T> {
    /// Takes the thing; makes no system call.
    pub fn new(io: T) -> Stream<T> {
        let source = Source::new(io);
        // Its other owners may keep it open.
        source.mark_shared();
        Stream {
            source,
            unsupported: AtomicBool::new(false),
            awaitable: OnceLock::new(),
        }
    }

    /// The thing itself.
    pub fn get_ref(&self) -> &T {
        self.source.get_ref()
    }

    /// Gives the thing back, registered nowhere.
    pub fn into_inner(self) -> T {
        self.source.into_inner()
    }

    /// Reads what is there, or waits until there is something; 0 is the end of the stream, or that `buf` is empty.
    ///
    /// # Errors
    ///
    /// What `read` gives.
    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buf)])
    }

    /// Reads into several buffers, one after another.
    ///
    /// # Errors
    ///
    /// What `readv` gives.
    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            // There is nothing to wait for.
            return Ok(rustix::io::readv(self.get_ref(), bufs)?);
        }
        loop {
            match self.now(|fd| nowait::read(fd, bufs)) {
                Ok(count) => return Ok(count),
                Err(Refusal::WouldWait) if self.has_waited(Direction::Read) => (),
                Err(refusal) => {
                    return self.plain(refusal, Direction::Read, |fd| {
                        Ok(rustix::io::readv(fd, bufs)?)
                    });
                }
            }
        }
    }

    /// Writes all of `buf`, waiting for room as often as it takes, as a write in blocking mode does.
    ///
    /// Less is written only if there is an error after that, or a signal, or the descriptor is in non-blocking mode.
    ///
    /// # Errors
    ///
    /// What `write` gives.
    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    /// Writes several buffers, one after another.
    ///
    /// # Errors
    ///
    /// What `writev` gives.
    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let all: usize = bufs.iter().map(|buf| buf.len()).sum();
        if all == 0 {
            return Ok(rustix::io::writev(self.get_ref(), bufs)?);
        }
        let mut written = self.write_some(bufs)?;
        if written < all && written > 0 {
            let mut rest = bufs.to_vec();
            let mut rest = rest.as_mut_slice();
            IoSlice::advance_slices(&mut rest, written);
            while !rest.is_empty() {
                // The error, if it is one that lasts, comes again with the next write.
                match self.write_some(rest) {
                    Ok(count) if count > 0 => {
                        written += count;
                        IoSlice::advance_slices(&mut rest, count);
                    }
                    _ => break,
                }
            }
        }
        Ok(written)
    }

    fn write_some(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            match self.now(|fd| nowait::write(fd, bufs)) {
                Ok(count) => return Ok(count),
                Err(Refusal::WouldWait) if self.has_waited(Direction::Write) => (),
                Err(refusal) => {
                    return self.plain(refusal, Direction::Write, |fd| {
                        Ok(rustix::io::writev(fd, bufs)?)
                    });
                }
            }
        }
    }

    /// Makes a call that does not wait, if there is any sense in it.
    fn now(
        &self,
        call: impl FnOnce(BorrowedFd<'_>) -> Result<usize, Refusal>,
    ) -> Result<usize, Refusal> {
        if self.unsupported.load(Ordering::Relaxed) || is_alone() {
            return Err(Refusal::Unsupported);
        }
        // One that always finds it ready would let nobody else run.
        Hub::get().take_turns();
        call(self.get_ref().as_fd())
    }

    /// Waits, after which the call may be tried again; `false` if it is the plain call's turn.
    fn has_waited(&self, direction: Direction) -> bool {
        !self.is_at_once(direction) && self.is_awaitable() && self.wait(direction).is_ok()
    }

    fn is_awaitable(&self) -> bool {
        *self
            .awaitable
            .get_or_init(|| can_be_awaited(self.get_ref()))
    }

    /// Whether the plain call does not wait: the descriptor is in non-blocking mode, or not open for this.
    fn is_at_once(&self, direction: Direction) -> bool {
        !match direction {
            Direction::Read => may_wait_to_read(self.get_ref()),
            Direction::Write => may_wait_to_write(self.get_ref()),
        }
    }

    fn wait(&self, direction: Direction) -> io::Result<()> {
        match direction {
            Direction::Read => self.source.readable(None),
            Direction::Write => self.source.writable(None),
        }
    }

    /// Makes the call as it is, where it holds up nobody.
    fn plain(
        &self,
        refusal: Refusal,
        direction: Direction,
        call: impl FnOnce(BorrowedFd<'_>) -> io::Result<usize> + Send,
    ) -> io::Result<usize> {
        let fd = self.get_ref().as_fd();
        if is_alone() || self.is_at_once(direction) {
            return call(fd);
        }
        if refusal == Refusal::Unsupported {
            self.unsupported.store(true, Ordering::Relaxed);
            if self.is_awaitable() {
                // So that no thread has to wait, as a rule. A device that cannot be waited for goes on.
                let _ = self.wait(direction);
            }
        }
        if self.is_awaitable() {
            offload_wait(|| call(fd))
        } else {
            offload(|| call(fd))
        }
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(self.get_ref()).finish()
    }
}
