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

/// Names the process that a hub, or a thread, belongs to.
#[derive(PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Process {
        Process(GENERATION.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn is_current(&self) -> bool {
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
