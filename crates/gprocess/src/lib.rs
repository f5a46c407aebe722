#![doc = include_str!("../README.md")]

mod child;
mod command;
pub mod unix;

pub use child::{Child, ChildStderr, ChildStdin, ChildStdout};
pub use command::Command;

// What of `std::process` never waits for another process: the same types and functions, not copies of them.
pub use std::process::{
    CommandArgs, CommandEnvs, ExitCode, ExitStatus, Output, Stdio, Termination, abort, exit, id,
};
