//! What is measured, with how many tasks, and the target of each line.

use crate::micro::work::{Kind, Subject, Work};
use std::time::Duration;

/// What a figure of ours should not exceed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtMost(f64),
    /// The best of the peers in the same run.
    BestPeer,
    /// OS threads in the same run.
    Threads,
    None,
}

/// One line of the table: one of the figures that a measurement gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) figure: usize,
    pub(crate) target: Target,
}

/// How many tasks a subject is measured with, or why it is not measured.
type Count = Result<usize, &'static str>;

/// One kind of work for all subjects.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    kind: Kind,
    workers: usize,
    budget: Duration,
    pub(crate) rounds: usize,
    pub(crate) lines: Vec<Line>,
    /// Ours, tokio, may, threads.
    counts: [Count; 4],
    /// Whether parking_lot has what it takes; with as many tasks as OS threads.
    parking_lot: bool,
    /// Whether the `context` crate alone can do this, so that it is a floor.
    floor: bool,
}

impl Measurement {
    /// What `subject` is asked to do; nothing if it cannot.
    pub(crate) fn work(&self, subject: Subject) -> Option<Work> {
        let count = self.count(subject).ok()?;
        Some(Work {
            kind: self.kind,
            count,
            workers: self.workers,
            budget: self.budget,
        })
    }

    /// What is said of a subject that is measured with another count than ours.
    pub(crate) fn instead(&self, count: usize) -> String {
        match self.kind {
            Kind::PingBounded => format!("with a bound of {count}: it has no rendezvous"),
            _ => format!("measured with {count} tasks, which it can do"),
        }
    }

    /// With how many tasks `subject` is measured, or why it is not.
    pub(crate) fn count(&self, subject: Subject) -> Count {
        match subject {
            Subject::Context if self.floor => Ok(1),
            Subject::Context => Err(""),
            Subject::Ours => self.counts[0],
            Subject::Tokio => self.counts[1],
            Subject::May => self.counts[2],
            Subject::Threads => self.counts[3],
            Subject::ParkingLot if self.parking_lot => self.counts[3],
            Subject::ParkingLot => Err(""),
        }
    }
}

const STACKLESS: &str = "a future has no stack to switch to";
const THROUGH_SCHEDULER: &str = "may switches only through its scheduler: see yield_now";
const MAY_ABORTS: &str = "may aborts at about 32,000 coroutines: two mappings each, and \
                          vm.max_map_count is 65,530 by default";
const TOO_MANY_THREADS: &str = "more OS threads than the machine allows";
const NO_CONDVAR: &str = "tokio has no condition variable: see park and unpark";
const NO_BOUND: &str = "may has no bounded channel";
const ONE_CORE_ONLY: &str = "threads have no number of workers";

fn line(title: &'static str, unit: &'static str, figure: usize, target: Target) -> Line {
    Line {
        title,
        unit,
        figure,
        target,
    }
}

/// The whole run; `quick` is one round with smaller counts.
pub(crate) fn plan(quick: bool) -> Vec<Measurement> {
    let budget = Duration::from_millis(if quick { 100 } else { 200 });
    let rounds = |rounds| if quick { 1 } else { rounds };
    let timed = |kind, workers, line: Line, counts| Measurement {
        kind,
        workers,
        budget,
        rounds: rounds(5),
        lines: vec![line],
        counts,
        parking_lot: matches!(
            kind,
            Kind::LockAlone | Kind::Lock | Kind::LockAndYield | Kind::Condvar
        ),
        floor: kind == Kind::Switch,
    };
    let once = |kind, rounds, lines, counts| Measurement {
        kind,
        workers: 1,
        budget,
        rounds,
        lines,
        counts,
        parking_lot: false,
        floor: false,
    };
    let same = |count| [Ok(count); 4];
    let workers_only = |count| [Ok(count), Ok(count), Ok(count), Err(ONE_CORE_ONLY)];
    let (many, most) = if quick {
        (10_000, 100_000)
    } else {
        (100_000, 1_000_000)
    };
    let (many_parked, most_parked, many_tables, most_tables) = if quick {
        (
            "parked, 10,000 tasks",
            "parked, 100,000 tasks",
            "page tables, 10,000 parked",
            "page tables, 100,000 parked",
        )
    } else {
        (
            "parked, 100,000 tasks",
            "parked, 1,000,000 tasks",
            "page tables, 100,000 parked",
            "page tables, 1,000,000 parked",
        )
    };
    let parked = |count, rounds, title, tables, may, threads| {
        let lines = vec![
            line(title, "RSS bytes each", 0, Target::AtMost(4_400.0)),
            line(tables, "bytes each", 1, Target::None),
        ];
        once(
            Kind::Parked,
            rounds,
            lines,
            [Ok(count), Ok(count), may, threads],
        )
    };
    vec![
        // Two calls of yield_now, so twice its target.
        timed(
            Kind::Switch,
            1,
            line("switch, there and back", "ns", 0, Target::AtMost(30.0)),
            [
                Ok(2),
                Err(STACKLESS),
                Err(THROUGH_SCHEDULER),
                Err("see park and unpark"),
            ],
        ),
        timed(
            Kind::HandOver,
            1,
            line("park and unpark, there and back", "ns", 0, Target::BestPeer),
            same(2),
        ),
        timed(
            Kind::Yield,
            1,
            line("yield_now, 2 tasks", "ns", 0, Target::AtMost(15.0)),
            same(2),
        ),
        timed(
            Kind::Yield,
            1,
            line("yield_now, 1,000 tasks", "ns", 0, Target::AtMost(18.0)),
            same(1_000),
        ),
        timed(
            Kind::Spawn,
            1,
            line(
                "spawn and join, one at a time",
                "ns",
                0,
                Target::AtMost(80.0),
            ),
            same(1),
        ),
        timed(
            Kind::Spawn,
            1,
            line(
                "spawn and join, batches of 1,000",
                "ns",
                0,
                Target::AtMost(120.0),
            ),
            same(1_000),
        ),
        timed(
            Kind::Spawn,
            2,
            line(
                "2 workers: spawn and join, one at a time",
                "ns",
                0,
                Target::BestPeer,
            ),
            workers_only(1),
        ),
        timed(
            Kind::Spawn,
            2,
            line(
                "2 workers: spawn and join, batches of 1,000",
                "ns",
                0,
                Target::BestPeer,
            ),
            workers_only(1_000),
        ),
        timed(
            Kind::LockAlone,
            1,
            line("mutex, nobody else", "ns", 0, Target::Threads),
            same(1),
        ),
        timed(
            Kind::Lock,
            1,
            line("mutex, 8 tasks", "ns", 0, Target::BestPeer),
            same(8),
        ),
        timed(
            Kind::LockAndYield,
            1,
            line(
                "mutex, 8 tasks, yield while holding",
                "ns",
                0,
                Target::AtMost(150.0),
            ),
            same(8),
        ),
        timed(
            Kind::Condvar,
            1,
            line("condvar, there and back", "ns", 0, Target::BestPeer),
            [Ok(2), Err(NO_CONDVAR), Ok(2), Ok(2)],
        ),
        timed(
            Kind::Ping,
            1,
            line("channel, there and back", "ns", 0, Target::AtMost(110.0)),
            same(2),
        ),
        timed(
            Kind::PingBounded,
            1,
            line(
                "rendezvous channel, there and back",
                "ns",
                0,
                Target::AtMost(150.0),
            ),
            [Ok(0), Ok(1), Err(NO_BOUND), Ok(0)],
        ),
        timed(
            Kind::PingBounded,
            1,
            line(
                "channel of bound 1, there and back",
                "ns",
                0,
                Target::BestPeer,
            ),
            [Ok(1), Ok(1), Err(NO_BOUND), Ok(1)],
        ),
        timed(
            Kind::Stream,
            1,
            line(
                "channel, 1 sender, a message",
                "ns",
                0,
                Target::AtMost(40.0),
            ),
            same(1),
        ),
        timed(
            Kind::Stream,
            1,
            line(
                "channel, 4 senders, a message",
                "ns",
                0,
                Target::AtMost(40.0),
            ),
            same(4),
        ),
        timed(
            Kind::StreamBounded,
            1,
            line(
                "channel of bound 1,024, 1 sender, a message",
                "ns",
                0,
                Target::BestPeer,
            ),
            [Ok(1), Ok(1), Err(NO_BOUND), Ok(1)],
        ),
        timed(
            Kind::StreamBounded,
            1,
            line(
                "channel of bound 1,024, 4 senders, a message",
                "ns",
                0,
                Target::BestPeer,
            ),
            [Ok(4), Ok(4), Err(NO_BOUND), Ok(4)],
        ),
        timed(
            Kind::Lock,
            2,
            line("2 workers: mutex, 8 tasks", "ns", 0, Target::BestPeer),
            same(8),
        ),
        timed(
            Kind::LockAndYield,
            2,
            line(
                "2 workers: mutex, 8 tasks, yield while holding",
                "ns",
                0,
                Target::BestPeer,
            ),
            same(8),
        ),
        timed(
            Kind::Condvar,
            2,
            line(
                "2 workers: condvar, there and back",
                "ns",
                0,
                Target::BestPeer,
            ),
            [Ok(2), Err(NO_CONDVAR), Ok(2), Ok(2)],
        ),
        timed(
            Kind::Ping,
            2,
            line(
                "2 workers: channel, there and back",
                "ns",
                0,
                Target::BestPeer,
            ),
            same(2),
        ),
        timed(
            Kind::Stream,
            2,
            line(
                "2 workers: channel, 1 sender, a message",
                "ns",
                0,
                Target::BestPeer,
            ),
            same(1),
        ),
        timed(
            Kind::Stream,
            2,
            line(
                "2 workers: channel, 4 senders, a message",
                "ns",
                0,
                Target::BestPeer,
            ),
            same(4),
        ),
        parked(
            many,
            rounds(3),
            many_parked,
            many_tables,
            Ok(if quick { many } else { 30_000 }),
            Ok(if quick { 1_000 } else { 4_000 }),
        ),
        parked(
            most,
            rounds(3),
            most_parked,
            most_tables,
            Err(MAY_ABORTS),
            Err(TOO_MANY_THREADS),
        ),
        once(
            Kind::Sleepers,
            rounds(3),
            if quick {
                vec![
                    line(
                        "10,000 sleepers: CPU time of all",
                        "ms",
                        0,
                        Target::BestPeer,
                    ),
                    line(
                        "10,000 sleepers: late, median",
                        "µs",
                        1,
                        Target::AtMost(20.0),
                    ),
                    line(
                        "10,000 sleepers: late, 99th percentile",
                        "µs",
                        2,
                        Target::AtMost(1_000.0),
                    ),
                ]
            } else {
                vec![
                    line(
                        "100,000 sleepers: CPU time of all",
                        "ms",
                        0,
                        Target::AtMost(200.0),
                    ),
                    line(
                        "100,000 sleepers: late, median",
                        "µs",
                        1,
                        Target::AtMost(20.0),
                    ),
                    line(
                        "100,000 sleepers: late, 99th percentile",
                        "µs",
                        2,
                        Target::AtMost(1_000.0),
                    ),
                ]
            },
            [
                Ok(many),
                Ok(many),
                if quick { Ok(many) } else { Err(MAY_ABORTS) },
                Err(TOO_MANY_THREADS),
            ],
        ),
    ]
}
