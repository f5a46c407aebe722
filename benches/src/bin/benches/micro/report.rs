//! The table, and the notes under it.

use crate::micro::plan::{Line, Measurement, Target};
use crate::micro::work::Subject;
use benches::sample::{Rounds, short};
use benches::table::Table;
use std::collections::BTreeMap;
use std::fmt;

const PEERS: [Subject; 4] = [
    Subject::Tokio,
    Subject::May,
    Subject::Threads,
    Subject::ParkingLot,
];

/// What the children printed: for each subject the figures, round by round.
#[derive(Debug, Default)]
pub(crate) struct Results {
    figures: BTreeMap<&'static str, Vec<Rounds>>,
    failures: BTreeMap<&'static str, String>,
}

impl Results {
    /// Adds the outcome of one round.
    pub(crate) fn push(&mut self, subject: Subject, outcome: Result<Vec<f64>, String>) {
        let figures = match outcome {
            Ok(figures) => figures,
            Err(failure) => {
                self.failures.insert(subject.name(), failure);
                return;
            }
        };
        let rounds = self.figures.entry(subject.name()).or_default();
        rounds.resize(figures.len().max(rounds.len()), Rounds::default());
        for (rounds, figure) in rounds.iter_mut().zip(figures) {
            rounds.push(figure);
        }
    }

    fn rounds(&self, subject: Subject, figure: usize) -> Option<&Rounds> {
        self.figures.get(subject.name())?.get(figure)
    }

    fn median(&self, subject: Subject, figure: usize) -> Option<f64> {
        self.rounds(subject, figure)?.median()
    }
}

/// Everything measured so far.
#[derive(Debug)]
pub(crate) struct Report {
    table: Table,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new() -> Report {
        let table = Table::new(&[
            "",
            "unit",
            "greenlet",
            "context alone",
            "tokio",
            "may",
            "OS threads",
            "parking_lot",
            "ours/tokio",
            "ours/may",
            "ours/threads",
            "ours/parking_lot",
            "target",
            "met",
        ]);
        Report {
            table,
            notes: Vec::new(),
        }
    }

    /// Adds the lines of one measurement.
    pub(crate) fn add(&mut self, measurement: &Measurement, results: &Results) {
        for line in &measurement.lines {
            let ours = results.median(Subject::Ours, line.figure);
            let mut cells = vec![line.title.to_owned(), line.unit.to_owned()];
            for subject in [Subject::Ours, Subject::Context].into_iter().chain(PEERS) {
                cells.push(self.cell(measurement, results, subject, line));
            }
            for peer in PEERS {
                let ratio = ours.zip(results.median(peer, line.figure));
                cells.push(ratio.map_or("-".to_owned(), |(ours, peer)| short(ours / peer)));
            }
            let limit = match line.target {
                Target::AtMost(limit) => Some(limit),
                Target::BestPeer => PEERS
                    .into_iter()
                    .filter_map(|peer| results.median(peer, line.figure))
                    .min_by(f64::total_cmp),
                Target::Threads => results.median(Subject::Threads, line.figure),
                Target::None => None,
            };
            cells.push(match (line.target, limit) {
                (Target::AtMost(limit), _) => format!("at most {limit}"),
                (Target::BestPeer, _) => "best peer".to_owned(),
                (Target::Threads, _) => "OS threads".to_owned(),
                (Target::None, _) => "-".to_owned(),
            });
            let met = match ours.zip(limit) {
                Some((ours, limit)) if ours <= limit => "yes",
                Some(_) => "NO",
                None => "-",
            };
            cells.push(met.to_owned());
            self.table.row(cells);
        }
    }

    fn cell(
        &mut self,
        measurement: &Measurement,
        results: &Results,
        subject: Subject,
        line: &Line,
    ) -> String {
        let count = match measurement.count(subject) {
            Ok(count) => count,
            Err("") => return "-".to_owned(),
            Err(reason) => return format!("n/a {}", self.note(reason.to_owned())),
        };
        if let Some(failure) = results.failures.get(subject.name()) {
            let failure = format!("failed: {} {failure}", subject.name());
            return format!("failed {}", self.note(failure));
        }
        let text = results
            .rounds(subject, line.figure)
            .map_or("-".to_owned(), Rounds::text);
        if measurement.count(Subject::Ours) == Ok(count) || subject == Subject::Context {
            return text;
        }
        let note = self.note(measurement.instead(count));
        format!("{text} {note}")
    }

    /// The mark of a note, made if there is none that says the same.
    fn note(&mut self, text: String) -> String {
        let known = self.notes.iter().position(|note| *note == text);
        let number = known.unwrap_or_else(|| {
            self.notes.push(text);
            self.notes.len() - 1
        });
        format!("({})", number + 1)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.table)?;
        for (number, note) in self.notes.iter().enumerate() {
            writeln!(formatter, "({}) {note}", number + 1)?;
        }
        Ok(())
    }
}
