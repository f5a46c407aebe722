//! The standard output and the standard error.
//!
//! Both stay `std`'s: it has the buffer, which it flushes at exit, and it knows what libtest captures; so what is
//! printed here and what other code prints with `std` come out in order. What is added ([`stream`]) is a lock that
//! belongs to a greenlet, since `std`'s belongs to the thread, and that nothing is handed to `std` before the
//! descriptor takes it ([`place`]).

mod place;
mod print;
mod stderr;
mod stdout;
mod stream;
mod target;

pub use print::{eprint, print};
pub use stderr::{Stderr, StderrLock, stderr};
pub use stdout::{Stdout, StdoutLock, stdout};

/// What the handles of both streams have in common.
macro_rules! impl_handle {
    ($handle:ident, $lock:ident, $stream:ident) => {
        /// A write takes all of its bytes, as one in blocking mode does; less only before an error, or a kill.
        impl Write for $lock<'_> {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.0.write(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.0.write_vectored(bufs)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.0.flush()
            }

            fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
                self.0.write_fmt(args)
            }
        }

        impl_handle!(@locking $handle);
        impl_handle!(@locking &$handle);
        impl_handle!(@same $handle, $handle, $stream);
        impl_handle!(@same $lock<'_>, $lock, $stream);

        /// Gives the stream of this process to a child process.
        impl From<$handle> for Stdio {
            fn from(_: $handle) -> Stdio {
                io::$stream().into()
            }
        }
    };
    (@locking $handle:ty) => {
        /// Locks the stream for the length of one call.
        impl Write for $handle {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.lock().write(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.lock().write_vectored(bufs)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.lock().flush()
            }

            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                self.lock().write_all(buf)
            }

            fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
                self.lock().write_fmt(args)
            }
        }
    };
    (@same $type:ty, $name:ident, $stream:ident) => {
        // As std's.
        impl UnwindSafe for $type {}
        impl RefUnwindSafe for $type {}

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                rustix::stdio::$stream()
            }
        }

        impl AsRawFd for $type {
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        }
    };
}
use impl_handle;
