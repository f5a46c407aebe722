//! Other programs on the machine spoil a figure. This says how much they ran, and measures again.

use crate::process;
use std::fs;
use std::time::{Duration, Instant};

/// More than this share of one core taken by others makes a measurement dirty.
const TOLERATED: f64 = 0.10;

/// Watches what the rest of the machine does during the measurements.
#[derive(Debug)]
pub struct Watch {
    give_up: Instant,
    clean: u32,
    dirty: u32,
}

impl Watch {
    /// Measurements are repeated, when dirty, until `patience` from now is over.
    #[must_use]
    pub fn new(patience: Duration) -> Watch {
        Watch {
            give_up: Instant::now() + patience,
            clean: 0,
            dirty: 0,
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
            self.clean += 1;
        } else {
            self.dirty += 1;
        }
        outcome
    }

    /// One line on how quiet the machine was.
    #[must_use]
    pub fn verdict(&self) -> String {
        let Watch { clean, dirty, .. } = self;
        let all = clean + dirty;
        match dirty {
            0 => format!("The machine was quiet during all {all} measurements."),
            _ => format!(
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
