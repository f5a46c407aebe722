//! The environment variables of the core, read once.

use crate::stack::Class;
use once_cell::sync::OnceCell;
use std::env;
use std::io;
use std::thread;

const MOST_WORKERS: usize = 1024;
const MOST_LOOKUPS: usize = 1024;

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// The value of a variable that must be a number if it is set.
fn number(name: &str) -> io::Result<Option<usize>> {
    let Some(value) = env::var_os(name) else {
        return Ok(None);
    };
    match value.to_str().and_then(|value| value.trim().parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(invalid(format!(
            "{name} must be a whole number, but is {value:?}"
        ))),
    }
}

/// The same, for a number of threads.
fn threads(name: &str, most: usize, default: impl FnOnce() -> usize) -> io::Result<usize> {
    match number(name)? {
        None => Ok(default()),
        Some(count) if (1..=most).contains(&count) => Ok(count),
        Some(count) => Err(invalid(format!(
            "{name} must be from 1 to {most}, but is {count}"
        ))),
    }
}

/// How many worker hubs there are to be.
pub(crate) fn workers() -> io::Result<usize> {
    static WORKERS: OnceCell<usize> = OnceCell::new();
    let default = || thread::available_parallelism().map_or(1, usize::from);
    WORKERS
        .get_or_try_init(|| threads("GREENLET_WORKERS", MOST_WORKERS, default))
        .copied()
}

/// How many names may be looked up at a time.
pub(crate) fn lookups() -> io::Result<usize> {
    static LOOKUPS: OnceCell<usize> = OnceCell::new();
    LOOKUPS
        .get_or_try_init(|| threads("GREENLET_LOOKUPS", MOST_LOOKUPS, || 10))
        .copied()
}

/// The class of stacks for what a builder was told.
#[inline]
pub(crate) fn stack_class(asked: Option<usize>) -> io::Result<Class> {
    static DEFAULT: OnceCell<Class> = OnceCell::new();
    if let Some(bytes) = asked {
        return Class::for_size(bytes);
    }
    DEFAULT
        .get_or_try_init(|| {
            // As in std, a RUST_MIN_STACK that is no number is no RUST_MIN_STACK.
            let bytes = match number("GREENLET_STACK_SIZE")? {
                Some(bytes) => Some(bytes),
                None => number("RUST_MIN_STACK").ok().flatten(),
            };
            bytes.map_or(Ok(Class::DEFAULT), Class::for_size)
        })
        .copied()
}
