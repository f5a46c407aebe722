//! The functions of `std::os::unix::fs`.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs;
use std::path::Path;

use greenlet::offload;

/// Makes a symbolic link, which leads to `original`, whether or not there is such a thing.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let link = folder.path().join("link");
/// gfs::unix::symlink("/nowhere", &link)?;
/// assert_eq!(gfs::read_link(&link)?.as_os_str(), "/nowhere");
/// assert!(!gfs::exists(&link)?);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `symlink` gives: [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is anything called `link`.
pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    let (original, link) = (original.as_ref(), link.as_ref());
    offload(|| fs::symlink(original, link))
}

/// Changes the user and the group that a file belongs to; `None` leaves it as it is. A link is followed.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// gfs::unix::chown(folder.path(), None, None)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `chown` gives: [`PermissionDenied`](io::ErrorKind::PermissionDenied) to most users.
pub fn chown<P: AsRef<Path>>(dir: P, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    let path = dir.as_ref();
    offload(|| fs::chown(path, uid, gid))
}

/// Does what [`chown`] does with an open file.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let file = gfs::File::create(folder.path().join("file"))?;
/// gfs::unix::fchown(&file, None, None)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `fchown` gives.
pub fn fchown<F: AsFd>(fd: F, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    let fd = fd.as_fd();
    offload(|| fs::fchown(fd, uid, gid))
}

/// Does what [`chown`] does, but for a link itself instead of what it leads to.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let link = folder.path().join("link");
/// gfs::unix::symlink("/nowhere", &link)?;
/// gfs::unix::lchown(&link, None, None)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `lchown` gives.
pub fn lchown<P: AsRef<Path>>(dir: P, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    let path = dir.as_ref();
    offload(|| fs::lchown(path, uid, gid))
}

/// Makes a folder the root of all paths, for the whole process.
///
/// The current folder stays where it is, outside of it perhaps: go to `/` next.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
///
/// let folder = tempfile::tempdir()?;
/// let error = gfs::unix::chroot(folder.path().join("missing")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `chroot` gives: [`PermissionDenied`](io::ErrorKind::PermissionDenied) to all but the superuser.
pub fn chroot<P: AsRef<Path>>(dir: P) -> io::Result<()> {
    let path = dir.as_ref();
    offload(|| fs::chroot(path))
}
