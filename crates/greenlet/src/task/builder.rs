//! Spawning.

use super::{Greenlet, JoinHandle, Owners, packet};
use crate::config;
use crate::hub::{Hub, workers};
use std::io;
use std::sync::Arc;

/// Name and stack size of a greenlet to be spawned.
///
/// Mirrors [`std::thread::Builder`].
///
/// # Examples
///
/// ```
/// let named = greenlet::Builder::new()
///     .name("reader".into())
///     .stack_size(64 * 1024)
///     .spawn(|| greenlet::current().name().map(str::to_owned))?;
/// assert_eq!(named.join().unwrap().as_deref(), Some("reader"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing before one of its spawn methods is called"]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl Builder {
    /// A greenlet without a name, on a stack of the default size.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the greenlet: in the report of a stack overflow, and for [`Handle::name`](crate::Handle::name).
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// Sets the size of the stack in bytes, rounded up to a power of two of address space.
    ///
    /// Memory is committed as it is touched. Without it, `GREENLET_STACK_SIZE`, then `RUST_MIN_STACK`,
    /// then 256 KiB.
    pub fn stack_size(mut self, bytes: usize) -> Builder {
        self.stack_size = Some(bytes);
        self
    }

    /// Spawns a greenlet on the calling thread's hub, behind those that are runnable already.
    ///
    /// It begins to run when the caller first parks or yields. The closure need not be `Send`: the greenlet
    /// never leaves this thread. If the thread ends first, the greenlet is leaked: its stack stays
    /// mapped and its destructors do not run, which the thread reports on stderr. It must not park inside the `with`
    /// of a `std::thread_local!` then: what it has borrowed there is destroyed with the thread.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when the name holds a NUL byte, when the stack
    /// size is past the largest there is, or when an environment variable of the core cannot be understood;
    /// the system's error, naming the limit, when no stack can be had; [`Unsupported`](io::ErrorKind::Unsupported)
    /// in a forked child.
    pub fn spawn<F, T>(self, f: F) -> io::Result<Greenlet<T>>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        let hub = Hub::get();
        hub.check_fork()?;
        let class = config::stack_class(self.stack_size)?;
        let name = checked(self.name)?;
        hub.stacks.borrow_mut().reserve(class)?;
        let (core, joiner) = packet::new(f, name, class, hub, Owners::OfOneThread);
        // SAFETY: the hub's count on the new packet goes along; it is in no queue.
        unsafe { hub.enqueue_new(core) };
        Ok(Greenlet::new(joiner))
    }

    /// Spawns a greenlet on the worker hubs, which start with the first call.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Builder::spawn), and the system's when a worker's thread cannot be started.
    ///
    /// # Examples
    ///
    /// ```
    /// let far = greenlet::Builder::new().spawn_worker(|| 6 * 7)?;
    /// assert_eq!(far.join().unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_worker<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: the closure borrows nothing.
        unsafe { self.spawn_worker_unchecked(f) }
    }

    /// [`spawn_worker`](Builder::spawn_worker) for a closure that borrows.
    ///
    /// # Safety
    ///
    /// Everything that `f` and its result borrow outlives the greenlet: the caller makes sure, on every way out, that
    /// it has ended, and its result is dropped, before. Mirrors
    /// [`std::thread::Builder::spawn_unchecked`].
    ///
    /// # Errors
    ///
    /// Those of [`spawn_worker`](Builder::spawn_worker).
    pub unsafe fn spawn_worker_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let hub = Hub::get();
        hub.check_fork()?;
        let class = config::stack_class(self.stack_size)?;
        let name = checked(self.name)?;
        let workers = workers::started()?;
        hub.stacks.borrow_mut().reserve(class)?;
        let (core, joiner) = packet::new(f, name, class, hub, Owners::OfTwo);
        // SAFETY: the hub's count goes along; closure and result are `Send`.
        unsafe { workers.submit(hub, core) };
        Ok(JoinHandle::new(joiner))
    }
}

#[inline]
fn checked(name: Option<String>) -> io::Result<Option<Arc<str>>> {
    match name {
        None => Ok(None),
        Some(name) => checked_name(name).map(Some),
    }
}

#[cold]
fn checked_name(name: String) -> io::Result<Arc<str>> {
    if name.contains('\0') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a greenlet's name may not hold a NUL byte",
        ));
    }
    Ok(name.into())
}

/// Spawns a greenlet on the calling thread's hub; see [`Builder::spawn`].
///
/// Mirrors `gevent.spawn`.
///
/// # Panics
///
/// When [`Builder::spawn`] would return an error.
///
/// # Examples
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// let count = Rc::new(Cell::new(0));
/// let shared = count.clone();
/// greenlet::spawn(move || shared.set(1)).join().unwrap();
/// assert_eq!(count.get(), 1);
/// ```
pub fn spawn<F, T>(f: F) -> Greenlet<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    match Builder::new().spawn(f) {
        Ok(greenlet) => greenlet,
        Err(error) => panic!("failed to spawn a greenlet: {error}"),
    }
}
