//! What tests of std's need besides std.

#![allow(warnings)]

pub mod net_test;
pub mod test_helpers;
mod watch;

use core::fmt::Debug;
use real_std::{env, io, process};

/// Runs the body of a test in the way that the environment asks for.
#[allow(unused)]
pub fn run_test<T: Send + 'static>(f: fn() -> T) -> T {
    match env::var("COMPAT_MODE").as_deref() {
        Ok("watched") => {
            let _watch = watch::Watch::begin();
            wrapped(f)
        }
        Ok("wrapped") => wrapped(f),
        _ => f(),
    }
}

fn wrapped<T: Send + 'static>(f: fn() -> T) -> T {
    @WRAP@
}

/// For tests that are written once for locks that poison and for those that do not.
#[track_caller]
pub fn maybe_unwrap<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap()
}

/// What the `main` of an example may return.
pub trait ExampleResult {
    fn check(self);
}

impl ExampleResult for () {
    fn check(self) {}
}

impl ExampleResult for process::ExitCode {
    fn check(self) {}
}

impl<T, E: Debug> ExampleResult for Result<T, E> {
    fn check(self) {
        self.unwrap();
    }
}

/// The first of the ports that are this process's own.
pub fn base_port() -> u16 {
    let port = env::var("COMPAT_BASE_PORT").expect("COMPAT_BASE_PORT is not set");
    port.parse().expect("COMPAT_BASE_PORT is not a port")
}

macro_rules! assert_matches_ {
    ($value:expr, $pattern:pat $(if $guard:expr)? $(, $($message:tt)*)?) => {
        match $value {
            $pattern $(if $guard)? => {}
            ref value => panic!("{value:?} is not {}", stringify!($pattern $(if $guard)?)),
        }
    };
}
pub(crate) use assert_matches_ as assert_matches;

macro_rules! const_error_ {
    ($kind:expr, $message:expr $(,)?) => {
        real_std::io::Error::new($kind, $message)
    };
}
pub(crate) use const_error_ as const_error;

/// The kind of an error that std has no stable name for.
pub fn uncategorized() -> io::ErrorKind {
    io::Error::from_raw_os_error(i32::MAX).kind()
}

pub const DEFAULT_BUF_SIZE: usize = 8 * 1024;

/// Unstable constants of `Duration`.
pub trait DurationConstants {
    const SECOND: core::time::Duration = core::time::Duration::from_secs(1);
    const MILLISECOND: core::time::Duration = core::time::Duration::from_millis(1);
    const MICROSECOND: core::time::Duration = core::time::Duration::from_micros(1);
    const NANOSECOND: core::time::Duration = core::time::Duration::from_nanos(1);
}

impl DurationConstants for core::time::Duration {}
