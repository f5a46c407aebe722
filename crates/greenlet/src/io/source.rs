//! A descriptor that greenlets may wait for.

use super::reactor::{Direction, Reactor, Waiter};
use super::registration::Registration;
use super::sys::{Poller, SHORT_MEANS_EMPTY};
use crate::hub::{Hub, Kills, Wake};
use parking_lot::Mutex;
use std::fmt;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What an operation of [`read_with`](Source::read_with) or [`write_with`](Source::write_with) left behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress<R> {
    /// Done; the descriptor may have more, or take more.
    More(R),
    /// Done, and there is nothing left: the read of a stream that filled less than its buffer, or the write that
    /// took less than all.
    ///
    /// The next operation then waits without asking the kernel first. To be given only for a byte stream whose short
    /// operations mean just that. Those of a Unix socket that descriptors or credentials may come through do not, nor do
    /// those of a socket with kernel TLS: they stop at boundaries.
    Drained(R),
}

/// Something with a descriptor, which greenlets of any hub may wait for.
///
/// The source owns the thing and is registered with the reactor of each hub on which a greenlet has had to wait for it. It
/// does not change the descriptor's mode: that no operation blocks (`O_NONBLOCK`, or `MSG_DONTWAIT`) is the caller's
/// part. Mirrors gevent's `socket` objects' `hub.loop.io` watchers; the [module](crate::io) has an example.
pub struct Source<T: AsFd> {
    io: ManuallyDrop<T>,
    fd: RawFd,
    /// The descriptor may have a duplicate, so closing it may not end its registrations.
    shared: AtomicBool,
    /// The first hub that had to wait.
    first: OnceLock<Registration>,
    /// The others.
    others: Mutex<Vec<Registration>>,
}

impl<T: AsFd> Source<T> {
    /// Takes the thing; makes no system call.
    pub fn new(io: T) -> Source<T> {
        let fd = io.as_fd().as_raw_fd();
        Source {
            io: ManuallyDrop::new(io),
            fd,
            shared: AtomicBool::new(false),
            first: OnceLock::new(),
            others: Mutex::new(Vec::new()),
        }
    }

    /// The thing itself.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// Gives the thing back, registered nowhere.
    pub fn into_inner(self) -> T {
        self.mark_shared();
        self.deregister();
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used or dropped after this, so each field is taken out once, or dropped in place once.
        unsafe {
            let io = ManuallyDrop::take(&mut this.io);
            ptr::drop_in_place(&raw mut this.first);
            ptr::drop_in_place(&raw mut this.others);
            io
        }
    }

    /// Says that the descriptor may have been duplicated, by `try_clone`, `dup` or whoever was given its number.
    ///
    /// Closing a descriptor ends its registrations only if it is the last of its kind; from this call on the source ends
    /// them itself.
    pub fn mark_shared(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }

    /// Parks until there is something to read: data, the end of the stream, a connection, an error.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when the deadline passes first; an error that says what ran out when the
    /// reactor refuses the descriptor; [`Unsupported`](io::ErrorKind::Unsupported) in a forked child.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenlet::io::Source;
    /// use std::io::{ErrorKind, Write};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Instant;
    ///
    /// let (reader, mut writer) = UnixStream::pair()?;
    /// let reader = Source::new(reader);
    /// assert_eq!(reader.readable(Some(Instant::now())).unwrap_err().kind(), ErrorKind::TimedOut);
    /// writer.write_all(b"x")?;
    /// reader.readable(None)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self, deadline: Option<Instant>) -> io::Result<()> {
        self.wait_level(Direction::Read, deadline)
    }

    /// Parks until something can be written, or would fail at once.
    ///
    /// # Errors
    ///
    /// Those of [`readable`](Source::readable).
    pub fn writable(&self, deadline: Option<Instant>) -> io::Result<()> {
        self.wait_level(Direction::Write, deadline)
    }

    /// Asks the kernel whether there is something to read at this moment, or an error to be had; parks nobody.
    ///
    /// For an operation that takes much longer to find nothing than this takes to ask.
    ///
    /// # Errors
    ///
    /// Those of `poll`.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenlet::io::Source;
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// let listener = Source::new(TcpListener::bind("127.0.0.1:0")?);
    /// assert!(!listener.is_readable()?);
    /// let _client = TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// listener.readable(None)?;
    /// assert!(listener.is_readable()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_readable(&self) -> io::Result<bool> {
        self.is_ready(Direction::Read)
    }

    /// Calls `op` until it gives anything but [`WouldBlock`](io::ErrorKind::WouldBlock), parking in between until there is
    /// something to read.
    ///
    /// `op` must not block. `timeout` counts from the first time that there is nothing to read.
    ///
    /// # Errors
    ///
    /// `op`'s own, and those of [`readable`](Source::readable).
    pub fn read_with<R>(
        &self,
        timeout: Option<Duration>,
        op: impl FnMut(&T) -> io::Result<Progress<R>>,
    ) -> io::Result<R> {
        self.run(Direction::Read, timeout, op)
    }

    /// The same for writing.
    ///
    /// # Errors
    ///
    /// `op`'s own, and those of [`readable`](Source::readable).
    pub fn write_with<R>(
        &self,
        timeout: Option<Duration>,
        op: impl FnMut(&T) -> io::Result<Progress<R>>,
    ) -> io::Result<R> {
        self.run(Direction::Write, timeout, op)
    }

    fn run<R>(
        &self,
        direction: Direction,
        timeout: Option<Duration>,
        mut op: impl FnMut(&T) -> io::Result<Progress<R>>,
    ) -> io::Result<R> {
        let hub = Hub::get();
        // One that always finds it ready would let nobody else run.
        hub.take_turns();
        let mut deadline = None;
        loop {
            let slot = self.slot(hub);
            // Without a slot here nothing is known.
            let (ready, events) = slot.map_or((true, 0), |index| {
                reactor(hub, |r| r.look(index, direction))
            });
            if ready {
                let outcome = op(&self.io);
                let short = match &outcome {
                    Ok(Progress::Drained(_)) => SHORT_MEANS_EMPTY,
                    Ok(Progress::More(_)) => false,
                    Err(error) => error.kind() == io::ErrorKind::WouldBlock,
                };
                if short && let Some(index) = slot {
                    reactor(hub, |r| {
                        r.emptied(index, direction, events, outcome.is_ok())
                    });
                }
                match outcome {
                    Ok(Progress::More(done) | Progress::Drained(done)) => return Ok(done),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                    Err(error) => return Err(error),
                }
            }
            let index = match slot {
                Some(index) => index,
                None => self.register(hub)?,
            };
            let until = *deadline.get_or_insert_with(|| {
                timeout.and_then(|timeout| Instant::now().checked_add(timeout))
            });
            self.wait_edge(hub, index, direction, until)?;
        }
    }

    /// The slot of this source in the hub's reactor, if it has one.
    #[inline]
    fn slot(&self, hub: &Hub) -> Option<u32> {
        let first = self.first.get()?;
        if first.is_with(hub) {
            return Some(first.index);
        }
        self.others
            .lock()
            .iter()
            .find(|other| other.is_with(hub))
            .map(|other| other.index)
    }

    #[cold]
    fn register(&self, hub: &Hub) -> io::Result<u32> {
        hub.check_fork()?;
        hub.take_messages();
        let mut reactor = hub.reactor.borrow_mut();
        let reactor = match reactor.as_mut() {
            Some(reactor) => reactor,
            None => reactor.insert(Reactor::new(Poller::new(&hub.shared.notifier)?)),
        };
        let (index, generation) = reactor.add(self.fd)?;
        let poller = Arc::downgrade(reactor.poller());
        let registration = Registration::new(hub, index, generation, poller);
        if let Err(registration) = self.first.set(registration) {
            let mut others = self.others.lock();
            others.retain(Registration::is_current);
            others.push(registration);
        }
        Ok(index)
    }

    /// Parks until the next event, unless there was one that no operation has looked into.
    fn wait_edge(
        &self,
        hub: &Hub,
        index: u32,
        direction: Direction,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        /// Out of the slot on every way out.
        struct Linked<'a> {
            hub: &'a Hub,
            index: u32,
            direction: Direction,
            waiter: Waiter,
        }
        impl Drop for Linked<'_> {
            fn drop(&mut self) {
                // SAFETY: linked below, in this slot and direction.
                reactor(self.hub, |r| unsafe {
                    r.unlink(self.index, self.direction, &raw const self.waiter)
                });
            }
        }
        hub.check_fork()?;
        if hub.current().kill_is_due() {
            hub.throw_kill();
        }
        if reactor(hub, |r| r.look(index, direction)).0 {
            return Ok(());
        }
        let linked = Linked {
            hub,
            index,
            direction,
            waiter: Waiter::new(hub.current_ptr()),
        };
        // SAFETY: `linked` stays in this frame until its drop takes the waiter out.
        reactor(hub, |r| unsafe {
            r.link(index, direction, &raw const linked.waiter)
        });
        let wake = hub.park(deadline, Kills::Deliver);
        drop(linked);
        match wake {
            Wake::Woken => Ok(()),
            Wake::TimedOut => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the deadline has passed",
            )),
            Wake::Killed => hub.throw_kill(),
        }
    }

    /// Parks until the descriptor is ready now, by the kernel's own word.
    fn wait_level(&self, direction: Direction, deadline: Option<Instant>) -> io::Result<()> {
        let hub = Hub::get();
        loop {
            let slot = self.slot(hub);
            let (_, events) = slot.map_or((true, 0), |index| {
                reactor(hub, |r| r.look(index, direction))
            });
            if self.is_ready(direction)? {
                return Ok(());
            }
            let index = match slot {
                Some(index) => index,
                None => self.register(hub)?,
            };
            if slot.is_some() {
                reactor(hub, |r| r.emptied(index, direction, events, false));
            }
            self.wait_edge(hub, index, direction, deadline)?;
        }
    }

    /// Asks the kernel whether the descriptor is ready at this moment.
    fn is_ready(&self, direction: Direction) -> io::Result<bool> {
        let events = match direction {
            Direction::Read => libc::POLLIN | libc::POLLPRI,
            Direction::Write => libc::POLLOUT,
        };
        let mut poll = libc::pollfd {
            fd: self.fd,
            events,
            revents: 0,
        };
        loop {
            // SAFETY: one live `pollfd`; with a timeout of 0 it does not block.
            match unsafe { libc::poll(&raw mut poll, 1, 0) } {
                0 => return Ok(false),
                1 => return Ok(true),
                _ => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn deregister(&self) {
        let shared =
            self.shared.load(Ordering::Relaxed) || cfg!(greenlet_portable) || !SHORT_MEANS_EMPTY;
        let fd = shared.then(|| self.io.as_fd());
        for registration in self.first.get().into_iter().chain(&*self.others.lock()) {
            registration.end(fd);
        }
    }
}

/// The hub's reactor, where a registration says that there is one.
#[inline]
fn reactor<R>(hub: &Hub, f: impl FnOnce(&mut Reactor) -> R) -> R {
    match hub.reactor.borrow_mut().as_mut() {
        Some(reactor) => f(reactor),
        None => unreachable!("a registered source's hub has a reactor"),
    }
}

impl<T: AsFd> Drop for Source<T> {
    fn drop(&mut self) {
        self.deregister();
        // SAFETY: dropped once; nothing uses it after.
        unsafe { ManuallyDrop::drop(&mut self.io) };
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&*self.io).finish()
    }
}
