//! Anonymous pipes.

mod reader;
mod writer;

use std::io;

pub use reader::PipeReader;
pub use writer::PipeWriter;

/// Makes a pipe: what is written to the one end is read at the other.
///
/// This mirrors [`std::io::pipe`]. A read waits until something was written or no writer is left, a write until the
/// reader has made room; either parks the calling greenlet. Both ends are closed in the programs that this one starts.
///
/// # Errors
///
/// If there is no descriptor left, or no memory.
///
/// # Examples
///
/// ```
/// use gio::{Read, Write};
///
/// let (mut reader, mut writer) = gio::pipe()?;
/// let answer = greenlet::spawn(move || {
///     let mut text = String::new();
///     reader.read_to_string(&mut text).map(|_| text)
/// });
/// greenlet::yield_now(); // it parks: nothing was written yet
/// writer.write_all(b"through the pipe")?;
/// drop(writer);
/// assert_eq!(answer.join().unwrap()?, "through the pipe");
/// # Ok::<(), gio::Error>(())
/// ```
///
/// # Platform-specific behavior
///
/// `pipe2` with `O_CLOEXEC` where there is one. The descriptors are in blocking mode and stay so: on Linux since 6.4
/// reads and writes ask the system not to wait, elsewhere they are made by a thread of a pool once there is something
/// to do.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), writer.into()))
}

/// What both ends have in common: clones, and conversions from and to descriptors.
macro_rules! impl_end {
    ($end:ident) => {
        impl $end {
            /// Another handle of the same end, which is open as long as there is one.
            ///
            #[doc = concat!("This mirrors [`std::io::", stringify!($end), "::try_clone`].")]
            ///
            /// # Errors
            ///
            /// If there is no descriptor left.
            ///
            /// # Examples
            ///
            /// ```
            /// use gio::{Read, Write};
            ///
            /// let (mut reader, mut writer) = gio::pipe()?;
            /// let mut second = writer.try_clone()?;
            /// writer.write_all(b"one, ")?;
            /// second.write_all(b"two")?;
            /// drop((writer, second));
            /// assert_eq!(gio::read_to_string(reader.try_clone()?)?, "one, two");
            /// assert_eq!(reader.read(&mut [0; 1])?, 0);
            /// # Ok::<(), gio::Error>(())
            /// ```
            pub fn try_clone(&self) -> io::Result<$end> {
                self.0.get_ref().try_clone().map(Into::into)
            }
        }

        // As std's.
        impl UnwindSafe for $end {}
        impl RefUnwindSafe for $end {}

        impl fmt::Debug for $end {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.get_ref().fmt(f)
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.get_ref().as_fd()
            }
        }

        impl AsRawFd for $end {
            fn as_raw_fd(&self) -> RawFd {
                self.0.get_ref().as_raw_fd()
            }
        }

        impl IntoRawFd for $end {
            fn into_raw_fd(self) -> RawFd {
                io::$end::from(self).into_raw_fd()
            }
        }

        impl FromRawFd for $end {
            unsafe fn from_raw_fd(fd: RawFd) -> $end {
                // SAFETY: the caller hands over an open descriptor that nothing else owns: the same contract.
                unsafe { io::$end::from_raw_fd(fd) }.into()
            }
        }

        impl From<OwnedFd> for $end {
            fn from(fd: OwnedFd) -> $end {
                io::$end::from(fd).into()
            }
        }

        impl From<$end> for OwnedFd {
            fn from(end: $end) -> OwnedFd {
                io::$end::from(end).into()
            }
        }

        /// Makes the end the standard input or output of a child process.
        impl From<$end> for Stdio {
            fn from(end: $end) -> Stdio {
                io::$end::from(end).into()
            }
        }

        /// Adopts the end of a pipe of `std`.
        impl From<io::$end> for $end {
            fn from(end: io::$end) -> $end {
                $end(Stream::new(end))
            }
        }

        /// Gives the end of a pipe of `std`.
        impl From<$end> for io::$end {
            fn from(end: $end) -> io::$end {
                end.0.into_inner()
            }
        }
    };
}
use impl_end;
