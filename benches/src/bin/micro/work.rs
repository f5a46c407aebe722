//! What a child process is asked to measure.

use benches::affinity;
use std::time::Duration;

/// Whose operations are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The `context` crate alone: the floor under every switch of ours.
    Context,
    Ours,
    Tokio,
    May,
    Threads,
}

impl Subject {
    pub(crate) const ALL: [Subject; 5] = [
        Subject::Context,
        Subject::Ours,
        Subject::Tokio,
        Subject::May,
        Subject::Threads,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Context => "context",
            Subject::Ours => "greenlet",
            Subject::Tokio => "tokio",
            Subject::May => "may",
            Subject::Threads => "threads",
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
    /// `yield_now` among `count` tasks. Nanoseconds a call.
    Yield,
    /// Spawn and join, `count` at a time. Nanoseconds a task.
    Spawn,
    /// `count` parked tasks. Bytes a task: resident, page tables.
    Parked,
    /// `count` tasks, each sleeping for its own part of a second. CPU milliseconds of them all;
    /// lateness in microseconds: median, 99th percentile.
    Sleepers,
}

impl Kind {
    const ALL: [(Kind, &'static str); 6] = [
        (Kind::Switch, "switch"),
        (Kind::HandOver, "hand-over"),
        (Kind::Yield, "yield"),
        (Kind::Spawn, "spawn"),
        (Kind::Parked, "parked"),
        (Kind::Sleepers, "sleepers"),
    ];
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) count: usize,
    pub(crate) workers: usize,
    /// How long to repeat what can be repeated.
    pub(crate) budget: Duration,
}

impl Work {
    /// The arguments that [`Work::parse`] reads.
    pub(crate) fn arguments(&self, subject: Subject, core: Option<usize>) -> Vec<String> {
        let kind = Kind::ALL
            .iter()
            .find(|(kind, _)| *kind == self.kind)
            .map_or("", |found| found.1);
        vec![
            subject.name().to_owned(),
            kind.to_owned(),
            self.count.to_string(),
            self.workers.to_string(),
            self.budget.as_millis().to_string(),
            core.map_or("any".to_owned(), |core| core.to_string()),
        ]
    }

    /// Reads the arguments of a child, and pins the process if they ask for that.
    pub(crate) fn parse(arguments: &[String]) -> Option<(Subject, Work)> {
        let [subject, kind, count, workers, budget, core] = arguments else {
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

/// When the sleeper at `position` of `count` wakes: every part of one second once, out of order.
pub(crate) fn nap(position: usize, count: usize) -> Duration {
    // Knuth's multiplicative hash: odd, so it permutes the positions modulo a power of two, and
    // spreads them well enough modulo anything else.
    let scattered = (position as u64).wrapping_mul(2_654_435_761) % count as u64;
    Duration::from_secs(1).mul_f64(scattered as f64 / count as f64)
}
