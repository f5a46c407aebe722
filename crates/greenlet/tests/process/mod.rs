//! What the kernel says about this process.

#![allow(
    dead_code,
    reason = "each test binary uses the part of it that it needs"
)]

use std::fs;

/// Resident memory, in bytes.
pub(crate) fn resident() -> usize {
    memory(1)
}

/// Mapped memory, in bytes.
pub(crate) fn address_space() -> usize {
    memory(0)
}

/// A field of the kernel's account of memory, in bytes.
fn memory(field: usize) -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(field).unwrap().parse().unwrap();
    pages * page_size()
}

fn page_size() -> usize {
    // SAFETY: it only returns a number.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap()
}

/// How many mappings there are.
pub(crate) fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps")
        .unwrap()
        .lines()
        .count()
}

/// How many descriptors are open, the one for this question included.
pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// How many threads there are.
pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// How many descriptors are registered with this process's epolls.
pub(crate) fn registrations() -> usize {
    fs::read_dir("/proc/self/fdinfo")
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok())
        .map(|info| info.lines().filter(|line| line.starts_with("tfd:")).count())
        .sum()
}

/// Sets a limit of this process.
pub(crate) fn limit(resource: libc::__rlimit_resource_t, most: u64) {
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: it reads the struct.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
}
