//! Servers over TCP, ours beside a hand-written epoll loop and the peers: echo of 64 bytes, connections that come and go,
//! connections that wait, and HTTP.
//!
//! Each server is a process of its own, kept on the first core; the load generator is a thread of this process, kept on
//! the second. Everything stays on the loopback interface.

mod busy;
mod calls;
mod epoll;
mod exchange;
mod load;
mod measure;
mod plan;
mod running;
mod scale;
mod servers;

pub(crate) use scale::two_hubs;

use benches::noise::Watch;
use benches::options::Options;
use benches::report::{Role, Section, Subject};
use benches::{affinity, process, progress};
use busy::Shares;
use measure::Place;
use plan::{Drive, Part, Table};
use servers::{Server, Service};
use std::io;
use std::process::ExitCode;

/// Connections that wait, if there are descriptors for them.
const IDLE: usize = 10_000;
const QUICK_IDLE: usize = 1_000;

/// Descriptors that are not connections.
const OTHER_DESCRIPTORS: u64 = 100;

/// Echo.
pub(crate) fn echo(options: &Options, watch: &mut Watch) -> io::Result<Vec<Section>> {
    compare(|service| service != Service::Http, options, watch)
}

/// HTTP.
pub(crate) fn http(options: &Options, watch: &mut Watch) -> io::Result<Vec<Section>> {
    compare(|service| service == Service::Http, options, watch)
}

/// The tables of the services that are asked for.
fn compare(
    is_asked_for: fn(Service) -> bool,
    options: &Options,
    watch: &mut Watch,
) -> io::Result<Vec<Section>> {
    let cores = affinity::cores()?;
    let (&server, &load) = match cores.as_slice() {
        [first, second, ..] => (first, second),
        [only] => (only, only),
        [] => return Err(io::Error::other("no core to run on")),
    };
    let place = Place {
        workers: 1,
        server: Some(server),
        watched: [server, load],
    };
    let descriptors = process::raise_descriptor_limit()?.saturating_sub(OTHER_DESCRIPTORS);
    let idle = if options.quick { QUICK_IDLE } else { IDLE };
    let mut tables = plan::plan(idle.min(descriptors as usize));
    tables.retain(|table| is_asked_for(table.service()));
    let mut servers = Server::ALL.to_vec();
    if tables.iter().any(|table| table.has(&options.only)) {
        tables.retain(|table| table.has(&options.only));
    } else {
        servers.retain(|server| server.name().contains(&options.only));
    }
    let sections = tables
        .iter()
        .map(|table| section(table, &servers, place, options, watch));
    let mut sections: Vec<Section> = sections.collect();
    progress::clear();
    if let ([_], Some(section)) = (cores.as_slice(), sections.first_mut()) {
        let noisy = "NOISY: one core for both the servers and the load.";
        section.remarks.push(noisy.to_owned());
    }
    Ok(sections)
}

/// `--child CORE WORKERS SERVICE SERVER`: serves until it is killed.
pub(crate) fn be_a_child(arguments: &[String]) -> ExitCode {
    let [core, workers, service, server] = arguments else {
        eprintln!("net: a child was started with {arguments:?}");
        return ExitCode::from(2);
    };
    let serve = || {
        let unknown = |what: &String| io::Error::other(format!("there is no {what:?}"));
        let server = Server::parse(server).ok_or_else(|| unknown(server))?;
        let service = Service::parse(service).ok_or_else(|| unknown(service))?;
        let workers = workers.parse().map_err(|_| unknown(workers))?;
        if core != "any" {
            affinity::pin(core.parse().map_err(|_| unknown(core))?)?;
        }
        process::end_with_parent()?;
        process::raise_descriptor_limit()?;
        servers::serve(server, service, workers)
    };
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("net: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a server is called in a table, and what it is to us.
fn subject(server: Server, service: Service) -> Subject {
    let role = match server {
        Server::Epoll => Role::Floor,
        Server::Greenlet => Role::Ours,
        Server::GreenletLocal => Role::Variant,
        _ => Role::Peer,
    };
    Subject::new(server.title(service), role)
}

/// Measures `table`.
fn section(
    table: &Table,
    servers: &[Server],
    place: Place,
    options: &Options,
    watch: &mut Watch,
) -> Section {
    let mut section = Section::new(table.title.as_str(), Vec::new());
    let mut servers = servers.to_vec();
    let does = |server: &Server| {
        let mut parts = table.parts.iter();
        parts.any(|part| server.does(part.service, place.workers))
    };
    servers.retain(does);
    measure::retain_installed(&mut servers, &mut section);
    let mut busy = Vec::new();
    for part in &table.parts {
        if matches!(part.drive, Drive::Calls(_)) && !calls::available() {
            let remark = "System calls: strace is not installed.";
            section.remarks.push(remark.to_owned());
            continue;
        }
        let mut part = part.clone();
        for round in 1..=options.rounds().min(part.most_rounds) {
            for &server in &servers {
                if server.does(part.service, place.workers) {
                    progress::show(format_args!(
                        "{}, round {round} [{}]",
                        table.title,
                        server.name()
                    ));
                    let shares = part.measure(server, place, options, watch);
                    busy.extend(shares.map(|shares| (server, shares)));
                }
            }
        }
        section.lines.extend(part.lines);
    }
    section.subjects = servers
        .iter()
        .map(|&server| subject(server, table.service()))
        .collect();
    section.remarks.extend(busy_remark(table, &servers, &busy));
    section
}

impl Table {
    /// Whether its title, or that of one of its lines, contains `text`.
    fn has(&self, text: &str) -> bool {
        let mut lines = self.parts.iter().flat_map(|part| &part.lines);
        self.title.contains(text) || lines.any(|line| line.title.contains(text))
    }
}

impl Part {
    /// One round of one server, and how busy the cores were.
    fn measure(
        &mut self,
        server: Server,
        place: Place,
        options: &Options,
        watch: &mut Watch,
    ) -> Option<Shares> {
        let name = server.title(self.service);
        let time = measure::time(options);
        let outcome =
            watch.measured(|| measure::measure(server, self.service, self.drive, place, time));
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                let failure = error.to_string();
                for line in &mut self.lines {
                    line.push(name, Err(&failure));
                }
                return None;
            }
        };
        let is_limited = outcome.busy.is_some_and(|busy| busy.load_was_the_limit());
        for (line, figure) in self.lines.iter_mut().zip(outcome.figures) {
            line.push(name, Ok(figure));
            if is_limited && line.unit == "a second" {
                line.note(name, "the load generator was the limit in a round");
            }
        }
        outcome.busy
    }
}

/// How busy the cores were, as means of the rounds.
fn busy_remark(table: &Table, servers: &[Server], busy: &[(Server, Shares)]) -> Option<String> {
    let shares = servers.iter().filter_map(|server| {
        let rounds: Vec<&Shares> = busy
            .iter()
            .filter(|(other, _)| other == server)
            .map(|(_, shares)| shares)
            .collect();
        let percent = |share: fn(&Shares) -> f64| {
            let sum: f64 = rounds.iter().map(|shares| share(shares)).sum();
            100.0 * sum / rounds.len() as f64
        };
        (!rounds.is_empty()).then(|| {
            let (server_core, load) = (
                percent(|shares| shares.server),
                percent(|shares| shares.load),
            );
            format!(
                "{} {server_core:.0} and {load:.0}",
                server.title(table.service())
            )
        })
    });
    let shares: Vec<String> = shares.collect();
    (!shares.is_empty()).then(|| {
        format!(
            "Busy, percent of the core of the server and of that of the load: {}.",
            shares.join(", ")
        )
    })
}
