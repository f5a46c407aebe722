//! The open file. Reading, writing and seeking are in `transfer`, locks in `lock`, descriptors in `descriptor`.

mod descriptor;
mod lock;
mod shared;
mod transfer;

use std::fmt;
use std::fs::{self, FileTimes, Metadata, Permissions};
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use greenlet::io::Source;
use greenlet::offload;

use crate::opening::opening;

use crate::open_options::OpenOptions;
use shared::Shared;

/// An open file.
///
/// This mirrors [`std::fs::File`]. Where that blocks the thread, this parks the calling greenlet, and the others of its
/// thread go on. What the system has in memory is read at once.
///
/// `&File` reads, writes and seeks too, so one file may be used from any number of greenlets and threads at a time. They
/// share one position.
///
/// The file is closed when the value, and every [clone](File::try_clone), is dropped; errors of closing are not seen. See
/// [`sync_all`](File::sync_all).
///
/// # Examples
///
/// ```
/// use gfs::File;
/// use std::io::{Read, Seek, Write};
///
/// let folder = tempfile::tempdir()?;
/// let mut file = File::options()
///     .read(true)
///     .write(true)
///     .create(true)
///     .open(folder.path().join("notes"))?;
/// file.write_all(b"one line\n")?;
/// file.rewind()?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!(text, "one line\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct File {
    /// Registered nowhere unless it is a pipe that had to be waited for.
    source: Source<fs::File>,
    shared: Arc<Shared>,
}

// As std's. What is shared behind a reference is atomics.
impl UnwindSafe for File {}
impl RefUnwindSafe for File {}

impl File {
    fn new(file: fs::File, shared: Arc<Shared>) -> File {
        let source = Source::new(file);
        // Its number is lent to anybody.
        source.mark_shared();
        File { source, shared }
    }

    fn inner(&self) -> &fs::File {
        self.source.get_ref()
    }

    /// Opens a file for reading.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::{ErrorKind, Read};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("word");
    /// assert_eq!(File::open(&path).unwrap_err().kind(), ErrorKind::NotFound);
    ///
    /// gfs::write(&path, "word")?;
    /// let mut bytes = [0; 2];
    /// File::open(&path)?.read_exact(&mut bytes)?;
    /// assert_eq!(&bytes, b"wo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`OpenOptions::open`]: [`NotFound`](io::ErrorKind::NotFound) if there is no such file.
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        opening(&[path], || fs::File::open(path)).map(File::from)
    }

    /// Opens a file for writing: makes it if there is none, and empties it if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::Write;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("word");
    /// gfs::write(&path, "a longer one")?;
    /// File::create(&path)?.write_all(b"word")?;
    /// assert_eq!(gfs::read(&path)?, b"word");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`OpenOptions::open`].
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        opening(&[path], || fs::File::create(path)).map(File::from)
    }

    /// Makes a file, and opens it for reading and writing. No other program gets in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::ErrorKind;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("mine");
    /// let mine = File::create_new(&path)?;
    /// assert_eq!(File::create_new(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is anything of this name, and those of
    /// [`OpenOptions::open`].
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        opening(&[path], || fs::File::create_new(path)).map(File::from)
    }

    /// The same as [`OpenOptions::new`], with one name less to import.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::Write;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("log");
    /// for line in ["one\n", "two\n"] {
    ///     let mut log = File::options().append(true).create(true).open(&path)?;
    ///     log.write_all(line.as_bytes())?;
    /// }
    /// assert_eq!(gfs::read_to_string(&path)?, "one\ntwo\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Waits until everything that was written to the file, and all that is known of it, is on the disk.
    ///
    /// This is the place to learn of errors that come after `write` has returned.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::Write;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let mut file = File::create(folder.path().join("safe"))?;
    /// file.write_all(b"to be kept")?;
    /// file.sync_all()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `fsync` gives.
    #[doc(alias = "fsync")]
    pub fn sync_all(&self) -> io::Result<()> {
        offload(|| self.inner().sync_all())
    }

    /// Waits until everything that was written to the file is on the disk, and of its metadata what is needed to read it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::Write;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let mut file = File::create(folder.path().join("safe"))?;
    /// file.write_all(b"to be kept")?;
    /// file.sync_data()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `fdatasync` gives.
    ///
    /// # Platform-specific behavior
    ///
    /// Some systems do as much as for [`sync_all`](Self::sync_all).
    #[doc(alias = "fdatasync")]
    pub fn sync_data(&self) -> io::Result<()> {
        offload(|| self.inner().sync_data())
    }

    /// Cuts the file off at `size`, or fills it up with zeros to it. The position stays where it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abc")?;
    /// let file = File::options().write(true).open(&path)?;
    /// file.set_len(1)?;
    /// file.set_len(2)?;
    /// assert_eq!(gfs::read(&path)?, b"a\0");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `ftruncate` gives: [`InvalidInput`](io::ErrorKind::InvalidInput) if the file is not open for writing, or for
    /// more than the system can count.
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        offload(|| self.inner().set_len(size))
    }

    /// What the system knows of the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abc")?;
    /// assert_eq!(File::open(&path)?.metadata()?.len(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `fstat`, or `statx`, gives.
    pub fn metadata(&self) -> io::Result<Metadata> {
        offload(|| self.inner().metadata())
    }

    /// Makes a second handle of the same open file.
    ///
    /// Both have one position: reading, writing and seeking with one moves it for the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::io::Read;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("file");
    /// gfs::write(&path, "abcdef")?;
    /// let mut one = File::open(&path)?;
    /// let mut two = one.try_clone()?;
    /// let mut bytes = [0; 3];
    /// one.read_exact(&mut bytes)?;
    /// two.read_exact(&mut bytes)?;
    /// assert_eq!(&bytes, b"def");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's, when it has no descriptor left.
    pub fn try_clone(&self) -> io::Result<File> {
        Ok(File::new(
            self.inner().try_clone()?,
            Arc::clone(&self.shared),
        ))
    }

    /// Changes who may do what with the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file"))?;
    /// let mut permissions = file.metadata()?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions)?;
    /// assert!(file.metadata()?.permissions().readonly());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `fchmod` gives: [`PermissionDenied`](io::ErrorKind::PermissionDenied) for the file of another user.
    #[doc(alias = "fchmod")]
    pub fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        offload(|| self.inner().set_permissions(perm))
    }

    /// Changes when the file was read and modified last.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::{File, FileTimes};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file"))?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(FileTimes::new().set_accessed(then).set_modified(then))?;
    /// assert_eq!(file.metadata()?.modified()?, then);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `futimens` gives, and [`InvalidInput`](io::ErrorKind::InvalidInput) for a time that the system cannot tell.
    #[doc(alias = "futimens")]
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        offload(|| self.inner().set_times(times))
    }

    /// Changes when the file was modified last.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file"))?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_modified(then)?;
    /// assert_eq!(file.metadata()?.modified()?, then);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set_times`](Self::set_times).
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time))
    }
}

/// The same as that of `std`'s file.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner().fmt(f)
    }
}
