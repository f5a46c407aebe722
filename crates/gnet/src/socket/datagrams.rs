//! Datagrams in and out of a socket: whole, one at a time.
//!
//! Nothing is ever drained here. How long a datagram is says nothing about what waits behind it.

use std::io;
use std::time::{Duration, Instant};

use greenlet::breathe;
use greenlet::io::{Progress, Source};
use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::settings::is_deadline;
use super::{PlainSocket, Socket, system};

/// What every datagram is received with: it does not wait.
pub(crate) const RECEIVE: RecvFlags = RecvFlags::DONTWAIT;

/// Between two tries where there is nothing to wait for.
const PAUSE: Duration = Duration::from_millis(1);

impl<T: PlainSocket> Socket<T> {
    /// Receives one datagram by `op`, which must not wait; the default, which is nothing from
    /// nobody, once the receiving side is shut down.
    #[inline]
    pub(crate) fn receive_datagram<R: Default>(
        &self,
        mut op: impl FnMut(&T) -> Result<R, Errno>,
    ) -> io::Result<R> {
        if self.settings.mode(self.plain())?.nonblocking() {
            breathe();
            return Ok(op(self.plain())?);
        }
        let timeout = self.settings.read_timeout();
        let received = self.source.read_with(timeout, |socket| match op(socket) {
            Err(Errno::AGAIN) if self.settings.may_have_ended() && system::has_ended(socket) => {
                // What came before the end, since the first look, comes first.
                match op(socket) {
                    Err(Errno::AGAIN) => Ok(Progress::More(R::default())),
                    received => Ok(Progress::More(received?)),
                }
            }
            received => Ok(Progress::More(received?)),
        });
        match received {
            // It may have come while other greenlets had the thread: std's would have seen it.
            Err(error) if is_deadline(&error) => Ok(op(self.plain())?),
            received => received,
        }
    }

    /// Sends one datagram by `op`, which must not wait.
    ///
    /// The kernel takes all of it or nothing.
    #[inline]
    pub(crate) fn send_datagram(
        &self,
        mut op: impl FnMut(&T) -> Result<usize, Errno>,
    ) -> io::Result<usize> {
        if self.settings.mode(self.plain())?.nonblocking() {
            breathe();
            return Ok(op(self.plain())?);
        }
        let timeout = self.settings.write_timeout();
        let sent = self
            .source
            .write_with(timeout, |socket| Ok(Progress::More(op(socket)?)));
        match sent {
            // There may be room by now, late as the hub is: std's would have used it.
            Err(error) if is_deadline(&error) => Ok(op(self.plain())?),
            sent => sent,
        }
    }

    /// Sends one datagram by `op`, which must not wait, to a receiver that the socket need not be
    /// connected to.
    ///
    /// Linux reports room in the queue of a Unix socket's receiver to those only who are connected
    /// to it. `stand_in` makes a socket that is, which is waited on as well; `None` if the receiver
    /// takes no connection.
    pub(crate) fn send_datagram_to(
        &self,
        mut op: impl FnMut(&T) -> Result<usize, Errno>,
        mut stand_in: impl FnMut() -> io::Result<Option<T>>,
    ) -> io::Result<usize> {
        breathe();
        let nonblocking = self.settings.mode(self.plain())?.nonblocking();
        match op(self.plain()) {
            Err(Errno::AGAIN) if !nonblocking => (),
            sent => return Ok(sent?),
        }
        let timeout = self.settings.write_timeout();
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut in_vain = false;
        loop {
            // A new one each time: another socket may have the address by now.
            let waited = match stand_in()? {
                Some(stand_in) => Source::new(stand_in).writable(deadline),
                // One that is connected to this socket has room always, one that is gone or talks
                // to another is told of by `op`. Should there be a third kind, this does not spin.
                None if in_vain => {
                    greenlet::time::sleep_until(Instant::now() + PAUSE);
                    Ok(())
                }
                None => {
                    in_vain = true;
                    Ok(())
                }
            };
            // With room there, it is this socket's own buffer that has none.
            match waited.and_then(|()| self.source.writable(deadline)) {
                Ok(()) => (),
                // There may be room by now, late as the hub is: std's would have used it.
                Err(error) if is_deadline(&error) => return Ok(op(self.plain())?),
                Err(error) => return Err(error),
            }
            match op(self.plain()) {
                Err(Errno::AGAIN) => (),
                sent => return Ok(sent?),
            }
        }
    }
}
