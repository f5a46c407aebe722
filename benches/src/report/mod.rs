//! What a run found: sections of lines, and for each line the figures of every subject.
//!
//! From this one model come the tables, the JSON and the charts.

mod chart;
mod json;
mod text;

pub use json::from_json;

use crate::machine::Machine;
use crate::noise::Quiet;
use crate::sample::{Rounds, short};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Everything that one start of the program found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Where it ran, and with which versions.
    pub machine: Machine,
    /// What was measured.
    pub sections: Vec<Section>,
    /// How quiet the machine was.
    pub quiet: Quiet,
    /// How long it took.
    pub seconds: f64,
}

/// Lines that have the same subjects: a table, and a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// What it is about; unique in a run.
    pub title: String,
    /// The columns, in their order.
    pub subjects: Vec<Subject>,
    /// What was measured, in its order.
    pub lines: Vec<Line>,
    /// Sentences for the reader, which stand under the table.
    pub remarks: Vec<String>,
}

/// Who was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called, by the lines too.
    pub name: String,
    /// What it is to us.
    pub role: Role,
}

/// What a subject is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one that targets are of. A section has one at most.
    Ours,
    /// Ours in another form, which is not compared with peers.
    Variant,
    /// What nobody can be better than, and nobody has to be ahead of.
    Floor,
    /// What ours should be ahead of.
    Peer,
}

/// One thing that was measured of every subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What was done.
    pub title: String,
    /// Of the figures.
    pub unit: String,
    /// Which figures are better.
    pub better: Better,
    /// What our figure should be.
    pub targets: Vec<Target>,
    /// The figures; a subject without a cell has nothing to do with the line.
    cells: BTreeMap<String, Cell>,
}

/// Which figures are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Times, memory.
    Less,
    /// Throughput.
    More,
}

/// What the median of our figures should be. That it is ahead of every peer is judged for every line, without a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// No more than this, on the machine that the targets were found on.
    AtMost(f64),
    /// No more than so many times the median of a subject in the same run, and a number more.
    Relative {
        /// The name of the subject.
        to: String,
        /// How many times its figure.
        times: f64,
        /// And how much more.
        plus: f64,
    },
}

/// What is known of one subject in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// It was measured.
    Measured {
        /// One figure a round.
        rounds: Rounds,
        /// What is different about it, or what went wrong in some of the rounds.
        note: Option<String>,
    },
    /// It cannot do this, for this reason.
    Missing(String),
    /// It should have been measured, and this went wrong in each round.
    Failed(String),
}

/// How ours compares with the best of the peers in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Ahead<'a> {
    /// The best peer.
    pub peer: &'a str,
    /// How many times better than it ours is.
    pub ratio: f64,
}

impl Ahead<'_> {
    /// A difference that is smaller than this share is noise.
    const TIE: f64 = 0.8;

    /// `yes`, `tie` or `NO`.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match self.ratio {
            ahead if ahead >= 1.0 => "yes",
            tie if tie >= Ahead::TIE => "tie",
            _ => "NO",
        }
    }
}

impl Section {
    /// A section without lines.
    #[must_use]
    pub fn new(title: impl Into<String>, subjects: Vec<Subject>) -> Section {
        Section {
            title: title.into(),
            subjects,
            lines: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The name of the subject that targets are of.
    #[must_use]
    pub fn ours(&self) -> Option<&str> {
        let ours = self
            .subjects
            .iter()
            .find(|subject| subject.role == Role::Ours);
        ours.map(|subject| subject.name.as_str())
    }

    /// How many times better ours is than `subject`: more than 1 means that we are ahead, of costs and of throughput.
    #[must_use]
    pub fn ratio(&self, line: &Line, subject: &str) -> Option<f64> {
        let ours = self.ours().filter(|&ours| ours != subject)?;
        let (ours, other) = (line.median(ours)?, line.median(subject)?);
        let (more, less) = match line.better {
            Better::Less => (other, ours),
            Better::More => (ours, other),
        };
        Some(more / less).filter(|ratio| ratio.is_finite())
    }

    /// Ours beside the best peer; nothing if there is none to compare.
    #[must_use]
    pub fn ahead(&self, line: &Line) -> Option<Ahead<'_>> {
        let peers = self
            .subjects
            .iter()
            .filter(|subject| subject.role == Role::Peer);
        peers
            .filter_map(|peer| {
                Some(Ahead {
                    peer: &peer.name,
                    ratio: self.ratio(line, &peer.name)?,
                })
            })
            .min_by(|one, other| one.ratio.total_cmp(&other.ratio))
    }

    /// Whether ours meets `target` in `line`; nothing if one of the figures is not there.
    #[must_use]
    pub fn met(&self, line: &Line, target: &Target) -> Option<bool> {
        let ours = line.median(self.ours()?)?;
        let limit = match target {
            Target::AtMost(limit) => *limit,
            Target::Relative { to, times, plus } => line.median(to)? * times + plus,
        };
        Some(ours <= limit)
    }
}

impl Subject {
    /// A subject of this name.
    #[must_use]
    pub fn new(name: impl Into<String>, role: Role) -> Subject {
        Subject {
            name: name.into(),
            role,
        }
    }
}

impl Line {
    /// A line that nobody was measured for yet.
    #[must_use]
    pub fn new(title: impl Into<String>, unit: impl Into<String>, better: Better) -> Line {
        Line {
            title: title.into(),
            unit: unit.into(),
            better,
            targets: Vec::new(),
            cells: BTreeMap::new(),
        }
    }

    /// The line with one more target.
    #[must_use]
    pub fn target(mut self, target: Target) -> Line {
        self.targets.push(target);
        self
    }

    /// Adds the figure of one round of `subject`, or what went wrong in it.
    pub fn push(&mut self, subject: &str, outcome: Result<f64, &str>) {
        let cell = self.cell_mut(subject);
        match (&mut *cell, outcome) {
            (Cell::Measured { rounds, .. }, Ok(figure)) => rounds.push(figure),
            (Cell::Measured { rounds, note }, Err(failure)) => {
                *note = Some(format!("a round failed: {failure}"));
                if rounds.median().is_none() {
                    *cell = Cell::Failed(failure.to_owned());
                }
            }
            (Cell::Failed(failure), Ok(figure)) => {
                let note = Some(format!("a round failed: {failure}"));
                let mut rounds = Rounds::default();
                rounds.push(figure);
                *cell = Cell::Measured { rounds, note };
            }
            (Cell::Failed(known), Err(failure)) => failure.clone_into(known),
            // It said that it has no such thing, and need not be asked again.
            (Cell::Missing(_), _) => {}
        }
    }

    /// Says that `subject` has nothing that could be measured.
    pub fn missing(&mut self, subject: &str, reason: impl Into<String>) {
        *self.cell_mut(subject) = Cell::Missing(reason.into());
    }

    /// Says what is different about the figures of `subject`.
    pub fn note(&mut self, subject: &str, text: impl Into<String>) {
        if let Cell::Measured { note, .. } = self.cell_mut(subject) {
            note.get_or_insert(text.into());
        }
    }

    /// What is known of `subject`.
    #[must_use]
    pub fn cell(&self, subject: &str) -> Option<&Cell> {
        self.cells.get(subject)
    }

    /// The figures of `subject`, if it was measured.
    #[must_use]
    pub fn rounds(&self, subject: &str) -> Option<&Rounds> {
        match self.cell(subject)? {
            Cell::Measured { rounds, .. } => Some(rounds),
            Cell::Missing(_) | Cell::Failed(_) => None,
        }
    }

    /// The median of `subject`, if it was measured.
    #[must_use]
    pub fn median(&self, subject: &str) -> Option<f64> {
        self.rounds(subject)?.median()
    }

    fn cell_mut(&mut self, subject: &str) -> &mut Cell {
        let cell = self.cells.entry(subject.to_owned());
        cell.or_insert_with(|| Cell::Measured {
            rounds: Rounds::default(),
            note: None,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtMost(limit) => write!(formatter, "at most {limit}"),
            Target::Relative { to, times, plus } => {
                formatter.write_str("at most ")?;
                if *times != 1.0 {
                    write!(formatter, "{times} × ")?;
                }
                formatter.write_str(to)?;
                if *plus != 0.0 {
                    write!(formatter, " + {}", short(*plus))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
