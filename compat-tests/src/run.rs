//! Running tests: each in a process group of its own, with a limit of time.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How tests are run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Each in a process of its own, on a thread of the system.
    Plain,
    /// Each in a process of its own, in a greenlet, and what blocks its hub is a failure.
    Greenlet,
    /// All of a file at once in one process, each in a greenlet of the worker hubs.
    Together,
    /// All of a file at once in one process, each in a greenlet of the same hub.
    OneHub,
}

impl Mode {
    pub(crate) const ALL: [Mode; 4] = [Mode::Plain, Mode::Greenlet, Mode::Together, Mode::OneHub];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Plain => "plain",
            Mode::Greenlet => "greenlet",
            Mode::Together => "together",
            Mode::OneHub => "one-hub",
        }
    }

    /// What the support code of the tests is told.
    fn variable(self) -> &'static str {
        match self {
            Mode::Plain => "plain",
            Mode::Greenlet => "watched",
            Mode::Together | Mode::OneHub => "wrapped",
        }
    }

    /// Whether all tests of a file share a process.
    pub(crate) fn is_joint(self) -> bool {
        matches!(self, Mode::Together | Mode::OneHub)
    }
}

/// What has come of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Passed,
    /// It is not to be run, and compiles.
    CompileOnly,
    Ignored,
    Failed,
    /// It did not end in time.
    Hung,
    /// It may have passed, but something held the hub.
    Blocked,
    /// The harness did not run it, or did not say so.
    NotRun,
}

impl Status {
    pub(crate) fn is_good(self) -> bool {
        matches!(self, Status::Passed | Status::CompileOnly | Status::Ignored)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) seconds: f64,
    /// The end of what it printed, unless it is good.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) output: String,
}

impl Outcome {
    pub(crate) fn compile_only() -> Outcome {
        Outcome {
            status: Status::CompileOnly,
            seconds: 0.0,
            output: String::new(),
        }
    }
}

/// What a line begins with by which a test says that a hub was held.
const HELD: &str = "compat-tests: held: ";

/// How much of an output is kept, in bytes.
const KEPT: u64 = 4000;

pub(crate) struct Runner {
    /// The most that a test may take.
    pub(crate) limit: Duration,
    /// Where tests make their files.
    pub(crate) folder: tempfile::TempDir,
    ports: Ports,
}

/// A test program, and how it understands its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    /// It has libtest's harness, or else runs its one test whatever the arguments.
    pub(crate) has_harness: bool,
    /// It may close what the harness would report on.
    pub(crate) may_be_silent: bool,
}

struct Ended {
    /// None if its time was over.
    status: Option<ExitStatus>,
    seconds: f64,
    log: File,
}

impl Runner {
    pub(crate) fn new(limit: Duration) -> Result<Runner> {
        Ok(Runner {
            limit,
            folder: tempfile::TempDir::with_prefix("compat-")?,
            ports: Ports::reserve()?,
        })
    }

    fn run(
        &self,
        program: Program<'_>,
        arguments: &[&str],
        mode: Mode,
        limit: Duration,
    ) -> Result<Ended> {
        let log = tempfile::tempfile()?;
        let mut command = Command::new(program.path);
        if program.has_harness {
            command.args(arguments);
        }
        if mode == Mode::OneHub {
            command.env("GREENLET_WORKERS", "1");
        }
        let begin = Instant::now();
        let mut child = command
            .env("COMPAT_MODE", mode.variable())
            .env("COMPAT_BASE_PORT", self.ports.next(mode).to_string())
            .env("TMPDIR", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .process_group(0)
            .spawn()
            .with_context(|| program.path.display().to_string())?;
        let in_time = wait(&child, begin + limit);
        let seconds = begin.elapsed().as_secs_f64();
        let status = end(&mut child)?;
        Ok(Ended {
            status: in_time.then_some(status),
            seconds,
            log,
        })
    }

    /// One test in a process of its own.
    pub(crate) fn one(&self, program: Program<'_>, test: &str, mode: Mode) -> Result<Outcome> {
        let arguments = ["--exact", test, "--nocapture", "--test-threads=1"];
        let mut ended = self.run(program, &arguments, mode, self.limit)?;
        let output = tail(&mut ended.log)?;
        let said = |what: &str| output.contains(&format!("test result: ok. {what}"));
        let status = match ended.status {
            None => Status::Hung,
            _ if output.lines().any(|line| line.contains(HELD)) => Status::Blocked,
            Some(status) if !status.success() => Status::Failed,
            Some(_) if !program.has_harness || said("1 passed") => Status::Passed,
            Some(_) if said("0 passed; 0 failed; 1 ignored") => Status::Ignored,
            Some(_) if program.may_be_silent && !output.contains("0 passed") => Status::Passed,
            Some(_) => Status::NotRun,
        };
        Ok(Outcome {
            status,
            seconds: ended.seconds,
            output: kept(status, output),
        })
    }

    /// Tests at once in one process.
    pub(crate) fn together(
        &self,
        program: Program<'_>,
        tests: &[&str],
        mode: Mode,
    ) -> Result<BTreeMap<String, Outcome>> {
        let threads = format!("--test-threads={}", tests.len());
        let arguments = [&["--exact", &threads], tests].concat();
        // As many seconds more as they would take at most on a machine that does little else.
        let more = Duration::from_secs(tests.len() as u64 / 4);
        let mut ended = self.run(program, &arguments, mode, self.limit + more)?;
        ended.log.seek(SeekFrom::Start(0))?;
        let mut output = Vec::new();
        ended.log.read_to_end(&mut output)?;
        let output = String::from_utf8_lossy(&output);
        let said = reported(&output);
        let outcomes = tests.iter().map(|test| {
            let status = match (said.get(test), &ended.status) {
                (Some(status), _) => *status,
                (None, None) => Status::Hung,
                (None, Some(_)) => Status::Failed,
            };
            let begin = output.find(&format!("---- {test} stdout ----"));
            let own = match begin {
                Some(begin) => output[begin..].chars().take(KEPT as usize / 2).collect(),
                None => output[floor(&output, KEPT as usize / 2)..].to_owned(),
            };
            let outcome = Outcome {
                status,
                seconds: ended.seconds,
                output: kept(status, own),
            };
            ((*test).to_owned(), outcome)
        });
        Ok(outcomes.collect())
    }
}

/// Ports that are this process's own: tests bind to them by number.
struct Ports {
    first: u16,
    used: AtomicU16,
    /// Locked as long as they are.
    _lock: File,
}

impl Ports {
    // Below those that the system gives out.
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 2_048;
    const SHARES: u16 = 6;

    /// Takes a share of them that no other process has.
    fn reserve() -> Result<Ports> {
        for share in 0..Ports::SHARES {
            let path = env::temp_dir().join(format!("compat-tests-ports-{share}.lock"));
            let lock = File::create(&path).with_context(|| path.display().to_string())?;
            if lock.try_lock().is_ok() {
                return Ok(Ports {
                    first: Ports::FIRST + share * Ports::COUNT,
                    used: AtomicU16::new(0),
                    _lock: lock,
                });
            }
        }
        bail!(
            "{} runs on this machine have all the ports already",
            Ports::SHARES
        )
    }

    /// The first of as many ports as a run needs. Those of the last runs are not among them, as a closed port lingers.
    fn next(&self, mode: Mode) -> u16 {
        const ONE_TEST: u16 = 16;
        const MANY_TESTS: u16 = 128;
        let count = if mode.is_joint() {
            MANY_TESTS
        } else {
            ONE_TEST
        };
        let taken = |used: u16| {
            Some(if used + 2 * MANY_TESTS > Ports::COUNT {
                0
            } else {
                used + count
            })
        };
        let used = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        self.first + used.unwrap_or_default()
    }
}

/// Where the last `length` bytes of a text begin, or the character before.
fn floor(text: &str, length: usize) -> usize {
    let mut at = text.len().saturating_sub(length);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn kept(status: Status, output: String) -> String {
    if status.is_good() {
        String::new()
    } else {
        output
    }
}

/// What libtest has reported, by test.
fn reported(output: &str) -> BTreeMap<&str, Status> {
    let lines = output.lines().filter_map(|line| {
        let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let status = match result.split(',').next()?.trim() {
            "ok" => Status::Passed,
            "FAILED" => Status::Failed,
            "ignored" => Status::Ignored,
            _ => return None,
        };
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        Some((name, status))
    });
    lines.collect()
}

/// Waits for a process, but does not take its status. Whether it has ended in time.
fn wait(child: &Child, deadline: Instant) -> bool {
    let pid = Pid::from_child(child);
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let mut pause = Duration::from_micros(500);
    loop {
        if !matches!(rustix::process::waitid(WaitId::Pid(pid), options), Ok(None)) {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Ends the whole process group. Its leader is not yet taken out of the system's table, so the number is still its own.
fn end(child: &mut Child) -> Result<ExitStatus> {
    // What has ended need not be killed.
    let _ = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
    Ok(child.wait()?)
}

fn tail(log: &mut File) -> Result<String> {
    let length = log.seek(SeekFrom::End(0))?;
    log.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The names of all tests of a program.
pub(crate) fn list(program: &Path) -> Result<BTreeSet<String>> {
    let output = Command::new(program)
        .args(["--list", "--format", "terse"])
        .output()
        .with_context(|| program.display().to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reports_of_libtest() {
        let output = "running 3 tests\ntest a::b ... ok\ntest c - should panic ... FAILED\n\
                      test d ... ignored, takes long\ntest result: ok. 1 passed\n";
        let said = reported(output);
        assert_eq!(said["a::b"], Status::Passed);
        assert_eq!(said["c"], Status::Failed);
        assert_eq!(said["d"], Status::Ignored);
        assert_eq!(said.len(), 3);
    }

    fn shell(script: &str, limit: Duration, may_be_silent: bool) -> Outcome {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&path, mode).unwrap();
        let runner = Runner::new(limit).unwrap();
        let program = Program {
            path: &path,
            has_harness: true,
            may_be_silent,
        };
        runner.one(program, "test", Mode::Greenlet).unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_a_test_comes_to() {
        let status = |script: &str| shell(script, LONG, false).status;
        assert_eq!(status("echo 'test result: ok. 1 passed'"), Status::Passed);
        assert_eq!(status("echo nothing"), Status::NotRun);
        assert_eq!(shell("echo nothing", LONG, true).status, Status::Passed);
        assert_eq!(
            status("echo 'test result: ok. 0 passed; 0 failed; 1 ignored'"),
            Status::Ignored
        );
        assert_eq!(
            status("echo 'test result: ok. 0 passed; 0 failed; 0 ignored'"),
            Status::NotRun
        );
        assert_eq!(status("exit 3"), Status::Failed);
        assert_eq!(status("kill -9 $$"), Status::Failed);
        assert_eq!(
            status("echo 'compat-tests: held: it'; echo 'test result: ok. 1 passed'"),
            Status::Blocked
        );
    }

    #[test]
    fn what_hangs_is_ended_with_all_that_it_started() {
        let begin = Instant::now();
        // The child keeps the output open.
        let outcome = shell(
            "sleep 300 & echo $!; sleep 300",
            Duration::from_millis(500),
            false,
        );
        assert_eq!(outcome.status, Status::Hung);
        assert!(begin.elapsed() < LONG);
        let child: i32 = outcome.output.trim().parse().unwrap();
        let child = Pid::from_raw(child).unwrap();
        while rustix::process::test_kill_process(child).is_ok() {
            assert!(begin.elapsed() < LONG, "it is still there");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
