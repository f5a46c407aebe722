//! Linux: epoll through `polling`'s descriptor.

use super::{Event, refused};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// A stream's short read or write leaves nothing that the next one would find: the registration asks for
/// `EPOLLRDHUP` and `EPOLLPRI`, so the end of the stream and urgent data are told apart from it.
pub(crate) const SHORT_MEANS_EMPTY: bool = true;

/// The key of the notifier. A slot's key never has all its low bits set.
const NOTIFIER_KEY: u64 = u64::MAX - 1;

const INTEREST: i32 =
    libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLPRI | libc::EPOLLET;

/// An eventfd, edge-triggered: each write is an event, and nobody reads it.
///
/// Made with the first poller of a hub's shared part, and kept as long as that: for ever.
pub(crate) struct Notifier(AtomicI32);

impl Notifier {
    pub(crate) fn new() -> Notifier {
        Notifier(AtomicI32::new(-1))
    }

    /// By the hub's thread: the descriptor, made if need be.
    fn descriptor(&self) -> io::Result<RawFd> {
        let fd = self.0.load(Ordering::Relaxed);
        if fd >= 0 {
            return Ok(fd);
        }
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        self.0.store(fd, Ordering::Release);
        Ok(fd)
    }

    /// The hub has ended. The next one that the shared part serves uses the descriptor again.
    pub(crate) fn retire(&self) {}

    /// Ends the current or next wait of the poller.
    pub(crate) fn notify(&self) {
        let one = 1u64;
        let fd = self.0.load(Ordering::Acquire);
        debug_assert!(fd >= 0, "a hub that sleeps in its reactor has a notifier");
        // SAFETY: eight bytes of a live integer. The counter would overflow after 2^64 calls.
        unsafe { libc::write(fd, (&raw const one).cast(), size_of::<u64>()) };
    }
}

/// Room for the events of one wait.
pub(crate) struct Events(Box<[MaybeUninit<libc::epoll_event>]>);

impl Events {
    pub(crate) fn new() -> Events {
        Events(Box::new_uninit_slice(1024))
    }
}

pub(crate) struct Poller(polling::Poller);

impl Poller {
    pub(crate) fn new(notifier: &Notifier) -> io::Result<Poller> {
        let poller = Poller(polling::Poller::new()?);
        let fd = notifier.descriptor()?;
        poller.control(
            libc::EPOLL_CTL_ADD,
            fd,
            libc::EPOLLIN | libc::EPOLLET,
            NOTIFIER_KEY,
        )?;
        Ok(poller)
    }

    fn control(&self, operation: i32, fd: RawFd, interest: i32, key: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: interest.cast_unsigned(),
            u64: key,
        };
        // SAFETY: the event lives through the call; a wrong descriptor is an error, not a fault.
        if unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd, &raw mut event) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Registers a descriptor for both directions, under a key. [`AlreadyExists`](io::ErrorKind::AlreadyExists) if it is.
    pub(crate) fn add(&self, fd: RawFd, key: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, INTEREST, key)
            .map_err(|error| refused(fd, error))
    }

    /// Gives a descriptor that is registered another key.
    pub(crate) fn change(&self, fd: RawFd, key: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, INTEREST, key)
            .map_err(|error| refused(fd, error))
    }

    /// Ends a registration, if there is one.
    pub(crate) fn delete(&self, fd: BorrowedFd<'_>) {
        // Nothing registered is what was wanted.
        let _ = self.0.delete(fd);
    }

    /// Waits, at most for `timeout` nanoseconds, and gives each event to `take`.
    pub(crate) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<u64>,
        mut take: impl FnMut(Event),
    ) -> io::Result<()> {
        let count = self.fill(events, timeout)?;
        for event in &events.0[..count] {
            // SAFETY: the kernel has filled in that many.
            let event = unsafe { event.assume_init() };
            let (key, flags) = (event.u64, event.events.cast_signed());
            if key == NOTIFIER_KEY {
                continue;
            }
            let gone = libc::EPOLLHUP | libc::EPOLLERR;
            take(Event {
                key,
                readable: flags & (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLRDHUP | gone) != 0,
                writable: flags & (libc::EPOLLOUT | gone) != 0,
                read_to_the_end: flags & (libc::EPOLLRDHUP | libc::EPOLLPRI | gone) != 0,
                write_to_the_end: flags & gone != 0,
            });
        }
        Ok(())
    }

    fn fill(&self, events: &mut Events, timeout: Option<u64>) -> io::Result<usize> {
        /// The kernel (before 5.11) or a sandbox does not know the call.
        static NO_PWAIT2: AtomicBool = AtomicBool::new(false);
        let (buffer, room) = (
            events.0.as_mut_ptr().cast::<libc::epoll_event>(),
            events.0.len(),
        );
        let epoll = self.0.as_raw_fd();
        if !NO_PWAIT2.load(Ordering::Relaxed) {
            let timeout = timeout.map(|nanoseconds| libc::timespec {
                tv_sec: (nanoseconds / 1_000_000_000).cast_signed(),
                tv_nsec: (nanoseconds % 1_000_000_000).cast_signed(),
            });
            let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
            // SAFETY: the buffer has room for that many events, the timeout lives through the call, no signal mask.
            let count = unsafe {
                libc::syscall(
                    libc::SYS_epoll_pwait2,
                    epoll,
                    buffer,
                    room,
                    timeout,
                    ptr::null::<libc::sigset_t>(),
                    0usize,
                )
            };
            if count >= 0 {
                return Ok(usize::try_from(count).unwrap_or(0));
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => return Ok(0),
                Some(libc::ENOSYS | libc::EPERM) => NO_PWAIT2.store(true, Ordering::Relaxed),
                _ => return Err(error),
            }
        }
        // Rounded up, so that no timer is waited for in a busy loop.
        let milliseconds = timeout.map_or(-1, |nanoseconds| {
            i32::try_from(nanoseconds.div_ceil(1_000_000)).unwrap_or(i32::MAX)
        });
        let room = i32::try_from(room).unwrap_or(i32::MAX);
        // SAFETY: the buffer has room for that many events.
        let count = unsafe { libc::epoll_wait(epoll, buffer, room, milliseconds) };
        match usize::try_from(count) {
            Ok(count) => Ok(count),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
                error => Err(error),
            },
        }
    }
}
