//! The names of files.

use std::fs;
use std::io;
use std::path::Path;

use greenlet::offload;

/// Removes the name of a file, and the file if it has no other and nobody has it open. Of a link, the link.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("file");
/// gfs::write(&path, "abc")?;
/// gfs::remove_file(&path)?;
/// assert!(!gfs::exists(&path)?);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `unlink` gives: [`NotFound`](io::ErrorKind::NotFound), [`IsADirectory`](io::ErrorKind::IsADirectory) on Linux,
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) and more.
#[doc(alias = "rm", alias = "unlink")]
pub fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    offload(|| fs::remove_file(path))
}

/// Gives a file or folder another name, in the same file system. What has that name is replaced, in one step.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let (draft, page) = (folder.path().join("draft"), folder.path().join("page"));
/// gfs::write(&page, "old")?;
/// gfs::write(&draft, "new")?;
/// gfs::rename(&draft, &page)?;
/// assert_eq!(gfs::read(&page)?, b"new");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `rename` gives: [`NotFound`](io::ErrorKind::NotFound), [`CrossesDevices`](io::ErrorKind::CrossesDevices),
/// [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty) for a folder that is to be replaced, and more.
#[doc(alias = "mv", alias = "move")]
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    offload(|| fs::rename(from, to))
}
