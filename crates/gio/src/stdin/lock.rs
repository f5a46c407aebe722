//! The standard input, locked.

use std::fmt;
use std::io::{self, BufRead, BufReader, IoSliceMut, Read};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::descriptor::Descriptor;
use super::taken;
use crate::lock::Lock;

/// As much as std's holds.
const CAPACITY: usize = 8 << 10;

/// Whose turn it is.
static LOCK: Lock = Lock::new();

/// The buffer while nobody has the lock; who has it takes it out. This mutex is held for no longer than that takes.
static BUFFER: Mutex<Option<BufReader<Descriptor>>> = Mutex::new(None);

fn buffer() -> MutexGuard<'static, Option<BufReader<Descriptor>>> {
    BUFFER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The standard input, for as long as nobody else is to read it.
///
/// This mirrors [`std::io::StdinLock`]. The lock is the greenlet's: other greenlets that want to read wait, on this
/// thread too. Made by [`Stdin::lock`](crate::Stdin::lock).
///
/// # Examples
///
/// ```
/// use gio::BufRead;
///
/// let mut input = gio::stdin().lock();
/// let mut first = String::new();
/// input.read_line(&mut first)?;
/// let others = input.lines().count();
/// gio::println!("{first:?}, and {others} more");
/// # Ok::<(), gio::Error>(())
/// ```
#[must_use = "if unused stdin will immediately unlock"]
pub struct StdinLock<'a> {
    /// `None` only while it is dropped.
    buffer: Option<BufReader<Descriptor>>,
    like_std: PhantomData<MutexGuard<'a, ()>>,
}

impl StdinLock<'static> {
    pub(super) fn new() -> StdinLock<'static> {
        LOCK.lock();
        let buffer = buffer()
            .take()
            .unwrap_or_else(|| BufReader::with_capacity(CAPACITY, Descriptor::default()));
        StdinLock {
            buffer: Some(buffer),
            like_std: PhantomData,
        }
    }
}

impl StdinLock<'_> {
    fn inner(&mut self) -> &mut BufReader<Descriptor> {
        match &mut self.buffer {
            Some(buffer) => buffer,
            None => unreachable!("the buffer is there until the drop"),
        }
    }
}

impl Drop for StdinLock<'_> {
    fn drop(&mut self) {
        *buffer() = self.buffer.take();
        LOCK.unlock();
    }
}

/// A kill loses nothing: what a call has read when it is ended half way is there for the next one.
impl Read for StdinLock<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner().read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner().read_vectored(bufs)
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        taken::append(self.inner(), buf, |reader, bytes| reader.read_to_end(bytes))
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        taken::append_text(self.inner(), buf, |reader, bytes| reader.read_to_end(bytes))
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        taken::fill(self.inner(), buf)
    }
}

impl BufRead for StdinLock<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner().fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner().consume(amount);
    }

    fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> io::Result<usize> {
        taken::append(self.inner(), buf, |reader, bytes| {
            reader.read_until(byte, bytes)
        })
    }

    fn read_line(&mut self, buf: &mut String) -> io::Result<usize> {
        taken::append_text(self.inner(), buf, |reader, bytes| {
            reader.read_until(b'\n', bytes)
        })
    }
}

impl fmt::Debug for StdinLock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdinLock").finish_non_exhaustive()
    }
}

impl AsFd for StdinLock<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        rustix::stdio::stdin()
    }
}

impl AsRawFd for StdinLock<'_> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
