//! The environment variables of the core, read once.

use crate::stack::Class;
use once_cell::sync::OnceCell;
use std::env;
use std::io;
use std::thread;

const MOST_WORKERS: usize = 1024;

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

/// How many worker hubs there are to be.
pub(crate) fn workers() -> io::Result<usize> {
    static WORKERS: OnceCell<usize> = OnceCell::new();
    WORKERS
        .get_or_try_init(|| match number("GREENLET_WORKERS")? {
            None => Ok(thread::available_parallelism().map_or(1, usize::from)),
            Some(count) if (1..=MOST_WORKERS).contains(&count) => Ok(count),
            Some(count) => Err(invalid(format!(
                "GREENLET_WORKERS must be from 1 to {MOST_WORKERS}, but is {count}"
            ))),
        })
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
