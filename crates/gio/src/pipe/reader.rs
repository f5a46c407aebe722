//! The end that is read.

use std::fmt;
use std::io::{self, IoSliceMut, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use greenlet::io::Stream;

use super::impl_end;

/// The end of a pipe that is read.
///
/// This mirrors [`std::io::PipeReader`]. Where that blocks the thread this parks the calling greenlet. `&PipeReader`
/// reads too, so any number of greenlets and threads may share one; every byte reaches one of them. Made by
/// [`pipe`](crate::pipe).
///
/// # Examples
///
/// ```
/// use gio::{BufRead, BufReader, Write};
///
/// let (reader, mut writer) = gio::pipe()?;
/// let sender = greenlet::spawn(move || writer.write_all(b"one\ntwo\n"));
/// let lines: Vec<_> = BufReader::new(reader).lines().collect::<Result<_, _>>()?;
/// assert_eq!(lines, ["one", "two"]);
/// sender.join().unwrap()?;
/// # Ok::<(), gio::Error>(())
/// ```
pub struct PipeReader(Stream<io::PipeReader>);

impl_end!(PipeReader);

impl Read for PipeReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }
}

impl Read for &PipeReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }
}
