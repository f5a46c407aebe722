//! `print!` and its kin.
//!
//! `cfg!(test)` in an expansion is that of the crate which prints: it tells whether this is a test harness.

/// Prints to the standard output.
///
/// This mirrors [`std::print`]. What is written is formatted before anybody waits for room, so it may itself print or
/// wait; and one call's output stays together, see [`Stdout`](crate::Stdout). What libtest captures of a thread, it
/// captures here too.
///
/// # Panics
///
/// Panics if writing fails, as with a broken pipe, with `std`'s message. A closed standard output is no failure.
///
/// # Examples
///
/// ```
/// use gio::{Write, print};
/// let name = "you";
/// print!("hello, ");
/// print!("{name} and {}", "me",);
/// gio::stdout().flush()?; // without a newline it stays in the buffer
/// # Ok::<(), gio::Error>(())
/// ```
#[macro_export]
#[clippy::format_args]
macro_rules! print {
    ($($arg:tt)*) => {{
        $crate::macros_impl::print(
            $crate::macros_impl::format_args!($($arg)*),
            $crate::macros_impl::cfg!(test),
        );
    }};
}

/// Prints a line to the standard output.
///
/// This mirrors [`std::println`]; see [`print!`](crate::print!).
///
/// # Panics
///
/// As [`print!`](crate::print!) does.
///
/// # Examples
///
/// ```
/// gio::println!();
/// gio::println!("{:>5}", 7);
/// ```
#[macro_export]
#[clippy::format_args]
macro_rules! println {
    () => {
        $crate::print!("\n")
    };
    ($($arg:tt)*) => {
        $crate::print!("{}\n", $crate::macros_impl::format_args!($($arg)*))
    };
}

/// Prints to the standard error.
///
/// This mirrors [`std::eprint`]. All that one call prints is written at once, up to 4,096 bytes.
///
/// # Panics
///
/// Panics if writing fails, with `std`'s message. A closed standard error is no failure.
///
/// # Examples
///
/// ```
/// gio::eprint!("{}, ", "one");
/// gio::eprint!("two\n");
/// ```
#[macro_export]
#[clippy::format_args]
macro_rules! eprint {
    ($($arg:tt)*) => {{
        $crate::macros_impl::eprint(
            $crate::macros_impl::format_args!($($arg)*),
            $crate::macros_impl::cfg!(test),
        );
    }};
}

/// Prints a line to the standard error.
///
/// This mirrors [`std::eprintln`]; see [`eprint!`](crate::eprint!).
///
/// # Panics
///
/// As [`eprint!`](crate::eprint!) does.
///
/// # Examples
///
/// ```
/// gio::eprintln!("cannot open {:?}", "log");
/// ```
#[macro_export]
#[clippy::format_args]
macro_rules! eprintln {
    () => {
        $crate::eprint!("\n")
    };
    ($($arg:tt)*) => {
        $crate::eprint!("{}\n", $crate::macros_impl::format_args!($($arg)*))
    };
}

/// Prints an expression with its place and value to the standard error, and gives the value.
///
/// This mirrors [`std::dbg`]: of several expressions it gives a tuple, and of none only the place is printed.
///
/// # Panics
///
/// As [`eprint!`](crate::eprint!) does.
///
/// # Examples
///
/// ```
/// let five = gio::dbg!(2 + 3);
/// assert_eq!(gio::dbg!(five, "text"), (5, "text"));
/// ```
#[macro_export]
macro_rules! dbg {
    () => {
        $crate::eprintln!(
            "[{}:{}:{}]",
            $crate::macros_impl::file!(),
            $crate::macros_impl::line!(),
            $crate::macros_impl::column!()
        )
    };
    ($value:expr $(,)?) => {
        // A `match` keeps the temporaries of the expression alive while the value is used, as a `let` would not.
        match $value {
            value => {
                $crate::eprintln!(
                    "[{}:{}:{}] {} = {:#?}",
                    $crate::macros_impl::file!(),
                    $crate::macros_impl::line!(),
                    $crate::macros_impl::column!(),
                    $crate::macros_impl::stringify!($value),
                    // The demand for `Debug` stands here, so that the compiler speaks of the value if it is not met.
                    &&value as &dyn $crate::macros_impl::Debug,
                );
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => {
        ($($crate::dbg!($value)),+,)
    };
}
