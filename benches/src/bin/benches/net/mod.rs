//! TCP echo of 64 bytes, ours beside a hand-written epoll loop, tokio, may and a thread a
//! connection: messages a second, CPU time of the server a message, latency.
//!
//! Each server is a process of its own, kept on the first core; the load generator is this
//! process, kept on the second. Everything stays on the loopback interface.

mod epoll;
mod load;
mod report;
mod servers;

use benches::noise::Watch;
use benches::{affinity, child, process, progress};
use report::Report;
use servers::Server;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};

const USAGE: &str = "\
usage: benches net [--quick] [--only SERVER]

    --quick         one round, short: about 15 seconds
    --only SERVER   this server only
";

/// How many connections are busy at once.
const CONNECTIONS: [usize; 3] = [1, 100, 1_000];

/// The environment of every server: ours use one core, as the others do.
const ENVIRONMENT: [(&str, &str); 1] = [("GREENLET_WORKERS", "1")];

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    match Options::parse(arguments) {
        Ok(Some(options)) => code(compare(options)),
        Ok(None) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(unknown) => {
            eprint!("net: unknown argument {unknown}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

pub(crate) fn be_a_child(arguments: &[String]) -> ExitCode {
    code(be_a_server(arguments))
}

fn code(outcome: io::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("net: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How long and how often to measure, and what.
#[derive(Clone, Copy)]
struct Options {
    rounds: usize,
    seconds: Duration,
    patience: Duration,
    only: Option<Server>,
}

impl Options {
    /// The options; none if the user asked for the usage; the argument that was not understood.
    fn parse(arguments: &[String]) -> Result<Option<Options>, String> {
        let mut options = Options {
            rounds: 3,
            seconds: Duration::from_millis(1_500),
            patience: Duration::from_secs(60),
            only: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" => return Ok(None),
                "--quick" => {
                    options.rounds = 1;
                    options.seconds = Duration::from_millis(400);
                    options.patience = Duration::ZERO;
                }
                "--only" => {
                    let name = arguments.next().ok_or_else(|| argument.clone())?;
                    options.only = Some(Server::parse(name).ok_or_else(|| name.clone())?);
                }
                _ => return Err(argument.clone()),
            }
        }
        Ok(Some(options))
    }
}

/// `--child CORE SERVER`: serves until it is killed.
fn be_a_server(arguments: &[String]) -> io::Result<()> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let [core, server] = arguments else {
        return Err(invalid());
    };
    affinity::pin(core.parse().map_err(|_| invalid())?)?;
    process::raise_descriptor_limit()?;
    servers::serve(Server::parse(server).ok_or_else(invalid)?)
}

fn compare(options: Options) -> io::Result<()> {
    let begin = Instant::now();
    let cores = affinity::cores()?;
    let (&server_core, &load_core) = match cores.as_slice() {
        [first, second, ..] => (first, second),
        [only] => {
            println!("NOISY: one core for both the servers and the load.");
            (only, only)
        }
        [] => return Err(io::Error::other("no core to run on")),
    };
    affinity::pin(load_core)?;
    process::raise_descriptor_limit()?;

    let mut watch = Watch::new(options.patience);
    for connections in CONNECTIONS {
        let mut report = Report::new(connections);
        for round in 1..=options.rounds {
            for server in Server::ALL {
                if options.only.is_some_and(|only| only != server) {
                    continue;
                }
                progress::show(format_args!(
                    "{connections} connections, round {round}, {server}"
                ));
                let outcome = watch.measured(|| {
                    let running = Running::start(server, server_core)?;
                    load::echo(
                        running.address,
                        connections,
                        options.seconds,
                        running.child.id(),
                    )
                });
                match outcome {
                    Ok(figures) => report.push(server, &figures),
                    Err(error) => report.failed(server, &error),
                }
            }
        }
        progress::clear();
        println!("{report}");
    }
    println!("{}", watch.verdict());
    println!(
        "Servers on core {server_core}, load on core {load_core}, 64 bytes a message; took {:.0} s.",
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}

/// A server in a child process, which ends with this value.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    /// Starts `server` and waits until it has said which port it listens on.
    fn start(server: Server, core: usize) -> io::Result<Running> {
        let arguments = [core.to_string(), server.to_string()];
        let child = child::start("net", &arguments, &ENVIRONMENT)?;
        let mut running = Running {
            child,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
        };
        let output = running.child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let port: u16 = line
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("{server} did not start: {line:?}")))?;
        running.address.set_port(port);
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
