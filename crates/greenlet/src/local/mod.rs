//! Greenlet-local values.
//!
//! Every key has a number, and every greenlet, a thread's own included, a table that the number indexes. The table lies in
//! the control block and grows when it has to; the values are boxed, so they stay where they are.
//!
//! ```text
//!   Local { index: 2 }
//!                       hub ─> current ─> Core { locals: Slots { table, last } }
//!                                                        0 │ never used
//!                                                        1 │ value ──> Box<A>
//!                                                        2 │ value ──> Box<B>, made before 1
//! ```
//!
//! Slots whose values have destructors are chained in the order in which they were made. When the greenlet has ended the
//! chain is undone from its end ([`Slots::destroy`]); a slot leaves it, and refuses access, before its destructor runs.
//!
//! A reference that [`Local::with`] lends is good because nothing moves or drops a value while a frame of its greenlet
//! stands, but for a recursive initialisation, which stands below no loan of the same key.

mod slots;

pub(crate) use slots::Slots;

use crate::hub::Hub;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// A static with a value for each greenlet; `gthread::thread_local!` is made of it.
///
/// A value is made when its greenlet first asks for it. It is destroyed when the greenlet has ended or was
/// killed: on its stack, with kills held back, before anybody who joins it goes on. The last one made goes first; its
/// destructor may park, and use other locals; those that it makes are destroyed as well. The values of a thread's own
/// greenlet are destroyed when the thread ends, those of a leaked one never.
///
/// Mirrors gevent's `local`, with the rules of [`std::thread::LocalKey`].
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// static CALLS: greenlet::Local<Cell<u32>> = greenlet::Local::new();
///
/// fn call() -> u32 {
///     let count = |calls: &Cell<u32>| calls.replace(calls.get() + 1) + 1;
///     CALLS.with(Cell::default, count).unwrap()
/// }
///
/// assert_eq!((call(), call()), (1, 2));
/// assert_eq!(greenlet::spawn(call).join().unwrap(), 1);
/// ```
///
/// A key stays with its type, as a `Cell` does:
///
/// ```compile_fail,E0308
/// static KEY: greenlet::Local<for<'a> fn(&'a u8)> = greenlet::Local::new();
/// let _narrower: &'static greenlet::Local<fn(&'static u8)> = &KEY;
/// ```
pub struct Local<T: 'static> {
    /// Of its slot in every table; 0 as long as nobody has asked.
    index: AtomicU32,
    /// Values stay with their greenlets, so the key is for all threads whatever they are. Invariant: what is put in by one
    /// type must not come out as another.
    value: PhantomData<fn(T) -> T>,
}

impl<T: 'static> Local<T> {
    /// A key without values.
    pub const fn new() -> Local<T> {
        Local {
            index: AtomicU32::new(0),
            value: PhantomData,
        }
    }

    /// Calls `f` with the calling greenlet's value, which `init` makes if there is none.
    ///
    /// Both may park. If `init` panics there is still no value. If it asks for the same value itself, that one is made first
    /// and then dropped in favour of the outer one.
    ///
    /// # Errors
    ///
    /// [`AccessError`] if the value's destructor runs or has run. What has no destructor can be used to
    /// the end of the greenlet; on a thread's own, no value is to be had once the thread has taken its hub down.
    ///
    /// # Panics
    ///
    /// When the process has made four thousand million keys.
    #[inline]
    pub fn with<R>(
        &'static self,
        init: impl FnOnce() -> T,
        f: impl FnOnce(&T) -> R,
    ) -> Result<R, AccessError> {
        let value = match self.find() {
            Some(value) => value,
            None => self.make(init)?,
        };
        // SAFETY: in the calling greenlet's slot, so made by `make` and alive. It is dropped by this greenlet alone: when
        // its last frame, and so this one, is gone, or by a recursive `make`, which hands out no reference before.
        Ok(f(unsafe { value.as_ref() }))
    }

    /// The calling greenlet's value, if it has one.
    #[inline]
    fn find(&self) -> Option<NonNull<T>> {
        let index = self.index.load(Ordering::Relaxed);
        let value = Hub::try_current()?.current().locals.get(index)?;
        // The slot of this key, which `make` has filled.
        Some(value.cast())
    }

    #[cold]
    #[inline(never)]
    fn make(&'static self, init: impl FnOnce() -> T) -> Result<NonNull<T>, AccessError> {
        let locals = &Hub::unless_taken_down()
            .ok_or(AccessError)?
            .current()
            .locals;
        let index = self.number();
        if locals.is_destroyed(index) {
            return Err(AccessError);
        }
        let value = NonNull::from(Box::leak(Box::new(init())));
        let before = locals.put(index, value.cast(), drop_box::<T>, mem::needs_drop::<T>());
        if let Some(before) = before {
            // SAFETY: a recursive call has made it. Nobody uses it: what was lent of it was lent above this frame.
            unsafe { drop_box::<T>(before) };
        }
        Ok(value)
    }

    /// The key's number, which it gets now if it has none.
    fn number(&self) -> u32 {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let index = self.index.load(Ordering::Relaxed);
        if index != 0 {
            return index;
        }
        let next = |next: u32| next.checked_add(1).filter(|_| next < slots::MOST);
        let Ok(mine) = NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) else {
            panic!("too many greenlet-local keys");
        };
        // Only the number itself is of interest to others, so nothing is ordered.
        match self
            .index
            .compare_exchange(0, mine, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => mine,
            Err(theirs) => theirs,
        }
    }
}

impl<T: 'static> Default for Local<T> {
    fn default() -> Local<T> {
        Local::new()
    }
}

impl<T: 'static> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}

/// # Safety
///
/// `value` is a leaked `Box<T>`, and belongs to the caller.
unsafe fn drop_box<T>(value: NonNull<()>) {
    // SAFETY: as the caller promises.
    drop(unsafe { Box::from_raw(value.cast::<T>().as_ptr()) });
}

/// The value is being destroyed, or was.
///
/// Mirrors [`std::thread::AccessError`].
///
/// # Examples
///
/// ```
/// struct Curious;
/// static CURIOUS: greenlet::Local<Curious> = greenlet::Local::new();
/// impl Drop for Curious {
///     fn drop(&mut self) {
///         assert!(CURIOUS.with(|| Curious, |_| ()).is_err());
///     }
/// }
///
/// greenlet::spawn(|| CURIOUS.with(|| Curious, |_| ())).join().unwrap().unwrap();
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccessError;

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded where the format asks for it.
        fmt::Display::fmt("already destroyed", f)
    }
}

impl Error for AccessError {}
