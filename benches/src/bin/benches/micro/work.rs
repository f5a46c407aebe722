//! What a child process is asked to measure.

use benches::affinity;
use benches::external::Language;
use benches::report::{self, Role};
use std::time::Duration;

/// Whose operations are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Ours,
    /// The same program with one worker, where ours has two.
    OneWorker,
    /// The `context` crate alone: the floor under every switch of ours.
    Context,
    Tokio,
    May,
    Smol,
    Go,
    Gevent,
    Threads,
    /// The locks of parking_lot, on OS threads.
    ParkingLot,
}

impl Subject {
    const ALL: [Subject; 10] = [
        Subject::Ours,
        Subject::OneWorker,
        Subject::Context,
        Subject::Tokio,
        Subject::May,
        Subject::Smol,
        Subject::Go,
        Subject::Gevent,
        Subject::Threads,
        Subject::ParkingLot,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Ours => "greenlet",
            Subject::OneWorker => "one worker",
            Subject::Context => "context alone",
            Subject::Tokio => "tokio",
            Subject::May => "may",
            Subject::Smol => "smol",
            Subject::Go => "Go",
            Subject::Gevent => "gevent",
            Subject::Threads => "OS threads",
            Subject::ParkingLot => "parking_lot",
        }
    }

    /// As a column of the report.
    pub(crate) fn column(self) -> report::Subject {
        let role = match self {
            Subject::Ours => Role::Ours,
            Subject::OneWorker => Role::Variant,
            Subject::Context => Role::Floor,
            _ => Role::Peer,
        };
        report::Subject::new(self.name(), role)
    }

    /// Whose programs measure it, if that is not this one.
    pub(crate) fn language(self) -> Option<Language> {
        match self {
            Subject::Go => Some(Language::Go),
            Subject::Gevent => Some(Language::Gevent),
            _ => None,
        }
    }

    fn parse(name: &str) -> Option<Subject> {
        Subject::ALL
            .into_iter()
            .find(|subject| subject.name() == name)
    }
}

/// Which operation is measured. "There and back" counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A switch to another task and back again. Nanoseconds.
    Switch,
    /// Waking a parked task and being woken by it. Nanoseconds.
    HandOver,
    /// The same, where each wait would end by itself after [`TIMEOUT`].
    Timeout,
    /// `yield_now` among `count` tasks. Nanoseconds a call.
    Yield,
    /// Spawn and join, `count` at a time. Nanoseconds a task.
    Spawn,
    /// `count` parked tasks. Bytes a task: resident, page tables.
    Parked,
    /// `count` tasks, each sleeping for its own part of a second. CPU milliseconds of them all;
    /// lateness in microseconds: median, 99th percentile.
    Sleepers,
    /// Locking and unlocking what nobody else wants. Nanoseconds.
    LockAlone,
    /// The same by `count` tasks at once. Nanoseconds each.
    Lock,
    /// And each yields while it holds the lock.
    LockAndYield,
    /// Two tasks take turns by a condition variable. Nanoseconds there and back.
    Condvar,
    /// A message there and one back over unbounded channels. Nanoseconds.
    Ping,
    /// The same over channels of bound `count`.
    PingBounded,
    /// From `count` tasks to one over an unbounded channel. Nanoseconds a message.
    Stream,
    /// The same over a channel of bound 1,024.
    StreamBounded,
}

impl Kind {
    const ALL: [(Kind, &'static str); 15] = [
        (Kind::Switch, "switch"),
        (Kind::HandOver, "hand-over"),
        (Kind::Timeout, "timeout"),
        (Kind::Yield, "yield"),
        (Kind::Spawn, "spawn"),
        (Kind::Parked, "parked"),
        (Kind::Sleepers, "sleepers"),
        (Kind::LockAlone, "lock-alone"),
        (Kind::Lock, "lock"),
        (Kind::LockAndYield, "lock-and-yield"),
        (Kind::Condvar, "condvar"),
        (Kind::Ping, "ping"),
        (Kind::PingBounded, "ping-bounded"),
        (Kind::Stream, "stream"),
        (Kind::StreamBounded, "stream-bounded"),
    ];
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) count: usize,
    pub(crate) workers: usize,
    /// How long to repeat what can be repeated.
    pub(crate) budget: Duration,
}

impl Work {
    /// `KIND COUNT WORKERS BUDGET_MS`: what the programs of other languages read.
    pub(crate) fn arguments(&self) -> [String; 4] {
        let kind = Kind::ALL
            .iter()
            .find(|(kind, _)| *kind == self.kind)
            .map_or("", |found| found.1);
        [
            kind.to_owned(),
            self.count.to_string(),
            self.workers.to_string(),
            self.budget.as_millis().to_string(),
        ]
    }

    /// Reads the arguments of a child, `CORE SUBJECT` before those above, and pins the process if they ask for that.
    pub(crate) fn parse(arguments: &[String]) -> Option<(Subject, Work)> {
        let [core, subject, kind, count, workers, budget] = arguments else {
            return None;
        };
        if let Ok(core) = core.parse() {
            affinity::pin(core).ok()?;
        }
        let work = Work {
            kind: Kind::ALL.iter().find(|(_, name)| name == kind)?.0,
            count: count.parse().ok()?,
            workers: workers.parse().ok()?,
            budget: Duration::from_millis(budget.parse().ok()?),
        };
        Some((Subject::parse(subject)?, work))
    }
}

/// After this the waits of [`Kind::Timeout`] would end: never.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// When the sleeper at `position` of `count` wakes: every part of one second once, out of order.
pub(crate) fn nap(position: usize, count: usize) -> Duration {
    // Knuth's multiplicative hash: odd, so it permutes the positions modulo a power of two, and
    // spreads them well enough modulo anything else.
    let scattered = (position as u64).wrapping_mul(2_654_435_761) % count as u64;
    Duration::from_secs(1).mul_f64(scattered as f64 / count as f64)
}
