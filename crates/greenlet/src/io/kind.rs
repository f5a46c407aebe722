//! What a descriptor is of.

use rustix::fs::FileType;
use std::os::fd::AsFd;

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
