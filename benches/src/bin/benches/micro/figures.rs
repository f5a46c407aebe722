//! Memory and lateness, taken the same way for every subject.

use benches::{process, sample};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What the process held before the tasks were made.
pub(crate) struct Memory {
    resident: u64,
    page_tables: u64,
}

impl Memory {
    pub(crate) fn now() -> Memory {
        Memory {
            resident: process::resident().unwrap_or(0),
            page_tables: process::page_tables().unwrap_or(0),
        }
    }

    /// Bytes that each of `count` tasks made since has added: resident, page tables.
    pub(crate) fn figures(&self, count: usize) -> Vec<f64> {
        let now = Memory::now();
        let each = |after: u64, before: u64| after.saturating_sub(before) as f64 / count as f64;
        vec![
            each(now.resident, self.resident),
            each(now.page_tables, self.page_tables),
        ]
    }
}

/// How late each sleeper woke, and the CPU time since before they were made.
#[derive(Clone, Copy)]
pub(crate) struct Lateness {
    microseconds: &'static [AtomicU32],
    cpu_before: Duration,
}

impl Lateness {
    pub(crate) fn of(count: usize) -> Lateness {
        let microseconds = (0..count)
            .map(|_| AtomicU32::new(0))
            .collect::<Vec<_>>()
            .leak();
        Lateness {
            microseconds,
            cpu_before: process::cpu_time_with_children(),
        }
    }

    pub(crate) fn record(&self, position: usize, deadline: Instant) {
        let late = deadline.elapsed().as_micros();
        self.microseconds[position].store(late.try_into().unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// CPU milliseconds; microseconds late: median, 99th percentile.
    pub(crate) fn figures(&self) -> Vec<f64> {
        let cpu = process::cpu_time_with_children().saturating_sub(self.cpu_before);
        let mut sorted: Vec<u32> = self
            .microseconds
            .iter()
            .map(|late| late.load(Ordering::Relaxed))
            .collect();
        sorted.sort_unstable();
        vec![
            cpu.as_secs_f64() * 1_000.0,
            sample::quantile(&sorted, 0.5),
            sample::quantile(&sorted, 0.99),
        ]
    }
}
