//! Many tasks that wait: for a moment, or for ever.

use crate::micro::plan::{Measurement, Plan, thousands};
use crate::micro::work::{Kind, Subject};
use benches::report::Target::{self, AtMost};

const SUBJECTS: &[Subject] = &[
    Subject::Ours,
    Subject::Tokio,
    Subject::May,
    Subject::Smol,
    Subject::Go,
    Subject::Gevent,
    Subject::Threads,
];

const MAY_ABORTS: &str = "may aborts at about 32,000 coroutines: two mappings each, and vm.max_map_count is 65,530 by \
                          default";
const TOO_SLOW: &str = "it takes about a minute: see fewer sleepers";
const TOO_MANY_THREADS: &str = "more OS threads than the machine allows: see fewer tasks";

/// How many tasks: many, and most.
fn counts(quick: bool) -> [usize; 2] {
    if quick {
        [10_000, 100_000]
    } else {
        [100_000, 1_000_000]
    }
}

pub(crate) fn timers(quick: bool) -> Plan {
    let [many, most] = counts(quick);
    let sleepers = |count: usize, milliseconds, late: [&[Target]; 2]| {
        let title = |what| format!("{} sleepers: {what}", thousands(count));
        let sleepers = Measurement::new(Kind::Sleepers, count, quick)
            .line(title("CPU time of all"), "ms", &[AtMost(milliseconds)])
            .line(title("late, median"), "µs", late[0])
            .line(title("late, 99th percentile"), "µs", late[1]);
        match count > 30_000 {
            true => sleepers.except(Subject::May, Err(MAY_ABORTS)),
            false => sleepers,
        }
    };
    // The targets are of the whole run's counts. What is asked of fewer sleepers is in proportion.
    let share = if quick { 0.1 } else { 1.0 };
    Plan {
        title: "timers",
        subjects: SUBJECTS,
        measurements: vec![
            Measurement::new(Kind::Timeout, 2, quick).line(
                "wait with a timeout, woken before it; there and back",
                "ns",
                &[],
            ),
            sleepers(many, 200.0 * share, [&[AtMost(20.0)], &[AtMost(1_000.0)]]),
            // Making so many takes longer than they sleep, so they are late.
            sleepers(most, 1_800.0 * share, [&[], &[]]).except(Subject::Gevent, Err(TOO_SLOW)),
        ],
    }
}

pub(crate) fn memory(quick: bool) -> Plan {
    let [many, most] = counts(quick);
    let parked = |count: usize| {
        let tasks = thousands(count);
        Measurement::new(Kind::Parked, count, quick)
            .line(
                format!("parked, {tasks} tasks"),
                "RSS bytes each",
                &[AtMost(4_400.0)],
            )
            .line(format!("page tables, {tasks} parked"), "bytes each", &[])
    };
    Plan {
        title: "memory",
        subjects: SUBJECTS,
        measurements: vec![
            parked(many)
                .except(Subject::May, Ok(many.min(30_000)))
                .except(Subject::Threads, Ok(if quick { 1_000 } else { 4_000 })),
            // gevent could, with 8 GiB of memory.
            parked(most)
                .except(Subject::May, Err(MAY_ABORTS))
                .except(Subject::Gevent, Ok(many))
                .except(Subject::Threads, Err(TOO_MANY_THREADS)),
        ],
    }
}
