//! What the operating system knows about a process: memory, CPU time, limits.

use std::time::Duration;
use std::{fs, io, mem};

/// Resident memory of this process, in bytes.
///
/// # Errors
///
/// When `/proc` is not there.
pub fn resident() -> io::Result<u64> {
    status_field("self", "VmRSS:")
}

/// Resident memory of the process `pid`, in bytes.
///
/// # Errors
///
/// When there is no such process.
pub fn resident_of(pid: u32) -> io::Result<u64> {
    status_field(&pid.to_string(), "VmRSS:")
}

/// Memory that the page tables of this process take, in bytes: not part of [`resident`].
///
/// # Errors
///
/// When `/proc` is not there.
pub fn page_tables() -> io::Result<u64> {
    status_field("self", "VmPTE:")
}

fn status_field(process: &str, name: &str) -> io::Result<u64> {
    fs::read_to_string(format!("/proc/{process}/status"))?
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kibibytes| kibibytes.parse::<u64>().ok())
        .map(|kibibytes| kibibytes * 1024)
        .ok_or_else(|| io::Error::other(format!("the status of {process} has no line {name}")))
}

/// CPU time, user and system, that the process `pid` and all its threads have used.
///
/// # Errors
///
/// When there is no such process.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let mut clock = 0;
    // SAFETY: `clock` is writable.
    match unsafe { libc::clock_getcpuclockid(pid, &mut clock) } {
        0 => {}
        code => return Err(io::Error::from_raw_os_error(code)),
    }
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is writable.
    match unsafe { libc::clock_gettime(clock, &mut time) } {
        0 => Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// CPU time of this process and of the children that it has waited for.
#[must_use]
pub fn cpu_time_with_children() -> Duration {
    [libc::RUSAGE_SELF, libc::RUSAGE_CHILDREN]
        .map(usage)
        .iter()
        .sum()
}

fn usage(whose: libc::c_int) -> Duration {
    // SAFETY: `rusage` is plain numbers, for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: `usage` is writable. The call cannot fail for the two values that are passed.
    unsafe { libc::getrusage(whose, &mut usage) };
    [usage.ru_utime, usage.ru_stime]
        .map(|time| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000))
        .iter()
        .sum()
}

/// Lets the kernel kill this process when the thread that started it ends, however that comes about.
///
/// # Errors
///
/// What `prctl` gives.
pub fn end_with_parent() -> io::Result<()> {
    // SAFETY: the call takes numbers alone.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Asks the process `pid` to end, as Ctrl-C does.
///
/// # Errors
///
/// When there is no such process.
pub fn interrupt(pid: u32) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: the call takes numbers alone.
    match unsafe { libc::kill(pid, libc::SIGINT) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Raises the soft limit on open descriptors to the hard one, and returns it.
///
/// # Errors
///
/// What `getrlimit` or `setrlimit` gives.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is writable.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is readable.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}
