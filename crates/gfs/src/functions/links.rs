//! Links, and where they lead.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use greenlet::offload;

/// Gives a file a second name, in the same file system.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let (file, name) = (folder.path().join("file"), folder.path().join("name"));
/// gfs::write(&file, "abc")?;
/// gfs::hard_link(&file, &name)?;
/// gfs::remove_file(&file)?;
/// assert_eq!(gfs::read(&name)?, b"abc");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `link` gives: [`AlreadyExists`](io::ErrorKind::AlreadyExists), [`CrossesDevices`](io::ErrorKind::CrossesDevices),
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) for a folder, and more.
///
/// # Platform-specific behavior
///
/// Of a symbolic link, Linux gives the link itself a second name.
#[doc(alias = "linkat")]
pub fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    let (original, link) = (original.as_ref(), link.as_ref());
    offload(|| fs::hard_link(original, link))
}

/// The old name of [`unix::symlink`](crate::unix::symlink).
///
/// # Examples
///
/// ```
/// # #![allow(deprecated)]
/// let folder = tempfile::tempdir()?;
/// let link = folder.path().join("link");
/// gfs::soft_link("/nowhere", &link)?;
/// assert_eq!(gfs::read_link(&link)?.as_os_str(), "/nowhere");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `symlink` gives.
#[deprecated(since = "0.1.0", note = "use `gfs::unix::symlink`")]
pub fn soft_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    crate::unix::symlink(original, link)
}

/// What a symbolic link holds, as it was made.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let link = folder.path().join("link");
/// gfs::unix::symlink("some/path", &link)?;
/// assert_eq!(gfs::read_link(&link)?.as_os_str(), "some/path");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `readlink` gives: [`InvalidInput`](io::ErrorKind::InvalidInput) for what is no link,
/// [`NotFound`](io::ErrorKind::NotFound) for nothing.
pub fn read_link<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    let path = path.as_ref();
    offload(|| fs::read_link(path))
}

/// The one path of something: from the root, without links, `.` and `..`.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = gfs::canonicalize(folder.path())?;
/// gfs::create_dir(path.join("inner"))?;
/// assert_eq!(gfs::canonicalize(path.join("inner/../inner/."))?, path.join("inner"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `realpath` gives: [`NotFound`](io::ErrorKind::NotFound) if a part of it does not exist,
/// [`NotADirectory`](io::ErrorKind::NotADirectory) if one that is not the last is no folder.
#[doc(alias = "realpath")]
pub fn canonicalize<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    let path = path.as_ref();
    offload(|| fs::canonicalize(path))
}
