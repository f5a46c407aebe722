//! The options that all comparisons have.

use crate::report::Run;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

/// What to measure, how often, and what to make of it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// One short round of everything, with smaller counts: it shows that all of it works
    #[arg(long)]
    pub quick: bool,
    /// Measure only the lines, or the servers, with TEXT in their name
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub only: String,
    /// Rounds in which the subjects take turns [default: 5, with --quick 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Write everything that was measured to FILE; `-`: to the standard output instead of the tables
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a bar chart of each section into FOLDER, in SVG
    #[arg(long, value_name = "FOLDER")]
    plot: Option<PathBuf>,
}

impl Options {
    /// How often each subject is measured.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 1 } else { 5 })
    }

    /// For how long measurements that others disturbed are repeated.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(if self.quick { 0 } else { 90 })
    }

    /// Prints `run`, and writes what was asked for.
    ///
    /// # Errors
    ///
    /// What writing one of the files gives.
    pub fn publish(&self, run: &Run) -> io::Result<()> {
        let json = run.to_json()?;
        match &self.json {
            Some(path) if path.as_os_str() == "-" => print!("{json}"),
            Some(path) => {
                fs::write(path, json)?;
                println!("{run}");
            }
            None => println!("{run}"),
        }
        if let Some(folder) = &self.plot {
            for chart in run.plot(folder)? {
                eprintln!("{}", chart.display());
            }
        }
        Ok(())
    }
}
