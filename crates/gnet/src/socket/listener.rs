//! A socket that greenlets accept connections on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use greenlet::io::{Progress, Source};
use greenlet::{breathe, yield_now};

use super::accept_mode::AcceptMode;
use super::settings::{Settings, is_deadline};
use super::{PlainListener, Socket, system};

/// A listener of `std`, and the mode that it shares with its clones.
pub(crate) struct ListeningSocket<T: PlainListener> {
    source: Source<T>,
    mode: Arc<AcceptMode>,
}

impl<T: PlainListener> ListeningSocket<T> {
    /// A listener whose settings are known.
    pub(crate) fn new(listener: T, settings: Settings) -> ListeningSocket<T> {
        ListeningSocket {
            source: Source::new(listener),
            mode: Arc::new(AcceptMode::new(settings)),
        }
    }

    /// A listener that comes from outside, where it may have duplicates.
    pub(crate) fn adopt(listener: T) -> ListeningSocket<T> {
        let listener = ListeningSocket::new(listener, Settings::adopted());
        listener.source.mark_shared();
        listener
    }

    pub(crate) fn try_clone(&self) -> io::Result<ListeningSocket<T>> {
        let clone = self.plain().try_clone()?;
        self.source.mark_shared();
        let source = Source::new(clone);
        source.mark_shared();
        let mode = Arc::clone(&self.mode);
        Ok(ListeningSocket { source, mode })
    }

    /// Takes the next connection, and the address that it comes from.
    pub(crate) fn accept(&self) -> io::Result<(Socket<T::Stream>, T::Addr)> {
        let settings = self.mode.settings(self.plain());
        let (stream, addr) = if settings.nonblocking() {
            breathe();
            self.mode.accept(self.plain())?
        } else {
            self.wait_and_accept(settings.read_timeout())?
        };
        let stream = Socket::new(Source::new(stream), T::accepted(settings));
        if system::ACCEPT_HANDS_ON_MODE {
            stream.set_nonblocking(settings.nonblocking())?;
        }
        Ok((stream, addr))
    }

    fn wait_and_accept(&self, timeout: Option<Duration>) -> io::Result<(T::Stream, T::Addr)> {
        // As a rule the last connection was given to somebody, who gets to begin before there is another one.
        yield_now();
        // One that finds nobody has made a descriptor for nothing, and takes nine times as long as to ask first. After a wait
        // there is somebody, unless others accept here, too.
        let (mut waited, mut in_vain) = (false, false);
        let accepted = self.source.read_with(timeout, |listener| {
            if self.mode.listens() && (in_vain || !waited) {
                // An error is left to the call itself.
                if !self.source.is_readable().unwrap_or(true) {
                    waited = true;
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
            let accepted = self.mode.accept(listener).map(Progress::More);
            waited = true;
            in_vain = accepted.is_err();
            accepted
        });
        match accepted {
            // It may have come while other greenlets had the thread: std's would have seen it.
            Err(error) if is_deadline(&error) => self.mode.accept(self.plain()),
            accepted => accepted,
        }
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.mode.set_nonblocking(self.plain(), nonblocking)
    }

    /// The listener, for calls that never wait and leave the settings alone.
    pub(crate) fn plain(&self) -> &T {
        self.source.get_ref()
    }

    /// The listener, for somebody outside who may change or duplicate it.
    pub(crate) fn lend(&self) -> &T {
        self.source.mark_shared();
        self.mode.lend(self.plain());
        self.plain()
    }

    pub(crate) fn into_plain(self) -> T {
        self.mode.lend(self.plain());
        self.source.into_inner()
    }
}
