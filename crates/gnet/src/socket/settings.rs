//! What the user has set on a socket, kept beside the kernel's copy.
//!
//! The kernel's `O_NONBLOCK` and timeouts hold what `std` would have put there, so that clones,
//! handed out descriptors and `read_timeout()` agree with `std`. They do not act here, because
//! every call is made with `MSG_DONTWAIT`: the values below do.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::sockopt;

use super::system::is_plain_tcp;

/// The user has asked for calls that never wait.
const NONBLOCKING: u8 = 1;
/// The kernel's values may differ from these: the descriptor came from outside, or was lent out.
const STALE: u8 = 1 << 1;
/// Not plain TCP: a short transfer does not tell that the kernel has no more to give or to take.
const SHORT_SAYS_NOTHING: u8 = 1 << 2;
/// `swallowed` holds an error that the kernel has given and the user has not seen.
const SWALLOWED: u8 = 1 << 3;
/// Somebody has found the send buffer full, and may be waiting for room still.
const FULL: u8 = 1 << 4;
/// Somebody takes over the kernel's values at this moment.
const REFRESHING: u8 = 1 << 5;

/// The receiving side may have been shut down: here, or through a descriptor that others have.
const MAY_HAVE_ENDED: u8 = 1 << 6;

/// The settings of one open socket, shared by all handles that `try_clone` has made of it.
///
/// The atomics are `Relaxed`: each value stands for itself, and two threads that set and use the
/// same socket without more synchronisation race in `std` too. What must not get apart is a value here
/// and the kernel's: that is what `changing` is for.
pub(crate) struct Settings {
    flags: AtomicU8,
    /// Nanoseconds; zero is none, as in the kernel.
    read_timeout: AtomicU64,
    write_timeout: AtomicU64,
    /// The raw error behind `SWALLOWED`.
    swallowed: AtomicI32,
    /// Held while the kernel's values and these are made the same, in either direction. Nothing parks under it.
    changing: Mutex<()>,
}

impl Settings {
    /// Of a TCP socket that was made just now.
    pub(crate) fn fresh() -> Settings {
        Settings::with(0, 0, 0)
    }

    /// Of a socket of another kind that was made just now.
    pub(crate) fn fresh_but_not_tcp() -> Settings {
        Settings::with(SHORT_SAYS_NOTHING, 0, 0)
    }

    /// Of a descriptor that came from outside: the first call that needs them asks the kernel.
    pub(crate) fn adopted() -> Settings {
        Settings::with(STALE | MAY_HAVE_ENDED, 0, 0)
    }

    /// Of a socket that was accepted on the listener with these settings. Linux hands on the
    /// timeouts, and not `O_NONBLOCK`.
    pub(crate) fn accepted(&self) -> Settings {
        Settings::with(
            self.flags.load(Relaxed) & SHORT_SAYS_NOTHING,
            self.read_timeout.load(Relaxed),
            self.write_timeout.load(Relaxed),
        )
    }

    fn with(flags: u8, read_timeout: u64, write_timeout: u64) -> Settings {
        Settings {
            flags: AtomicU8::new(flags),
            read_timeout: AtomicU64::new(read_timeout),
            write_timeout: AtomicU64::new(write_timeout),
            swallowed: AtomicI32::new(0),
            changing: Mutex::new(()),
        }
    }

    /// How the next call has to behave. Asks the kernel first where these values may be stale.
    ///
    /// # Errors
    ///
    /// An error that an earlier call has swallowed.
    #[inline]
    pub(crate) fn mode(&self, socket: impl AsFd) -> io::Result<Mode> {
        let flags = self.flags.load(Relaxed);
        if flags & (STALE | REFRESHING | SWALLOWED) == 0 {
            return Ok(Mode(flags));
        }
        self.refresh(socket);
        match self.take_swallowed() {
            Some(error) => Err(error),
            None => Ok(Mode(self.flags.load(Relaxed))),
        }
    }

    /// Says that the kernel's values may from now on be changed without these.
    pub(crate) fn invalidate(&self) {
        self.set(STALE | MAY_HAVE_ENDED, true);
    }

    /// Says that the receiving side is shut down, or about to be.
    pub(crate) fn set_may_have_ended(&self) {
        self.set(MAY_HAVE_ENDED, true);
    }

    /// Whether the receiving side may have been shut down. It never comes back.
    pub(crate) fn may_have_ended(&self) -> bool {
        self.flags.load(Relaxed) & MAY_HAVE_ENDED != 0
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.flags.load(Relaxed) & (STALE | REFRESHING) != 0
    }

    /// To be held over a change of the kernel's value and of the one here.
    pub(crate) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the kernel's values over, if these may be stale. Whoever else needs them meanwhile waits for that.
    #[cold]
    pub(crate) fn refresh(&self, socket: impl AsFd) {
        let _changing = self.changing();
        if self.flags.load(Relaxed) & STALE == 0 {
            return;
        }
        // In this order, so that at no time neither is set; what is invalidated from here on is stale again.
        self.set(REFRESHING, true);
        self.set(STALE, false);
        // What cannot be asked cannot have been set, and the call itself will say what is wrong.
        let socket = socket.as_fd();
        let timeout = |which| sockopt::socket_timeout(socket, which).unwrap_or(None);
        let mode = rustix::fs::fcntl_getfl(socket).unwrap_or(OFlags::empty());
        self.set(NONBLOCKING, mode.contains(OFlags::NONBLOCK));
        self.set(SHORT_SAYS_NOTHING, !is_plain_tcp(socket));
        self.set_read_timeout(timeout(sockopt::Timeout::Recv));
        self.set_write_timeout(timeout(sockopt::Timeout::Send));
        self.set(REFRESHING, false);
    }

    pub(crate) fn nonblocking(&self) -> bool {
        Mode(self.flags.load(Relaxed)).nonblocking()
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) {
        self.set(NONBLOCKING, nonblocking);
    }

    #[inline]
    pub(crate) fn read_timeout(&self) -> Option<Duration> {
        from_nanos(self.read_timeout.load(Relaxed))
    }

    pub(crate) fn set_read_timeout(&self, timeout: Option<Duration>) {
        self.read_timeout.store(to_nanos(timeout), Relaxed);
    }

    #[inline]
    pub(crate) fn write_timeout(&self) -> Option<Duration> {
        from_nanos(self.write_timeout.load(Relaxed))
    }

    pub(crate) fn set_write_timeout(&self, timeout: Option<Duration>) {
        self.write_timeout.store(to_nanos(timeout), Relaxed);
    }

    /// Says whether the send buffer was found full.
    #[cold]
    pub(crate) fn set_full(&self, full: bool) {
        self.set(FULL, full);
    }

    /// Keeps an error for the next call, because the present one has something better to return
    /// and the kernel tells an error once only.
    #[cold]
    pub(crate) fn swallow(&self, error: Errno) {
        // These the kernel says again whenever it is asked.
        if !matches!(error, Errno::PIPE | Errno::AGAIN) {
            self.swallowed.store(error.raw_os_error(), Relaxed);
            self.set(SWALLOWED, true);
        }
    }

    /// The error kept by [`swallow`](Self::swallow), for one caller.
    pub(crate) fn take_swallowed(&self) -> Option<io::Error> {
        (self.flags.fetch_and(!SWALLOWED, Relaxed) & SWALLOWED != 0)
            .then(|| io::Error::from_raw_os_error(self.swallowed.load(Relaxed)))
    }

    fn set(&self, flag: u8, on: bool) {
        if on {
            self.flags.fetch_or(flag, Relaxed);
        } else {
            self.flags.fetch_and(!flag, Relaxed);
        }
    }
}

/// How one call has to behave.
#[derive(Clone, Copy)]
pub(crate) struct Mode(u8);

impl Mode {
    /// Whether it must return at once.
    #[inline]
    pub(crate) fn nonblocking(self) -> bool {
        self.0 & NONBLOCKING != 0
    }

    /// Whether a write has to see for itself if there is room.
    ///
    /// The kernel reports room when a third of the buffer is free, and takes what fits in less. Whoever
    /// waits in std waits for that third too; but a write that begins meanwhile is tried first.
    #[inline]
    pub(crate) fn full(self) -> bool {
        self.0 & FULL != 0
    }

    /// Whether a transfer shorter than its buffer means that the next would have to wait.
    #[inline]
    pub(crate) fn short_means_drained(self) -> bool {
        self.0 & SHORT_SAYS_NOTHING == 0
    }
}

/// Whether the error is that of a deadline which has passed while parked, and not a time-out of
/// the connection itself, which the kernel reports.
pub(crate) fn is_deadline(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
}

/// `None` for a time-out that is too far away for any clock.
pub(crate) fn within_the_clock(timeout: Duration) -> Option<Duration> {
    Instant::now().checked_add(timeout).map(|_| timeout)
}

/// The longest time-out that is kept apart from none: 292 years.
const LONGEST: u64 = i64::MAX as u64;

fn to_nanos(timeout: Option<Duration>) -> u64 {
    timeout.map_or(0, |timeout| {
        u64::try_from(timeout.as_nanos()).map_or(0, |nanos| if nanos > LONGEST { 0 } else { nanos })
    })
}

#[inline]
fn from_nanos(nanos: u64) -> Option<Duration> {
    (nanos != 0).then(|| Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    #[test]
    fn a_timeout_is_kept_to_the_nanosecond_and_never_becomes_none_by_being_short() {
        for timeout in [1, 999, 1_000_000_007, LONGEST].map(Duration::from_nanos) {
            assert_eq!(from_nanos(to_nanos(Some(timeout))), Some(timeout));
        }
    }

    #[test]
    fn a_timeout_beyond_every_clock_is_none() {
        let beyond = Duration::from_nanos(LONGEST + 1);
        for timeout in [None, Some(beyond), Some(Duration::MAX)] {
            assert_eq!(from_nanos(to_nanos(timeout)), None);
        }
        assert_eq!(within_the_clock(Duration::MAX), None);
    }

    #[test]
    fn a_connection_that_timed_out_is_not_a_deadline() {
        assert!(is_deadline(&io::ErrorKind::TimedOut.into()));
        assert!(!is_deadline(&Errno::TIMEDOUT.into()));
        assert!(!is_deadline(&Errno::AGAIN.into()));
    }

    #[test]
    fn a_swallowed_error_is_told_once() {
        let settings = Settings::fresh();
        let socket = net_socket();
        settings.swallow(Errno::CONNRESET);
        let told = settings.mode(&socket).map(|_| ()).unwrap_err();
        assert_eq!(told.raw_os_error(), Some(Errno::CONNRESET.raw_os_error()));
        assert!(settings.mode(&socket).is_ok());
        assert!(settings.take_swallowed().is_none());
    }

    #[test]
    fn what_the_kernel_says_again_is_left_to_it() {
        let settings = Settings::fresh();
        settings.swallow(Errno::PIPE);
        settings.swallow(Errno::AGAIN);
        assert!(settings.take_swallowed().is_none());
    }

    #[test]
    fn stale_settings_are_read_from_the_kernel_once() {
        let socket = net_socket();
        socket.set_nonblocking(true).unwrap();
        let settings = Settings::adopted();
        let mode = settings.mode(&socket).unwrap();
        assert!(mode.nonblocking());
        assert!(!mode.short_means_drained(), "a datagram is no stream");
        socket.set_nonblocking(false).unwrap();
        assert!(settings.mode(&socket).unwrap().nonblocking());
        settings.invalidate();
        assert!(!settings.mode(&socket).unwrap().nonblocking());
    }

    #[test]
    fn a_change_is_not_undone_by_one_who_reads_the_kernels_values() {
        let socket = net_socket();
        let settings = Settings::fresh();
        let done = AtomicBool::new(false);
        let refreshed = AtomicU64::new(0);
        let mut undone = None;
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    settings.invalidate();
                    settings.refresh(&socket);
                    refreshed.fetch_add(1, Relaxed);
                    thread::yield_now();
                }
            });
            for round in 1.. {
                if refreshed.load(Relaxed) > 3_000 {
                    break;
                }
                // Whole ticks of every kernel, which does not round them.
                let timeout = Some(Duration::from_millis(100 * (1 + round % 2_000)));
                {
                    let _changing = settings.changing();
                    socket.set_read_timeout(timeout).unwrap();
                    settings.set_read_timeout(timeout);
                }
                settings.mode(&socket).unwrap();
                if settings.read_timeout() != timeout {
                    undone = timeout;
                    break;
                }
            }
            // Before a failure is told, or the other thread would never end.
            done.store(true, Relaxed);
        });
        assert_eq!(undone, None);
    }

    fn net_socket() -> std::net::UdpSocket {
        std::net::UdpSocket::bind("127.0.0.1:0").unwrap()
    }
}
