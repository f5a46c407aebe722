//! The ends of pipes that a child's standard streams are the other ends of.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::{self, Stdio};

use greenlet::io::Stream;

/// What is written here is the child's standard input: the mirror of [`std::process::ChildStdin`].
///
/// A write waits until there is room for all of it, while the greenlet is parked. The child reads the end of the stream
/// when this is dropped.
///
/// # Examples
///
/// ```
/// use gprocess::{Command, Stdio};
/// use std::io::{Read, Write};
///
/// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
/// let writer = greenlet::spawn(move || stdin.write_all(&[b'x'; 1 << 20]));
/// let mut text = String::new();
/// assert_eq!(stdout.read_to_string(&mut text)?, 1 << 20);
/// writer.join().unwrap()?;
/// child.wait()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ChildStdin {
    stream: Stream<process::ChildStdin>,
}

/// What the child writes to its standard output is read here: the mirror of [`std::process::ChildStdout`].
///
/// A read waits until there is something, while the greenlet is parked. The child's writes fail when this is dropped.
///
/// # Examples
///
/// ```
/// use gprocess::{Command, Stdio};
/// use std::io::{BufRead, BufReader};
///
/// let mut child = Command::new("sh").args(["-c", "echo one; echo two"]).stdout(Stdio::piped()).spawn()?;
/// let lines: Result<Vec<_>, _> = BufReader::new(child.stdout.take().unwrap()).lines().collect();
/// assert_eq!(lines?, ["one", "two"]);
/// child.wait()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ChildStdout {
    stream: Stream<process::ChildStdout>,
}

/// What the child writes to its standard error is read here: the mirror of [`std::process::ChildStderr`].
///
/// It is the same as [`ChildStdout`] otherwise.
///
/// # Examples
///
/// ```
/// use gprocess::{Command, Stdio};
/// use std::io::Read;
///
/// let mut child = Command::new("sh").args(["-c", "echo oops >&2"]).stderr(Stdio::piped()).spawn()?;
/// let mut text = String::new();
/// child.stderr.take().unwrap().read_to_string(&mut text)?;
/// assert_eq!(text, "oops\n");
/// child.wait()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ChildStderr {
    stream: Stream<process::ChildStderr>,
}

/// Implements `Write`, as `std` does for the end that is written and for a reference to it.
macro_rules! impl_write {
    ($($stream:ty),*) => {$(
        impl Write for $stream {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.stream.write(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.stream.write_vectored(bufs)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    )*};
}

impl_write!(ChildStdin, &ChildStdin);

/// Implements `Read` for the ends that are read.
macro_rules! impl_read {
    ($($stream:ty),*) => {$(
        impl Read for $stream {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.stream.read(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.stream.read_vectored(bufs)
            }
        }
    )*};
}

impl_read!(ChildStdout, ChildStderr);

/// Implements what `std` has for descriptors, and the conversions to and from `std`'s own type.
macro_rules! impl_descriptors {
    ($($stream:ident),*) => {$(
        // Nothing of the user's is in there.
        impl UnwindSafe for $stream {}
        impl RefUnwindSafe for $stream {}

        impl AsFd for $stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.stream.get_ref().as_fd()
            }
        }

        impl AsRawFd for $stream {
            fn as_raw_fd(&self) -> RawFd {
                self.stream.get_ref().as_raw_fd()
            }
        }

        impl IntoRawFd for $stream {
            fn into_raw_fd(self) -> RawFd {
                self.stream.into_inner().into_raw_fd()
            }
        }

        /// Takes a descriptor of a pipe, which should have `CLOEXEC` set.
        impl From<OwnedFd> for $stream {
            fn from(fd: OwnedFd) -> $stream {
                process::$stream::from(fd).into()
            }
        }

        impl From<$stream> for OwnedFd {
            fn from(stream: $stream) -> OwnedFd {
                stream.stream.into_inner().into()
            }
        }

        /// Makes it a standard stream of another child.
        impl From<$stream> for Stdio {
            fn from(stream: $stream) -> Stdio {
                stream.stream.into_inner().into()
            }
        }

        /// Takes that of `std`.
        impl From<process::$stream> for $stream {
            fn from(plain: process::$stream) -> $stream {
                $stream { stream: Stream::new(plain) }
            }
        }

        /// Gives that of `std`.
        impl From<$stream> for process::$stream {
            fn from(stream: $stream) -> process::$stream {
                stream.stream.into_inner()
            }
        }

        /// The same as that of `std`.
        impl fmt::Debug for $stream {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.stream.get_ref().fmt(f)
            }
        }
    )*};
}

impl_descriptors!(ChildStdin, ChildStdout, ChildStderr);
