//! `LocalKey`: what `thread_local!` declares.

use std::cell::{Cell, RefCell};
use std::fmt;

use greenlet::{AccessError, Local};

/// A key to values of which every greenlet has its own; [`thread_local!`](crate::thread_local) declares it.
///
/// Mirrors [`std::thread::LocalKey`].
///
/// # When values are made
///
/// When the greenlet first asks, by the initialiser of the declaration. An initialiser that panics
/// makes none; one that asks for its own key makes an inner value first, which the outer one replaces. A thread's own
/// greenlet, `main`'s among them, has its values like every other.
///
/// # When they are destroyed
///
/// When the greenlet has ended, by whatever way: on its own stack, with kills held back, and before
/// whoever joins it goes on. The one that was made last goes first. Those that a destructor makes are
/// destroyed as well. While a destructor runs, and after it, its own key gives an [`AccessError`]; a type that
/// has nothing to drop stays to the end. If a destructor panics, that is the end of the process. All of
/// this is as in std.
///
/// Destructors may wait for what they like. A thread's own values are destroyed when the thread ends, as std's
/// are, and with them its hub: from then on every key of this kind gives an error on that thread, those of types
/// without a destructor too.
///
/// # Examples
///
/// ```
/// use std::cell::RefCell;
///
/// gthread::thread_local! {
///     static NAMES: RefCell<Vec<&'static str>> = RefCell::default();
/// }
///
/// NAMES.with_borrow_mut(|names| names.push("main's"));
///
/// gthread::scope(|scope| {
///     scope.spawn(|| NAMES.with_borrow(|names| assert!(names.is_empty())));
/// });
/// assert_eq!(NAMES.take(), ["main's"]);
/// ```
pub struct LocalKey<T: 'static> {
    /// The core's key. By a function, since a constant cannot refer to what changes.
    local: fn() -> &'static Local<T>,
    init: fn() -> T,
    /// The initialiser is `const`: std's value is there from the start, and is replaced by a first `set`.
    is_const: bool,
}

impl<T: 'static> LocalKey<T> {
    /// For `thread_local!`.
    #[doc(hidden)]
    pub const fn new(
        local: fn() -> &'static Local<T>,
        init: fn() -> T,
        is_const: bool,
    ) -> LocalKey<T> {
        LocalKey {
            local,
            init,
            is_const,
        }
    }

    /// Calls `f` with the greenlet's value, and makes it if there is none.
    ///
    /// Mirrors [`std::thread::LocalKey::with`]. Unlike there, `f` may wait as long as it likes: the value is this
    /// greenlet's, and nobody else comes to it meanwhile.
    ///
    /// # Panics
    ///
    /// Panics if the value's destructor runs or has run, and with the panic of the initialiser.
    ///
    /// # Examples
    ///
    /// ```
    /// gthread::thread_local! {
    ///     static STARTED: std::time::Instant = std::time::Instant::now();
    /// }
    ///
    /// let first = STARTED.with(|started| *started);
    /// assert_eq!(STARTED.with(|started| *started), first);
    /// ```
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => refuse(error),
        }
    }

    /// [`with`](LocalKey::with) that gives an error where that panics.
    ///
    /// Mirrors [`std::thread::LocalKey::try_with`].
    ///
    /// # Errors
    ///
    /// If the value's destructor runs or has run.
    ///
    /// # Panics
    ///
    /// With the panic of the initialiser.
    ///
    /// # Examples
    ///
    /// ```
    /// gthread::thread_local! {
    ///     static NUMBER: u32 = 7;
    /// }
    ///
    /// assert_eq!(NUMBER.try_with(|number| *number), Ok(7));
    /// ```
    #[inline]
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        (self.local)().with(self.init, f)
    }

    /// Calls `f` with the greenlet's value. If there is none `first` becomes it; otherwise `f` gets `first`.
    fn with_first<R>(&'static self, first: T, f: impl FnOnce(Option<T>, &T) -> R) -> R {
        let first = Cell::new(Some(first));
        let make = || match first.take() {
            Some(first) if !self.is_const => first,
            kept => {
                first.set(kept);
                (self.init)()
            }
        };
        match (self.local)().with(make, |value| f(first.take(), value)) {
            Ok(result) => result,
            Err(error) => refuse(error),
        }
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets the greenlet's value. If there is none yet, the initialiser is not run.
    ///
    /// Mirrors `set` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// Panics if the value's destructor runs or has run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// gthread::thread_local! {
    ///     static DEPTH: Cell<u32> = panic!("set before it is read");
    /// }
    ///
    /// DEPTH.set(3);
    /// assert_eq!(DEPTH.get(), 3);
    /// ```
    pub fn set(&'static self, value: T) {
        self.with_first(Cell::new(value), |unused, cell| {
            if let Some(value) = unused {
                cell.set(value.into_inner());
            }
        });
    }

    /// A copy of the greenlet's value.
    ///
    /// Mirrors `get` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// As [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// gthread::thread_local! {
    ///     static DEPTH: Cell<u32> = const { Cell::new(1) };
    /// }
    ///
    /// assert_eq!(DEPTH.get(), 1);
    /// ```
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the greenlet's value and leaves the default in its place.
    ///
    /// Mirrors `take` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// As [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// gthread::thread_local! {
    ///     static NEXT: Cell<Option<u32>> = const { Cell::new(Some(1)) };
    /// }
    ///
    /// assert_eq!((NEXT.take(), NEXT.take()), (Some(1), None));
    /// ```
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Sets the greenlet's value and gives the one before, which the initialiser makes if there is none.
    ///
    /// Mirrors `replace` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// As [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// gthread::thread_local! {
    ///     static DEPTH: Cell<u32> = const { Cell::new(1) };
    /// }
    ///
    /// assert_eq!((DEPTH.replace(2), DEPTH.replace(3)), (1, 2));
    /// ```
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with the greenlet's value, borrowed.
    ///
    /// Mirrors `with_borrow` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// Panics if the value is mutably borrowed, and as [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::RefCell;
    ///
    /// gthread::thread_local! {
    ///     static LINES: RefCell<Vec<u8>> = RefCell::new(vec![1]);
    /// }
    ///
    /// assert_eq!(LINES.with_borrow(Vec::len), 1);
    /// ```
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the greenlet's value, mutably borrowed.
    ///
    /// Mirrors `with_borrow_mut` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, and as [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::RefCell;
    ///
    /// gthread::thread_local! {
    ///     static LINES: RefCell<Vec<u8>> = RefCell::default();
    /// }
    ///
    /// LINES.with_borrow_mut(|lines| lines.push(1));
    /// assert_eq!(LINES.take(), [1]);
    /// ```
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets the greenlet's value. If there is none yet, the initialiser is not run.
    ///
    /// Mirrors `set` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, or if its destructor runs or has run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::RefCell;
    ///
    /// gthread::thread_local! {
    ///     static NAME: RefCell<String> = panic!("set before it is read");
    /// }
    ///
    /// NAME.set("set".into());
    /// assert_eq!(NAME.take(), "set");
    /// ```
    pub fn set(&'static self, value: T) {
        self.with_first(RefCell::new(value), |unused, cell| {
            if let Some(value) = unused {
                *cell.borrow_mut() = value.into_inner();
            }
        });
    }

    /// Takes the greenlet's value and leaves the default in its place.
    ///
    /// Mirrors `take` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, and as [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::RefCell;
    ///
    /// gthread::thread_local! {
    ///     static LINES: RefCell<Vec<u8>> = RefCell::new(vec![1]);
    /// }
    ///
    /// assert_eq!(LINES.take(), [1]);
    /// assert!(LINES.take().is_empty());
    /// ```
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Sets the greenlet's value and gives the one before, which the initialiser makes if there is none.
    ///
    /// Mirrors `replace` of [`std::thread::LocalKey`].
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, and as [`with`](LocalKey::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::RefCell;
    ///
    /// gthread::thread_local! {
    ///     static LINES: RefCell<Vec<u8>> = RefCell::new(vec![1]);
    /// }
    ///
    /// assert_eq!(LINES.replace(vec![2]), [1]);
    /// assert_eq!(LINES.take(), [2]);
    /// ```
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Panics with std's words.
#[cold]
#[inline(never)]
#[track_caller]
fn refuse(error: AccessError) -> ! {
    panic!("cannot access a Thread Local Storage value during or after destruction: {error:?}")
}
