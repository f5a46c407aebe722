//! What Linux tells about a process in `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

/// A part of `/proc/PID/status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessStatus {
    /// Bytes of memory in use (`VmRSS`).
    pub resident: u64,
    /// Bytes of page tables (`VmPTE`).
    pub page_tables: u64,
    /// Number of OS threads.
    pub threads: u64,
}

impl ProcessStatus {
    /// Reads the status of the process with this id.
    ///
    /// # Errors
    ///
    /// Fails if there is no such process, or none that still has memory, or no `/proc`.
    pub fn of(process: u32) -> io::Result<ProcessStatus> {
        parse(&fs::read_to_string(format!("/proc/{process}/status"))?)
    }

    /// Reads the status of this process.
    ///
    /// # Errors
    ///
    /// Fails if there is no `/proc`.
    pub fn own() -> io::Result<ProcessStatus> {
        parse(&fs::read_to_string("/proc/self/status")?)
    }
}

/// The processor time that a process has taken so far, in all its threads, to 10 ms.
///
/// # Errors
///
/// Fails if there is no such process, or no `/proc`.
pub fn processor_time(process: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let ticks = ticks(&stat).ok_or_else(|| invalid("the stat of the process has no times"))?;
    Ok(Duration::from_secs_f64(
        ticks as f64 / clock_ticks_per_second() as f64,
    ))
}

/// Fields 14 and 15, `utime` and `stime`. Field 2 is the name of the program in parentheses, which
/// may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut times = after_name.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

/// The number of memory mappings that this process has.
///
/// # Errors
///
/// Fails if there is no `/proc`.
pub fn own_mappings() -> io::Result<usize> {
    Ok(fs::read_to_string("/proc/self/maps")?.lines().count())
}

/// The number of memory mappings that a process may have, `vm.max_map_count`.
///
/// # Errors
///
/// Fails if there is no `/proc`.
pub fn max_map_count() -> io::Result<usize> {
    let text = fs::read_to_string("/proc/sys/vm/max_map_count")?;
    text.trim()
        .parse()
        .map_err(|_| invalid("vm.max_map_count is not a number"))
}

fn parse(status: &str) -> io::Result<ProcessStatus> {
    Ok(ProcessStatus {
        resident: field(status, "VmRSS:")? * 1024,
        page_tables: field(status, "VmPTE:")? * 1024,
        threads: field(status, "Threads:")?,
    })
}

/// The number after `name`, without the unit, which is always kB where there is one.
fn field(status: &str, name: &str) -> io::Result<u64> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| invalid(&format!("no {name} in the status of the process")))
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::{ProcessStatus, field, max_map_count, own_mappings, processor_time, ticks};

    #[test]
    fn own_is_plausible() {
        let status = ProcessStatus::own().unwrap();
        assert!(status.resident > 4096 && status.page_tables >= 4096);
        assert!(status.threads >= 1);
        assert!(ProcessStatus::of(std::process::id()).unwrap().threads >= 1);
        assert!((1..max_map_count().unwrap()).contains(&own_mappings().unwrap()));
    }

    #[test]
    fn no_such_process() {
        ProcessStatus::of(u32::MAX).unwrap_err();
        processor_time(u32::MAX).unwrap_err();
    }

    #[test]
    fn times() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 120 34 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("7 (a) S"), None);
        processor_time(std::process::id()).unwrap();
    }

    #[test]
    fn fields() {
        let status = "Name:\tx\nVmRSS:\t    1234 kB\nThreads:\t7\n";
        assert_eq!(field(status, "VmRSS:").unwrap(), 1234);
        assert_eq!(field(status, "Threads:").unwrap(), 7);
        field(status, "VmPTE:").unwrap_err();
    }
}
