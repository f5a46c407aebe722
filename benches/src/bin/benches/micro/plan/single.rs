//! Single operations, on one core.

use crate::micro::plan::{Measurement, Plan};
use crate::micro::work::{Kind, Subject};
use benches::report::Target::{self, AtMost};

pub(crate) fn single(quick: bool) -> Plan {
    let ns = |kind, count, title: &str, targets: &[Target]| {
        Measurement::new(kind, count, quick).line(title, "ns", targets)
    };
    let not_slower_than_std = Target::Relative {
        to: Subject::Threads.name().to_owned(),
        times: 1.0,
        plus: 0.0,
    };
    Plan {
        title: "micro: single operations, one core",
        subjects: &[
            Subject::Ours,
            Subject::Context,
            Subject::Tokio,
            Subject::May,
            Subject::Smol,
            Subject::Go,
            Subject::Gevent,
            Subject::Threads,
            Subject::ParkingLot,
        ],
        measurements: vec![
            // Two calls of yield_now, so twice its target.
            ns(Kind::Switch, 2, "switch, there and back", &[AtMost(30.0)]),
            ns(Kind::HandOver, 2, "park and unpark, there and back", &[]),
            ns(Kind::Yield, 2, "yield_now, 2 tasks", &[AtMost(15.0)]),
            ns(
                Kind::Yield,
                1_000,
                "yield_now, 1,000 tasks",
                &[AtMost(18.0)],
            ),
            ns(
                Kind::Spawn,
                1,
                "spawn and join, one at a time",
                &[AtMost(80.0)],
            ),
            ns(
                Kind::Spawn,
                1_000,
                "spawn and join, batches of 1,000",
                &[AtMost(120.0)],
            ),
            ns(
                Kind::LockAlone,
                1,
                "mutex, nobody else",
                &[not_slower_than_std],
            ),
            ns(Kind::Lock, 8, "mutex, 8 tasks", &[]),
            ns(
                Kind::LockAndYield,
                8,
                "mutex, 8 tasks, yield while holding",
                &[AtMost(150.0)],
            ),
            ns(Kind::Condvar, 2, "condvar, there and back", &[]),
            ns(Kind::Ping, 2, "channel, there and back", &[AtMost(110.0)]),
            ns(
                Kind::PingBounded,
                0,
                "rendezvous channel, there and back",
                &[AtMost(150.0)],
            )
            .except(Subject::Tokio, Ok(1))
            .except(Subject::Smol, Ok(1)),
            ns(
                Kind::PingBounded,
                1,
                "channel of bound 1, there and back",
                &[],
            ),
            ns(
                Kind::Stream,
                1,
                "channel, 1 sender, a message",
                &[AtMost(40.0)],
            ),
            ns(
                Kind::Stream,
                4,
                "channel, 4 senders, a message",
                &[AtMost(40.0)],
            ),
            ns(
                Kind::StreamBounded,
                1,
                "channel of bound 1,024, 1 sender, a message",
                &[],
            ),
            ns(
                Kind::StreamBounded,
                4,
                "channel of bound 1,024, 4 senders, a message",
                &[],
            ),
        ],
    }
}
