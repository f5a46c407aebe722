//! Locks on whole files.

use std::fs::{self, TryLockError};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenlet::{is_alone, offload, offload_wait};

use super::File;

/// Greenlets of this process that wait for a lock on a thread.
///
/// Not all threads for calls that wait may wait for locks: whoever has the lock may need one to get done.
static WAITING: AtomicUsize = AtomicUsize::new(0);
const MOST_WAITING: usize = 512;

/// How long those ask again after which there is no thread to wait on: the first time, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(32));

/// The right to wait on a thread.
struct Place;

impl Place {
    fn take() -> Option<Place> {
        let one_more = |waiting| (waiting < MOST_WAITING).then_some(waiting + 1);
        let taken = WAITING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.ok().map(|_| Place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl File {
    /// Locks the file for this handle alone, and waits for as long as others have it locked.
    ///
    /// The lock is advisory: it keeps others from locking, not from reading or writing. It belongs to the open file, with
    /// its [clones](Self::try_clone), and ends with [`unlock`](Self::unlock) or when the last of them is dropped. A file
    /// that is opened twice is two, in one greenlet as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("lock");
    /// let first = File::create(&path)?;
    /// first.lock()?;
    ///
    /// let waiter = greenlet::spawn(move || File::open(&path)?.lock());
    /// greenlet::yield_now();
    /// assert!(!waiter.is_finished());
    /// first.unlock()?;
    /// waiter.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `flock` gives.
    ///
    /// # Platform-specific behavior
    ///
    /// `flock` on Unix. Of the greenlets that wait for locks at one time, all but 512 ask again every few milliseconds, and
    /// so may be overtaken.
    pub fn lock(&self) -> io::Result<()> {
        self.wait_for(fs::File::try_lock, fs::File::lock)
    }

    /// Locks the file for this handle and others that lock it shared, and waits for as long as one has it for itself.
    ///
    /// For the rest it is as with [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("lock");
    /// let first = File::create(&path)?;
    /// let second = File::open(&path)?;
    /// first.lock_shared()?;
    /// second.lock_shared()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `flock` gives.
    pub fn lock_shared(&self) -> io::Result<()> {
        self.wait_for(fs::File::try_lock_shared, fs::File::lock_shared)
    }

    /// Locks the file for this handle alone if nobody else has it locked.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::{File, TryLockError};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("lock");
    /// let first = File::create(&path)?;
    /// let second = File::open(&path)?;
    /// first.try_lock()?;
    /// assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](TryLockError::WouldBlock) if it is locked, and what `flock` gives.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        offload(|| self.inner().try_lock())
    }

    /// Locks the file for this handle and others that lock it shared, if nobody has it for itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::{File, TryLockError};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("lock");
    /// let first = File::create(&path)?;
    /// let second = File::open(&path)?;
    /// first.try_lock_shared()?;
    /// second.try_lock_shared()?;
    /// assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](TryLockError::WouldBlock) if it is locked for another alone, and what `flock` gives.
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        offload(|| self.inner().try_lock_shared())
    }

    /// Gives up the lock, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gfs::File;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("lock");
    /// let first = File::create(&path)?;
    /// first.lock()?;
    /// first.unlock()?;
    /// File::open(&path)?.try_lock()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `flock` gives. A file that is not locked is no error.
    pub fn unlock(&self) -> io::Result<()> {
        offload(|| self.inner().unlock())
    }

    fn wait_for(
        &self,
        try_lock: fn(&fs::File) -> Result<(), TryLockError>,
        lock: fn(&fs::File) -> io::Result<()>,
    ) -> io::Result<()> {
        if is_alone() {
            return lock(self.inner());
        }
        let mut pause = PAUSES.0;
        loop {
            match offload(|| try_lock(self.inner())) {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) => (),
            }
            if let Some(_place) = Place::take() {
                return offload_wait(|| lock(self.inner()));
            }
            greenlet::time::sleep_until(Instant::now() + pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}
