//! What the comparisons share: isolation in child processes, pinning, figures of the operating system, the common
//! options, and the model of what was found, from which come tables, JSON and charts.
//!
//! The program is in `src/bin/benches`; see `benches/README.md` for how to run it and for what each line means. The
//! criterion benchmarks beside it measure this project alone and use none of this.

pub mod affinity;
pub mod child;
pub mod external;
pub mod machine;
pub mod noise;
pub mod options;
pub mod process;
pub mod progress;
pub mod report;
pub mod sample;
pub mod table;

/// The example of the project's README, which has no crate of its own to be tested in.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
