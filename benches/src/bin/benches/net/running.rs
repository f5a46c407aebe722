//! A server in a child process.

use crate::net::load::Target;
use crate::net::servers::{Server, Service};
use benches::{child, external};
use std::io::{self, BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::process::Child;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// No server takes longer to listen: not even one that has to import its modules first.
const START: Duration = Duration::from_secs(20);

/// A server that ends with this value.
pub(crate) struct Running {
    child: Child,
    pub(crate) target: Target,
}

impl Running {
    /// Starts `server`, kept on `core` if there is one, and waits until it has said which port it listens on.
    pub(crate) fn start(
        server: Server,
        service: Service,
        workers: usize,
        core: Option<usize>,
    ) -> io::Result<Running> {
        let child = match server.language() {
            Some(language) => {
                let command = external::server(language, core, service.name(), workers);
                child::spawn(&mut command.map_err(io::Error::other)?)?
            }
            None => {
                let arguments = [
                    core.map_or("any".to_owned(), |core| core.to_string()),
                    workers.to_string(),
                    service.name().to_owned(),
                    server.name().to_owned(),
                ];
                let workers = [("GREENLET_WORKERS", arguments[1].as_str())];
                child::start("net", &arguments, &workers)?
            }
        };
        let mut running = Running {
            target: Target {
                address: (Ipv4Addr::LOCALHOST, 0).into(),
                process: child.id(),
            },
            child,
        };
        let output = running.child.stdout.take().expect("it is piped");
        let line = first_line(output, START).map_err(|error| running.explain(error))?;
        match line.trim().parse() {
            Ok(port) => running.target.address.set_port(port),
            Err(_) => {
                let error = io::Error::other(format!("it printed {line:?}, not its port"));
                return Err(running.explain(error));
            }
        }
        Ok(running)
    }

    /// Ends the server; `error` with what it had to say itself.
    pub(crate) fn explain(&mut self, error: io::Error) -> io::Error {
        let ended = match self.child.try_wait() {
            Ok(Some(status)) => format!("; the server had ended: {status}"),
            _ => String::new(),
        };
        child::end(&mut self.child);
        match child::last_complaint(&mut self.child) {
            none if none.is_empty() => io::Error::new(error.kind(), format!("{error}{ended}")),
            complaint => io::Error::new(error.kind(), format!("{error}{ended}: {complaint}")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        child::end(&mut self.child);
    }
}

/// The first line of `stream`, which is there within `limit`.
pub(crate) fn first_line(
    stream: impl Read + Send + 'static,
    limit: Duration,
) -> io::Result<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let outcome = BufReader::new(stream).read_line(&mut line);
        // Nobody waits for it any more when it comes too late.
        let _ = sender.send(outcome.map(|_| line));
    });
    receiver.recv_timeout(limit).unwrap_or_else(|_| {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("it says nothing for {limit:?}"),
        ))
    })
}
