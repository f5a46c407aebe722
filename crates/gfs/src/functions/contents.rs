//! Whole files.

use std::fs;
use std::io;
use std::path::Path;

use crate::opening::opening;

/// Reads a whole file.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("bytes");
/// gfs::write(&path, [0, 159, 146, 150])?;
/// assert_eq!(gfs::read(&path)?, [0, 159, 146, 150]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`File::open`](crate::File::open), and what `read` gives. Reads that a signal has broken off are made again.
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    opening(&[path], || fs::read(path))
}

/// Reads a whole file of text.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("text");
/// gfs::write(&path, "grüß Gott")?;
/// assert_eq!(gfs::read_to_string(&path)?, "grüß Gott");
///
/// gfs::write(&path, [0, 159, 146, 150])?;
/// assert_eq!(gfs::read_to_string(&path).unwrap_err().kind(), ErrorKind::InvalidData);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`read`], and [`InvalidData`](io::ErrorKind::InvalidData) if it is not UTF-8.
pub fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    let path = path.as_ref();
    opening(&[path], || fs::read_to_string(path))
}

/// Makes `contents` all that is in a file, and makes the file if there is none.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("file");
/// gfs::write(&path, "something")?;
/// gfs::write(&path, b"else")?;
/// assert_eq!(gfs::read(&path)?, b"else");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`File::create`](crate::File::create), and what `write` gives.
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    let (path, contents) = (path.as_ref(), contents.as_ref());
    opening(&[path], || fs::write(path, contents))
}

/// Makes the contents and the permissions of `to` those of `from`, and tells how many bytes there are.
///
/// If `to` exists it is written over, in place; the same file for both is emptied.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let (from, to) = (folder.path().join("from"), folder.path().join("to"));
/// gfs::write(&from, "abc")?;
/// assert_eq!(gfs::copy(&from, &to)?, 3);
/// assert_eq!(gfs::read(&to)?, b"abc");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of opening, reading and writing; [`InvalidInput`](io::ErrorKind::InvalidInput) if `from` is neither a file nor a
/// link to one.
///
/// # Platform-specific behavior
///
/// On Linux the kernel copies, where it can: `copy_file_range`, `sendfile`.
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    let (from, to) = (from.as_ref(), to.as_ref());
    opening(&[from, to], || fs::copy(from, to))
}
