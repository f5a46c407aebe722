//! How a file is opened.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::file::File;
use crate::opening::opening;

/// What a file is opened for, and what happens if it is there, or is not.
///
/// This mirrors [`std::fs::OpenOptions`].
///
/// # Examples
///
/// ```
/// use gfs::OpenOptions;
/// use std::io::{Read, Seek, Write};
///
/// let folder = tempfile::tempdir()?;
/// let mut file = OpenOptions::new()
///     .read(true)
///     .write(true)
///     .create_new(true)
///     .open(folder.path().join("both"))?;
/// file.write_all(b"there")?;
/// file.rewind()?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!(text, "there");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct OpenOptions {
    inner: fs::OpenOptions,
}

impl OpenOptions {
    /// Options that are all off. A file cannot be opened with them: one of `read`, `write` and `append` has to be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    /// use std::io::ErrorKind;
    ///
    /// let error = OpenOptions::new().open(".").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// ```
    #[expect(clippy::new_without_default, reason = "std's has no default either")]
    #[must_use]
    pub fn new() -> Self {
        OpenOptions {
            inner: fs::OpenOptions::new(),
        }
    }

    /// Whether the file can be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    /// OpenOptions::new().read(true).open("/dev/null")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.inner.read(read);
        self
    }

    /// Whether the file can be written. What is in it stays, and is written over.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    /// use std::io::Write;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abc")?;
    /// OpenOptions::new().write(true).open(&path)?.write_all(b"A")?;
    /// assert_eq!(gfs::read(&path)?, b"Abc");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.inner.write(write);
        self
    }

    /// Whether each write goes to the end of the file, wherever that is by then.
    ///
    /// One `write` is not mixed up with those of other handles or processes; `write_all` may be several.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    /// use std::io::Write;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abc")?;
    /// OpenOptions::new().append(true).open(&path)?.write_all(b"d")?;
    /// assert_eq!(gfs::read(&path)?, b"abcd");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.inner.append(append);
        self
    }

    /// Whether the file is emptied when it is opened. Needs `write`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abc")?;
    /// OpenOptions::new().write(true).truncate(true).open(&path)?;
    /// assert_eq!(gfs::read(&path)?, b"");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.inner.truncate(truncate);
        self
    }

    /// Whether the file is made if there is none. Needs `write` or `append`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// OpenOptions::new().append(true).create(true).open(&path)?;
    /// assert!(gfs::exists(&path)?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.inner.create(create);
        self
    }

    /// Whether the file is made, and it is an error if there is one, or a link that leads nowhere. Needs `write` or
    /// `append`; `create` and `truncate` do not count then.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    /// use std::io::ErrorKind;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// options.open(&path)?;
    /// assert_eq!(options.open(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.inner.create_new(create_new);
        self
    }

    /// Opens the file at `path`.
    ///
    /// Parks the calling greenlet for as long as that takes: for a FIFO, until its other end is opened.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::OpenOptions;
    /// use std::io::ErrorKind;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("missing");
    /// let error = OpenOptions::new().read(true).open(path).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `open` gives, as the [kinds](io::ErrorKind) `NotFound`, `PermissionDenied`, `AlreadyExists`, `IsADirectory` and
    /// more; `InvalidInput` for options that do not go together and for a path with a zero byte in it.
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let path = path.as_ref();
        opening(&[path], || self.inner.open(path)).map(File::from)
    }
}

/// The same as that of `std`'s.
impl std::fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.inner.mode(mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.inner.custom_flags(flags);
        self
    }
}
