//! Bytes in and out of a stream.

use std::io::{self, IoSlice, IoSliceMut};

use greenlet::breathe;
use greenlet::io::Progress;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, recv, recvmsg, send, sendmsg,
};

use super::settings::is_deadline;
use super::system::SEND;
use super::{PlainSocket, Socket};

/// The most buffers that one vectored call takes: the kernel's `UIO_MAXIOV`.
const MOST_BUFFERS: usize = 1024;

const RECEIVE: RecvFlags = RecvFlags::DONTWAIT;

impl<T: PlainSocket> Socket<T> {
    #[inline]
    pub(crate) fn read_into(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.receive(buf.len(), RECEIVE, |socket, flags| {
            Ok(recv(socket, &mut *buf, flags)?.0)
        })
    }

    pub(crate) fn read_into_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let count = bufs.len().min(MOST_BUFFERS);
        let bufs = &mut bufs[..count];
        let room = total(bufs);
        // `readv`, which std makes, does not ask the socket for nothing.
        if room == 0 {
            return Ok(0);
        }
        self.receive(room, RECEIVE, |socket, flags| {
            let mut control = RecvAncillaryBuffer::default();
            Ok(recvmsg(socket, bufs, &mut control, flags)?.bytes)
        })
    }

    pub(crate) fn peek_into(&self, buf: &mut [u8]) -> io::Result<usize> {
        let flags = RECEIVE | RecvFlags::PEEK;
        self.receive(buf.len(), flags, |socket, flags| {
            Ok(recv(socket, &mut *buf, flags)?.0)
        })
    }

    #[inline]
    pub(crate) fn write_from(&self, buf: &[u8]) -> io::Result<usize> {
        self.transmit(buf.len(), |socket, done| send(socket, &buf[done..], SEND))
    }

    pub(crate) fn write_from_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let bufs = &bufs[..bufs.len().min(MOST_BUFFERS)];
        let len = total(bufs);
        // Nor does `writev` trouble it with nothing.
        if len == 0 {
            return Ok(0);
        }
        self.transmit(len, |socket, done| {
            let mut control = SendAncillaryBuffer::default();
            if done == 0 {
                return sendmsg(socket, bufs, &mut control, SEND);
            }
            let mut rest = bufs.to_vec();
            let mut rest = &mut rest[..];
            IoSlice::advance_slices(&mut rest, done);
            sendmsg(socket, rest, &mut control, SEND)
        })
    }

    /// Receives by `op`, which must not wait, into `room` bytes: all that there is, and at least
    /// one byte or the end of the stream.
    #[inline]
    fn receive(
        &self,
        room: usize,
        flags: RecvFlags,
        mut op: impl FnMut(&T, RecvFlags) -> Result<usize, Errno>,
    ) -> io::Result<usize> {
        let mode = self.settings.mode(self.plain())?;
        if mode.nonblocking() {
            breathe();
            return Ok(op(self.plain(), flags)?);
        }
        // What is only looked at stays, however little it is.
        let takes = !flags.contains(RecvFlags::PEEK);
        let timeout = self.settings.read_timeout();
        let received = self.source.read_with(timeout, |socket| {
            let count = op(socket, flags)?;
            let drained = takes && 0 < count && count < room && mode.short_means_drained();
            Ok(if drained {
                Progress::Drained(count)
            } else {
                Progress::More(count)
            })
        });
        match received {
            // It may have come while other greenlets had the thread: std's would have seen it.
            Err(error) if is_deadline(&error) => match op(self.plain(), flags) {
                // Nothing is all that was asked for. So thinks Linux's TCP, once it has waited for it.
                Err(Errno::AGAIN) if room == 0 && mode.short_means_drained() => Ok(0),
                received => Ok(received?),
            },
            received => received,
        }
    }

    /// Sends `len` bytes by `op`, which must not wait and is told how many of them are sent.
    ///
    /// A blocking `send` of Linux returns when the kernel has taken everything, and short only
    /// when its time is up or the connection breaks. So does this.
    #[inline]
    fn transmit(
        &self,
        len: usize,
        mut op: impl FnMut(&T, usize) -> Result<usize, Errno>,
    ) -> io::Result<usize> {
        let mode = self.settings.mode(self.plain())?;
        // Nothing to send finds out whether it could be sent, and never waits.
        if len == 0 || mode.nonblocking() {
            breathe();
            return Ok(op(self.plain(), 0)?);
        }
        let (mut done, mut waited) = (0, false);
        if mode.full() {
            match op(self.plain(), 0) {
                Ok(count) if count == len => return Ok(len),
                Ok(count) => done = count,
                Err(Errno::AGAIN) => (),
                Err(error) => return Err(error.into()),
            }
        }
        let timeout = self.settings.write_timeout();
        let sent = self.source.write_with(timeout, |socket| {
            loop {
                match op(socket, done) {
                    Ok(count) => {
                        done += count;
                        if done == len || count == 0 {
                            return Ok(Progress::More(done));
                        }
                        if mode.short_means_drained() {
                            break;
                        }
                    }
                    Err(Errno::AGAIN) => break,
                    Err(error) if done > 0 => {
                        self.settings.swallow(error);
                        return Ok(Progress::More(done));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            waited = true;
            self.settings.set_full(true);
            Err(io::ErrorKind::WouldBlock.into())
        });
        if waited && sent.is_ok() {
            self.settings.set_full(false);
        }
        match sent {
            Err(error) if is_deadline(&error) => match op(self.plain(), done) {
                Ok(count) => Ok(done + count),
                Err(error) if done == 0 => Err(error.into()),
                Err(error) => {
                    self.settings.swallow(error);
                    Ok(done)
                }
            },
            // It cannot be waited for. The next call will say so again; this one has a part to tell of.
            Err(_) if done > 0 => Ok(done),
            sent => sent,
        }
    }
}

fn total(bufs: &[impl std::ops::Deref<Target = [u8]>]) -> usize {
    bufs.iter()
        .fold(0, |sum: usize, buf| sum.saturating_add(buf.len()))
}
