//! The limit on open descriptors, which bounds the number of connections.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that a process needs besides its connections: standard streams and listener, and the pollers of the
/// main thread and the workers.
fn others() -> u64 {
    32 + 4 * (1 + greenlet::workers() as u64)
}

/// How many of `wanted` connections this process may have, and so the server, which inherits the
/// limit. Raises the soft limit if that helps, and says so if it does not help enough.
pub(crate) fn allow(wanted: u32) -> io::Result<u32> {
    let others = others();
    let needed = u64::from(wanted) + others;
    let limit = getrlimit(Resource::Nofile);
    // None is «no limit».
    let hard = limit.maximum.unwrap_or(u64::MAX);
    let mut soft = limit.current.unwrap_or(u64::MAX);
    if soft < needed && soft < hard {
        soft = needed.min(hard);
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(soft),
                maximum: limit.maximum,
            },
        )?;
    }
    if soft >= needed {
        return Ok(wanted);
    }
    let fewer = soft.saturating_sub(others);
    if fewer == 0 {
        return Err(io::Error::other(format!(
            "{soft} descriptors are too few for any connection: raise the hard limit (ulimit -Hn)"
        )));
    }
    eprintln!(
        "c10k: {fewer} connections instead of {wanted}: this process may open {soft} descriptors \
         (hard limit, ulimit -Hn)"
    );
    Ok(u32::try_from(fewer).expect("fewer than wanted"))
}
