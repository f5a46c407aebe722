//! A process that was started.

mod both;
mod process;
mod streams;

use std::fmt;
use std::io::{self, Read};
use std::process::{ExitStatus, Output};

use greenlet::is_alone;
use process::Process;

pub use streams::{ChildStderr, ChildStdin, ChildStdout};

/// A process that was started by [`Command::spawn`](crate::Command::spawn): the mirror of [`std::process::Child`].
///
/// Dropping it neither ends the process nor waits for it. One that has ended and is never waited for stays behind as a
/// zombie, until this process ends.
///
/// # Examples
///
/// ```
/// use gprocess::Command;
///
/// let mut children = Vec::new();
/// for code in ["3", "4"] {
///     children.push(Command::new("sh").args(["-c", "exit $0", code]).spawn()?);
/// }
/// // Both are waited for at once.
/// let waiting: Vec<_> =
///     children.into_iter().map(|mut child| greenlet::spawn(move || child.wait())).collect();
/// let mut codes = Vec::new();
/// for greenlet in waiting {
///     codes.push(greenlet.join().unwrap()?.code());
/// }
/// assert_eq!(codes, [Some(3), Some(4)]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Child {
    process: Process,

    /// The other end of the child's standard input, if it is a pipe.
    ///
    /// [`take`](Option::take) it to do other things with the child while it is used.
    pub stdin: Option<ChildStdin>,

    /// The other end of the child's standard output, if it is a pipe.
    pub stdout: Option<ChildStdout>,

    /// The other end of the child's standard error, if it is a pipe.
    pub stderr: Option<ChildStderr>,
}

impl Child {
    /// Ends the child, by `SIGKILL`. One that is known to have ended is left alone.
    ///
    /// It has still to be waited for.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    /// use gprocess::unix::ExitStatusExt;
    ///
    /// let mut child = Command::new("sleep").arg("60").spawn()?;
    /// child.kill()?;
    /// assert_eq!(child.wait()?.signal(), Some(9));
    /// child.kill()?; // there is nothing left to end
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `kill` gives.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    /// The number of the process.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    ///
    /// let child = Command::new("sh").args(["-c", "echo $$"]).stdout(Stdio::piped()).spawn()?;
    /// let id = child.id();
    /// assert_eq!(child.wait_with_output()?.stdout, format!("{id}\n").as_bytes());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the end of the child, while the greenlet is parked. Called again, it gives the same status.
    ///
    /// The child's standard input is closed first, if it is still here: the child might wait for more.
    ///
    /// A greenlet that is killed while it waits leaves the child as it is: somebody else can wait for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
    /// assert!(child.wait()?.success()); // it has read the end of its input
    /// assert!(child.wait()?.success());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `waitpid` gives: `ECHILD` if somebody else has waited for this child, or this process ignores `SIGCHLD`.
    ///
    /// # Platform-specific behavior
    ///
    /// On Linux since 5.3 the hub waits for a descriptor of the process (`pidfd_open`), which is open until the child has
    /// been waited for. Elsewhere, and where no descriptor is to be had, a thread waits, of which there are at
    /// most 1,024; then a kill is held back until the child has ended. No handler of `SIGCHLD` is installed, and no other
    /// child of this process is waited for.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        self.process.wait()
    }

    /// Looks whether the child has ended, and does not wait; `None` if it has not.
    ///
    /// The child's standard input stays open.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
    /// assert_eq!(child.try_wait()?, None);
    /// let status = child.wait()?;
    /// assert_eq!(child.try_wait()?, Some(status));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// Waits for the end of the child, and for all that it writes to the pipes that are still here.
    ///
    /// Both are read at once, so the child may fill them in any order. Its standard input is closed first.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    ///
    /// let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.wait_with_output()?;
    /// assert!(output.status.success());
    /// assert_eq!(output.stdout, b"hello\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    ///
    /// # Panics
    ///
    /// If a pipe cannot be read, as in `std`: say, because it was made from a descriptor that is none of a pipe.
    ///
    /// # Platform-specific behavior
    ///
    /// On Linux the hub waits for two pipes by one descriptor (`epoll`). Elsewhere, and where none is to be had, a
    /// thread waits for them: see [`wait`](Self::wait).
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        if is_alone() {
            return std::process::Child::from(self).wait_with_output();
        }
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        match (self.stdout.take(), self.stderr.take()) {
            (None, None) => {}
            (Some(mut out), None) => {
                out.read_to_end(&mut stdout).unwrap();
            }
            (None, Some(mut err)) => {
                err.read_to_end(&mut stderr).unwrap();
            }
            (Some(out), Some(err)) => {
                both::read_to_end(out, &mut stdout, err, &mut stderr).unwrap();
            }
        }
        let status = self.wait()?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

/// Takes a child of `std`, with its pipes.
///
/// # Examples
///
/// ```
/// let plain = std::process::Command::new("true").spawn()?;
/// assert!(gprocess::Child::from(plain).wait()?.success());
/// # Ok::<(), std::io::Error>(())
/// ```
impl From<std::process::Child> for Child {
    fn from(mut plain: std::process::Child) -> Child {
        Child {
            stdin: plain.stdin.take().map(ChildStdin::from),
            stdout: plain.stdout.take().map(ChildStdout::from),
            stderr: plain.stderr.take().map(ChildStderr::from),
            process: Process::new(plain),
        }
    }
}

/// Gives the child of `std`, with its pipes.
///
/// # Examples
///
/// ```
/// let child = gprocess::Command::new("true").spawn()?;
/// assert!(std::process::Child::from(child).wait()?.success());
/// # Ok::<(), std::io::Error>(())
/// ```
impl From<Child> for std::process::Child {
    fn from(child: Child) -> std::process::Child {
        let mut plain = child.process.into_plain();
        plain.stdin = child.stdin.map(Into::into);
        plain.stdout = child.stdout.map(Into::into);
        plain.stderr = child.stderr.map(Into::into);
        plain
    }
}

/// The same as that of `std`'s child.
impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("stdin", &self.stdin)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish_non_exhaustive()
    }
}
