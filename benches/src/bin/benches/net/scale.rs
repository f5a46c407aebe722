//! Servers with one worker and with two, when a message costs more than the system calls for it.

use super::measure::{self, Place};
use super::plan::Drive;
use super::servers::{Server, Service};
use super::subject;
use benches::noise::Watch;
use benches::options::Options;
use benches::report::{Better, Line, Section};
use benches::{affinity, process, progress};
use std::io;

const CONNECTIONS: usize = 100;

/// Messages that cost 20 µs, to servers with one worker and with two.
pub(crate) fn two_hubs(options: &Options, watch: &mut Watch) -> io::Result<Section> {
    let title = format!("net: two hubs, echo of 20 µs, {CONNECTIONS} connections");
    let mut section = Section::new(title, Vec::new());
    let [mut one, mut two, mut both] = [
        ("messages, 1 worker", "a second"),
        ("messages, 2 workers", "a second"),
        ("2 workers, of 1 worker", "times"),
    ]
    .map(|(title, unit)| Line::new(title, unit, Better::More));
    let wanted = section.title.contains(&options.only)
        || [&one, &two, &both]
            .iter()
            .any(|line| line.title.contains(&options.only));
    let cores = affinity::cores()?;
    let (Some(&first), Some(&last)) = (cores.first(), cores.last()) else {
        return Err(io::Error::other("no core to run on"));
    };
    if !wanted {
        return Ok(section);
    }
    if cores.len() < 2 {
        section.remarks.push("There is one core only.".to_owned());
        return Ok(section);
    }
    process::raise_descriptor_limit()?;
    let mut servers = Server::ALL.to_vec();
    servers.retain(|server| server.does(Service::Work, 2));
    measure::retain_installed(&mut servers, &mut section);
    for round in 1..=options.rounds() {
        for &server in &servers {
            let name = server.name();
            progress::show(format_args!("two hubs, round {round} [{name}]"));
            let mut rate = |workers| {
                // A thread a connection knows of no workers: it has one core or all.
                let is_one_core = server == Server::Threads && workers == 1;
                let place = Place {
                    workers,
                    server: is_one_core.then_some(first),
                    watched: [first, last],
                };
                let outcome = watch.measured(|| {
                    let drive = Drive::Ahead(CONNECTIONS);
                    measure::measure(server, Service::Work, drive, place, measure::time(options))
                });
                // CPU time, messages a second.
                outcome
                    .map(|outcome| outcome.figures[1])
                    .map_err(|error| error.to_string())
            };
            let rates = [rate(1), rate(2)];
            for (line, rate) in [&mut one, &mut two].into_iter().zip(&rates) {
                line.push(name, rate.as_ref().copied().map_err(String::as_str));
            }
            let [first_rate, second_rate] = &rates;
            match (first_rate, second_rate) {
                (Ok(one), Ok(two)) => both.push(name, Ok(two / one)),
                (Err(failure), _) | (_, Err(failure)) => both.push(name, Err(failure)),
            }
        }
    }
    progress::clear();
    section.lines = vec![one, two, both];
    section.subjects = servers
        .iter()
        .map(|&server| subject(server, Service::Work))
        .collect();
    section.remarks.push(format!(
        "The load runs on core {last}, which servers may use, too; \"threads\" with 1 worker are kept on core {first}."
    ));
    Ok(section)
}
