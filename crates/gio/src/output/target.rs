//! The two streams of `std`.

use std::io::{self, IoSlice, Write};
use std::os::fd::BorrowedFd;

#[derive(Clone, Copy)]
pub(super) enum Target {
    Stdout,
    Stderr,
}

impl Target {
    /// Descriptor 1 or 2, whatever that is at the time.
    pub(super) fn fd(self) -> BorrowedFd<'static> {
        match self {
            Target::Stdout => rustix::stdio::stdout(),
            Target::Stderr => rustix::stdio::stderr(),
        }
    }

    /// The most that is handed over at once where there may be no room for more.
    ///
    /// A pipe that can be written has a page free at least. `std`'s buffer of lines holds up to 1,024 bytes, which may
    /// have to go first; the standard error has none.
    pub(super) fn piece(self) -> usize {
        match self {
            Target::Stdout => 3072,
            Target::Stderr => 4096,
        }
    }

    pub(super) fn write(self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout => io::stdout().write(bytes),
            Target::Stderr => io::stderr().write(bytes),
        }
    }

    pub(super) fn write_all(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Target::Stdout => io::stdout().write_all(bytes),
            Target::Stderr => io::stderr().write_all(bytes),
        }
    }

    pub(super) fn write_vectored(self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Target::Stdout => io::stdout().write_vectored(bufs),
            Target::Stderr => io::stderr().write_vectored(bufs),
        }
    }

    pub(super) fn flush(self) -> io::Result<()> {
        match self {
            Target::Stdout => io::stdout().flush(),
            Target::Stderr => io::stderr().flush(),
        }
    }

    /// Prints where what libtest captures is captured: on this thread, by `std`'s macros.
    pub(super) fn print(self, text: &str) {
        match self {
            Target::Stdout => print!("{text}"),
            Target::Stderr => eprint!("{text}"),
        }
    }

    /// As `std`'s messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Target::Stdout => "stdout",
            Target::Stderr => "stderr",
        }
    }

    /// Whether `std` writes each line when it is complete, not each piece.
    pub(super) fn has_lines(self) -> bool {
        matches!(self, Target::Stdout)
    }
}
