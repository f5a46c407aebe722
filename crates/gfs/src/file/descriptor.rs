//! Files to and from descriptors and the files of `std`.

use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::process::Stdio;

use super::File;

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner().as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.inner().as_raw_fd()
    }
}

impl IntoRawFd for File {
    fn into_raw_fd(self) -> RawFd {
        fs::File::from(self).into_raw_fd()
    }
}

impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> File {
        // SAFETY: the caller hands over an open descriptor that nothing else owns: the same
        // contract, word for word.
        File::from(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> File {
        File::from(fs::File::from(fd))
    }
}

impl From<File> for OwnedFd {
    fn from(file: File) -> OwnedFd {
        fs::File::from(file).into()
    }
}

/// Adopts a file of `std`, at the position where it is.
impl From<fs::File> for File {
    fn from(file: fs::File) -> File {
        File::new(file, Default::default())
    }
}

/// Gives the file of `std`, at the position where it is.
impl From<File> for fs::File {
    fn from(file: File) -> fs::File {
        file.source.into_inner()
    }
}

/// Makes the file the standard input or output of a child process.
///
/// # Examples
///
/// ```
/// use gfs::File;
/// use std::process::Command;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("output");
/// let status = Command::new("echo").arg("hello").stdout(File::create(&path)?).status()?;
/// assert!(status.success());
/// assert_eq!(gfs::read_to_string(&path)?, "hello\n");
/// # Ok::<(), std::io::Error>(())
/// ```
impl From<File> for Stdio {
    fn from(file: File) -> Stdio {
        fs::File::from(file).into()
    }
}
