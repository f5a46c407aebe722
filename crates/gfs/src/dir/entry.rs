//! What is in a folder.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::fs::DirEntryExt;
use std::path::PathBuf;

use greenlet::offload;

/// Something in a folder, as [`ReadDir`](crate::ReadDir) found it.
///
/// This mirrors [`std::fs::DirEntry`]. It holds the folder open until it is dropped.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// gfs::write(folder.path().join("file"), "abc")?;
/// for entry in gfs::read_dir(folder.path())? {
///     let entry = entry?;
///     assert_eq!(entry.file_name(), "file");
///     assert!(entry.file_type()?.is_file());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct DirEntry {
    inner: fs::DirEntry,
    /// What is known without asking for it, which may have to wait.
    file_type: Option<FileType>,
}

impl DirEntry {
    /// An entry that is asked for its type when that is needed.
    pub(super) fn new(inner: fs::DirEntry) -> DirEntry {
        DirEntry {
            inner,
            file_type: None,
        }
    }

    /// An entry whose type is asked for here and now, where waiting for it holds up nobody. Most file systems tell it with
    /// the name.
    pub(super) fn with_type(inner: fs::DirEntry) -> DirEntry {
        let file_type = inner.file_type().ok();
        DirEntry { inner, file_type }
    }

    /// The path: that of the folder, as it was given to [`read_dir`](crate::read_dir), with the name.
    ///
    /// # Examples
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abc")?;
    /// let entry = gfs::read_dir(folder.path())?.next().unwrap()?;
    /// assert_eq!(entry.path(), path);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.inner.path()
    }

    /// What the system knows of it: of a symbolic link, not of what it leads to.
    ///
    /// # Examples
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// gfs::write(folder.path().join("file"), "abc")?;
    /// let entry = gfs::read_dir(folder.path())?.next().unwrap()?;
    /// assert_eq!(entry.metadata()?.len(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `fstatat`, or `statx`, gives: [`NotFound`](io::ErrorKind::NotFound) if it is there no longer.
    ///
    /// # Platform-specific behavior
    ///
    /// The system is asked when this is called.
    pub fn metadata(&self) -> io::Result<Metadata> {
        offload(|| self.inner.metadata())
    }

    /// Whether it is a file, a folder, a link or something else.
    ///
    /// # Examples
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// gfs::create_dir(folder.path().join("inner"))?;
    /// let entry = gfs::read_dir(folder.path())?.next().unwrap()?;
    /// assert!(entry.file_type()?.is_dir());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata), where the file system does not tell it with the name.
    pub fn file_type(&self) -> io::Result<FileType> {
        match self.file_type {
            Some(file_type) => Ok(file_type),
            None => offload(|| self.inner.file_type()),
        }
    }

    /// The name, without a path.
    ///
    /// # Examples
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// gfs::write(folder.path().join("file"), "abc")?;
    /// let entry = gfs::read_dir(folder.path())?.next().unwrap()?;
    /// assert_eq!(entry.file_name(), "file");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.inner.file_name()
    }
}

/// The same as that of `std`'s.
impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl DirEntryExt for DirEntry {
    fn ino(&self) -> u64 {
        self.inner.ino()
    }
}
