//! Which cores this process may use, and staying on one of them.

use std::{io, mem};

/// The cores that the calling thread may run on, ascending.
///
/// # Errors
///
/// What `sched_getaffinity` gives.
pub fn cores() -> io::Result<Vec<usize>> {
    // SAFETY: `cpu_set_t` is a plain bit set; all zeroes is the empty one.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: `set` is writable and its true size is passed; pid 0 is the calling thread.
    let outcome = unsafe { libc::sched_getaffinity(0, mem::size_of_val(&set), &mut set) };
    if outcome != 0 {
        return Err(io::Error::last_os_error());
    }
    let all = 0..libc::CPU_SETSIZE as usize;
    // SAFETY: every number asked for is below `CPU_SETSIZE`.
    Ok(all
        .filter(|&core| unsafe { libc::CPU_ISSET(core, &set) })
        .collect())
}

/// Keeps the calling thread, and every thread that it makes from now on, on `core`.
///
/// # Errors
///
/// `InvalidInput` for a core that the process may not use.
pub fn pin(core: usize) -> io::Result<()> {
    if core >= libc::CPU_SETSIZE as usize {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: as in `cores`.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: `core` is below `CPU_SETSIZE`.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: `set` is readable and its true size is passed; pid 0 is the calling thread.
    match unsafe { libc::sched_setaffinity(0, mem::size_of_val(&set), &set) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
