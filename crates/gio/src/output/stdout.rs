//! The standard output.

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use super::impl_handle;
use super::stream::{STDOUT, Turn};

/// The standard output of the process.
///
/// This mirrors [`std::io::Stdout`]. Where that blocks the thread, since nobody has read what came before, this parks
/// the calling greenlet. The buffer is `std`'s: [`std::io::stdout`] and `std`'s macros write to the same one, and at
/// exit it is written out.
///
/// Every call locks the stream for its length, and [`lock`](Stdout::lock) for longer. The lock belongs to the greenlet,
/// as `std`'s does to the thread, which may take it again; `std`'s own is never held while somebody waits. Made by
/// [`stdout`].
///
/// # Examples
///
/// ```
/// use gio::Write;
///
/// let mut out = gio::stdout();
/// writeln!(out, "{} bytes", 5)?;
/// out.write_all(b"bytes\n")?;
/// out.flush()?;
/// # Ok::<(), gio::Error>(())
/// ```
///
/// # Platform-specific behavior
///
/// Writes to descriptor 1, whatever that is at the time, and leaves its mode alone, since other processes may share it.
/// On a thread without other greenlets `std`'s call is just made, and so it is for files. To a pipe or a socket 3,072
/// bytes at most go at once, each time that there is room for so much; who shares the pipe and is quicker can take the
/// room, and have the thread wait. A terminal is waited for and then written by a thread of a pool. A descriptor that
/// is closed takes everything, as in `std`.
pub struct Stdout {
    /// So that only [`stdout`] makes it.
    _made: (),
}

/// The standard output, for as long as nobody else is to write to it.
///
/// This mirrors [`std::io::StdoutLock`]. The lock is the greenlet's: other greenlets that write wait, on this thread
/// too. Made by [`Stdout::lock`].
///
/// # Examples
///
/// ```
/// use gio::Write;
///
/// let mut out = gio::stdout().lock();
/// writeln!(out, "two lines")?;
/// writeln!(out, "that stay together")?;
/// # Ok::<(), gio::Error>(())
/// ```
#[must_use = "if unused stdout will immediately unlock"]
pub struct StdoutLock<'a>(Turn<'a>);

/// A handle to the standard output of the process.
///
/// This mirrors [`std::io::stdout`].
///
/// # Examples
///
/// ```
/// use gio::Write;
/// gio::stdout().write_all(b"hello\n")?;
/// # Ok::<(), gio::Error>(())
/// ```
#[must_use]
pub fn stdout() -> Stdout {
    Stdout { _made: () }
}

impl Stdout {
    /// Waits until nobody else writes, and keeps others out until the lock is dropped.
    ///
    /// This mirrors [`std::io::Stdout::lock`]. A greenlet that has the lock may take it again. The lock is of this
    /// crate: what others write with `std` it does not keep out. In return, do not hold `std`'s while you use this
    /// crate's: the thread that writes to a terminal would wait for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gio::Write;
    ///
    /// let mut out = gio::stdout().lock();
    /// for part in ["one", ", ", "two", "\n"] {
    ///     out.write_all(part.as_bytes())?;
    /// }
    /// # Ok::<(), gio::Error>(())
    /// ```
    pub fn lock(&self) -> StdoutLock<'static> {
        StdoutLock(STDOUT.lock())
    }
}

impl_handle!(Stdout, StdoutLock, stdout);
