//! The handle of the standard input.

use std::fmt;
use std::io::{self, BufRead, IoSliceMut, Lines, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::StdinLock;

/// The standard input of the process.
///
/// This mirrors [`std::io::Stdin`]. Where that blocks the thread this parks the calling greenlet. All handles have one
/// buffer, with a lock for one greenlet at a time: hold it ([`lock`](Stdin::lock)) for several reads in a row. Made by
/// [`stdin`].
///
/// The buffer is this crate's. What it has read ahead, [`std::io::stdin`] does not see, nor the other way round: use
/// one of them.
///
/// # Examples
///
/// ```
/// let mut line = String::new();
/// gio::stdin().read_line(&mut line)?;
/// assert!(line.is_empty() || line.ends_with('\n'));
/// # Ok::<(), gio::Error>(())
/// ```
///
/// # Platform-specific behavior
///
/// Reads descriptor 0, whatever that is when a read begins, and leaves its mode alone, since other processes may share
/// it. A terminal is waited for by the hub and then read by a thread of a pool: it may be that somebody else was
/// quicker. A descriptor that is closed is an input without content, as in `std`.
pub struct Stdin {
    /// So that only [`stdin`] makes it.
    _made: (),
}

/// A handle to the standard input of the process.
///
/// This mirrors [`std::io::stdin`].
///
/// # Examples
///
/// ```
/// let text = gio::read_to_string(gio::stdin())?;
/// gio::println!("{} bytes", text.len());
/// # Ok::<(), gio::Error>(())
/// ```
#[must_use]
pub fn stdin() -> Stdin {
    Stdin { _made: () }
}

impl Stdin {
    /// Waits until nobody else reads, and keeps others out until the lock is dropped.
    ///
    /// This mirrors [`std::io::Stdin::lock`]. It is not reentrant: a greenlet that has the lock and asks for it again,
    /// be it by [`read_line`](Stdin::read_line), waits for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// use gio::BufRead;
    ///
    /// let mut word = Vec::new();
    /// gio::stdin().lock().read_until(b' ', &mut word)?;
    /// # Ok::<(), gio::Error>(())
    /// ```
    pub fn lock(&self) -> StdinLock<'static> {
        StdinLock::new()
    }

    /// Locks the input and appends its next line to `buf`, with the newline; says how many bytes those are, 0 at the
    /// end.
    ///
    /// This mirrors [`std::io::Stdin::read_line`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mut line = String::new();
    /// while gio::stdin().read_line(&mut line)? > 0 {
    ///     gio::println!("{}", line.trim_end());
    ///     line.clear();
    /// }
    /// # Ok::<(), gio::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of reading; [`InvalidData`](io::ErrorKind::InvalidData) if the line is not UTF-8.
    pub fn read_line(&self, buf: &mut String) -> io::Result<usize> {
        self.lock().read_line(buf)
    }

    /// The lines of the input, which stays locked as long as the iterator lives.
    ///
    /// This mirrors [`std::io::Stdin::lines`].
    ///
    /// # Examples
    ///
    /// ```
    /// for line in gio::stdin().lines() {
    ///     gio::println!("{}", line?.to_uppercase());
    /// }
    /// # Ok::<(), gio::Error>(())
    /// ```
    #[must_use = "`self` will be dropped if the result is not used"]
    pub fn lines(self) -> Lines<StdinLock<'static>> {
        self.lock().lines()
    }
}

/// Implements what `std` does for the handle and for a reference to it.
macro_rules! impl_read {
    ($($stdin:ty),*) => {$(
        /// Locks the input for the length of one call.
        impl Read for $stdin {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.lock().read(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.lock().read_vectored(bufs)
            }

            fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
                self.lock().read_to_end(buf)
            }

            fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
                self.lock().read_to_string(buf)
            }

            fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
                self.lock().read_exact(buf)
            }
        }
    )*};
}

impl_read!(Stdin, &Stdin);

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").finish_non_exhaustive()
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        rustix::stdio::stdin()
    }
}

impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
