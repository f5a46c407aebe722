//! Listing a folder.

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};

use greenlet::{is_alone, offload};

use super::entry::DirEntry;

/// How many entries are read ahead the first time, and at most. The system's own buffer holds about a thousand of short
/// names.
const AHEAD: (usize, usize) = (16, 1024);

/// The entries of a folder.
///
/// This mirrors [`std::fs::ReadDir`], and comes from [`read_dir`](crate::read_dir). Nothing is read before the first
/// `next`; from then on several entries are read at a time, so that most calls return at once. Dropping it closes the
/// folder, when none of its entries is left.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// for name in ["a", "b", "c"] {
///     gfs::write(folder.path().join(name), name)?;
/// }
/// let mut names = gfs::read_dir(folder.path())?
///     .map(|entry| Ok(entry?.file_name()))
///     .collect::<std::io::Result<Vec<_>>>()?;
/// names.sort();
/// assert_eq!(names, ["a", "b", "c"]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ReadDir {
    inner: fs::ReadDir,
    /// What was read ahead.
    ready: VecDeque<io::Result<DirEntry>>,
    /// How many entries are read the next time.
    ahead: usize,
    /// Whether all were read.
    ended: bool,
}

// As std's. An error that was read ahead is not touched before it is given away.
impl UnwindSafe for ReadDir {}
impl RefUnwindSafe for ReadDir {}

impl ReadDir {
    pub(crate) fn new(inner: fs::ReadDir) -> ReadDir {
        ReadDir {
            inner,
            ready: VecDeque::new(),
            ahead: AHEAD.0,
            ended: false,
        }
    }

    fn fill(&mut self) {
        let (inner, ready, ahead) = (&mut self.inner, &mut self.ready, self.ahead);
        offload(|| {
            ready.extend(
                inner
                    .take(ahead)
                    .map(|entry| entry.map(DirEntry::with_type)),
            )
        });
        self.ended = self.ready.len() < ahead;
        self.ahead = (ahead * 2).min(AHEAD.1);
    }
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<io::Result<DirEntry>> {
        if self.ready.is_empty() && !self.ended {
            if is_alone() {
                return Some(self.inner.next()?.map(DirEntry::new));
            }
            self.fill();
        }
        self.ready.pop_front()
    }
}

/// The same as that of `std`'s.
impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
