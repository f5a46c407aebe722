//! What the two comparison programs share: isolation in child processes, pinning, figures of the
//! operating system, medians and the table.
//!
//! The programs are `micro` (single operations and memory) and `net` (an echo server); see
//! `benches/README.md` for how to run them and for what each line means. The criterion benchmarks
//! beside them measure this project alone and use none of this.

pub mod affinity;
pub mod child;
pub mod external;
pub mod noise;
pub mod process;
pub mod progress;
pub mod sample;
pub mod table;

/// The example of the project's README, which has no crate of its own to be tested in.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
