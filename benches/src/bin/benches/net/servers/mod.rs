//! The servers, each a process of its own. All with a stack a connection run the same blocking code, the others its
//! async twin.

mod blocking;
mod epoll;
mod http;
mod smol;
mod tokio;

use benches::external::Language;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Which server, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Server {
    /// A hand-written edge-triggered epoll loop: the floor.
    Epoll,
    /// `gnet` and `gthread::spawn`: ported code. It runs on the workers.
    Greenlet,
    /// `gnet` and `greenlet::spawn`: everything on the main thread.
    GreenletLocal,
    /// tokio's current-thread runtime with one worker, else the other.
    Tokio,
    May,
    /// smol's local executor.
    Smol,
    /// A thread of the operating system for each connection.
    Threads,
    Go,
    Gevent,
}

impl Server {
    pub(crate) const ALL: [Server; 9] = [
        Server::Epoll,
        Server::Greenlet,
        Server::GreenletLocal,
        Server::Tokio,
        Server::May,
        Server::Smol,
        Server::Threads,
        Server::Go,
        Server::Gevent,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Server::Epoll => "epoll",
            Server::Greenlet => "greenlet",
            Server::GreenletLocal => "greenlet-local",
            Server::Tokio => "tokio",
            Server::May => "may",
            Server::Smol => "smol",
            Server::Threads => "threads",
            Server::Go => "go",
            Server::Gevent => "gevent",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Server> {
        Server::ALL.into_iter().find(|server| server.name() == name)
    }

    /// Whose program it is, if not this one.
    pub(crate) fn language(self) -> Option<Language> {
        match self {
            Server::Go => Some(Language::Go),
            Server::Gevent => Some(Language::Gevent),
            _ => None,
        }
    }

    /// Whether there is such a server.
    pub(crate) fn does(self, service: Service, workers: usize) -> bool {
        let alone = matches!(
            self,
            Server::Epoll | Server::GreenletLocal | Server::Smol | Server::Gevent
        );
        match service {
            Service::Echo => workers == 1 || !alone,
            Service::EchoShort => workers == 1 && self.language().is_none(),
            Service::Work => !alone,
            Service::Http => workers == 1 && self != Server::Smol && self != Server::GreenletLocal,
        }
    }

    /// What it is called in a table of `service`.
    pub(crate) fn title(self, service: Service) -> &'static str {
        match (service, self) {
            (Service::Http, Server::Tokio) => "hyper",
            (Service::Http, Server::May) => "may_minihttp",
            (Service::Http, Server::Go) => "go net/http",
            (Service::Http, Server::Gevent) => "gevent pywsgi",
            _ => self.name(),
        }
    }
}

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Sends back what it is sent, with a buffer of 4 KiB a connection.
    Echo,
    /// The same with a buffer for one message.
    EchoShort,
    /// The same, after some work of the processor.
    Work,
    /// "Hello, World!" to every request of HTTP/1.1.
    Http,
}

impl Service {
    const ALL: [Service; 4] = [
        Service::Echo,
        Service::EchoShort,
        Service::Work,
        Service::Http,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Echo => "echo",
            Service::EchoShort => "echo-short",
            Service::Work => "work",
            Service::Http => "http",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Service> {
        Service::ALL
            .into_iter()
            .find(|service| service.name() == name)
    }
}

const BUFFER: usize = 4_096;
const SHORT_BUFFER: usize = 64;

/// Serves for ever, after having printed the port.
pub(crate) fn serve(server: Server, service: Service, workers: usize) -> io::Result<()> {
    if !server.does(service, workers) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    match server {
        Server::Epoll => epoll::serve(service),
        Server::Greenlet => blocking::greenlet(service),
        Server::GreenletLocal => blocking::greenlet_local(service),
        Server::Threads => blocking::threads(service),
        Server::May => blocking::may(service, workers),
        Server::Tokio => tokio::serve(service, workers),
        Server::Smol => smol::serve(service),
        Server::Go | Server::Gevent => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn announce(address: io::Result<SocketAddr>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{}", address?.port())?;
    output.flush()
}

/// What a message costs the processor before it is answered: about 20 µs. The same is in `peers/go/server`. The first
/// byte takes the outcome, so that nothing is left out.
fn work(message: &mut [u8]) {
    const ROUNDS: usize = 7_000;
    let Some(first) = message.first_mut() else {
        return;
    };
    let mut state = u64::from(*first) | 1;
    for _ in 0..ROUNDS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    *first = state as u8;
}
