//! A child without its pipes: waiting for its end.

use std::io;
use std::os::fd::OwnedFd;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::{Child, ExitStatus};

use greenlet::io::Source;
use greenlet::{is_alone, offload_wait};

/// A child of `std`, which keeps the status and reaps, and what its end is waited for by.
pub(super) struct Process {
    /// Without pipes.
    plain: Child,
    /// Made when the child is first waited for, and closed when it has been.
    pidfd: Option<Source<OwnedFd>>,
}

// Nothing of the user's is in there.
impl UnwindSafe for Process {}
impl RefUnwindSafe for Process {}

impl Process {
    pub(super) fn new(plain: Child) -> Process {
        Process { plain, pidfd: None }
    }

    pub(super) fn into_plain(self) -> Child {
        self.plain
    }

    pub(super) fn id(&self) -> u32 {
        self.plain.id()
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.plain.kill()
    }

    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let result = self.plain.try_wait();
        // Whatever else it is, the child is not one to be waited for any more.
        if !matches!(result, Ok(None)) {
            self.pidfd = None;
        }
        result
    }

    pub(super) fn wait(&mut self) -> io::Result<ExitStatus> {
        if is_alone() {
            self.pidfd = None;
            return self.plain.wait();
        }
        // Before the number is used: if the child is not there any more, it may be somebody else's.
        if let Some(status) = self.try_wait()? {
            return Ok(status);
        }
        if self.park_until_the_end().is_ok()
            && let Some(status) = self.try_wait()?
        {
            return Ok(status);
        }
        // There is no such descriptor here; or the child has ended, and a debugger is to know it first.
        self.pidfd = None;
        let plain = &mut self.plain;
        offload_wait(|| plain.wait())
    }

    fn park_until_the_end(&mut self) -> io::Result<()> {
        let pidfd = match self.pidfd.take() {
            Some(pidfd) => pidfd,
            None => Source::new(system::pidfd(self.plain.id())?),
        };
        // In its place before it is waited for, as a kill may unwind from here.
        self.pidfd.insert(pidfd).readable(None)
    }
}

#[cfg(all(target_os = "linux", not(greenlet_portable)))]
mod system {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use std::io;
    use std::os::fd::OwnedFd;

    /// A descriptor that can be read from when the process has ended.
    pub(super) fn pidfd(id: u32) -> io::Result<OwnedFd> {
        let pid = Pid::from_raw(id.cast_signed()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(pidfd_open(pid, PidfdFlags::empty())?)
    }
}

#[cfg(not(all(target_os = "linux", not(greenlet_portable))))]
mod system {
    use std::io;
    use std::os::fd::OwnedFd;

    pub(super) fn pidfd(_: u32) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
