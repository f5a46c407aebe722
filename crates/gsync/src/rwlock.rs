//! The lock of many readers or one writer. Its state machine is in `raw/rwlock.rs`.

use crate::poison;
use crate::raw::RawRwLock;
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;
use std::sync::{LockResult, TryLockError, TryLockResult};

/// A value that many greenlets, or threads, can read at a time, or one can write.
///
/// This mirrors [`std::sync::RwLock`]. Where that blocks the thread, this parks the calling greenlet, and the others of
/// its thread go on; so the lock may be held across calls that park. It is *poisoned* when a writer panics; a
/// [kill](greenlet::Handle::kill) does not poison it, nor does a reader.
///
/// # Fairness
///
/// Readers and writers that have to wait stand in one queue, whose guarantee is that of [`Mutex`](crate::Mutex). A writer that
/// is next waits for those that read, and no reader that comes later goes before it. As in std, a greenlet that reads and
/// reads once more may therefore wait for ever, for a writer that waits for it.
///
/// # Examples
///
/// ```
/// use gsync::RwLock;
///
/// let lock = RwLock::new(5);
/// {
///     let (one, two) = (lock.read().unwrap(), lock.read().unwrap());
///     assert_eq!(*one + *two, 10);
/// }
/// *lock.write().unwrap() += 1;
/// assert_eq!(*lock.read().unwrap(), 6);
/// ```
pub struct RwLock<T: ?Sized> {
    raw: RawRwLock,
    poison: poison::Flag,
    value: UnsafeCell<T>,
}

// SAFETY: as for `Mutex`.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as for `Mutex`; `T: Sync`, because readers of several threads have the value at a time.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

/// The right to read the value of a [`RwLock`], until it is dropped.
///
/// This mirrors [`std::sync::RwLockReadGuard`]. [`RwLock::read`], [`RwLock::try_read`] and
/// [`RwLockWriteGuard::downgrade`] give it.
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'rwlock, T: ?Sized + 'rwlock> {
    /// The value, not a reference to the lock: covariant in `T`, as std's is. The pointer makes the guard `!Send`.
    value: NonNull<T>,
    raw: &'rwlock RawRwLock,
}

/// The right to write the value of a [`RwLock`], until it is dropped.
///
/// This mirrors [`std::sync::RwLockWriteGuard`]. [`RwLock::write`] and [`RwLock::try_write`] give it.
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'rwlock, T: ?Sized + 'rwlock> {
    lock: &'rwlock RwLock<T>,
    before: poison::Before,
    /// Not `Send`, as std's is not.
    _pinned: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared references to the value only.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}
// What std's have; the pointers take them away.
impl<T: ?Sized + RefUnwindSafe> UnwindSafe for RwLockReadGuard<'_, T> {}
impl<T: ?Sized + RefUnwindSafe> RefUnwindSafe for RwLockReadGuard<'_, T> {}
impl<T: ?Sized> UnwindSafe for RwLockWriteGuard<'_, T> {}
impl<T: ?Sized> RefUnwindSafe for RwLockWriteGuard<'_, T> {}

impl<T> RwLock<T> {
    /// A lock that nobody has.
    ///
    /// # Examples
    ///
    /// ```
    /// static LIMIT: gsync::RwLock<u32> = gsync::RwLock::new(5);
    /// assert_eq!(*LIMIT.read().unwrap(), 5);
    /// ```
    #[inline]
    pub const fn new(t: T) -> RwLock<T> {
        RwLock {
            raw: RawRwLock::new(),
            poison: poison::Flag::new(),
            value: UnsafeCell::new(t),
        }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Parks the calling greenlet until it may read.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around the guard, if a writer has panicked.
    ///
    /// # Panics
    ///
    /// When 2³⁰ guards read already.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = gsync::RwLock::new(1);
    /// let guard = lock.read().unwrap();
    /// assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        self.raw.read();
        self.reader()
    }

    /// Begins to read if that is possible at once; never waits for it.
    ///
    /// Every so often a call in vain lets the other greenlets run first, so that a loop around it comes to an end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](TryLockError::WouldBlock) if somebody writes, or is about to, and
    /// [`Poisoned`](TryLockError::Poisoned) around the guard.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = gsync::RwLock::new(1);
    /// let guard = lock.write().unwrap();
    /// assert!(lock.try_read().is_err());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let taken = self.look();
        if let Err(TryLockError::WouldBlock) = taken {
            greenlet::breathe();
        }
        taken
    }

    /// Parks the calling greenlet until it may write.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around the guard, if a writer has panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = gsync::RwLock::new(1);
    /// *lock.write().unwrap() = 2;
    /// assert_eq!(*lock.read().unwrap(), 2);
    /// ```
    #[inline]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        self.raw.write();
        self.writer()
    }

    /// Begins to write if that is possible at once; never waits for it.
    ///
    /// Every so often a call in vain lets the other greenlets run first, so that a loop around it comes to an end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](TryLockError::WouldBlock) if somebody has the lock, or goes for it, and
    /// [`Poisoned`](TryLockError::Poisoned) around the guard.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = gsync::RwLock::new(1);
    /// let guard = lock.read().unwrap();
    /// assert!(lock.try_write().is_err());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        if self.raw.try_write() {
            Ok(self.writer()?)
        } else {
            greenlet::breathe();
            Err(TryLockError::WouldBlock)
        }
    }

    /// Whether a writer has panicked. One may be doing so at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!gsync::RwLock::new(1).is_poisoned());
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
    /// let lock = gsync::RwLock::new(1);
    /// let panic = greenlet::catch_unwind(|| {
    ///     let _guard = lock.write();
    ///     std::panic::panic_any("stop");
    /// });
    /// assert!(panic.is_err() && lock.is_poisoned());
    /// lock.clear_poison();
    /// assert!(lock.read().is_ok());
    /// ```
    #[inline]
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The value, without the lock.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around it if the lock is poisoned.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(gsync::RwLock::new(1).into_inner().unwrap(), 1);
    /// ```
    pub fn into_inner(self) -> LockResult<T>
    where
        T: Sized,
    {
        self.poison.wrap(self.value.into_inner())
    }

    /// The value, by the one who has the lock to itself: nothing is locked.
    ///
    /// # Errors
    ///
    /// A [`PoisonError`](std::sync::PoisonError) around it if the lock is poisoned.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lock = gsync::RwLock::new(1);
    /// *lock.get_mut().unwrap() = 2;
    /// assert_eq!(lock.into_inner().unwrap(), 2);
    /// ```
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.poison.wrap(self.value.get_mut())
    }

    /// [`try_read`](Self::try_read) for one who does not ask in a loop.
    fn look(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        if self.raw.try_read() {
            Ok(self.reader()?)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// For one who has just got to read.
    #[inline]
    fn reader(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        self.poison.wrap(RwLockReadGuard {
            // SAFETY: a cell's pointer is not null.
            value: unsafe { NonNull::new_unchecked(self.value.get()) },
            raw: &self.raw,
        })
    }

    /// For one who has just got to write.
    #[inline]
    fn writer(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        self.poison.wrap(RwLockWriteGuard {
            lock: self,
            before: self.poison.before(),
            _pinned: PhantomData,
        })
    }
}

impl<'rwlock, T: ?Sized> RwLockWriteGuard<'rwlock, T> {
    /// Goes on as a reader, without letting another writer in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use gsync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// let mut writes = lock.write().unwrap();
    /// *writes = 2;
    /// let reads = RwLockWriteGuard::downgrade(writes);
    /// assert_eq!(*reads, 2);
    /// assert!(lock.try_read().is_ok());
    /// ```
    pub fn downgrade(s: Self) -> RwLockReadGuard<'rwlock, T> {
        // It must not unlock; what it has done may have poisoned the lock.
        let writes = ManuallyDrop::new(s);
        let lock = writes.lock;
        lock.poison.after(&writes.before);
        // SAFETY: the guard writes, and is forgotten; a cell's pointer is not null.
        unsafe {
            lock.raw.downgrade();
            RwLockReadGuard {
                value: NonNull::new_unchecked(lock.value.get()),
                raw: &lock.raw,
            }
        }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the right to read, and the value lives as long as the lock that it borrows.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the right to write.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard has the right to write, and is borrowed for itself.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard reads, and is gone after this.
        unsafe { self.raw.end_read() };
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.poison.after(&self.before);
        // SAFETY: the guard writes, and is gone after this.
        unsafe { self.lock.raw.end_write() };
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(t: T) -> Self {
        RwLock::new(t)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut form = f.debug_struct("RwLock");
        match self.look() {
            Ok(guard) => form.field("data", &&*guard),
            Err(TryLockError::Poisoned(poisoned)) => form.field("data", &&**poisoned.get_ref()),
            Err(TryLockError::WouldBlock) => form.field("data", &format_args!("<locked>")),
        };
        form.field("poisoned", &self.poison.get());
        form.finish_non_exhaustive()
    }
}
