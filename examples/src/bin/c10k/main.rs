//! The echo servers of this package under load: `c10k [--connections N] [--seconds S]`.
//!
//! For each of the two servers, greenlets first and threads of std second, it starts the server in a
//! process of its own, connects N clients from this one, each a greenlet, keeps all of them echoing
//! for twice S seconds, and checks every byte. Then it prints what both cost.
//!
//! | file | holds |
//! | --- | --- |
//! | `options.rs` | the command line |
//! | `descriptors.rs` | how many connections the process may have |
//! | `server.rs` | a server as a child process |
//! | `clients.rs` | the clients and what they do together |
//! | `connection.rs` | what one client does |
//! | `gate.rs` | what the clients wait on: small tools made of a futex word each |
//! | `outcome.rs`, `table.rs` | what is measured, and how it is shown |

mod clients;
mod connection;
mod descriptors;
#[path = "../echo.rs"]
mod echo;
#[path = "../echo_std.rs"]
mod echo_std;
mod gate;
mod options;
mod outcome;
mod server;
mod table;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use clients::Load;
use options::{Options, Request};
use outcome::Outcome;
use server::{Kind, Server};

fn main() -> ExitCode {
    if let Some(kind) = Kind::of_this_process() {
        return server::serve(kind);
    }
    match Request::parse(env::args().skip(1)) {
        Ok(Request::Help) => {
            print!("{}", options::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Request::Run(options)) => match compare(options) {
            Ok(0) => ExitCode::SUCCESS,
            Ok(errors) => {
                eprintln!("c10k: {errors} errors");
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("c10k: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprint!("c10k: {error}\n{}", options::USAGE);
            ExitCode::from(2)
        }
    }
}

/// Measures both servers and prints the table; how many errors there were.
fn compare(options: Options) -> Result<u64, Box<dyn Error>> {
    server::stop_on_signals()?;
    let connections = descriptors::allow(options.connections)?;
    let load = || Load {
        connections,
        time: options.time,
    };
    let outcomes = [
        measure(Kind::Greenlets, load())?,
        measure(Kind::Threads, load())?,
    ];
    print!("{}", table::table(&outcomes));
    Ok(outcomes.iter().map(|outcome| outcome.errors.count).sum())
}

fn measure(kind: Kind, load: Load) -> Result<Outcome, Box<dyn Error>> {
    let server = Server::start(kind)?;
    println!(
        "{}: process {} listens on {}",
        kind.title(),
        server.process(),
        server.address()
    );
    let outcome = clients::run(&server, load);
    let stopped = server.stop();
    for error in &outcome.errors.first {
        eprintln!("{}: {error}", kind.title());
    }
    if outcome.errors.count > outcome.errors.first.len() as u64 {
        eprintln!(
            "{}: ... {} errors in all",
            kind.title(),
            outcome.errors.count
        );
    }
    stopped?;
    Ok(outcome)
}
