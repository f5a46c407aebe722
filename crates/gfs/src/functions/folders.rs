//! Folders.

use std::fs;
use std::io;
use std::path::Path;

use greenlet::offload;

use crate::dir::ReadDir;

/// Makes a folder.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("inner");
/// gfs::create_dir(&path)?;
/// assert!(gfs::metadata(&path)?.is_dir());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `mkdir` gives: [`NotFound`](io::ErrorKind::NotFound) if the one above it is missing,
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is anything of this name.
#[doc(alias = "mkdir")]
pub fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    offload(|| fs::create_dir(path))
}

/// Makes a folder and those above it, as far as they are missing.
///
/// Several greenlets, threads or processes may do that at a time.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("one/in/another");
/// gfs::create_dir_all(&path)?;
/// gfs::create_dir_all(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `mkdir` gives, but for folders that are there. Those that were made before an error stay.
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    offload(|| fs::create_dir_all(path))
}

/// Removes a folder with nothing in it.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
///
/// let folder = tempfile::tempdir()?;
/// gfs::create_dir_all(folder.path().join("one/two"))?;
/// let error = gfs::remove_dir(folder.path().join("one")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
/// gfs::remove_dir(folder.path().join("one/two"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `rmdir` gives: [`NotFound`](io::ErrorKind::NotFound), [`NotADirectory`](io::ErrorKind::NotADirectory),
/// [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty) and more.
#[doc(alias = "rmdir")]
pub fn remove_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    offload(|| fs::remove_dir(path))
}

/// Removes a folder with everything in it. Links are removed, not followed.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("one");
/// gfs::create_dir_all(path.join("in/another"))?;
/// gfs::write(path.join("file"), "abc")?;
/// gfs::remove_dir_all(&path)?;
/// assert!(!gfs::exists(&path)?);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`remove_dir`] and [`remove_file`](crate::remove_file). What others remove meanwhile is no error, and what was
/// removed before an error is gone.
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    offload(|| fs::remove_dir_all(path))
}

/// Lists what is in a folder, without `.` and `..`, in no order.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// gfs::write(folder.path().join("file"), "abc")?;
/// let mut size = 0;
/// for entry in gfs::read_dir(folder.path())? {
///     size += entry?.metadata()?.len();
/// }
/// assert_eq!(size, 3);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What `opendir` gives: [`NotFound`](io::ErrorKind::NotFound), [`NotADirectory`](io::ErrorKind::NotADirectory),
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) and more. Reading may give errors as well, in the place of an
/// entry.
///
/// # Platform-specific behavior
///
/// Whether that is seen which comes or goes during the listing depends on the file system. What was read ahead stays in the
/// list.
#[doc(alias = "ls", alias = "opendir")]
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let path = path.as_ref();
    offload(|| fs::read_dir(path)).map(ReadDir::new)
}
