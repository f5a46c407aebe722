//! One measurement, one process: the program runs itself again with hidden arguments, so no
//! measurement sees the threads, the heap or the warm caches of another.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fmt, thread};

/// The first argument of a process that is a child of ours.
pub const MARK: &str = "--child";

/// A child that has given no figures.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The exit status, if it has exited by itself.
    pub code: Option<i32>,
    /// The last line that it has written to stderr, or what else was wrong.
    pub complaint: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(formatter, "exit status {code}: {}", self.complaint),
            None => formatter.write_str(&self.complaint),
        }
    }
}

/// Starts this program again with [`MARK`], the `name` of what the child belongs to, and `arguments`.
///
/// # Errors
///
/// When the program cannot be started again.
pub fn start(name: &str, arguments: &[String], environment: &[(&str, &str)]) -> io::Result<Child> {
    spawn(&mut command(name, arguments, environment)?)
}

/// Runs this program with [`MARK`], `name` and `arguments`, and returns what it printed.
///
/// # Errors
///
/// A message for the reader when the child fails, or runs for longer than `limit` and is killed.
pub fn run(
    name: &str,
    arguments: &[String],
    environment: &[(&str, &str)],
    limit: Duration,
) -> Result<String, String> {
    let mut command = command(name, arguments, environment).map_err(|error| error.to_string())?;
    output(&mut command, limit).map_err(|failure| failure.to_string())
}

/// [`run`] for a child that prints figures on one line.
///
/// # Errors
///
/// As [`run`], and when it printed something else.
pub fn figures(
    name: &str,
    arguments: &[String],
    environment: &[(&str, &str)],
    limit: Duration,
) -> Result<Vec<f64>, String> {
    let output = run(name, arguments, environment, limit)?;
    parse_figures(&output)
}

/// The figures on the line that a child printed.
pub(crate) fn parse_figures(output: &str) -> Result<Vec<f64>, String> {
    output
        .split_whitespace()
        .map(|figure| {
            figure
                .parse()
                .ok()
                .filter(|figure: &f64| figure.is_finite())
        })
        .collect::<Option<Vec<f64>>>()
        .filter(|figures| !figures.is_empty())
        .ok_or_else(|| format!("it printed {output:?}"))
}

fn command(name: &str, arguments: &[String], environment: &[(&str, &str)]) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command
        .arg(MARK)
        .arg(name)
        .args(arguments)
        .envs(environment.iter().copied());
    Ok(command)
}

/// Starts `command` with its output and its complaints in pipes.
///
/// # Errors
///
/// When it cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Runs `command` and returns what it printed.
///
/// # Errors
///
/// When it fails, or runs for longer than `limit` and is killed.
pub fn output(command: &mut Command, limit: Duration) -> Result<String, Failure> {
    let without_code = |complaint| Failure {
        code: None,
        complaint,
    };
    let mut child = spawn(command).map_err(|error| without_code(error.to_string()))?;
    let begin = Instant::now();
    // What a child prints fits the pipe, so it is read when the child has ended.
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begin.elapsed() < limit => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                end(&mut child);
                return Err(without_code(format!("took longer than {limit:?}")));
            }
            Err(error) => return Err(without_code(error.to_string())),
        }
    };
    if !status.success() {
        let complaint = last_complaint(&mut child);
        return Err(match status.code() {
            code @ Some(_) => Failure { code, complaint },
            None => without_code(format!("{status}: {complaint}")),
        });
    }
    let mut text = String::new();
    if let Some(mut stream) = child.stdout.take() {
        stream
            .read_to_string(&mut text)
            .map_err(|error| without_code(error.to_string()))?;
    }
    Ok(text)
}

/// Kills `child`, if it still runs, and waits for it.
pub fn end(child: &mut Child) {
    // Both fail only for one that has ended and was waited for.
    let _ = child.kill();
    let _ = child.wait();
}

/// The last line that `child`, which has ended, wrote to stderr.
pub fn last_complaint(child: &mut Child) -> String {
    let mut text = Vec::new();
    if let Some(mut stream) = child.stderr.take() {
        // What could not be read cannot be shown.
        let _ = stream.read_to_end(&mut text);
    }
    let text = String::from_utf8_lossy(&text);
    text.trim().lines().last().unwrap_or_default().to_owned()
}
