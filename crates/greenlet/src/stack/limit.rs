//! What to say when the system has no more stacks for us: which limit was met, and what raises it.

use std::collections::TryReserveError;
use std::{fmt, io};

/// What could not be done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attempt {
    /// Mapping this many bytes.
    Map(usize),
    /// Protecting a guard page.
    Guard,
    /// Growing the list of free stacks.
    Account,
}

/// Stacks have run out. Becomes an [`io::Error`] that says why; finding that out is slow.
#[derive(Debug)]
pub(super) struct Shortage {
    pub(super) attempt: Attempt,
    pub(super) error: io::Error,
}

impl From<Shortage> for io::Error {
    #[cold]
    fn from(shortage: Shortage) -> io::Error {
        let Shortage { attempt, error } = shortage;
        let advice = match (attempt, error.raw_os_error()) {
            (Attempt::Map(bytes), Some(libc::ENOMEM)) => {
                likely_limit(bytes.saturating_add(super::slab::HEADROOM))
            }
            (Attempt::Guard, Some(libc::ENOMEM)) => likely_limit(0),
            _ => String::new(),
        };
        io::Error::new(error.kind(), format!("{attempt}: {error}{advice}"))
    }
}

impl From<TryReserveError> for Shortage {
    fn from(_: TryReserveError) -> Shortage {
        let error = io::Error::from_raw_os_error(libc::ENOMEM);
        Shortage {
            attempt: Attempt::Account,
            error,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attempt::Map(bytes) => write!(f, "cannot map {bytes} bytes for a greenlet's stack"),
            Attempt::Guard => write!(f, "cannot protect the guard page of a greenlet's stack"),
            Attempt::Account => write!(f, "cannot allocate the list of free greenlet stacks"),
        }
    }
}

/// The limit that most likely refused `bytes` more bytes of address space.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn likely_limit(bytes: usize) -> String {
    use linux::{address_space_limit, mapped_bytes, mappings, read_number};

    /// The kernel counts a few mappings that /proc/self/maps does not show, and the other way round.
    const SLACK: usize = 8;

    let max_map_count = read_number("/proc/sys/vm/max_map_count");
    if let (Some(limit), Some(count)) = (max_map_count, mappings())
        && count + SLACK >= limit
    {
        return format!(
            "; the process has {count} of the {limit} mappings that vm.max_map_count allows: \
             raise it with `sysctl -w vm.max_map_count={}`",
            limit.saturating_mul(16)
        );
    }
    if let (Some(limit), Some(mapped)) = (address_space_limit(), mapped_bytes())
        && mapped.saturating_add(bytes) > limit
    {
        return format!(
            "; the process has mapped {mapped} of the {limit} bytes of address space that \
             RLIMIT_AS allows: raise it with `ulimit -v`"
        );
    }
    if read_number("/proc/sys/vm/overcommit_memory") == Some(2) {
        return "; the system does not overcommit memory: set vm.overcommit_memory to 0 or 1, or \
                raise vm.overcommit_ratio"
            .to_owned();
    }
    "; likely limits are vm.max_map_count, vm.overcommit_memory, RLIMIT_AS (`ulimit -v`) and the \
     memory of the cgroup"
        .to_owned()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn likely_limit(_: usize) -> String {
    "; the likely limit is that of the address space (`ulimit -v`)".to_owned()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::fs::{self, File};
    use std::io::Read;
    use std::mem::MaybeUninit;

    use super::super::page_size;

    pub(super) fn read_number(path: &str) -> Option<usize> {
        fs::read_to_string(path).ok()?.trim().parse().ok()
    }

    /// How many mappings the process has.
    pub(super) fn mappings() -> Option<usize> {
        let mut maps = File::open("/proc/self/maps").ok()?;
        // Small: the caller may be on a small stack.
        let mut chunk = [0; 1024];
        let mut lines = 0;
        loop {
            match maps.read(&mut chunk).ok()? {
                0 => return Some(lines),
                read => lines += chunk[..read].iter().filter(|byte| **byte == b'\n').count(),
            }
        }
    }

    /// How much address space the process has mapped.
    pub(super) fn mapped_bytes() -> Option<usize> {
        let statm = fs::read_to_string("/proc/self/statm").ok()?;
        let pages: usize = statm.split(' ').next()?.parse().ok()?;
        Some(pages * page_size())
    }

    /// `RLIMIT_AS`, if there is one.
    pub(super) fn address_space_limit() -> Option<usize> {
        let mut limit = MaybeUninit::<libc::rlimit>::uninit();
        // SAFETY: getrlimit writes a whole rlimit when it returns 0, and only then is it read.
        let limit = unsafe {
            if libc::getrlimit(libc::RLIMIT_AS, limit.as_mut_ptr()) != 0 {
                return None;
            }
            limit.assume_init()
        };
        if limit.rlim_cur == libc::RLIM_INFINITY {
            return None;
        }
        usize::try_from(limit.rlim_cur).ok()
    }
}
