//! What the sockets of every kind have in common: how they wait, and whose settings they obey.

mod accept_mode;
mod bytes;
mod datagrams;
mod listener;
mod plain;
mod settings;
pub(crate) mod system;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use greenlet::io::Source;

pub(crate) use datagrams::RECEIVE;
pub(crate) use listener::ListeningSocket;
pub(crate) use plain::{PlainListener, PlainSocket};
pub(crate) use settings::{Settings, is_deadline, within_the_clock};

/// A socket of `std` on which greenlets wait, and the settings that it shares with its clones.
///
/// What moves data is in `bytes`, for streams, and in `datagrams`.
pub(crate) struct Socket<T: PlainSocket> {
    source: Source<T>,
    settings: Arc<Settings>,
}

impl<T: PlainSocket> Socket<T> {
    /// A socket whose settings are known.
    pub(crate) fn new(source: Source<T>, settings: Settings) -> Socket<T> {
        let settings = Arc::new(settings);
        Socket { source, settings }
    }

    /// A socket that comes from outside, where it may have duplicates.
    pub(crate) fn adopt(socket: T) -> Socket<T> {
        let socket = Socket::new(Source::new(socket), Settings::adopted());
        socket.source.mark_shared();
        socket
    }

    pub(crate) fn try_clone(&self) -> io::Result<Socket<T>> {
        let clone = self.plain().try_clone()?;
        self.source.mark_shared();
        let source = Source::new(clone);
        source.mark_shared();
        let settings = Arc::clone(&self.settings);
        Ok(Socket { source, settings })
    }

    /// The socket, for calls that never wait and leave the settings alone.
    #[inline]
    pub(crate) fn plain(&self) -> &T {
        self.source.get_ref()
    }

    /// The socket, for somebody outside who may change or duplicate it.
    pub(crate) fn lend(&self) -> &T {
        self.source.mark_shared();
        self.settings.invalidate();
        self.plain()
    }

    pub(crate) fn into_plain(self) -> T {
        self.settings.invalidate();
        self.source.into_inner()
    }

    pub(crate) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _changing = self.settings.changing();
        self.plain().set_read_timeout(timeout)?;
        self.settings.set_read_timeout(timeout);
        Ok(())
    }

    pub(crate) fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _changing = self.settings.changing();
        self.plain().set_write_timeout(timeout)?;
        self.settings.set_write_timeout(timeout);
        Ok(())
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        let _changing = self.settings.changing();
        self.plain().set_nonblocking(nonblocking)?;
        self.settings.set_nonblocking(nonblocking);
        Ok(())
    }

    /// To be called before the receiving side is shut down, of a socket for datagrams.
    pub(crate) fn expect_end(&self) {
        self.settings.set_may_have_ended();
    }

    /// The error that a call has kept back, or else the kernel's.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        match self.settings.take_swallowed() {
            Some(error) => Ok(Some(error)),
            None => self.plain().take_error(),
        }
    }
}
