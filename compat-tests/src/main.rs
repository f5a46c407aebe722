//! How close the shims are to std, and the porting of std programs to them.

mod cargo;
mod generate;
mod json;
mod known;
mod library;
mod map;
mod package;
mod parity;
mod port;
mod ports;
mod report;
mod rewrite;
mod run;
mod shims;
mod suite;
mod table;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use suite::What;

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
    /// Runs std's own tests against the shims.
    Tests(suite::Arguments),
    /// Runs the examples of std's documentation against the shims.
    Docs(suite::Arguments),
    Parity(parity::Arguments),
    Report(report::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let outcome = match command {
        Command::Port(arguments) => Ok(port::run(&arguments)),
        Command::Tests(arguments) => suite::run(What::Tests, &arguments),
        Command::Parity(arguments) => parity::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Docs(arguments) => suite::run(What::Examples, &arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("compat-tests: {error:#}");
        ExitCode::from(2)
    })
}
