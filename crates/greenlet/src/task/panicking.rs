//! Whether a greenlet is unwinding.
//!
//! std counts panics by the thread. A greenlet that parks while it unwinds leaves that count behind for every
//! other greenlet of its hub, so the thread's answer is wrong for them. The hub counts the greenlets that are parked
//! in that state:
//!
//! * while there are none, the thread's answer is the current greenlet's, exactly;
//! * while there are some, the current greenlet's own flag is. It is set by the panic hook, by a kill, and whenever the
//!   first rule has given the answer.
//!
//! While another greenlet of the hub is parked unwinding, the flag can be wrong about what std does not tell anybody: it
//! misses a `resume_unwind`, and a panic under a hook that has replaced ours; and it stays set when the greenlet has
//! caught its panic, so kills are held back, until that other one has gone on. [`catch_unwind`] and [`resume_unwind`] are
//! for that.

use super::{Core, panic_message};
use crate::hub::Hub;
use std::any::Any;
use std::panic;
use std::sync::Once;
use std::thread;

/// Whether the calling greenlet is unwinding because of a panic or a kill.
///
/// The counterpart of [`std::thread::panicking`], which answers for the thread: it says `true` in every
/// greenlet of a hub while one of them is parked in a destructor that runs because of a panic.
///
/// # Examples
///
/// ```
/// struct Probe;
/// impl Drop for Probe {
///     fn drop(&mut self) {
///         assert!(greenlet::panicking());
///     }
/// }
///
/// assert!(!greenlet::panicking());
/// let failed = greenlet::spawn(|| {
///     let _probe = Probe;
///     std::panic::resume_unwind(Box::new("stop"));
/// });
/// assert!(failed.join().is_err());
/// ```
#[inline]
pub fn panicking() -> bool {
    thread::panicking() && current_is_panicking()
}

#[cold]
fn current_is_panicking() -> bool {
    match Hub::try_current() {
        Some(hub) => of(hub.current()),
        None => true,
    }
}

/// [`std::panic::catch_unwind`], known to the hub.
///
/// std's own leaves the hub in the dark about the catch: if another greenlet of the hub is parked unwinding at this time,
/// the calling one counts as [`panicking`] until that other has gone on. This one does not. Otherwise there is
/// no difference; a kill that is caught is thrown again at the next call that parks.
///
/// # Errors
///
/// The payload of the panic.
///
/// # Examples
///
/// ```
/// assert!(greenlet::catch_unwind(|| 1 + 1).is_ok());
/// assert!(greenlet::catch_unwind(|| std::panic::resume_unwind(Box::new("stop"))).is_err());
/// assert!(!greenlet::panicking());
/// ```
pub fn catch_unwind<F, R>(f: F) -> thread::Result<R>
where
    F: FnOnce() -> R + panic::UnwindSafe,
{
    let before = Hub::try_current().is_some_and(|hub| hub.current().unwinding.get());
    let result = panic::catch_unwind(f);
    if result.is_err()
        && let Some(hub) = Hub::try_current()
    {
        hub.current().unwinding.set(before);
    }
    result
}

/// [`std::panic::resume_unwind`], known to the hub.
///
/// std's own calls no hook, so the hub does not learn of it: if another greenlet of the hub is parked unwinding at this
/// time, a kill may be thrown into a destructor of this unwinding, which aborts. This one cannot do that.
///
/// # Examples
///
/// ```
/// let parent = greenlet::spawn(|| {
///     let child = greenlet::spawn(|| std::panic::panic_any("stop"));
///     if let Err(payload) = child.join() {
///         greenlet::resume_unwind(payload);
///     }
/// });
/// assert_eq!(*parent.join().unwrap_err().downcast::<&str>().unwrap(), "stop");
/// ```
pub fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
    if let Some(hub) = Hub::try_current() {
        hub.current().unwinding.set(true);
    }
    panic::resume_unwind(payload)
}

/// [`panicking`] for the current greenlet, `core`.
#[inline]
pub(crate) fn of(core: &Core) -> bool {
    if thread::panicking() {
        while_the_thread_is(core)
    } else {
        core.unwinding.set(false);
        false
    }
}

#[cold]
fn while_the_thread_is(core: &Core) -> bool {
    if Hub::try_current().is_none_or(|hub| hub.parked_unwinding.get() == 0) {
        core.unwinding.set(true);
    }
    core.unwinding.get()
}

/// Wraps the panic hook, once, so that the hub knows which greenlet panics, and that nothing may switch inside the hook;
/// and so that the default hook's message names the greenlet.
pub(crate) fn install_hook() {
    static INSTALL: Once = Once::new();
    // A hook cannot be changed by a panicking thread; the next hub does it then.
    if thread::panicking() {
        return;
    }
    INSTALL.call_once(|| {
        let (next, is_default) = panic_message::take_hook();
        panic::set_hook(Box::new(move |info| {
            let _inside = InsideHook::enter();
            match Hub::try_current().map(Hub::current) {
                Some(current) if is_default && !current.is_root() => {
                    panic_message::print(current, info);
                }
                _ => next(info),
            }
        }));
    });
}

/// While it lives, parking blocks the thread.
struct InsideHook;

impl InsideHook {
    fn enter() -> Option<InsideHook> {
        let hub = Hub::try_current()?;
        hub.current().unwinding.set(true);
        hub.inside_hook.set(hub.inside_hook.get() + 1);
        Some(InsideHook)
    }
}

impl Drop for InsideHook {
    fn drop(&mut self) {
        if let Some(hub) = Hub::try_current() {
            hub.inside_hook.set(hub.inside_hook.get() - 1);
        }
    }
}
