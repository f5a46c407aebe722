//! `Builder`: name and stack size of a greenlet to be spawned.

use std::ffi::CString;
use std::io;

use crate::JoinHandle;

/// Sets the name and the stack size of a greenlet before it is spawned.
///
/// Mirrors [`std::thread::Builder`]. Where [`spawn`] panics, [`Builder::spawn`] gives an error.
///
/// # Examples
///
/// ```
/// let greenlet = gthread::Builder::new()
///     .name("reader".into())
///     .stack_size(64 * 1024)
///     .spawn(|| gthread::current().name().map(str::to_owned))?;
///
/// assert_eq!(greenlet.join().unwrap().as_deref(), Some("reader"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`spawn`]: crate::spawn()
#[must_use = "must eventually spawn the thread"]
#[derive(Debug)]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

#[expect(
    clippy::new_without_default,
    reason = "std's Builder has no Default, so a program must not come to rely on one here"
)]
impl Builder {
    /// A builder of greenlets without a name and with stacks of the default size.
    ///
    /// Mirrors [`std::thread::Builder::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// let greenlet = gthread::Builder::new().spawn(|| 7)?;
    ///
    /// assert_eq!(greenlet.join().unwrap(), 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> Builder {
        Builder {
            name: None,
            stack_size: None,
        }
    }

    /// Gives the greenlet a name, which [`Thread::name`](crate::Thread::name) tells and the message of a stack overflow
    /// shows.
    ///
    /// Mirrors [`std::thread::Builder::name`]. As there, a NUL byte in the name is found out by
    /// [`spawn`](Builder::spawn), not here.
    ///
    /// # Examples
    ///
    /// ```
    /// let greenlet = gthread::Builder::new().name("worker 7".into()).spawn(|| ())?;
    ///
    /// assert_eq!(greenlet.thread().name(), Some("worker 7"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// Sets the number of bytes that the greenlet's stack has at least.
    ///
    /// Mirrors [`std::thread::Builder::stack_size`]. The size is rounded up to what the stack pools
    /// have. It is address space: memory is used page by page, as the stack grows into it. Without
    /// this call the environment variables `GREENLET_STACK_SIZE` and `RUST_MIN_STACK` decide, the
    /// latter as it does for threads, and without them the size is 256 KiB, where a thread of std has
    /// 2 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// fn depth(n: u64) -> u64 {
    ///     if n == 0 { 0 } else { 1 + std::hint::black_box(depth(n - 1)) }
    /// }
    ///
    /// let greenlet = gthread::Builder::new().stack_size(32 << 20).spawn(|| depth(20_000))?;
    ///
    /// assert_eq!(greenlet.join().unwrap(), 20_000);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.stack_size = Some(size);
        self
    }

    /// Starts a greenlet on the worker hubs with this name and stack size.
    ///
    /// Mirrors [`std::thread::Builder::spawn`]. [`spawn`](crate::spawn()) describes what the greenlet
    /// may do and what its panic means.
    ///
    /// # Errors
    ///
    /// An error says that no stack could be mapped, and which limit was met, that the stack size is
    /// beyond the largest (1 GiB), or that the worker hubs could not be started.
    ///
    /// # Panics
    ///
    /// Panics if the name holds a NUL byte, as std's does.
    ///
    /// # Examples
    ///
    /// ```
    /// let greenlet = gthread::Builder::new().spawn(|| "done")?;
    ///
    /// assert_eq!(greenlet.join().unwrap(), "done");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T,
        F: Send + 'static,
        T: Send + 'static,
    {
        Ok(JoinHandle::new(self.into_core().spawn_worker(f)?))
    }

    /// [`spawn`](Builder::spawn) for a closure that borrows, without a check of how long it does.
    ///
    /// Mirrors [`std::thread::Builder::spawn_unchecked`].
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Builder::spawn).
    ///
    /// # Panics
    ///
    /// Panics if the name holds a NUL byte, as std's does.
    ///
    /// # Safety
    ///
    /// The greenlet must not outlive anything that its closure or its result borrows. To [`join`] it
    /// before that ends is enough, provided that nothing can unwind past the `join`: a panic in
    /// between, and also a kill of the greenlet that joins, drops the handle and leaves this greenlet
    /// running.
    ///
    /// # Examples
    ///
    /// ```
    /// let words = ["a", "few", "words"];
    ///
    /// // SAFETY: the greenlet is joined in the same statement, and this thread's own greenlet
    /// // cannot be killed.
    /// let length = unsafe {
    ///     gthread::Builder::new().spawn_unchecked(|| words.iter().map(|word| word.len()).sum::<usize>())
    /// }?
    /// .join()
    /// .unwrap();
    ///
    /// assert_eq!(length, 9);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// [`join`]: JoinHandle::join
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T,
        F: Send,
        T: Send,
    {
        // SAFETY: the caller promises the same of the greenlet as the core asks: that it has ended
        // before anything that `f` or its result borrows.
        let handle = unsafe { self.into_core().spawn_worker_unchecked(f) }?;
        Ok(JoinHandle::new(handle))
    }

    /// The core's builder with the same settings, the name checked.
    pub(crate) fn into_core(self) -> greenlet::Builder {
        let mut builder = greenlet::Builder::new();
        if let Some(name) = self.name {
            assert_no_nul(&name);
            builder = builder.name(name);
        }
        if let Some(size) = self.stack_size {
            builder = builder.stack_size(size);
        }
        builder
    }
}

/// Panics with the words that std has for it.
fn assert_no_nul(name: &str) {
    if name.contains('\0') {
        CString::new(name).expect("thread name may not contain interior null bytes");
    }
}
