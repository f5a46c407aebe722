//! What is measured, and of whom.

use benches::report::{self, Role};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::time::Duration;

/// The length of the file.
pub(crate) const LENGTH: u64 = 64 << 20;

/// How many tasks there are.
pub(crate) const CONCURRENT: [usize; 3] = [1, 16, 256];

/// Who makes the calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// std, on the only thread.
    Plain,
    /// `gfs`, on greenlets of one hub.
    Gfs,
    /// std's calls, each on the offload pool: what gevent does.
    Pool,
    /// tokio's `fs`, on its current-thread runtime.
    Tokio,
    /// std, on as many threads.
    Threads,
}

impl Subject {
    pub(crate) const ALL: [Subject; 5] = [
        Subject::Plain,
        Subject::Gfs,
        Subject::Pool,
        Subject::Tokio,
        Subject::Threads,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Plain => "plain",
            Subject::Gfs => "gfs",
            Subject::Pool => "pool",
            Subject::Tokio => "tokio",
            Subject::Threads => "threads",
        }
    }

    /// As a column of the report.
    pub(crate) fn column(self) -> report::Subject {
        let role = match self {
            Subject::Plain => Role::Floor,
            Subject::Gfs => Role::Ours,
            Subject::Pool => Role::Variant,
            Subject::Tokio | Subject::Threads => Role::Peer,
        };
        report::Subject::new(self.name(), role)
    }
}

/// What each task does again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    /// Reads so many bytes.
    Read {
        length: usize,
        /// They are in memory.
        cached: bool,
    },
    Metadata,
}

impl Operation {
    pub(crate) const ALL: [Operation; 5] = [
        Operation::read(4 << 10, true),
        Operation::read(1 << 20, true),
        Operation::read(4 << 10, false),
        Operation::read(1 << 20, false),
        Operation::Metadata,
    ];

    const fn read(length: usize, cached: bool) -> Operation {
        Operation::Read { length, cached }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Read { length, cached } => match (length < 1 << 20, cached) {
                (true, true) => "read 4 KiB, cached",
                (true, false) => "read 4 KiB, uncached",
                (false, true) => "read 1 MiB, cached",
                (false, false) => "read 1 MiB, uncached",
            },
            Operation::Metadata => "metadata",
        }
    }
}

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) operation: Operation,
    pub(crate) concurrent: usize,
    pub(crate) budget: Duration,
    pub(crate) path: PathBuf,
}

impl Work {
    /// As arguments of a child.
    pub(crate) fn arguments(&self, subject: Subject) -> Vec<String> {
        vec![
            subject.name().to_owned(),
            self.operation.name().to_owned(),
            self.concurrent.to_string(),
            self.budget.as_millis().to_string(),
            self.path.to_string_lossy().into_owned(),
        ]
    }

    pub(crate) fn parse(arguments: &[String]) -> Option<(Subject, Work)> {
        let [subject, operation, concurrent, budget, path] = arguments else {
            return None;
        };
        let subject = Subject::ALL.into_iter().find(|one| one.name() == subject)?;
        let work = Work {
            operation: Operation::ALL
                .into_iter()
                .find(|one| one.name() == operation)?,
            concurrent: concurrent.parse().ok()?,
            budget: Duration::from_millis(budget.parse().ok()?),
            path: PathBuf::from(path),
        };
        Some((subject, work))
    }

    /// Has the file in memory, or nothing of it.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        if matches!(self.operation, Operation::Read { cached: false, .. }) {
            // The whole of it: the kernel keeps large pieces, and forgets none in part.
            forget(File::open(&self.path)?, 0, 0);
        } else {
            io::copy(&mut File::open(&self.path)?, &mut io::sink())?;
        }
        Ok(())
    }

    /// Where the reads of a task are, one after another: each has a part of the file for itself.
    pub(crate) fn offsets(&self, task: usize) -> impl Iterator<Item = u64> + use<> {
        let length = match self.operation {
            Operation::Read { length, .. } => length as u64,
            Operation::Metadata => 0,
        };
        let part = LENGTH / CONCURRENT[2] as u64;
        // The longest reads do not fit: those of several tasks overlap.
        let begin = (part * task as u64).min(LENGTH - length);
        let steps = (part / length.max(1)).max(1);
        (0..steps).cycle().map(move |step| begin + step * length)
    }
}

/// Makes the kernel forget what it has of a part of a file in memory; a length of 0 is all that follows.
pub(crate) fn forget(file: impl AsFd, offset: u64, length: usize) {
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: an open descriptor, and numbers. Without an effect the figures say so.
    unsafe { libc::posix_fadvise(fd, offset as i64, length as i64, libc::POSIX_FADV_DONTNEED) };
}
