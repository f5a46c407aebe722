//! How close the shims are to std, and the porting of std programs to them.

mod map;
mod port;
mod rewrite;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// How close the shims are to std, and the porting of std programs to them.
#[derive(Parser)]
#[command(name = "compat-tests", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Port(port::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    match command {
        Command::Port(arguments) => port::run(&arguments),
    }
}
