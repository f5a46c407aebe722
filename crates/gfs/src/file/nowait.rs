//! Calls that never wait: reading what is in memory already, and asking what is known already.

use rustix::fs::FileType;
use std::fs;
use std::io::IoSliceMut;

/// Why a read that must not wait has read nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It would have to wait; the next one may not.
    WouldWait,
    /// It cannot be asked for here: the file system, the kernel or the kind of file does not have it.
    Unsupported,
}

/// Reads at the position of the file, which it moves, unless that would have to wait.
pub(super) fn read(file: &fs::File, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Refusal> {
    // The kernel takes -1 for "where the position is".
    system::read(file, bufs, u64::MAX)
}

/// Reads at `offset`, unless that would have to wait.
pub(super) fn read_at(
    file: &fs::File,
    bufs: &mut [IoSliceMut<'_>],
    offset: u64,
) -> Result<usize, Refusal> {
    // One that is negative for the kernel is an error, which the plain call gives, or means the position.
    if i64::try_from(offset).is_err() {
        return Err(Refusal::WouldWait);
    }
    system::read(file, bufs, offset)
}

/// Whether it is a pipe, with a name or without. What cannot be found out is none.
pub(super) fn is_pipe(file: &fs::File) -> bool {
    system::mode(file).is_some_and(|mode| FileType::from_raw_mode(mode) == FileType::Fifo)
}

#[cfg(target_os = "linux")]
mod system {
    use super::Refusal;
    use rustix::fs::{AtFlags, RawMode, StatxFlags, statx};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    use std::fs;
    use std::io::IoSliceMut;
    use std::sync::OnceLock;

    pub(super) fn read(
        file: &fs::File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Result<usize, Refusal> {
        static MISTAKEN: OnceLock<bool> = OnceLock::new();
        if *MISTAKEN
            .get_or_init(|| is_mistaken(&rustix::system::uname().release().to_string_lossy()))
        {
            return Err(Refusal::Unsupported);
        }
        match preadv2(file, bufs, offset, ReadWriteFlags::NOWAIT) {
            Ok(count) => Ok(count),
            Err(Errno::AGAIN | Errno::INTR) => Err(Refusal::WouldWait),
            // Be it the flag that is not liked or the read: the plain call tells.
            Err(_) => Err(Refusal::Unsupported),
        }
    }

    /// The type and permissions, as far as known without asking a server.
    pub(super) fn mode(file: &fs::File) -> Option<RawMode> {
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
        let known = statx(file, "", flags, StatxFlags::TYPE).ok()?;
        Some(known.stx_mode.into())
    }

    /// Whether this release of Linux may tell the end of the file where there is none: preadv2(2), under "Bugs".
    fn is_mistaken(release: &str) -> bool {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        (numbers.next() == Some("5")) && matches!(numbers.next(), Some("9" | "10"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn releases_that_are_mistaken() {
            for release in ["5.9", "5.9.0-rc1", "5.10.0-28-amd64", "5.10"] {
                assert!(is_mistaken(release), "{release}");
            }
            for release in [
                "5.8.9", "5.11.9", "5.1.10", "6.9.5", "6.10.0", "15.9", "", "5",
            ] {
                assert!(!is_mistaken(release), "{release}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Refusal;
    use rustix::fs::{RawMode, fstat};
    use std::fs;
    use std::io::IoSliceMut;

    pub(super) fn mode(file: &fs::File) -> Option<RawMode> {
        Some(fstat(file).ok()?.st_mode)
    }

    pub(super) fn read(_: &fs::File, _: &mut [IoSliceMut<'_>], _: u64) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }
}
