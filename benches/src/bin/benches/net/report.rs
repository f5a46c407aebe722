//! The table for one number of connections.

use crate::net::load::Figures;
use crate::net::servers::Server;
use benches::sample::{Rounds, short};
use benches::table::Table;
use std::collections::BTreeMap;
use std::{fmt, io};

#[derive(Debug, Default)]
struct Row {
    rate: Rounds,
    cpu: Rounds,
    median: Rounds,
    tail: Rounds,
    failure: Option<String>,
}

/// What was measured with one number of connections.
#[derive(Debug)]
pub(crate) struct Report {
    connections: usize,
    rows: BTreeMap<Server, Row>,
}

impl Report {
    pub(crate) fn new(connections: usize) -> Report {
        Report {
            connections,
            rows: BTreeMap::new(),
        }
    }

    /// Adds the figures of one round.
    pub(crate) fn push(&mut self, server: Server, figures: &Figures) {
        let row = self.rows.entry(server).or_default();
        row.rate.push(figures.rate);
        row.cpu.push(figures.cpu);
        row.median.push(figures.median);
        row.tail.push(figures.tail);
    }

    /// Notes that a round gave no figures.
    pub(crate) fn failed(&mut self, server: Server, error: &io::Error) {
        self.rows.entry(server).or_default().failure = Some(error.to_string());
    }

    /// The target of our servers, and whether `row` meets it: with one connection a microsecond
    /// more latency than the epoll loop, with more 5 % more CPU time.
    fn target(&self, server: Server, row: &Row) -> (String, &'static str) {
        let is_ours = matches!(server, Server::Greenlet | Server::GreenletLocal);
        let floor = self.rows.get(&Server::Epoll).filter(|_| is_ours);
        let median =
            |rounds: fn(&Row) -> &Rounds| Some((rounds(row).median()?, rounds(floor?).median()?));
        let (text, figures, limit): (_, _, fn(f64) -> f64) = match self.connections {
            1 => (
                "median at most epoll + 1 µs",
                median(|row| &row.median),
                |floor| floor + 1.0,
            ),
            _ => (
                "CPU at most 1.05 × epoll",
                median(|row| &row.cpu),
                |floor| floor * 1.05,
            ),
        };
        match figures {
            None => ("-".to_owned(), "-"),
            Some((ours, floor)) if ours <= limit(floor) => (text.to_owned(), "yes"),
            Some(_) => (text.to_owned(), "NO"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = format!("echo, {} connections", self.connections);
        let mut table = Table::new(&[
            &title,
            "messages/s",
            "CPU µs/message",
            "× epoll",
            "latency median µs",
            "99 % µs",
            "target",
            "met",
        ]);
        let floor = self
            .rows
            .get(&Server::Epoll)
            .and_then(|row| row.cpu.median());
        for (&server, row) in &self.rows {
            let ratio = floor.zip(row.cpu.median());
            let (target, met) = self.target(server, row);
            table.row(vec![
                server.to_string(),
                row.rate.text(),
                row.cpu.text(),
                ratio.map_or("-".to_owned(), |(floor, cpu)| short(cpu / floor)),
                row.median.text(),
                row.tail.text(),
                target,
                met.to_owned(),
            ]);
        }
        write!(formatter, "{table}")?;
        for (server, row) in &self.rows {
            if let Some(failure) = &row.failure {
                writeln!(formatter, "{server}: a round failed: {failure}")?;
            }
        }
        Ok(())
    }
}
