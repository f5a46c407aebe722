//! The standard input.

mod descriptor;
mod handle;
mod lock;
mod taken;

pub use handle::{Stdin, stdin};
pub use lock::StdinLock;
