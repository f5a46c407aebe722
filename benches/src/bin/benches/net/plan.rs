//! What is measured of the servers, and the targets.

use crate::net::servers::{Server, Service};
use benches::report::{Better, Line, Target};

/// Connections of the HTTP servers.
const HTTP_CONNECTIONS: usize = 64;

/// As many as the busiest table of small messages has.
const CALLS_CONNECTIONS: usize = 100;

/// How the server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drive {
    /// So many connections, each always one message ahead. CPU microseconds a message; messages a second; latency in
    /// microseconds: median, 99th percentile.
    Ahead(usize),
    /// Connections of one message. The same figures.
    Churn,
    /// So many connections that wait. Bytes each.
    Idle(usize),
    /// System calls a message, on so many connections.
    Calls(usize),
}

/// Lines that are measured together.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) service: Service,
    pub(crate) drive: Drive,
    /// One for each of the first figures.
    pub(crate) lines: Vec<Line>,
    /// More rounds would show the same.
    pub(crate) most_rounds: u32,
}

/// A section of the report.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) parts: Vec<Part>,
}

impl Table {
    /// What its servers do, for their names.
    pub(crate) fn service(&self) -> Service {
        self.parts[0].service
    }
}

/// All of it; `connections` are those of the idle ones.
pub(crate) fn plan(connections: usize) -> Vec<Table> {
    let floor = |times, plus| Target::Relative {
        to: Server::Epoll.name().to_owned(),
        times,
        plus,
    };
    let part = |service, drive, lines| Part {
        service,
        drive,
        lines,
        most_rounds: u32::MAX,
    };
    let mut tables = Vec::new();
    for connections in [1, 100, 1_000] {
        let mut lines = ahead("message");
        match connections {
            1 => lines[2].targets.push(floor(1.0, 1.0)),
            _ => lines[0].targets.push(floor(1.05, 0.0)),
        }
        let mut parts = vec![part(Service::Echo, Drive::Ahead(connections), lines)];
        if connections == CALLS_CONNECTIONS {
            let calls = Line::new("system calls", "a message", Better::Less);
            parts.push(Part {
                most_rounds: 1,
                ..part(
                    Service::Echo,
                    Drive::Calls(connections),
                    vec![calls.target(Target::AtMost(2.05))],
                )
            });
        }
        let plural = if connections == 1 { "" } else { "s" };
        tables.push(Table {
            title: format!("net: echo, {connections} connection{plural}"),
            parts,
        });
    }

    let mut lines = ahead("connection");
    lines[0].targets.push(floor(1.05, 0.0));
    tables.push(Table {
        title: "net: churn: connect, one echo, close".to_owned(),
        parts: vec![part(Service::Echo, Drive::Churn, lines)],
    });

    let idle = |service, title: &str, limit| Part {
        most_rounds: 2,
        ..part(
            service,
            Drive::Idle(connections),
            vec![Line::new(title, "RSS bytes each", Better::Less).target(Target::AtMost(limit))],
        )
    };
    tables.push(Table {
        title: format!("net: {connections} idle connections"),
        parts: vec![
            idle(Service::EchoShort, "with a buffer of 64 bytes", 4_800.0),
            idle(Service::Echo, "with a buffer of 4 KiB", 8_900.0),
        ],
    });

    tables.push(Table {
        title: format!("http: {HTTP_CONNECTIONS} connections"),
        parts: vec![part(
            Service::Http,
            Drive::Ahead(HTTP_CONNECTIONS),
            ahead("request"),
        )],
    });
    tables
}

fn ahead(one: &str) -> Vec<Line> {
    vec![
        Line::new(
            "CPU time of the server",
            format!("µs a {one}"),
            Better::Less,
        ),
        Line::new(format!("{one}s"), "a second", Better::More),
        Line::new("latency, median", "µs", Better::Less),
        Line::new("latency, 99th percentile", "µs", Better::Less),
    ]
}
