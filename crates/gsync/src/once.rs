//! Initialisation that happens once. Its state machine is in `raw/once.rs`.

use crate::raw::{Outcome, RawOnce};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Runs a closure once, however many greenlets ask for it; the others wait until it is done.
///
/// This mirrors [`std::sync::Once`]. Where that blocks the thread, this parks the calling greenlet. A closure that panics
/// *poisons* it. One that is [killed](greenlet::Handle::kill) leaves it as it was before: another call runs its own
/// closure.
///
/// # Examples
///
/// ```
/// use gsync::Once;
///
/// static START: Once = Once::new();
/// START.call_once(|| println!("said once"));
/// START.call_once(|| unreachable!());
/// assert!(START.is_completed());
/// ```
pub struct Once {
    raw: RawOnce,
}

/// What the closure of [`Once::call_once_force`] learns of the calls before.
///
/// This mirrors [`std::sync::OnceState`].
pub struct OnceState {
    poisoned: bool,
    /// Neither `Sync` nor `RefUnwindSafe`, as std's is not.
    _cell: PhantomData<Cell<()>>,
}

/// A [`Once`] that has not run, for code that was written before `Once::new` could be used in a `static`.
///
/// This mirrors [`std::sync::ONCE_INIT`].
#[deprecated(since = "0.1.0", note = "the `Once::new()` function is now preferred")]
#[expect(
    clippy::declare_interior_mutable_const,
    reason = "std has it, so a shim of std has it"
)]
pub const ONCE_INIT: Once = Once::new();

impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

#[expect(
    clippy::new_without_default,
    reason = "std's Once has no Default, so a program must not come to rely on one here"
)]
impl Once {
    /// One whose closure has not run.
    #[inline]
    #[must_use]
    pub const fn new() -> Once {
        Once {
            raw: RawOnce::new(),
        }
    }

    /// Runs `f` if no call has run its closure yet, and waits for the one that does so at this moment.
    ///
    /// When this returns a closure has run to its end, and all that it did happens before what follows.
    ///
    /// # Panics
    ///
    /// When the closure of an earlier call has panicked. A closure that calls `call_once` of the same `Once` waits for
    /// itself, for ever.
    ///
    /// # Examples
    ///
    /// See the [type](Once)'s.
    #[inline]
    #[track_caller]
    pub fn call_once<F>(&self, f: F)
    where
        F: FnOnce(),
    {
        if !self.raw.is_complete() {
            let mut f = Some(f);
            self.run(false, &mut |_| {
                if let Some(f) = f.take() {
                    f();
                }
            });
        }
    }

    /// [`call_once`](Self::call_once) that runs `f` also if the closure of an earlier call has panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::Once;
    ///
    /// let once = Once::new();
    /// let panic = greenlet::catch_unwind(|| once.call_once(|| std::panic::panic_any("stop")));
    /// assert!(panic.is_err());
    /// once.call_once_force(|state| assert!(state.is_poisoned()));
    /// assert!(once.is_completed());
    /// ```
    #[inline]
    pub fn call_once_force<F>(&self, f: F)
    where
        F: FnOnce(&OnceState),
    {
        if !self.raw.is_complete() {
            let mut f = Some(f);
            self.run(true, &mut |state| {
                if let Some(f) = f.take() {
                    f(state);
                }
            });
        }
    }

    /// Whether a closure has run to its end.
    ///
    /// # Examples
    ///
    /// ```
    /// let once = gsync::Once::new();
    /// assert!(!once.is_completed());
    /// once.call_once(|| ());
    /// assert!(once.is_completed());
    /// ```
    #[inline]
    pub fn is_completed(&self) -> bool {
        let complete = self.raw.is_complete();
        if !complete {
            greenlet::breathe();
        }
        complete
    }

    /// [`is_completed`](Self::is_completed) for one who does not ask in a loop.
    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.raw.is_complete()
    }

    /// Parks the calling greenlet until a closure has run to its end.
    ///
    /// # Panics
    ///
    /// When one has panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// static READY: gsync::Once = gsync::Once::new();
    /// gthread::spawn(|| READY.call_once(|| ()));
    /// READY.wait();
    /// ```
    #[track_caller]
    pub fn wait(&self) {
        if !self.raw.is_complete() && self.raw.wait(false).is_err() {
            poisoned();
        }
    }

    /// [`wait`](Self::wait) that goes on waiting when a closure has panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// static READY: gsync::Once = gsync::Once::new();
    /// gthread::spawn(|| READY.call_once_force(|_| ()));
    /// READY.wait_force();
    /// ```
    pub fn wait_force(&self) {
        if !self.raw.is_complete() {
            // It gives no error when poison does not matter.
            let _ = self.raw.wait(true);
        }
    }

    /// [`call_once`](Self::call_once) for a closure that cannot be made again, so that a kill poisons as a panic does.
    /// `false` if it is poisoned.
    #[cold]
    pub(crate) fn call_the_only<F>(&self, f: F) -> bool
    where
        F: FnOnce(),
    {
        let mut f = Some(f);
        let done = self.raw.call(false, false, &mut |_| {
            if let Some(f) = f.take() {
                f();
            }
            Outcome::Complete
        });
        done.is_ok()
    }

    /// Whether the last closure has panicked.
    pub(crate) fn is_poisoned(&mut self) -> bool {
        self.raw.is_poisoned()
    }

    #[cold]
    #[track_caller]
    fn run(&self, ignore_poison: bool, f: &mut dyn FnMut(&OnceState)) {
        let done = self.raw.call(ignore_poison, true, &mut |poisoned| {
            f(&OnceState {
                poisoned,
                _cell: PhantomData,
            });
            Outcome::Complete
        });
        if done.is_err() {
            poisoned();
        }
    }
}

#[cold]
#[track_caller]
fn poisoned() -> ! {
    panic!("Once instance has previously been poisoned");
}

impl OnceState {
    /// Whether the closure of an earlier call has panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// gsync::Once::new().call_once_force(|state| assert!(!state.is_poisoned()));
    /// ```
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState")
            .field("poisoned", &self.is_poisoned())
            .finish()
    }
}
