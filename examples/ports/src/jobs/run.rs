//! Runs a job.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::line::Job;

/// How long what was written to a pipe may take to come out of it, when those that it was for are dead.
const GRACE: Duration = Duration::from_millis(500);

/// What came of a job.
pub(crate) struct Outcome {
    pub(crate) success: bool,
    /// How it ended, in words.
    pub(crate) verdict: String,
    pub(crate) stdout: Vec<u8>,
    /// Of all its commands.
    pub(crate) stderr: Vec<u8>,
}

/// What a thread reads from a pipe.
struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Capture {
    /// Reads all of it. Reports the end to `ended`.
    fn start(
        mut pipe: impl Read + Send + 'static,
        ended: Sender<io::Result<()>>,
    ) -> io::Result<Capture> {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        thread::Builder::new().spawn(move || {
            let mut buffer = [0; 8192];
            let outcome = loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => break Ok(()),
                    Ok(count) => shared.lock().unwrap().extend_from_slice(&buffer[..count]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => break Err(error),
                }
            };
            // Nobody may wait for it any more.
            let _ = ended.send(outcome);
        })?;
        Ok(Capture { bytes })
    }

    /// What was read so far.
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.bytes.lock().unwrap())
    }
}

/// Processes that are killed, and waited for, when this is dropped.
#[derive(Default)]
struct Pipeline {
    children: Vec<Child>,
}

impl Pipeline {
    fn kill(&mut self) {
        for child in &mut self.children {
            // It may have ended.
            let _ = child.kill();
        }
    }

    fn wait(&mut self) -> io::Result<Vec<ExitStatus>> {
        self.children.iter_mut().map(Child::wait).collect()
    }

    /// Waits until all have ended. Says whether they have in time.
    fn wait_until(&mut self, deadline: Instant) -> io::Result<bool> {
        let mut pause = Duration::from_millis(1);
        for child in &mut self.children {
            while child.try_wait()?.is_none() {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(false);
                }
                thread::sleep(pause.min(left));
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
        Ok(true)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.kill();
        let _ = self.wait();
    }
}

/// Runs a job to its end, or until `limit` is over.
pub(crate) fn run(job: &Job, limit: Duration) -> Outcome {
    let mut captures = Vec::new();
    let ended = execute(job, Instant::now() + limit, &mut captures);
    let (success, verdict) = match ended {
        Ok(Some(statuses)) => describe(&statuses),
        Ok(None) => (false, format!("killed after {} s", limit.as_secs())),
        Err(problem) => (false, problem),
    };
    let mut outputs = captures.iter().map(Capture::take);
    let stderr = outputs.next().unwrap_or_default();
    let stdout = outputs.next().unwrap_or_default();
    Outcome {
        success,
        verdict,
        stdout,
        stderr,
    }
}

/// Gives how the commands have ended, or `None` if they have not until the deadline. What is captured, first of the
/// standard error, then of the output, is in `captures`.
fn execute(
    job: &Job,
    deadline: Instant,
    captures: &mut Vec<Capture>,
) -> Result<Option<Vec<ExitStatus>>, String> {
    let failed = |what: String| move |error: io::Error| format!("{what}: {error}");
    let mut stdin = match &job.input {
        None => Stdio::null(),
        Some(path) => File::open(path)
            .map_err(failed(format!("cannot read {}", path.display())))?
            .into(),
    };
    let (errors_out, errors_in) = io::pipe().map_err(failed("no pipe".into()))?;
    let (ended, ends) = channel();
    let captured = Capture::start(errors_out, ended.clone());
    captures.push(captured.map_err(failed("no thread".into()))?);

    let mut pipeline = Pipeline::default();
    for (index, words) in job.commands.iter().enumerate() {
        let is_last = index + 1 == job.commands.len();
        let stdout = match &job.output {
            Some(output) if is_last => OpenOptions::new()
                .create(true)
                .write(true)
                .append(output.append)
                .truncate(!output.append)
                .open(&output.path)
                .map_err(failed(format!("cannot write {}", output.path.display())))?
                .into(),
            _ => Stdio::piped(),
        };
        let stderr = errors_in.try_clone().map_err(failed("no pipe".into()))?;
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(failed(format!("cannot start {}", words[0])))?;
        let stdout = child.stdout.take();
        pipeline.children.push(child);
        stdin = match stdout {
            Some(stdout) if is_last => {
                let captured = Capture::start(stdout, ended.clone());
                captures.push(captured.map_err(failed("no thread".into()))?);
                Stdio::null()
            }
            Some(stdout) => stdout.into(),
            None => Stdio::null(),
        };
    }
    // What is ours of the pipes: they end with the commands.
    drop(errors_in);
    drop(ended);

    let in_time = all_ended(&ends, captures.len(), deadline)?
        && pipeline
            .wait_until(deadline)
            .map_err(failed("cannot wait".into()))?;
    if !in_time {
        pipeline.kill();
    }
    let statuses = pipeline.wait().map_err(failed("cannot wait".into()))?;
    if in_time {
        return Ok(Some(statuses));
    }
    // Processes that the commands have started may go on, and have the pipes still.
    all_ended(&ends, captures.len(), Instant::now() + GRACE)?;
    Ok(None)
}

/// Waits until `count` captures have ended. Says whether they have in time.
fn all_ended(
    ends: &Receiver<io::Result<()>>,
    count: usize,
    deadline: Instant,
) -> Result<bool, String> {
    for _ in 0..count {
        let left = deadline.saturating_duration_since(Instant::now());
        match ends.recv_timeout(left) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(format!("cannot read its output: {error}")),
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            // All have ended, and some before they were counted here.
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
        }
    }
    Ok(true)
}

/// Whether all went well, and how, in words.
fn describe(statuses: &[ExitStatus]) -> (bool, String) {
    let success = statuses.iter().all(ExitStatus::success);
    if success {
        return (true, "ok".into());
    }
    let each = statuses
        .iter()
        .map(|status| match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => status.to_string(),
        });
    (
        false,
        format!("failed ({})", each.collect::<Vec<_>>().join(" | ")),
    )
}
