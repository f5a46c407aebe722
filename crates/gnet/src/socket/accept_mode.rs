//! Who has a listener's `O_NONBLOCK`.
//!
//! There is no `accept` with `MSG_DONTWAIT`. So, unlike a stream, a listener needs the flag in the
//! kernel while anyone here accepts on it, and must not show it to those who get the descriptor
//! and expect `std`'s mode. It is *armed* before the first `accept` and whenever it was lent out
//! since, and disarmed before it is lent.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use super::PlainListener;
use super::settings::Settings;

/// The settings of one listening socket, shared by all handles that `try_clone` has made of it.
pub(super) struct AcceptMode {
    /// Stale only while not armed: so what is read from the kernel then is the user's.
    settings: Settings,
    /// Whether `O_NONBLOCK` is set in the kernel for our sake.
    ///
    /// Held shared over `accept`, so that the flag cannot be taken away between the look at it and
    /// a call that would then block the thread. Nothing parks while it is held.
    armed: RwLock<bool>,
    /// Whether the descriptor is known to be a listener's: one has accepted, or there was nobody to accept.
    ///
    /// What is no listener may be given for one; its `accept` fails at once, though nothing can be read from it.
    listens: AtomicBool,
}

impl AcceptMode {
    pub(super) fn new(settings: Settings) -> AcceptMode {
        AcceptMode {
            settings,
            armed: RwLock::new(false),
            listens: AtomicBool::new(false),
        }
    }

    /// The settings, taken over from the kernel where they could be stale.
    pub(super) fn settings(&self, listener: &impl PlainListener) -> &Settings {
        if self.settings.is_stale() {
            let _still_not_armed = self.lock();
            self.settings.refresh(listener);
        }
        &self.settings
    }

    /// Accepts a connection that waits already; `WouldBlock` if none does.
    pub(super) fn accept<T: PlainListener>(
        &self,
        listener: &T,
    ) -> io::Result<(T::Stream, T::Addr)> {
        let armed = self.armed.read().unwrap_or_else(PoisonError::into_inner);
        if *armed {
            return self.learn(listener.accept());
        }
        drop(armed);
        let mut armed = self.lock();
        if !*armed {
            self.settings.refresh(listener);
            listener.set_nonblocking(true)?;
            *armed = true;
        }
        self.learn(listener.accept())
    }

    /// Whether it may be asked if somebody waits to be accepted, instead of trying.
    pub(super) fn listens(&self) -> bool {
        self.listens.load(Ordering::Relaxed)
    }

    fn learn<R>(&self, accepted: io::Result<R>) -> io::Result<R> {
        let listens = match &accepted {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if listens && !self.listens() {
            self.listens.store(true, Ordering::Relaxed);
        }
        accepted
    }

    /// Gives the kernel the mode that std would have, for somebody who gets the descriptor.
    pub(super) fn lend(&self, listener: &impl PlainListener) {
        let mut armed = self.lock();
        if *armed && !self.settings.nonblocking() {
            // Fails only for a descriptor that is none, and that its user will find out.
            let _ = listener.set_nonblocking(false);
        }
        *armed = false;
        // Whoever gets it may put something else in its place.
        self.listens.store(false, Ordering::Relaxed);
        self.settings.invalidate();
    }

    /// Records the user's choice, and tells the kernel unless the flag is needed there.
    pub(super) fn set_nonblocking(
        &self,
        listener: &impl PlainListener,
        nonblocking: bool,
    ) -> io::Result<()> {
        let armed = self.lock();
        if !*armed {
            listener.set_nonblocking(nonblocking)?;
        }
        self.settings.set_nonblocking(nonblocking);
        Ok(())
    }

    fn lock(&self) -> RwLockWriteGuard<'_, bool> {
        self.armed.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net;
    use std::thread;

    use rustix::fs::{OFlags, fcntl_getfl};

    use super::*;

    fn listener() -> (net::TcpListener, AcceptMode) {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        (listener, AcceptMode::new(Settings::fresh()))
    }

    fn kernel_nonblocking(listener: &net::TcpListener) -> bool {
        fcntl_getfl(listener).unwrap().contains(OFlags::NONBLOCK)
    }

    #[test]
    fn the_kernels_flag_is_ours_between_accept_and_lend() {
        let (listener, mode) = listener();
        assert!(!kernel_nonblocking(&listener));
        mode.accept(&listener).unwrap_err();
        assert!(kernel_nonblocking(&listener));
        assert!(!mode.settings(&listener).nonblocking());
        mode.lend(&listener);
        assert!(!kernel_nonblocking(&listener));
    }

    #[test]
    fn the_users_choice_survives_both() {
        let (listener, mode) = listener();
        mode.set_nonblocking(&listener, true).unwrap();
        assert!(kernel_nonblocking(&listener));
        mode.accept(&listener).unwrap_err();
        mode.lend(&listener);
        assert!(kernel_nonblocking(&listener));
        assert!(mode.settings(&listener).nonblocking());
        mode.accept(&listener).unwrap_err();
        mode.set_nonblocking(&listener, false).unwrap();
        assert!(kernel_nonblocking(&listener), "needed still");
        mode.lend(&listener);
        assert!(!kernel_nonblocking(&listener));
    }

    #[test]
    fn no_accept_blocks_while_others_lend() {
        let (listener, mode) = listener();
        let done = AtomicBool::new(false);
        let mut all_would_block = false;
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    mode.lend(&listener);
                    // If it were put off only while it has the lock, the other would hardly ever get that.
                    thread::yield_now();
                }
            });
            // Nobody connects: one that blocked would do so for ever.
            all_would_block = (0..20_000).all(|_| mode.accept(&listener).is_err());
            done.store(true, Ordering::Relaxed);
        });
        assert!(all_would_block);
    }
}
