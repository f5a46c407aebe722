//! How a folder is made.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use greenlet::offload;

/// Makes folders, with options.
///
/// This mirrors [`std::fs::DirBuilder`]. [`create_dir`](crate::create_dir) and [`create_dir_all`](crate::create_dir_all)
/// do without the options.
///
/// # Examples
///
/// ```
/// use gfs::DirBuilder;
/// use gfs::unix::{DirBuilderExt, MetadataExt};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("deep/secret");
/// DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
/// assert_eq!(gfs::metadata(&path)?.mode() & 0o777, 0o700);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct DirBuilder {
    inner: fs::DirBuilder,
}

impl DirBuilder {
    /// One that makes a single folder, which all may use as far as the process lets them.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::DirBuilder;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let builder = DirBuilder::new();
    /// builder.create(folder.path().join("one"))?;
    /// builder.create(folder.path().join("two"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[expect(clippy::new_without_default, reason = "std's has no default either")]
    #[must_use]
    pub fn new() -> DirBuilder {
        DirBuilder {
            inner: fs::DirBuilder::new(),
        }
    }

    /// Whether those above it that are missing are made as well, and a folder that is there is no error.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::DirBuilder;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("one/in/another");
    /// assert!(DirBuilder::new().create(&path).is_err());
    /// DirBuilder::new().recursive(true).create(&path)?;
    /// DirBuilder::new().recursive(true).create(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.inner.recursive(recursive);
        self
    }

    /// Makes the folder.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::DirBuilder;
    /// use std::io::ErrorKind;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let error = DirBuilder::new().create(folder.path()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `mkdir` gives: [`NotFound`](io::ErrorKind::NotFound) if the one above it is missing,
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is anything of this name; with
    /// [`recursive`](Self::recursive) only if it is no folder.
    pub fn create<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        let path = path.as_ref();
        offload(|| self.inner.create(path))
    }
}

/// The same as that of `std`'s.
impl fmt::Debug for DirBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut DirBuilder {
        self.inner.mode(mode);
        self
    }
}
