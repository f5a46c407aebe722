//! `Read` and `Write` of the sockets that are streams of bytes.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

use crate::TcpStream;
use crate::unix::UnixStream;

/// Implements both for each type, as `std` does for the socket and for a reference to it.
macro_rules! impl_read_write {
    ($($stream:ty),*) => {$(
        impl Read for $stream {
            #[inline]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.socket.read_into(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.socket.read_into_vectored(bufs)
            }
        }

        impl Write for $stream {
            #[inline]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.socket.write_from(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.socket.write_from_vectored(bufs)
            }

            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    )*};
}

impl_read_write! {
    TcpStream, &TcpStream, UnixStream, &UnixStream
}
