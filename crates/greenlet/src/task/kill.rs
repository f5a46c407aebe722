//! Ending a greenlet from outside.

use super::{Core, FINISHED, Id, KILL, STARTED};
use crate::hub::{Hub, inbox::Node};
use std::any::Any;
use std::fmt;
use std::io;
use std::mem::offset_of;
use std::panic;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

/// The payload of [`join`](crate::Greenlet::join)'s error for a greenlet that was killed.
///
/// Mirrors gevent's `GreenletExit`.
///
/// # Examples
///
/// ```
/// let parked = greenlet::spawn(|| greenlet::time::sleep_until(std::time::Instant::now() + std::time::Duration::MAX / 4));
/// greenlet::yield_now();
/// parked.kill()?;
/// assert!(parked.join().unwrap_err().is::<greenlet::Killed>());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Killed;

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the greenlet was killed")
    }
}

impl std::error::Error for Killed {}

/// What a kill unwinds with, and whom. Private, so only a kill is taken for one.
pub(super) struct KillPayload(Id);

impl Drop for KillPayload {
    /// The unwinding has ended: in `catch_unwind`, the greenlet's own or one that does not let the kill through.
    fn drop(&mut self) {
        if let Some(hub) = Hub::try_current()
            && hub.current().id() == self.0
        {
            hub.current().killing.set(false);
        }
    }
}

/// Whether the calling greenlet is unwinding because of a kill.
///
/// [`panicking`](crate::panicking) says `true` then, too. What is to happen after a panic and not after a kill, such as the
/// poisoning of a lock, asks both.
///
/// # Examples
///
/// ```
/// struct Probe;
/// impl Drop for Probe {
///     fn drop(&mut self) {
///         assert!(greenlet::killing() && greenlet::panicking());
///     }
/// }
///
/// let parked = greenlet::spawn(|| {
///     let _probe = Probe;
///     greenlet::time::sleep_until(std::time::Instant::now() + std::time::Duration::from_secs(3600));
/// });
/// greenlet::yield_now();
/// parked.kill()?;
/// assert!(parked.join().is_err());
/// assert!(!greenlet::killing());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn killing() -> bool {
    Hub::try_current().is_some_and(|hub| hub.current().killing.get())
}

/// Whether what [`catch_unwind`](crate::catch_unwind) has caught is a kill, and no panic.
///
/// Code that reports panics and goes on does well to let a kill through, with
/// [`resume_unwind`](crate::resume_unwind): it would be thrown again at the next call that parks.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// let parked = greenlet::spawn(|| {
///     let caught = greenlet::catch_unwind(|| {
///         greenlet::time::sleep_until(Instant::now() + Duration::from_secs(3600));
///     });
///     caught.is_err_and(|payload| greenlet::is_kill(&*payload))
/// });
/// greenlet::yield_now();
/// parked.kill()?;
/// assert!(parked.join().unwrap());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn is_kill(payload: &(dyn Any + Send)) -> bool {
    payload.is::<KillPayload>()
}

/// Unwinds the calling greenlet, whose kill is due. The panic hook is not called.
#[cold]
pub(crate) fn throw_kill(core: &Core) -> ! {
    core.unwinding.set(true);
    core.killing.set(true);
    panic::resume_unwind(Box::new(KillPayload(core.id())))
}

/// Asks for the end of a greenlet.
///
/// # Safety
///
/// `core` is alive, and the pointer may be used for the whole control block.
pub(super) unsafe fn request(core: *const Core) -> io::Result<()> {
    if cfg!(panic = "abort") {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a greenlet is killed by unwinding, which this program's panic = \"abort\" rules out",
        ));
    }
    // SAFETY: alive.
    let this = unsafe { &*core };
    if this.is_root() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the greenlet of a thread's own stack cannot be killed",
        ));
    }
    if this.is_of_one_thread {
        // Its hub is known from the beginning, and looks at the flag when it starts it.
        if this.is_finished() || this.killed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
    } else {
        let before = this.status.fetch_or(KILL, Ordering::AcqRel);
        if before & (KILL | FINISHED) != 0 || before & STARTED == 0 {
            // Ended, being ended already, or the hub that starts it will see the flag.
            return Ok(());
        }
    }
    let hub = this.hub.load(Ordering::Relaxed);
    if let Some(current) = Hub::try_current()
        && std::ptr::eq(current.shared, hub)
    {
        arrive(current, core);
    } else {
        // SAFETY: the node's reference keeps the block alive until `deliver`; the flag was not set before, so the node is
        // pushed this once. Hubs' shared parts are never freed.
        unsafe {
            Core::retain(core);
            (*hub).inbox.push(&raw const (*core).kill_node);
            (*hub).ring();
        }
    }
    Ok(())
}

/// A kill that came through the inbox.
///
/// # Safety
///
/// `node` is the `kill_node` of a control block that the push has counted on; on a hub's thread.
pub(super) unsafe fn deliver(node: *const Node) {
    // SAFETY: the node is a field of a control block, and the pointer was made from one to the whole.
    let core = unsafe { node.byte_sub(offset_of!(Core, kill_node)) }.cast::<Core>();
    // SAFETY: counted by `request`.
    let this = unsafe { &*core };
    if let Some(hub) = Hub::try_current()
        && std::ptr::eq(hub.shared, this.hub.load(Ordering::Relaxed))
    {
        arrive(hub, core);
    }
    // SAFETY: the count of `request`.
    unsafe { Core::release(core) };
}

/// On the hub's thread: ends the wait that the greenlet is in, if that may be ended.
///
/// The pointer, not a reference: it goes into the run queue, and must stay good for the whole packet.
fn arrive(hub: &Hub, pointer: *const Core) {
    // SAFETY: both callers count on it.
    let core = unsafe { &*pointer };
    if core.is_finished() {
        return;
    }
    core.kill_pending.set(true);
    if core.parked.get() && core.interruptible.get() {
        // SAFETY: it is not finished and belongs to this hub, so it is alive and parked on it.
        unsafe { hub.unpark(NonNull::new_unchecked(pointer.cast_mut()), 0) };
    }
}
