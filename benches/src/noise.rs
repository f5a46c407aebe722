//! Other programs on the machine spoil a figure. This says how much they ran, and measures again.

use crate::process;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;
use std::time::{Duration, Instant};
use std::{fmt, fs};

/// More than this share of one core taken by others makes a measurement dirty.
const TOLERATED: f64 = 0.10;

/// Watches what the rest of the machine does during the measurements.
#[derive(Debug)]
pub struct Watch {
    give_up: Instant,
    quiet: Quiet,
}

/// How many measurements others took part of a core away from, and how many not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Measurements that had the machine for themselves.
    pub clean: u32,
    /// The others.
    pub dirty: u32,
}

impl Watch {
    /// Measurements are repeated, when dirty, until `patience` from now is over.
    #[must_use]
    pub fn new(patience: Duration) -> Watch {
        Watch {
            give_up: Instant::now() + patience,
            quiet: Quiet::default(),
        }
    }

    /// Runs `measure`, again if others ran meanwhile, and keeps the quietest outcome.
    pub fn measured<T>(&mut self, mut measure: impl FnMut() -> T) -> T {
        let mut best: Option<(f64, T)> = None;
        for _attempt in 0..3 {
            let before = (
                busy_time(),
                process::cpu_time_with_children(),
                Instant::now(),
            );
            let outcome = measure();
            let ours = process::cpu_time_with_children().saturating_sub(before.1);
            let all = busy_time().saturating_sub(before.0);
            let others = all.saturating_sub(ours).as_secs_f64();
            // The counters tick every 10 ms: one tick of a short measurement says nothing.
            let share = others / before.2.elapsed().as_secs_f64().max(0.2);
            if best.as_ref().is_none_or(|(least, _)| share < *least) {
                best = Some((share, outcome));
            }
            if share <= TOLERATED || Instant::now() >= self.give_up {
                break;
            }
        }
        let (share, outcome) = best.expect("there was one attempt at least");
        if share <= TOLERATED {
            self.quiet.clean += 1;
        } else {
            self.quiet.dirty += 1;
        }
        outcome
    }

    /// How quiet the machine was.
    #[must_use]
    pub fn quiet(&self) -> Quiet {
        self.quiet
    }
}

impl AddAssign for Quiet {
    fn add_assign(&mut self, more: Quiet) {
        self.clean += more.clean;
        self.dirty += more.dirty;
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quiet { clean, dirty } = self;
        let all = clean + dirty;
        match dirty {
            0 => write!(
                formatter,
                "The machine was quiet during all {all} measurements."
            ),
            _ => write!(
                formatter,
                "NOISY: other programs took more than {:.0} % of a core during {dirty} of {all} \
                 measurements.",
                TOLERATED * 100.0
            ),
        }
    }
}

/// Time that all cores together have spent on anything but idling.
fn busy_time() -> Duration {
    const TICK: Duration = Duration::from_millis(10);
    const IDLE_AND_WAITING: [usize; 2] = [3, 4];
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks: u32 = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .take(8)
        .enumerate()
        .filter(|(column, _)| !IDLE_AND_WAITING.contains(column))
        .filter_map(|(_, ticks)| ticks.parse::<u32>().ok())
        .sum();
    TICK * ticks
}
