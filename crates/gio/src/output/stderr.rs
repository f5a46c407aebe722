//! The standard error.

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use super::impl_handle;
use super::stream::{STDERR, Turn};

/// The standard error of the process.
///
/// This mirrors [`std::io::Stderr`]. Where that blocks the thread, since nobody has read what came before, this parks
/// the calling greenlet. It has no buffer; what a call formats is put together first, and so written at once, up to
/// 4,096 bytes.
///
/// Every call locks the stream for its length, and [`lock`](Stderr::lock) for longer. The lock belongs to the greenlet,
/// as `std`'s does to the thread, which may take it again; `std`'s own is never held while somebody waits. Made by
/// [`stderr`].
///
/// # Examples
///
/// ```
/// use gio::Write;
///
/// let mut out = gio::stderr();
/// writeln!(out, "{} bytes", 5)?;
/// out.write_all(b"bytes\n")?;
/// # Ok::<(), gio::Error>(())
/// ```
///
/// # Platform-specific behavior
///
/// Writes to descriptor 2, whatever that is at the time, and leaves its mode alone, since other processes may share it.
/// On a thread without other greenlets `std`'s call is just made, and so it is for files. To a pipe or a socket 4,096
/// bytes at most go at once, each time that there is room for so much; who shares the pipe and is quicker can take the
/// room, and have the thread wait. A terminal is waited for and then written by a thread of a pool. A descriptor that
/// is closed takes everything, as in `std`.
pub struct Stderr {
    /// So that only [`stderr`] makes it.
    _made: (),
}

/// The standard error, for as long as nobody else is to write to it.
///
/// This mirrors [`std::io::StderrLock`]. The lock is the greenlet's: other greenlets that write wait, on this thread
/// too. Made by [`Stderr::lock`].
///
/// # Examples
///
/// ```
/// use gio::Write;
///
/// let mut out = gio::stderr().lock();
/// writeln!(out, "two lines")?;
/// writeln!(out, "that stay together")?;
/// # Ok::<(), gio::Error>(())
/// ```
#[must_use = "if unused stderr will immediately unlock"]
pub struct StderrLock<'a>(Turn<'a>);

/// A handle to the standard error of the process.
///
/// This mirrors [`std::io::stderr`].
///
/// # Examples
///
/// ```
/// use gio::Write;
/// gio::stderr().write_all(b"hello\n")?;
/// # Ok::<(), gio::Error>(())
/// ```
#[must_use]
pub fn stderr() -> Stderr {
    Stderr { _made: () }
}

impl Stderr {
    /// Waits until nobody else writes, and keeps others out until the lock is dropped.
    ///
    /// This mirrors [`std::io::Stderr::lock`]. A greenlet that has the lock may take it again. The lock is of this
    /// crate: what others write with `std` it does not keep out. In return, do not hold `std`'s while you use this
    /// crate's: the thread that writes to a terminal would wait for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gio::Write;
    ///
    /// let mut out = gio::stderr().lock();
    /// for part in ["one", ", ", "two", "\n"] {
    ///     out.write_all(part.as_bytes())?;
    /// }
    /// # Ok::<(), gio::Error>(())
    /// ```
    pub fn lock(&self) -> StderrLock<'static> {
        StderrLock(STDERR.lock())
    }
}

impl_handle!(Stderr, StderrLock, stderr);
