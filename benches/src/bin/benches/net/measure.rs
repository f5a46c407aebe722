//! One measurement of one server: started, used and ended.

use super::busy::Shares;
use super::calls;
use super::exchange::Exchange;
use super::load::{self, Load};
use super::plan::Drive;
use super::running::Running;
use super::servers::{Server, Service};
use benches::affinity;
use benches::external::Language;
use benches::options::Options;
use benches::report::Section;
use std::time::Duration;
use std::{io, thread};

/// Messages on each connection while system calls are counted, and before.
const COUNTED: usize = 50;
const UNCOUNTED: usize = 10;

/// Where a server runs, and with how many workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) workers: usize,
    /// The core of the server, if it is kept on one.
    pub(crate) server: Option<usize>,
    /// Whose busy shares are taken: the second is that of the load.
    pub(crate) watched: [usize; 2],
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// In the order that [`Drive`] says.
    pub(crate) figures: Vec<f64>,
    pub(crate) busy: Option<Shares>,
}

/// How long a server is used.
pub(crate) fn time(options: &Options) -> Duration {
    Duration::from_millis(if options.quick { 300 } else { 1_000 })
}

/// Removes servers whose languages are not there, with a remark.
pub(crate) fn retain_installed(servers: &mut Vec<Server>, section: &mut Section) {
    servers.retain(|server| match server.language().map(Language::version) {
        Some(Err(reason)) => {
            section
                .remarks
                .push(format!("{}: {reason}.", server.name()));
            false
        }
        _ => true,
    });
}

/// Starts a server, uses it for `time` from the second core of `place`, and ends it.
pub(crate) fn measure(
    server: Server,
    service: Service,
    drive: Drive,
    place: Place,
    time: Duration,
) -> io::Result<Outcome> {
    let mut running = Running::start(server, service, place.workers, place.server)?;
    let target = running.target;
    // In a thread, so that this one, and the servers that it starts, may use all cores.
    let load = || -> io::Result<Outcome> {
        affinity::pin(place.watched[1])?;
        let exchange = match service {
            Service::Http => Exchange::http(target.address),
            _ => Exchange::echo(),
        };
        match drive {
            Drive::Ahead(connections) => Load::open(target, connections, exchange)?
                .busy(time, place.watched)
                .map(Outcome::from),
            Drive::Churn => Load::churning(target)?
                .churn(time, place.watched)
                .map(Outcome::from),
            Drive::Idle(connections) => load::idle(target, connections).map(Outcome::from),
            Drive::Calls(connections) => {
                let mut load = Load::open(target, connections, exchange)?;
                load.in_step(UNCOUNTED)?;
                let calls = calls::during(target, || load.in_step(COUNTED))?;
                Ok(Outcome::from(calls as f64 / (COUNTED * connections) as f64))
            }
        }
    };
    let outcome = thread::scope(|scope| {
        let load = scope.spawn(load);
        load.join()
            .unwrap_or_else(|_| Err(io::Error::other("the load generator has panicked")))
    });
    outcome.map_err(|error| running.explain(error))
}

impl From<load::Figures> for Outcome {
    fn from(figures: load::Figures) -> Outcome {
        Outcome {
            figures: vec![figures.cpu, figures.rate, figures.median, figures.tail],
            busy: Some(figures.busy),
        }
    }
}

impl From<f64> for Outcome {
    fn from(figure: f64) -> Outcome {
        Outcome {
            figures: vec![figure],
            busy: None,
        }
    }
}
