//! Running tests: each in a process group of its own, with a limit of time.

use crate::ports::Ports;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
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
const KEPT: usize = 4000;

/// What would make the tests something else, if it came from the environment of this program.
const NOT_INHERITED: [&str; 7] = [
    "GREENLET_STACK_SIZE",
    "GREENLET_WORKERS",
    "RUST_BACKTRACE",
    "RUST_MIN_STACK",
    "RUST_TEST_NOCAPTURE",
    "RUST_TEST_SHUFFLE",
    "RUST_TEST_THREADS",
];

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
    output: String,
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
        let mut log = tempfile::tempfile()?;
        let ports = self.ports.block()?;
        let mut command = Command::new(program.path);
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        if program.has_harness {
            command.args(arguments);
        }
        if mode == Mode::OneHub {
            command.env("GREENLET_WORKERS", "1");
        }
        let begin = Instant::now();
        let mut child = command
            .env("COMPAT_MODE", mode.variable())
            .env("COMPAT_BASE_PORT", ports.first.to_string())
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
            output: read(&mut log)?,
        })
    }

    /// One test in a process of its own.
    pub(crate) fn one(&self, program: Program<'_>, test: &str, mode: Mode) -> Result<Outcome> {
        let arguments = ["--exact", test, "--nocapture", "--test-threads=1"];
        let ended = self.run(program, &arguments, mode, self.limit)?;
        let output = &ended.output;
        let said = |what: &str| output.contains(&format!("test result: ok. {what}"));
        let status = match ended.status {
            None => Status::Hung,
            _ if output.contains(HELD) => Status::Blocked,
            Some(status) if !status.success() => Status::Failed,
            Some(_) if !program.has_harness || said("1 passed") => Status::Passed,
            Some(_) if said("0 passed; 0 failed; 1 ignored") => Status::Ignored,
            Some(_) if program.may_be_silent && !output.contains("0 passed") => Status::Passed,
            Some(_) => Status::NotRun,
        };
        Ok(ended.outcome(status))
    }

    /// Tests at once in one process.
    pub(crate) fn together(
        &self,
        program: Program<'_>,
        tests: &[&str],
        mode: Mode,
    ) -> Result<BTreeMap<String, Outcome>> {
        let threads = format!("--test-threads={}", tests.len());
        // What a test prints in greenlets may be taken for what another one prints.
        let arguments = [&["--exact", "--show-output", &threads], tests].concat();
        // As many seconds more as they would take at most on a machine that does little else.
        let more = Duration::from_secs(tests.len() as u64 / 4);
        let ended = self.run(program, &arguments, mode, self.limit + more)?;
        let statuses = joint(&ended.output, tests, ended.status);
        let outcomes = tests.iter().zip(statuses);
        Ok(outcomes
            .map(|(test, status)| ((*test).to_owned(), ended.outcome(status)))
            .collect())
    }
}

/// What has come of tests that shared a process, in their order.
fn joint(output: &str, tests: &[&str], exit: Option<ExitStatus>) -> Vec<Status> {
    let said = reported(output);
    let silent = match exit {
        None => Status::Hung,
        Some(_) => Status::Failed,
    };
    let mut statuses: Vec<Status> = tests
        .iter()
        .map(|test| said.get(test).copied().unwrap_or(silent))
        .collect();
    // If all have reported, then the process has to have ended as the harness ends it. A test that is done may have left
    // something behind that keeps it from that.
    let has_failed = statuses.contains(&Status::Failed) || statuses.contains(&Status::Hung);
    let is_explained = match exit {
        None => has_failed,
        Some(exit) => has_failed != exit.success(),
    };
    if !is_explained {
        let passed = statuses
            .iter_mut()
            .filter(|status| **status == Status::Passed);
        passed.for_each(|status| *status = silent);
    }
    statuses
}

impl Ended {
    fn outcome(&self, status: Status) -> Outcome {
        Outcome {
            status,
            seconds: self.seconds,
            output: kept(status, &self.output),
        }
    }
}

/// The end of the output of a test, unless it is good.
fn kept(status: Status, output: &str) -> String {
    if status.is_good() {
        return String::new();
    }
    let mut at = output.len().saturating_sub(KEPT);
    while !output.is_char_boundary(at) {
        at -= 1;
    }
    output[at..].to_owned()
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

fn read(log: &mut File) -> Result<String> {
    log.seek(SeekFrom::Start(0))?;
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
    if !output.status.success() {
        bail!("{} --list: {}", program.display(), output.status);
    }
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
        let stat = format!("/proc/{}/stat", outcome.output.trim());
        // Nobody may be there to take its status.
        let is_dead = |stat: String| stat.contains(") Z ");
        while !std::fs::read_to_string(&stat).map_or(true, is_dead) {
            assert!(begin.elapsed() < LONG, "it is still there");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_is_held_is_seen_whatever_is_printed_after_it() {
        let script = "echo 'compat-tests: held: it'; seq 5000; echo 'test result: ok. 1 passed'";
        assert_eq!(shell(script, LONG, false).status, Status::Blocked);
    }

    #[test]
    fn tests_that_share_a_process() {
        use std::os::unix::process::ExitStatusExt;
        let exit = |code: i32| Some(ExitStatus::from_raw(code << 8));
        let killed = Some(ExitStatus::from_raw(6));
        let both = "test a ... ok\ntest b ... ok\n";
        let one = "test a ... ok\n";
        let bad = "test a ... ok\ntest b ... FAILED\n";
        let of = |output: &str, exit| joint(output, &["a", "b"], exit);
        use Status::{Failed, Hung, Passed};
        assert_eq!(of(both, exit(0)), [Passed, Passed]);
        assert_eq!(of(bad, exit(101)), [Passed, Failed]);
        // Who has not reported is to blame, or else everybody.
        assert_eq!(of(one, None), [Passed, Hung]);
        assert_eq!(of(one, killed), [Passed, Failed]);
        assert_eq!(of(both, None), [Hung, Hung]);
        assert_eq!(of(both, killed), [Failed, Failed]);
        assert_eq!(of(bad, exit(0)), [Failed, Failed]);
    }
}
