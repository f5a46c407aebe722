//! The lock that one greenlet has at a time. Its state machine is in `raw/mutex.rs`.

use crate::poison;
use crate::raw::RawMutex;
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError, TryLockResult};

/// A value that one greenlet, or thread, can get at at a time.
///
/// This mirrors [`std::sync::Mutex`]. Where that blocks the thread, this parks the calling greenlet, and the others of
/// its thread go on; so the lock may be held across calls that park. It is *poisoned* when the greenlet that
/// has it panics; a [kill](greenlet::Handle::kill) does not poison it.
///
/// # Fairness
///
/// A free lock goes to whoever comes first, which makes a loop of `lock` and `unlock` fast. A greenlet that was woken
/// for the lock and found it taken again 16 times (or two, four or eight times in more than a millisecond) goes no more
/// without: from then on the lock is handed over in the order in which the greenlets wait, until none of them has been
/// woken in vain that often.
///
/// # Examples
///
/// ```
/// use gsync::{Arc, Mutex};
///
/// let sum = Arc::new(Mutex::new(0));
/// let greenlets: Vec<_> = (1..=10)
///     .map(|number| {
///         let sum = Arc::clone(&sum);
///         gthread::spawn(move || *sum.lock().unwrap() += number)
///     })
///     .collect();
/// for greenlet in greenlets {
///     greenlet.join().unwrap();
/// }
/// assert_eq!(*sum.lock().unwrap(), 55);
/// ```
///
/// A panic poisons it, and the value can be had all the same:
///
/// ```
/// use gsync::{Arc, Mutex};
///
/// let name = Arc::new(Mutex::new("before"));
/// let broken = Arc::clone(&name);
/// let _ = gthread::spawn(move || {
///     let _guard = broken.lock().unwrap();
///     std::panic::panic_any("while it has the lock");
/// })
/// .join();
/// let mut guard = name.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
/// *guard = "after";
/// ```
pub struct Mutex<T: ?Sized> {
    raw: RawMutex,
    poison: poison::Flag,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one thread at the value at a time, and `into_inner` gives it to the one that owns the mutex.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above; `T: Send`, because the value is used from every thread that locks.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// The right to the value of a [`Mutex`], until it is dropped.
///
/// This mirrors [`std::sync::MutexGuard`]. [`Mutex::lock`] and [`Mutex::try_lock`] give it.
#[must_use = "if unused the Mutex will immediately unlock"]
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    lock: &'a Mutex<T>,
    before: poison::Before,
    /// Not `Send`, as std's is not.
    _pinned: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared references to the value only.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}
// The pointer takes these away.
impl<T: ?Sized> UnwindSafe for MutexGuard<'_, T> {}
impl<T: ?Sized> RefUnwindSafe for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// A mutex that is not locked.
    ///
    /// # Examples
    ///
    /// ```
    /// static COUNT: gsync::Mutex<u32> = gsync::Mutex::new(0);
    /// *COUNT.lock().unwrap() += 1;
    /// ```
    #[inline]
    pub const fn new(t: T) -> Mutex<T> {
        Mutex {
            raw: RawMutex::new(),
            poison: poison::Flag::new(),
            value: UnsafeCell::new(t),
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Parks the calling greenlet until it has the lock.
    ///
    /// A greenlet that locks what it has locked already waits for ever.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around the guard, if somebody panicked while it had the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// let mutex = gsync::Mutex::new(1);
    /// *mutex.lock().unwrap() = 2;
    /// assert_eq!(*mutex.lock().unwrap(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.raw.lock();
        self.guard()
    }

    /// Takes the lock if it is free; never waits for it.
    ///
    /// Every so often a call in vain lets the other greenlets run first, so that a loop around it comes to an end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](TryLockError::WouldBlock) if it is not free, and [`Poisoned`](TryLockError::Poisoned) around the
    /// guard.
    ///
    /// # Examples
    ///
    /// ```
    /// let mutex = gsync::Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let taken = self.look();
        if let Err(TryLockError::WouldBlock) = taken {
            greenlet::breathe();
        }
        taken
    }

    /// Whether somebody has panicked while it had the lock. Somebody may be doing so at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!gsync::Mutex::new(1).is_poisoned());
    /// ```
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.poison.get()
    }

    /// Declares the value sound again.
    ///
    /// # Examples
    ///
    /// ```
    /// let mutex = gsync::Mutex::new(1);
    /// let panic = greenlet::catch_unwind(|| {
    ///     let _guard = mutex.lock();
    ///     std::panic::panic_any("stop");
    /// });
    /// assert!(panic.is_err() && mutex.is_poisoned());
    /// mutex.clear_poison();
    /// assert!(mutex.lock().is_ok());
    /// ```
    #[inline]
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The value, without the mutex.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around it if the mutex is poisoned.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(gsync::Mutex::new(1).into_inner().unwrap(), 1);
    /// ```
    pub fn into_inner(self) -> LockResult<T>
    where
        T: Sized,
    {
        self.poison.wrap(self.value.into_inner())
    }

    /// The value, by the one who has the mutex to itself: nothing is locked.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around it if the mutex is poisoned.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut mutex = gsync::Mutex::new(1);
    /// *mutex.get_mut().unwrap() = 2;
    /// assert_eq!(mutex.into_inner().unwrap(), 2);
    /// ```
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.poison.wrap(self.value.get_mut())
    }

    /// [`try_lock`](Self::try_lock) for one who does not ask in a loop.
    fn look(&self) -> TryLockResult<MutexGuard<'_, T>> {
        if self.raw.try_lock() {
            Ok(self.guard()?)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// For one who has just taken the lock.
    #[inline]
    fn guard(&self) -> LockResult<MutexGuard<'_, T>> {
        self.poison.wrap(MutexGuard {
            lock: self,
            before: self.poison.before(),
            _pinned: PhantomData,
        })
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// What a condition variable unlocks and locks.
    pub(crate) fn raw(&self) -> &'a RawMutex {
        &self.lock.raw
    }

    /// An error around the guard if the mutex is poisoned now.
    pub(crate) fn checked(self) -> LockResult<MutexGuard<'a, T>> {
        self.lock.poison.wrap(self)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard has the lock, and is borrowed for itself.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.poison.after(&self.before);
        // SAFETY: the guard has the lock, and is gone after this.
        unsafe { self.lock.raw.unlock() };
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(t: T) -> Self {
        Mutex::new(t)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut form = f.debug_struct("Mutex");
        match self.look() {
            Ok(guard) => form.field("data", &&*guard),
            Err(TryLockError::Poisoned(poisoned)) => form.field("data", &&**poisoned.get_ref()),
            Err(TryLockError::WouldBlock) => form.field("data", &"<locked>"),
        };
        form.field("poisoned", &self.poison.get());
        form.finish_non_exhaustive()
    }
}
