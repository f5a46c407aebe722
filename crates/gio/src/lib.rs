#![doc = include_str!("../README.md")]

mod is_terminal;
mod lock;
mod macros;
mod output;
mod pipe;
mod stdin;

pub use is_terminal::IsTerminal;
pub use output::{Stderr, StderrLock, Stdout, StdoutLock, stderr, stdout};
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use stdin::{Stdin, StdinLock, stdin};

// The traits and values of `std::io`, which never block by themselves: the same ones, not copies of them. What is named
// above comes before what a `*` brings.
pub use std::io::*;

/// What the macros need of this crate and of std, whatever their user calls either.
#[doc(hidden)]
pub mod macros_impl {
    pub use crate::output::{eprint, print};
    pub use std::fmt::Debug;
    pub use std::{cfg, column, file, format_args, line, stringify};
}
