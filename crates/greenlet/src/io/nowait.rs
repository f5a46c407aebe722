//! Reads and writes that do not wait, whatever the mode of the descriptor.
//!
//! For shims of whatever has no `MSG_DONTWAIT`: files, pipes, terminals. The descriptor's own mode (`O_NONBLOCK`) is left
//! alone, as other processes may share it.
//!
//! # Examples
//!
//! ```
//! use greenlet::io::nowait::{self, Refusal};
//! use std::io::{IoSlice, IoSliceMut};
//!
//! let (reader, writer) = std::io::pipe()?; // in blocking mode
//! let mut bytes = [0; 8];
//! match nowait::read(&reader, &mut [IoSliceMut::new(&mut bytes)]) {
//!     Err(Refusal::WouldWait) => assert_eq!(nowait::write(&writer, &[IoSlice::new(b"x")]), Ok(1)),
//!     Err(Refusal::Unsupported) => (), // not on this system
//!     Ok(count) => panic!("{count} bytes out of an empty pipe"),
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsFd;

/// Why a call that must not wait has done nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It would have to wait; the next one may not. Also given when a signal came between.
    WouldWait,
    /// It cannot be asked for here (the system or the kind of file does not have it), or it fails: the plain call tells.
    Unsupported,
}

/// Reads at the position of a file, which it moves, or from a stream.
///
/// # Errors
///
/// See [`Refusal`].
///
/// # Platform-specific behavior
///
/// `preadv2` with `RWF_NOWAIT` on Linux, which has it for files since 4.14 and for pipes since 6.4, and not for all file
/// systems and devices. Elsewhere, and on Linux 5.9 and 5.10 (which may tell the end of a file where there is none),
/// unsupported.
pub fn read<F: AsFd>(file: F, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Refusal> {
    // The kernel takes -1 for "where the position is".
    system::read(file, bufs, u64::MAX)
}

/// Reads at `offset` of a file, and leaves its position alone.
///
/// # Errors
///
/// See [`Refusal`]; of the systems, the same as with [`read`].
pub fn read_at<F: AsFd>(
    file: F,
    bufs: &mut [IoSliceMut<'_>],
    offset: u64,
) -> Result<usize, Refusal> {
    // One that is negative for the kernel is an error, which the plain call gives, or means the position.
    if i64::try_from(offset).is_err() {
        return Err(Refusal::Unsupported);
    }
    system::read(file, bufs, offset)
}

/// Writes at the position of a file, which it moves, or to a stream: as much as there is room for.
///
/// # Errors
///
/// See [`Refusal`]; of the systems, the same as with [`read`].
pub fn write<F: AsFd>(file: F, bufs: &[IoSlice<'_>]) -> Result<usize, Refusal> {
    system::write(file, bufs)
}

#[cfg(all(target_os = "linux", not(greenlet_portable)))]
mod system {
    use super::Refusal;
    use rustix::io::{Errno, ReadWriteFlags, preadv2, pwritev2};
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsFd;
    use std::sync::OnceLock;

    pub(super) fn read<F: AsFd>(
        file: F,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Result<usize, Refusal> {
        static MISTAKEN: OnceLock<bool> = OnceLock::new();
        if *MISTAKEN
            .get_or_init(|| is_mistaken(&rustix::system::uname().release().to_string_lossy()))
        {
            return Err(Refusal::Unsupported);
        }
        preadv2(file, bufs, offset, ReadWriteFlags::NOWAIT).map_err(refusal)
    }

    pub(super) fn write<F: AsFd>(file: F, bufs: &[IoSlice<'_>]) -> Result<usize, Refusal> {
        pwritev2(file, bufs, u64::MAX, ReadWriteFlags::NOWAIT).map_err(refusal)
    }

    fn refusal(error: Errno) -> Refusal {
        match error {
            Errno::AGAIN | Errno::INTR => Refusal::WouldWait,
            // Be it the flag that is not liked or the call: the plain one tells.
            _ => Refusal::Unsupported,
        }
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

#[cfg(not(all(target_os = "linux", not(greenlet_portable))))]
mod system {
    use super::Refusal;
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsFd;

    pub(super) fn read<F: AsFd>(_: F, _: &mut [IoSliceMut<'_>], _: u64) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }

    pub(super) fn write<F: AsFd>(_: F, _: &[IoSlice<'_>]) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }
}
