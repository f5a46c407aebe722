//! System calls of a server, counted by strace.

use crate::net::load::Target;
use crate::net::running::first_line;
use benches::{child, process};
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, thread};

/// To attach and to end.
const LIMIT: Duration = Duration::from_secs(10);

/// Whether strace is there, and may be used: it says its version.
pub(crate) fn available() -> bool {
    child::output(Command::new("strace").arg("-V"), LIMIT).is_ok()
}

/// How many system calls the server makes while `work` runs.
pub(crate) fn during(target: Target, work: impl FnOnce() -> io::Result<()>) -> io::Result<u64> {
    let folder = tempfile::tempdir_in(env::temp_dir())?;
    let output = folder.path().join("counts");
    let mut command = Command::new("strace");
    command
        .args(["-c", "-f", "-p", &target.process.to_string(), "-o"])
        .arg(&output);
    let mut strace = child::spawn(&mut command)?;
    let counted = (|| {
        let complaints = strace.stderr.take().expect("it is piped");
        // It says so when all threads are attached.
        let line = first_line(complaints, LIMIT)?;
        if !line.contains("attached") {
            return Err(io::Error::other(format!("strace says {:?}", line.trim())));
        }
        work()?;
        process::interrupt(strace.id())?;
        let begin = Instant::now();
        while strace.try_wait()?.is_none() {
            if begin.elapsed() > LIMIT {
                return Err(io::Error::other("strace does not end"));
            }
            thread::sleep(Duration::from_millis(2));
        }
        total(&std::fs::read_to_string(&output)?)
            .ok_or_else(|| io::Error::other("strace has printed no total"))
    })();
    child::end(&mut strace);
    counted
}

/// The number of calls in the last line of what strace prints.
fn total(table: &str) -> Option<u64> {
    let last = table.lines().rfind(|line| line.ends_with(" total"))?;
    // Share, seconds, microseconds a call, calls, errors or nothing.
    last.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found_with_and_without_errors() {
        let table = |errors| {
            format!(
                "% time     seconds  usecs/call     calls    errors syscall\n\
                 ------ ----------- ----------- --------- --------- ----------------\n \
                 60.00    0.000600           6       100           read\n\
                 ------ ----------- ----------- --------- --------- ----------------\n\
                 100.00    0.001000           6       150 {errors:>9} total\n"
            )
        };
        assert_eq!(total(&table("")), Some(150));
        assert_eq!(total(&table("7")), Some(150));
        assert_eq!(total(""), None);
    }
}
