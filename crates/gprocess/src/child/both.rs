//! Reading two pipes at once.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use greenlet::io::Source;
use greenlet::{offload_wait, yield_now};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio, read};

use super::{ChildStderr, ChildStdout};

/// Reads both pipes to their ends, whichever has something.
///
/// They are put in non-blocking mode meanwhile, as `std` does here: nobody but this process has these ends, and they are
/// closed afterwards.
pub(super) fn read_to_end(
    mut out: ChildStdout,
    stdout: &mut Vec<u8>,
    mut err: ChildStderr,
    stderr: &mut Vec<u8>,
) -> io::Result<()> {
    ioctl_fionbio(&out, true)?;
    ioctl_fionbio(&err, true)?;
    let either = system::either(&out, &err).ok().map(Source::new);
    loop {
        wait(either.as_ref(), &out, &err)?;
        if is_ended_by_reading(&out, stdout)? {
            drop(either);
            ioctl_fionbio(&err, false)?;
            return err.read_to_end(stderr).map(drop);
        }
        if is_ended_by_reading(&err, stderr)? {
            drop(either);
            ioctl_fionbio(&out, false)?;
            return out.read_to_end(stdout).map(drop);
        }
        // A child that never stops writing would keep the others from running.
        yield_now();
    }
}

/// Waits until one of them has something, has ended or has failed. It may return too early.
fn wait(either: Option<&Source<OwnedFd>>, out: &ChildStdout, err: &ChildStderr) -> io::Result<()> {
    if either.is_some_and(|either| either.readable(None).is_ok()) {
        return Ok(());
    }
    let mut both = [
        PollFd::new(out, PollFlags::IN),
        PollFd::new(err, PollFlags::IN),
    ];
    match offload_wait(|| poll(&mut both, None)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads some of what is there, and tells whether that was the end of the stream.
fn is_ended_by_reading<F: AsFd>(pipe: F, bytes: &mut Vec<u8>) -> io::Result<bool> {
    const LITTLE: usize = 1 << 10;
    const MORE: usize = 8 << 10;
    if bytes.capacity() - bytes.len() < LITTLE {
        bytes.reserve(MORE);
    }
    match read(pipe, spare_capacity(bytes)) {
        Ok(count) => Ok(count == 0),
        Err(Errno::AGAIN | Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(all(target_os = "linux", not(greenlet_portable)))]
mod system {
    use rustix::event::epoll::{CreateFlags, EventData, EventFlags, add, create};
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};

    /// A descriptor that can be read from when one of these can be.
    pub(super) fn either<A: AsFd, B: AsFd>(one: A, other: B) -> io::Result<OwnedFd> {
        let either = create(CreateFlags::CLOEXEC)?;
        let nobody_asks = EventData::new_u64(0);
        add(&either, one, nobody_asks, EventFlags::IN)?;
        add(&either, other, nobody_asks, EventFlags::IN)?;
        Ok(either)
    }
}

#[cfg(not(all(target_os = "linux", not(greenlet_portable))))]
mod system {
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};

    pub(super) fn either<A: AsFd, B: AsFd>(_: A, _: B) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
