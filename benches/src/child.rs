//! One measurement, one process: the program runs itself again with hidden arguments, so no
//! measurement sees the threads, the heap or the warm caches of another.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

/// The first argument of a process that is a child of ours.
pub const MARK: &str = "--child";

/// Starts this program again with [`MARK`], the `name` of what the child belongs to, and `arguments`.
///
/// # Errors
///
/// When the program cannot be started again.
pub fn start(name: &str, arguments: &[String], environment: &[(&str, &str)]) -> io::Result<Child> {
    Command::new(env::current_exe()?)
        .arg(MARK)
        .arg(name)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
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
    let mut child = start(name, arguments, environment).map_err(|error| error.to_string())?;
    let begin = Instant::now();
    // What a child prints fits the pipe, so it is read when the child has ended.
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begin.elapsed() < limit => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("took longer than {limit:?}"));
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    let text = |stream: Option<&mut dyn Read>| {
        let mut text = String::new();
        stream.map(|stream| stream.read_to_string(&mut text));
        text
    };
    let output = text(child.stdout.as_mut().map(|stream| stream as &mut dyn Read));
    if status.success() {
        return Ok(output);
    }
    let complaint = text(child.stderr.as_mut().map(|stream| stream as &mut dyn Read));
    Err(format!(
        "{status}: {}",
        complaint.trim().lines().last().unwrap_or_default()
    ))
}
