//! The table at the end.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount};

use crate::outcome::{Outcome, Phase};

/// Makes a cell.
type Cell = fn(&Outcome) -> String;

/// One column for each outcome.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let rows: [(&str, Cell); 15] = [
        ("", |outcome| outcome.kind.title().into()),
        ("connections", |outcome| count(outcome.connected.into())),
        ("calm: one message a second each", |_| String::new()),
        ("  messages/s", |outcome| rate(&outcome.calm)),
        ("  latency, median", |outcome| quantile(outcome, 0.5)),
        ("  latency, 99 %", |outcome| quantile(outcome, 0.99)),
        ("  latency, worst", |outcome| quantile(outcome, 1.0)),
        ("  server: CPU/message", |outcome| work(&outcome.calm)),
        ("busy: one message after another", |_| String::new()),
        ("  messages/s", |outcome| rate(&outcome.busy)),
        ("  messages of each", |outcome| {
            format!("{} to {}", count(outcome.fewest), count(outcome.most))
        }),
        ("  server: CPU/message", |outcome| work(&outcome.busy)),
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
        let mut line = format!("{name:<24}");
        for outcome in outcomes {
            write!(line, "{:>18}", cell(outcome)).expect("a String takes all");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn count(count: u64) -> String {
    HumanCount(count).to_string()
}

fn rate(phase: &Phase) -> String {
    let rate = phase.messages as f64 / phase.time.as_secs_f64();
    count(rate.round() as u64)
}

/// Processor time of the server for each message.
fn work(phase: &Phase) -> String {
    match phase.processor_time {
        Some(time) if phase.messages > 0 => {
            let seconds = time.as_secs_f64() / phase.messages as f64;
            format!("{:.1?}", Duration::from_secs_f64(seconds))
        }
        Some(_) => "none".into(),
        None => "gone".into(),
    }
}

fn quantile(outcome: &Outcome, quantile: f64) -> String {
    if outcome.latency.is_empty() {
        return "none".into();
    }
    let nanoseconds = outcome.latency.value_at_quantile(quantile);
    format!("{:.1?}", Duration::from_nanos(nanoseconds))
}
