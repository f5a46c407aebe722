//! A value that is made when it is first used.

use crate::Once;
use std::cell::UnsafeCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

/// A value that the first greenlet to use it makes.
///
/// This mirrors [`std::sync::LazyLock`]. Where that blocks the thread, this parks the calling greenlet. The closure can be
/// run once only: if it panics there will never be a value, and every use panics. A [kill](greenlet::Handle::kill) of the greenlet
/// that runs it is held back until it has ended.
///
/// # Examples
///
/// ```
/// use gsync::LazyLock;
///
/// static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| "made at first use".split(' ').collect());
/// assert_eq!(WORDS.len(), 4);
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    once: Once,
    data: UnsafeCell<Data<T, F>>,
}

/// The closure as long as `once` is incomplete; the value when it is complete; nothing when it is poisoned.
union Data<T, F> {
    value: ManuallyDrop<T>,
    f: ManuallyDrop<F>,
}

// SAFETY: the closure is run by one thread, and the value is read after that only.
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}

impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

/// What is in it, for one who has it to itself.
enum State {
    Incomplete,
    Poisoned,
    Complete,
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `f` will make.
    #[inline]
    pub const fn new(f: F) -> LazyLock<T, F> {
        LazyLock {
            once: Once::new(),
            data: UnsafeCell::new(Data {
                f: ManuallyDrop::new(f),
            }),
        }
    }

    /// The value, made if it is not there.
    ///
    /// # Panics
    ///
    /// When the closure does, now or before.
    ///
    /// # Examples
    ///
    /// ```
    /// let lazy = gsync::LazyLock::new(|| 1);
    /// assert_eq!(gsync::LazyLock::force(&lazy), &1);
    /// ```
    #[inline]
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        if !this.once.is_complete() {
            this.make();
        }
        // SAFETY: it is complete, so the value is there and nobody writes any more.
        unsafe { &(*this.data.get()).value }
    }

    /// The value, made if it is not there, by one who has it to itself.
    ///
    /// # Panics
    ///
    /// Those of [`force`](Self::force).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lazy = gsync::LazyLock::new(|| 1);
    /// *gsync::LazyLock::force_mut(&mut lazy) = 2;
    /// assert_eq!(*lazy, 2);
    /// ```
    #[inline]
    #[track_caller]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        // SAFETY: the value is there, and borrowed for itself.
        unsafe { &mut this.data.get_mut().value }
    }

    #[cold]
    #[track_caller]
    fn make(&self) {
        let made = self.once.call_the_only(|| {
            // SAFETY: `once` lets one call come here, ever: when this unwinds it is poisoned. So the data is the closure still, and
            // is read this once.
            let f = unsafe { ManuallyDrop::take(&mut (*self.data.get()).f) };
            // There is no second closure, and no value without this one: a kill has to wait for its end.
            let value = greenlet::shield(f);
            // SAFETY: nobody reads before this call has ended.
            unsafe { (*self.data.get()).value = ManuallyDrop::new(value) };
        });
        if !made {
            poisoned();
        }
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it has been made. Never parks.
    ///
    /// # Examples
    ///
    /// ```
    /// let lazy = gsync::LazyLock::new(|| 1);
    /// assert_eq!(gsync::LazyLock::get(&lazy), None);
    /// assert_eq!(*lazy, 1);
    /// assert_eq!(gsync::LazyLock::get(&lazy), Some(&1));
    /// ```
    #[inline]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        // SAFETY: it is complete, so the value is there and nobody writes any more.
        this.once
            .is_complete()
            .then(|| unsafe { &*(*this.data.get()).value })
    }

    /// The value, if it has been made.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lazy = gsync::LazyLock::new(|| 1);
    /// assert_eq!(gsync::LazyLock::get_mut(&mut lazy), None);
    /// ```
    #[inline]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        match this.state() {
            // SAFETY: the value is there, and borrowed for itself.
            State::Complete => Some(unsafe { &mut this.data.get_mut().value }),
            State::Incomplete | State::Poisoned => None,
        }
    }

    fn state(&mut self) -> State {
        if self.once.is_complete() {
            State::Complete
        } else if self.once.is_poisoned() {
            State::Poisoned
        } else {
            State::Incomplete
        }
    }
}

impl<T, F> Drop for LazyLock<T, F> {
    fn drop(&mut self) {
        let state = self.state();
        let data = self.data.get_mut();
        // SAFETY: dropped once; the state says what is there.
        unsafe {
            match state {
                State::Incomplete => ManuallyDrop::drop(&mut data.f),
                State::Complete => ManuallyDrop::drop(&mut data.value),
                State::Poisoned => (),
            }
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    /// See [`force`](LazyLock::force).
    #[inline]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    /// See [`force_mut`](LazyLock::force_mut).
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> LazyLock<T> {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut form = f.debug_tuple("LazyLock");
        match LazyLock::get(self) {
            Some(value) => form.field(value),
            None => form.field(&format_args!("<uninit>")),
        };
        form.finish()
    }
}

#[cold]
#[track_caller]
fn poisoned() -> ! {
    panic!("LazyLock instance has previously been poisoned");
}
