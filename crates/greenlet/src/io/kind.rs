//! What a descriptor is of.

use rustix::fs::{FileType, OFlags, fcntl_getfl};
use std::os::fd::AsFd;

/// Whether a plain read may wait: the descriptor is open for reading, and not in non-blocking mode.
///
/// Where it may not, the call itself gives its result, or its error, at once.
///
/// # Examples
///
/// ```
/// use greenlet::io::{may_wait_to_read, may_wait_to_write};
/// let (reader, _writer) = std::io::pipe()?;
/// assert!(may_wait_to_read(&reader));
/// assert!(!may_wait_to_write(&reader)); // it is an error
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn may_wait_to_read<F: AsFd>(fd: F) -> bool {
    may_wait_unless(fd, OFlags::WRONLY)
}

/// Whether a plain write may wait: the descriptor is open for writing, and not in non-blocking mode.
///
/// See [`may_wait_to_read`].
pub fn may_wait_to_write<F: AsFd>(fd: F) -> bool {
    may_wait_unless(fd, OFlags::RDONLY)
}

/// What cannot be asked gives its error with the call.
fn may_wait_unless<F: AsFd>(fd: F, only: OFlags) -> bool {
    fcntl_getfl(fd)
        .is_ok_and(|flags| !flags.contains(OFlags::NONBLOCK) && (flags & OFlags::RWMODE) != only)
}

/// Whether there is any sense in waiting for a descriptor: it is that of a pipe, a socket, a terminal or another
/// character device.
///
/// A file or a block device always counts as ready, and makes its readers wait for the disk all the same. What cannot be
/// found out is taken for one of these. No server is asked.
///
/// # Examples
///
/// ```
/// use greenlet::io::can_be_awaited;
/// let (reader, _writer) = std::io::pipe()?;
/// assert!(can_be_awaited(&reader));
/// assert!(!can_be_awaited(&std::fs::File::open("/")?));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn can_be_awaited<F: AsFd>(fd: F) -> bool {
    system::file_type(fd).is_some_and(|kind| {
        matches!(
            kind,
            FileType::Fifo | FileType::Socket | FileType::CharacterDevice
        )
    })
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::fs::{AtFlags, FileType, RawMode, StatxFlags, fstat, statx};
    use rustix::io::Errno;
    use std::os::fd::AsFd;

    pub(super) fn file_type<F: AsFd>(fd: F) -> Option<FileType> {
        let fd = fd.as_fd();
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
        let mode = match statx(fd, "", flags, StatxFlags::TYPE) {
            Ok(known) => RawMode::from(known.stx_mode),
            // Linux before 4.11, or a sandbox that does not know it.
            Err(Errno::NOSYS | Errno::PERM) => fstat(fd).ok()?.st_mode,
            Err(_) => return None,
        };
        Some(FileType::from_raw_mode(mode))
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::fs::{FileType, fstat};
    use std::os::fd::AsFd;

    pub(super) fn file_type<F: AsFd>(fd: F) -> Option<FileType> {
        Some(FileType::from_raw_mode(fstat(fd).ok()?.st_mode))
    }
}
