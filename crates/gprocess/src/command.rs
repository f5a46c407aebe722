//! What is to be run, and how.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{self, CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use crate::Child;

/// A program to be run, with its arguments, environment, working directory and standard streams: the mirror of
/// [`std::process::Command`].
///
/// One command can start any number of children.
///
/// The calling thread starts the child, and no other: its hub waits until the child has become the program, which takes
/// a millisecond or so. Linux counts the thread that has started a child as its parent: with `PR_SET_PDEATHSIG`, the
/// child is sent that signal when this *thread* ends. The threads of worker hubs never do.
///
/// # Examples
///
/// ```
/// use gprocess::Command;
///
/// let output = Command::new("sh").arg("-c").arg("echo hello").output()?;
/// assert_eq!(output.stdout, b"hello\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Command {
    pub(crate) inner: process::Command,
    stdin: Setting,
    stdout: Setting,
    stderr: Setting,
}

/// Who has set a standard stream. `std` has a default for each call, and does not tell whether it applies.
#[derive(Clone, Copy, PartialEq)]
enum Setting {
    Nobody,
    /// [`Command::output`], which has set it back to what the other calls have as their default.
    Output,
    User,
}

impl Command {
    /// A command that runs `program` without arguments, with the environment, working directory and standard streams of
    /// this process. [`output`](Self::output) has pipes for standard streams instead.
    ///
    /// A name without a slash is looked for in the folders of `PATH`: in the child's, if the command sets that.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// assert!(Command::new("true").status()?.success());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command {
            inner: process::Command::new(program),
            stdin: Setting::Nobody,
            stdout: Setting::Nobody,
            stderr: Setting::Nobody,
        }
    }

    /// Adds an argument, as it is: no shell takes it apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("echo").arg("$HOME *").output()?;
    /// assert_eq!(output.stdout, b"$HOME *\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.inner.arg(arg);
        self
    }

    /// Adds several arguments.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("echo").args(["a", "b"]).output()?;
    /// assert_eq!(output.stdout, b"a b\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.inner.args(args);
        self
    }

    /// Sets a variable of the child's environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo $COLOUR"]).env("COLOUR", "red").output()?;
    /// assert_eq!(output.stdout, b"red\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.env(key, val);
        self
    }

    /// Sets several variables of the child's environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("env").env_clear().envs([("A", "1"), ("B", "2")]).output()?;
    /// assert_eq!(output.stdout, b"A=1\nB=2\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.envs(vars);
        self
    }

    /// Takes a variable out of the child's environment, be it inherited or set.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo ${HOME-none}"]).env_remove("HOME").output()?;
    /// assert_eq!(output.stdout, b"none\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.inner.env_remove(key);
        self
    }

    /// Takes all variables out of the child's environment: what is inherited, and what was set before.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("env").env_clear().output()?;
    /// assert_eq!(output.stdout, b"");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn env_clear(&mut self) -> &mut Command {
        self.inner.env_clear();
        self
    }

    /// Sets the child's working directory.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("pwd").current_dir("/").output()?;
    /// assert_eq!(output.stdout, b"/\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Platform-specific behavior
    ///
    /// Whether a relative path of the program starts from there or from this process's working directory is the system's
    /// business: better give an absolute one.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.inner.current_dir(dir);
        self
    }

    /// Sets the child's standard input. By default it is that of this process, and nothing for [`output`](Self::output).
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    /// use std::io::Write;
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// child.stdin.take().unwrap().write_all(b"meow")?;
    /// assert_eq!(child.wait_with_output()?.stdout, b"meow");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdin(cfg);
        self.stdin = Setting::User;
        self
    }

    /// Sets the child's standard output. By default it is that of this process, and a pipe for [`output`](Self::output).
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    ///
    /// let first = Command::new("echo").arg("pipeline").stdout(Stdio::piped()).spawn()?;
    /// let second = Command::new("tr").args(["a-z", "A-Z"]).stdin(first.stdout.unwrap()).output()?;
    /// assert_eq!(second.stdout, b"PIPELINE\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stdout(cfg);
        self.stdout = Setting::User;
        self
    }

    /// Sets where the child's errors go. By default it is where those of this process go, and a pipe for
    /// [`output`](Self::output).
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::{Command, Stdio};
    ///
    /// let output = Command::new("sh").args(["-c", "echo oops >&2"]).stderr(Stdio::null()).output()?;
    /// assert_eq!(output.stderr, b"");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.inner.stderr(cfg);
        self.stderr = Setting::User;
        self
    }

    /// Starts a child, and does not wait for its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let mut child = Command::new("true").spawn()?;
    /// assert!(child.wait()?.success());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if there is no such program, [`PermissionDenied`](io::ErrorKind::PermissionDenied)
    /// if it may not be run, [`InvalidInput`](io::ErrorKind::InvalidInput) for a string with a NUL in it, and what the
    /// system gives when it has no process or descriptor left.
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.inner.spawn().map(Child::from)
    }

    /// Starts a child, and waits for its end and for all that it writes.
    ///
    /// Streams that were not set are pipes to read from, and nothing to be read by the child.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"]).output()?;
    /// assert_eq!(output.stdout, b"one\n");
    /// assert_eq!(output.stderr, b"two\n");
    /// assert_eq!(output.status.code(), Some(3));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn) and of [`Child::wait`].
    ///
    /// # Panics
    ///
    /// As [`Child::wait_with_output`] does.
    pub fn output(&mut self) -> io::Result<Output> {
        if self.stdin != Setting::User {
            self.inner.stdin(Stdio::null());
            self.stdin = Setting::Output;
        }
        if self.stdout != Setting::User {
            self.inner.stdout(Stdio::piped());
            self.stdout = Setting::Output;
        }
        if self.stderr != Setting::User {
            self.inner.stderr(Stdio::piped());
            self.stderr = Setting::Output;
        }
        let child = self.spawn();
        if self.stdin == Setting::Output {
            self.inner.stdin(Stdio::inherit());
        }
        if self.stdout == Setting::Output {
            self.inner.stdout(Stdio::inherit());
        }
        if self.stderr == Setting::Output {
            self.inner.stderr(Stdio::inherit());
        }
        child?.wait_with_output()
    }

    /// Starts a child, and waits for its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use gprocess::Command;
    ///
    /// assert_eq!(Command::new("false").status()?.code(), Some(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn) and of [`Child::wait`].
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }

    /// The program, as it was given to [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(gprocess::Command::new("cat").get_program(), "cat");
    /// ```
    #[must_use]
    pub fn get_program(&self) -> &OsStr {
        self.inner.get_program()
    }

    /// The arguments, without the name of the program.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut command = gprocess::Command::new("echo");
    /// command.arg("a").arg("b");
    /// assert!(command.get_args().eq(["a", "b"]));
    /// ```
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.inner.get_args()
    }

    /// The variables that were set (`Some`) or taken out (`None`); not those that are inherited.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ffi::OsStr;
    ///
    /// let mut command = gprocess::Command::new("env");
    /// command.env("A", "1").env_remove("B");
    /// let vars: Vec<_> = command.get_envs().collect();
    /// assert_eq!(vars, [(OsStr::new("A"), Some(OsStr::new("1"))), (OsStr::new("B"), None)]);
    /// ```
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.inner.get_envs()
    }

    /// The working directory, if it was set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// let mut command = gprocess::Command::new("ls");
    /// assert_eq!(command.get_current_dir(), None);
    /// command.current_dir("/bin");
    /// assert_eq!(command.get_current_dir(), Some(Path::new("/bin")));
    /// ```
    #[must_use]
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.inner.get_current_dir()
    }
}

/// The same as that of `std`'s command.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams = [
            ("stdin", self.stdin),
            ("stdout", self.stdout),
            ("stderr", self.stderr),
        ];
        let by_output = streams
            .iter()
            .filter(|(_, setting)| *setting == Setting::Output);
        if !f.alternate() || by_output.clone().next().is_none() {
            return self.inner.fmt(f);
        }
        // The long form shows the streams that were set; what was set by `output` is nobody's wish. Line breaks inside of
        // strings are escaped, so these lines are no part of one.
        let mut text = format!("{:#?}", self.inner);
        for (name, _) in by_output {
            let field = format!("    {name}: Some(\n        Inherit,\n    ),\n");
            text = text.replacen(&field, "", 1);
        }
        f.write_str(&text)
    }
}
