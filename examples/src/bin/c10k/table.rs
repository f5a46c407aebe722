//! The table at the end.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount};

use crate::clients::Outcome;

/// Makes a cell.
type Cell = fn(&Outcome) -> String;

/// One column for each outcome.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let rows: [(&str, Cell); 11] = [
        ("", |outcome| outcome.kind.title().into()),
        ("connections", |outcome| count(outcome.connected.into())),
        ("messages/s", |outcome| {
            let rate = outcome.messages as f64 / outcome.time.as_secs_f64();
            count(rate.round() as u64)
        }),
        ("messages of each", |outcome| {
            format!("{} to {}", count(outcome.fewest), count(outcome.most))
        }),
        ("latency, median", |outcome| quantile(outcome, 0.5)),
        ("latency, 99 %", |outcome| quantile(outcome, 0.99)),
        ("latency, worst", |outcome| quantile(outcome, 1.0)),
        ("server: CPU/message", |outcome| {
            match outcome.processor_time {
                Some(time) if outcome.messages > 0 => {
                    let time = time.as_secs_f64() / outcome.messages as f64;
                    format!("{:.1?}", Duration::from_secs_f64(time))
                }
                Some(_) => "none".into(),
                None => "gone".into(),
            }
        }),
        ("server: memory", |outcome| match outcome.status {
            Some(status) => BinaryBytes(status.resident).to_string(),
            None => "gone".into(),
        }),
        ("server: OS threads", |outcome| match outcome.status {
            Some(status) => count(status.threads),
            None => "gone".into(),
        }),
        ("errors", |outcome| count(outcome.errors.count)),
    ];
    let mut table = String::new();
    for (name, cell) in rows {
        write!(table, "{name:<20}").expect("a String takes all");
        for outcome in outcomes {
            write!(table, "{:>20}", cell(outcome)).expect("a String takes all");
        }
        table.push('\n');
    }
    table
}

fn count(count: u64) -> String {
    HumanCount(count).to_string()
}

fn quantile(outcome: &Outcome, quantile: f64) -> String {
    if outcome.latency.is_empty() {
        return "none".into();
    }
    let nanoseconds = outcome.latency.value_at_quantile(quantile);
    format!("{:.1?}", Duration::from_nanos(nanoseconds))
}
