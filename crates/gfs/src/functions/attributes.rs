//! What is known of a file.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::path::Path;

use greenlet::offload;

/// What the system knows of a file, a folder or anything else. A link is followed.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// assert!(gfs::metadata(folder.path())?.is_dir());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `stat`, or `statx`, gives: [`NotFound`](io::ErrorKind::NotFound) if there is no such thing,
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if one on the way may not be searched.
#[doc(alias = "stat")]
pub fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    offload(|| fs::metadata(path))
}

/// Does what [`metadata`] does, but for a link itself instead of what it leads to.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let link = folder.path().join("link");
/// gfs::unix::symlink("/nowhere", &link)?;
/// assert!(gfs::symlink_metadata(&link)?.is_symlink());
/// assert!(gfs::metadata(&link).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `lstat`, or `statx`, gives.
#[doc(alias = "lstat")]
pub fn symlink_metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    offload(|| fs::symlink_metadata(path))
}

/// Changes who may do what with a file. A link is followed.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("file");
/// gfs::write(&path, "abc")?;
/// let mut permissions = gfs::metadata(&path)?.permissions();
/// permissions.set_readonly(true);
/// gfs::set_permissions(&path, permissions)?;
/// assert!(gfs::metadata(&path)?.permissions().readonly());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `chmod` gives: [`PermissionDenied`](io::ErrorKind::PermissionDenied) for the file of another user.
#[doc(alias = "chmod")]
pub fn set_permissions<P: AsRef<Path>>(path: P, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref();
    offload(|| fs::set_permissions(path, perm))
}

/// Whether there is anything of this name. A link that leads nowhere is nothing.
///
/// What is true now may not be by the next call: open with
/// [`create_new`](crate::OpenOptions::create_new) rather than ask first.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// assert!(gfs::exists(folder.path())?);
/// assert!(!gfs::exists(folder.path().join("missing"))?);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`metadata`] that leave it open, such as [`PermissionDenied`](io::ErrorKind::PermissionDenied).
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    let path = path.as_ref();
    offload(|| fs::exists(path))
}
