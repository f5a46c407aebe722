//! The `thread_local!` macro.

/// Declares values of which every greenlet has its own.
///
/// Mirrors [`std::thread_local!`], in all its forms: any number of statics in one call, with
/// attributes and a visibility each, and initialisers that are evaluated by the compiler, written
/// `const { .. }`. Each declares a [`LocalKey`](crate::LocalKey), which describes when the values are made and
/// destroyed.
///
/// # Examples
///
/// ```
/// use std::cell::{Cell, RefCell};
///
/// gthread::thread_local! {
///     /// How many requests this greenlet has seen.
///     pub static SEEN: Cell<u32> = const { Cell::new(0) };
///     static LOG: RefCell<Vec<String>> = RefCell::new(vec![String::from("begun")]);
/// }
///
/// SEEN.set(7);
/// LOG.with_borrow_mut(|log| log.push("seen 7".into()));
///
/// // Another greenlet has others.
/// let other = gthread::spawn(|| (SEEN.get(), LOG.take()));
/// assert_eq!(other.join().unwrap(), (0, vec![String::from("begun")]));
/// assert_eq!(SEEN.get(), 7);
/// ```
#[macro_export]
macro_rules! thread_local {
    () => {};

    (
        $(#[$attribute:meta])*
        $visibility:vis static $name:ident: $type:ty = const $init:block
        $(; $($rest:tt)*)?
    ) => {
        $(#[$attribute])*
        $visibility const $name: $crate::LocalKey<$type> = {
            const __GTHREAD_INIT: $type = $init;
            $crate::LocalKey::new(
                || {
                    static __GTHREAD_LOCAL: $crate::local_impl::Local<$type> =
                        $crate::local_impl::Local::new();
                    &__GTHREAD_LOCAL
                },
                || __GTHREAD_INIT,
                true,
            )
        };
        $($crate::thread_local! { $($rest)* })?
    };

    (
        $(#[$attribute:meta])*
        $visibility:vis static $name:ident: $type:ty = $init:expr
        $(; $($rest:tt)*)?
    ) => {
        $(#[$attribute])*
        $visibility const $name: $crate::LocalKey<$type> = $crate::LocalKey::new(
            || {
                static __GTHREAD_LOCAL: $crate::local_impl::Local<$type> =
                    $crate::local_impl::Local::new();
                &__GTHREAD_LOCAL
            },
            || $init,
            false,
        );
        $($crate::thread_local! { $($rest)* })?
    };
}
