//! A forked child shares its parent's pollers, and has none of its other threads: a hub that was made before the
//! fork must not be used after it.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the forks between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Makes forks count, from the first call on.
pub(super) fn watch() {
    static WATCH: Once = Once::new();
    // SAFETY: the handler does one atomic addition, which is safe after a fork.
    WATCH.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

/// The greenlet that has forked has ended in the child, where nobody else may run: the others are the parent's.
///
/// As with a thread of std that has forked, this is the end of the process. Its exit code says that it was no good one.
#[cold]
pub(super) fn end_of_child() -> ! {
    let message =
        b"fatal: a greenlet that has forked has ended in the child: call exec or exit there\n";
    // SAFETY: a live buffer; `_exit` runs nothing of the parent's.
    unsafe {
        libc::write(libc::STDERR_FILENO, message.as_ptr().cast(), message.len());
        libc::_exit(1)
    }
}

/// Names the process that a hub, or a thread, belongs to.
#[derive(PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Process {
        Process(GENERATION.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.0 == GENERATION.load(Ordering::Relaxed)
    }

    pub(super) fn check(&self) -> io::Result<()> {
        if self.is_current() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "greenlets of the parent process cannot be used in a forked child: call exec, or fork before the first of them",
        ))
    }
}
