//! The end of a thread that has a hub.
//!
//! Parked greenlets of the hub are leaked: their stacks stay mapped for ever, since another thread may hold a borrow
//! into them. They are never unwound from here: the thread's other thread-locals are being dropped.

use super::{HUB, Hub, HubShared};
use crate::task::Core;
use std::io::Write;
use std::ptr;
use std::thread;

struct Watch;

thread_local! {
    static WATCH: Watch = const { Watch };
}

/// Makes the end of this thread take its hub down.
pub(super) fn watch() {
    // Fails in a thread that is dropping its thread-locals already; such a late hub is leaked.
    let _ = WATCH.try_with(|_| ());
}

/// Whether this thread has ended so far that its hub is gone.
pub(super) fn has_come() -> bool {
    WATCH.try_with(|_| ()).is_err()
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(hub) = Hub::try_current() else {
            return;
        };
        if hub.worker.is_some() || hub.current.get() != hub.root {
            // It is the process that exits, at the call of a greenlet: a worker's thread never ends, and another one's
            // ends on its own stack.
            return;
        }
        let root = hub.current();
        root.destroy_locals();
        root.locals.free();
        let live = hub.live.get();
        if live == 0 {
            let hub = HUB.replace(ptr::null());
            // SAFETY: made by `Hub::create`; no greenlet is left, so nothing of the core stands on any stack of this hub.
            unsafe { Hub::take_down(hub) };
            return;
        }
        // SAFETY: this is the hub's thread.
        unsafe { hub.shared.die() };
        HUB.set(ptr::null());
        if !is_main() {
            let thread = thread::current();
            let name = thread.name().unwrap_or("<unnamed>");
            // There is nobody to tell if this fails, and a panic would abort.
            let _ = writeln!(
                std::io::stderr(),
                "greenlet: thread '{name}' ended with {live} of its greenlets unfinished; they are leaked"
            );
        }
    }
}

/// The end of the main thread is the end of the process, as for std's threads: nothing to report.
fn is_main() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: both calls only return numbers.
        unsafe { libc::gettid() == libc::getpid() }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        thread::current().name() == Some("main")
    }
}

impl Hub {
    /// # Safety
    ///
    /// On the hub's thread, with no greenlet left but the root, and `HUB` cleared.
    unsafe fn take_down(hub: *const Hub) {
        // SAFETY: made by `Box::into_raw` in `create`; nobody has a reference any more.
        let hub = unsafe { Box::from_raw(hub.cast_mut()) };
        let shared: &'static HubShared = hub.shared;
        let root = hub.root.as_ptr();
        drop(hub);
        // SAFETY: the hub's count on its root, which has no outcome to drop.
        unsafe { Core::release(root) };
        // SAFETY: the owner, once.
        unsafe { shared.retire() };
    }
}
