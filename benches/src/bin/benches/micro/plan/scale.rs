//! Two workers, on two cores.

use crate::micro::plan::{Measurement, Plan};
use crate::micro::work::{Kind, Subject};
use benches::report::Target;

const TITLE: &str = "scale: two workers";

/// What one wake of a thread on another core costs is half of this line's figure.
pub(crate) fn wake(quick: bool) -> Plan {
    let there_and_back = "OS threads on two cores: park and unpark, there and back";
    Plan {
        title: TITLE,
        subjects: &[Subject::Threads],
        measurements: vec![Measurement::new(Kind::HandOver, 2, quick).workers(2).line(
            there_and_back,
            "ns",
            &[],
        )],
    }
}

/// `wake` is what one wake of a thread on another core costs, in nanoseconds: so much slower than
/// with one worker may an operation be.
pub(crate) fn scale(quick: bool, wake: f64) -> Plan {
    let ns = |kind, count, title: &str| {
        let target = Target::Relative {
            to: Subject::OneWorker.name().to_owned(),
            times: 1.0,
            plus: wake,
        };
        Measurement::new(kind, count, quick)
            .workers(2)
            .line(title, "ns", &[target])
    };
    Plan {
        title: TITLE,
        subjects: &[
            Subject::Ours,
            Subject::OneWorker,
            Subject::Tokio,
            Subject::May,
            Subject::Smol,
            Subject::Go,
            Subject::Threads,
            Subject::ParkingLot,
        ],
        measurements: vec![
            ns(Kind::Spawn, 1, "spawn and join, one at a time"),
            ns(Kind::Spawn, 1_000, "spawn and join, batches of 1,000"),
            ns(Kind::Lock, 8, "mutex, 8 tasks"),
            ns(Kind::LockAndYield, 8, "mutex, 8 tasks, yield while holding"),
            ns(Kind::Condvar, 2, "condvar, there and back"),
            ns(Kind::Ping, 2, "channel, there and back"),
            ns(Kind::Stream, 1, "channel, 1 sender, a message"),
            ns(Kind::Stream, 4, "channel, 4 senders, a message"),
        ],
    }
}
