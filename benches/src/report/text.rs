//! The tables, in Markdown, and what stands under them.

use crate::report::{Cell, Line, Run, Section};
use crate::sample::{Rounds, short};
use crate::table::Table;
use std::fmt;

/// Texts that cells refer to by number, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    /// The mark of a note, made if there is none that says the same.
    fn mark(&mut self, text: String) -> String {
        let known = self.0.iter().position(|note| *note == text);
        let number = known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        format!("({})", number + 1)
    }
}

impl Section {
    fn cell_text(&self, line: &Line, subject: &str, notes: &mut Notes) -> String {
        let (rounds, note) = match line.cell(subject) {
            None => return "-".to_owned(),
            Some(Cell::Missing(reason)) => return format!("n/a {}", notes.mark(reason.clone())),
            Some(Cell::Failed(failure)) => {
                return format!("failed {}", notes.mark(format!("{subject}: {failure}")));
            }
            Some(Cell::Measured { rounds, note }) => (rounds, note),
        };
        let mut text = Rounds::text(rounds);
        if let Some(ratio) = self.ratio(line, subject) {
            text += &format!(" (×{})", short(ratio));
        }
        if let Some(note) = note {
            text += &format!(" {}", notes.mark(format!("{subject}: {note}")));
        }
        text
    }

    /// The target cell, and whether it is met.
    fn target_text(&self, line: &Line) -> [String; 2] {
        let or_dash = |texts: Vec<String>| match texts.is_empty() {
            true => "-".to_owned(),
            false => texts.join("; "),
        };
        let met = line.targets.iter().map(|target| {
            let text = match self.met(line, target) {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "-",
            };
            text.to_owned()
        });
        let targets = line.targets.iter().map(ToString::to_string);
        [or_dash(targets.collect()), or_dash(met.collect())]
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut notes = Notes::default();
        let mut head = vec!["", "unit"];
        head.extend(self.subjects.iter().map(|subject| subject.name.as_str()));
        head.extend(["target", "met", "ahead of all peers"]);
        let mut table = Table::new(&head);
        for line in &self.lines {
            let mut cells = vec![line.title.clone(), line.unit.clone()];
            for subject in &self.subjects {
                cells.push(self.cell_text(line, &subject.name, &mut notes));
            }
            cells.extend(self.target_text(line));
            cells.push(self.ahead(line).map_or("-".to_owned(), |ahead| {
                format!(
                    "{}: ×{} {}",
                    ahead.verdict(),
                    short(ahead.ratio),
                    ahead.peer
                )
            }));
            table.row(cells);
        }
        write!(formatter, "## {}\n\n{table}", self.title)?;
        if !(notes.0.is_empty() && self.remarks.is_empty()) {
            formatter.write_str("\n")?;
        }
        for (number, note) in notes.0.iter().enumerate() {
            writeln!(formatter, "({}) {note}  ", number + 1)?;
        }
        for remark in &self.remarks {
            writeln!(formatter, "{remark}  ")?;
        }
        Ok(())
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.sections {
            writeln!(formatter, "{section}")?;
        }
        writeln!(
            formatter,
            "Medians of the rounds [least..greatest] (× how many times better ours is)."
        )?;
        let judged = self.sections.iter().flat_map(|section| {
            let lines = section.lines.iter();
            lines.flat_map(|line| {
                let targets = line.targets.iter();
                targets.filter_map(|target| section.met(line, target))
            })
        });
        let (met, not_met): (Vec<bool>, Vec<bool>) = judged.partition(|&met| met);
        writeln!(
            formatter,
            "Targets met: {} of {}.",
            met.len(),
            met.len() + not_met.len()
        )?;
        let compared: Vec<_> = self
            .sections
            .iter()
            .flat_map(|section| section.lines.iter().filter_map(|line| section.ahead(line)))
            .collect();
        let with = |verdict| {
            let lines = compared.iter().filter(|ahead| ahead.verdict() == verdict);
            lines.count()
        };
        writeln!(
            formatter,
            "Ahead of every peer in {} of {} lines, within 20 % of the best in {}, behind in {}.",
            with("yes"),
            compared.len(),
            with("tie"),
            with("NO")
        )?;
        writeln!(formatter, "{}", self.quiet)?;
        writeln!(formatter, "{}", self.machine)?;
        writeln!(formatter, "Took {:.0} s.", self.seconds)
    }
}
