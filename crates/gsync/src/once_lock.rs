//! A cell that is written once.

use crate::raw::{Outcome, RawOnce};
use std::cell::UnsafeCell;
use std::fmt;
use std::mem::{self, MaybeUninit};
use std::panic::{RefUnwindSafe, UnwindSafe};

/// A value that is set once, by whichever greenlet comes first, and read by all.
///
/// This mirrors [`std::sync::OnceLock`]. Where that blocks the thread, this parks the calling greenlet. An initialiser that
/// panics, or is [killed](greenlet::Handle::kill), leaves the cell empty, and the next call runs its own.
///
/// # Examples
///
/// ```
/// use gsync::OnceLock;
///
/// static CONFIG: OnceLock<String> = OnceLock::new();
///
/// fn config() -> &'static str {
///     CONFIG.get_or_init(|| "read once".to_owned())
/// }
///
/// assert_eq!(config(), "read once");
/// assert_eq!(CONFIG.set(String::new()), Err(String::new()));
/// ```
pub struct OnceLock<T> {
    slot: UnsafeCell<Slot<T>>,
}

/// Empty or full, by a tag that is the state word of a [`RawOnce`] at the same time: one variant for each of its values.
///
/// So the compiler itself knows whether there is a value to drop. With a destructor of our own a cell could not hold
/// references into what is dropped before it, as std's can.
#[repr(u32)]
#[expect(
    dead_code,
    reason = "the variants are entered by changes of the state word"
)]
enum Slot<T> {
    Incomplete = RawOnce::INCOMPLETE,
    Poisoned = RawOnce::POISONED,
    Running = RawOnce::RUNNING,
    Complete(T) = RawOnce::COMPLETE,
    IncompleteWaited = RawOnce::INCOMPLETE | RawOnce::WAITED,
    PoisonedWaited = RawOnce::POISONED | RawOnce::WAITED,
    RunningWaited = RawOnce::RUNNING | RawOnce::WAITED,
}

/// How a full slot lies in memory, by the rules for enums of an integer representation.
#[repr(C)]
struct Complete<T> {
    state: RawOnce,
    value: MaybeUninit<T>,
}

// SAFETY: the value is written once, before `once` is complete, and read after that only. `T: Send`, because one thread
// may write what another drops.
unsafe impl<T: Sync + Send> Sync for OnceLock<T> {}

impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// An empty cell.
    #[inline]
    #[must_use]
    pub const fn new() -> OnceLock<T> {
        OnceLock {
            slot: UnsafeCell::new(Slot::Incomplete),
        }
    }

    /// The value, if it is there. Never parks.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(gsync::OnceLock::<u8>::new().get(), None);
    /// ```
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if self.once().is_complete() {
            // SAFETY: it is complete.
            Some(unsafe { self.get_unchecked() })
        } else {
            greenlet::breathe();
            None
        }
    }

    /// The value, if it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut cell = gsync::OnceLock::from(1);
    /// *cell.get_mut().unwrap() = 2;
    /// assert_eq!(cell.get(), Some(&2));
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        match self.slot.get_mut() {
            Slot::Complete(value) => Some(value),
            _ => None,
        }
    }

    /// Parks the calling greenlet until the value is there.
    ///
    /// # Examples
    ///
    /// ```
    /// static ANSWER: gsync::OnceLock<u8> = gsync::OnceLock::new();
    /// gthread::spawn(|| ANSWER.set(42).unwrap());
    /// assert_eq!(ANSWER.wait(), &42);
    /// ```
    #[inline]
    pub fn wait(&self) -> &T {
        if !self.once().is_complete() {
            // It gives no error when poison does not matter.
            let _ = self.once().wait(true);
        }
        // SAFETY: it is complete.
        unsafe { self.get_unchecked() }
    }

    /// Puts `value` into the cell if it is empty. Parks while another call initialises it.
    ///
    /// # Errors
    ///
    /// `value` itself, if the cell is not empty.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = gsync::OnceLock::new();
    /// assert_eq!(cell.set(1), Ok(()));
    /// assert_eq!(cell.set(2), Err(2));
    /// ```
    #[inline]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.initialise(|| value.take());
        match value {
            None => Ok(()),
            Some(value) => Err(value),
        }
    }

    /// The value, which `f` makes if the cell is empty. Parks while another call makes it.
    ///
    /// # Panics
    ///
    /// When `f` does; the cell is then still empty. An `f` that initialises the same cell waits for itself, for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = gsync::OnceLock::new();
    /// assert_eq!(cell.get_or_init(|| 1), &1);
    /// assert_eq!(cell.get_or_init(|| 2), &1);
    /// ```
    #[inline]
    pub fn get_or_init<F>(&self, f: F) -> &T
    where
        F: FnOnce() -> T,
    {
        if !self.once().is_complete() {
            let mut f = Some(f);
            self.initialise(|| f.take().map(|f| f()));
        }
        // SAFETY: it is complete.
        unsafe { self.get_unchecked() }
    }

    /// The value, without the cell.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(gsync::OnceLock::from(1).into_inner(), Some(1));
    /// ```
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        match self.slot.into_inner() {
            Slot::Complete(value) => Some(value),
            _ => None,
        }
    }

    /// Takes the value out, and leaves the cell empty.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut cell = gsync::OnceLock::from(1);
    /// assert_eq!(cell.take(), Some(1));
    /// assert_eq!(cell.get(), None);
    /// ```
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        mem::take(self).into_inner()
    }

    /// The state word.
    #[inline]
    fn once(&self) -> &RawOnce {
        // SAFETY: the tag comes first. It is written through this reference only, as long as the cell is shared, and
        // always one of the variants'.
        unsafe { &(*self.complete()).state }
    }

    #[inline]
    fn complete(&self) -> *mut Complete<T> {
        self.slot.get().cast()
    }

    /// Makes the cell complete with what `make` gives, unless it is.
    #[cold]
    fn initialise(&self, mut make: impl FnMut() -> Option<T>) {
        let done = self.once().call(true, true, &mut |_| match make() {
            Some(value) => {
                // SAFETY: one closure runs at a time, and nobody reads before it has ended. There is no value in it to be dropped.
                unsafe { (&raw mut (*self.complete()).value).write(MaybeUninit::new(value)) };
                Outcome::Complete
            }
            None => Outcome::Poisoned,
        });
        debug_assert!(done.is_ok(), "poison does not matter");
    }

    /// # Safety
    ///
    /// The cell is complete.
    #[inline]
    unsafe fn get_unchecked(&self) -> &T {
        // SAFETY: nobody writes any more.
        unsafe { (*self.complete()).value.assume_init_ref() }
    }
}

impl<T> Default for OnceLock<T> {
    #[inline]
    fn default() -> OnceLock<T> {
        OnceLock::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut form = f.debug_tuple("OnceLock");
        match self.get() {
            Some(value) => form.field(value),
            None => form.field(&format_args!("<uninit>")),
        };
        form.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> OnceLock<T> {
        self.get()
            .cloned()
            .map_or_else(OnceLock::new, OnceLock::from)
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        let cell = OnceLock::new();
        // It is empty.
        let _ = cell.set(value);
        cell
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &OnceLock<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
