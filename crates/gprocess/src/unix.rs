//! What `std` has for processes on Unix only: the mirror of [`std::os::unix::process`].

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;

use crate::Command;

pub use std::os::unix::process::{ExitStatusExt, parent_id};

mod sealed {
    /// Only [`Command`](crate::Command) has the methods, as in `std`.
    pub trait Sealed {}

    impl Sealed for crate::Command {}
}

/// What a [`Command`] can do on Unix.
///
/// This is no re-export, as that of `std` is for `std`'s own `Command` only. It has the same methods, and cannot be
/// implemented elsewhere either.
///
/// # Examples
///
/// ```
/// use gprocess::Command;
/// use gprocess::unix::CommandExt;
///
/// let output = Command::new("sh").arg0("shell").args(["-c", "echo $0"]).output()?;
/// assert_eq!(output.stdout, b"shell\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait CommandExt: sealed::Sealed {
    /// Sets the user that the child is to be, by `setuid`. Unless the caller lacks the right to it, the child has no
    /// supplementary groups then.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::CommandExt;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// let me = std::fs::metadata("/proc/self")?.uid();
    /// let output = Command::new("id").arg("-u").uid(me).output()?;
    /// assert_eq!(output.stdout, format!("{me}\n").as_bytes());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn uid(&mut self, id: u32) -> &mut Command;

    /// Sets the group that the child is to be of, by `setgid`.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::CommandExt;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// let mine = std::fs::metadata("/proc/self")?.gid();
    /// let output = Command::new("id").arg("-g").gid(mine).output()?;
    /// assert_eq!(output.stdout, format!("{mine}\n").as_bytes());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn gid(&mut self, id: u32) -> &mut Command;

    /// Has `f` called in the child, after `fork` and right before `exec`.
    ///
    /// There may be several, which are called in this order. When one fails, the rest are not called, and whoever
    /// spawns gets its error code as the error. The child's standard streams and its working directory are in place
    /// by then.
    ///
    /// The greenlets of the parent do not run in the child, and nobody else is there who could let a call of a shim
    /// come to its end by running meanwhile: calls of the offload pool are made in place, and what would have to
    /// park panics, which ends the child. The hub that spawns waits for `f`, so `f` must not wait for a greenlet of that hub.
    ///
    /// # Safety
    ///
    /// `f` runs in the copy of a process with other threads, which are gone: a lock that one of them held is never
    /// released, the allocator's own included. It may do only what is safe there (`async-signal-safe` in POSIX), and it must
    /// not misuse the descriptors and the memory of which it has copies.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::CommandExt;
    /// use std::io;
    ///
    /// let mut command = Command::new("true");
    /// // SAFETY: it makes an error out of a number, and does nothing else.
    /// unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(7))) };
    /// assert_eq!(command.spawn().unwrap_err().raw_os_error(), Some(7));
    /// ```
    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static;

    /// The old name of [`pre_exec`](Self::pre_exec).
    ///
    /// In `std` it may be called without `unsafe` before edition 2024. Here it may not.
    ///
    /// # Safety
    ///
    /// That of [`pre_exec`](Self::pre_exec).
    #[deprecated(since = "1.37.0", note = "should be unsafe, use `pre_exec` instead")]
    unsafe fn before_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's promise is the same.
        unsafe { self.pre_exec(f) }
    }

    /// Becomes the program: replaces this process, with all its threads and greenlets, without running any destructor.
    ///
    /// # Errors
    ///
    /// It returns only if that has failed: [`NotFound`](io::ErrorKind::NotFound) if there is no such program. What is set for
    /// a program, such as streams, the working directory and the handling of `SIGPIPE`, may have been set for this process
    /// by then.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::CommandExt;
    /// use std::io::ErrorKind;
    ///
    /// let error = Command::new("no-such-program").exec();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// ```
    #[must_use]
    fn exec(&mut self) -> io::Error;

    /// Sets what the program is told that it was called as: its argument 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::CommandExt;
    ///
    /// let output = Command::new("sh").arg0("me").args(["-c", "echo $0"]).output()?;
    /// assert_eq!(output.stdout, b"me\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>;

    /// Sets the process group of the child, by `setpgid`; 0 is for one of its own, which has its number.
    ///
    /// Signals of a terminal go to the group in front: so Ctrl-C ends this program, and not a child with a group of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::CommandExt;
    ///
    /// let output = Command::new("sh").args(["-c", "kill -TERM 0; exit 3"]).process_group(0).output()?;
    /// assert_eq!(output.status.code(), None); // it has ended its group, which is not this one
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn process_group(&mut self, pgroup: i32) -> &mut Command;
}

impl CommandExt for Command {
    fn uid(&mut self, id: u32) -> &mut Command {
        self.inner.uid(id);
        self
    }

    fn gid(&mut self, id: u32) -> &mut Command {
        self.inner.gid(id);
        self
    }

    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's promise is the same.
        unsafe { self.inner.pre_exec(f) };
        self
    }

    fn exec(&mut self) -> io::Error {
        self.inner.exec()
    }

    fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.inner.arg0(arg);
        self
    }

    fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.inner.process_group(pgroup);
        self
    }
}
