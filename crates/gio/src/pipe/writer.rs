//! The end that is written to.

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use greenlet::io::Stream;

use super::impl_end;

/// The end of a pipe that is written to.
///
/// This mirrors [`std::io::PipeWriter`]. Where that blocks the thread, since nobody has read what came before, this
/// parks the calling greenlet. `&PipeWriter` writes too, so any number of greenlets and threads may share one; what
/// they write at once, up to 4,096 bytes, stays together. Made by [`pipe`](crate::pipe).
///
/// # Examples
///
/// ```
/// use gio::Write;
///
/// let (reader, mut writer) = gio::pipe()?;
/// let much = vec![b'x'; 1 << 20]; // more than a pipe holds
/// let sender = greenlet::spawn(move || writer.write_all(&much));
/// assert_eq!(gio::read_to_string(reader)?.len(), 1 << 20);
/// sender.join().unwrap()?;
/// # Ok::<(), gio::Error>(())
/// ```
pub struct PipeWriter(Stream<io::PipeWriter>);

impl_end!(PipeWriter);

impl Write for PipeWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    /// Does nothing: there is no buffer.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for &PipeWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    /// Does nothing: there is no buffer.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
