//! A program of this package as a child process with a deadline.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Those that have not been waited for, of all tests of this file.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// The list of them. One that could not be started does not spoil it.
fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills a program that has not been waited for. If it is the first of a process group, those that it
/// has started go with it.
fn kill(program: Pid) {
    // Errors: it has ended by itself.
    let _ = match getpgid(Some(program)) {
        Ok(group) if group == program => kill_process_group(group, Signal::KILL),
        _ => kill_process(program, Signal::KILL),
    };
}

/// Killed when it is dropped. If that does not happen within a minute, the test is taken to hang: a
/// thread kills the programs of all tests and aborts.
pub(crate) struct Program {
    child: Child,
    /// If it was started with an input.
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) stderr: BufReader<ChildStderr>,
    _done: Sender<()>,
}

impl Program {
    /// Starts it without an input.
    pub(crate) fn start(command: &mut Command) -> Program {
        Program::spawn(command.stdin(Stdio::null()))
    }

    /// Starts it with an input that stays open until `stdin` is taken, or its output is.
    pub(crate) fn start_with_input(command: &mut Command) -> Program {
        Program::spawn(command.stdin(Stdio::piped()))
    }

    fn spawn(command: &mut Command) -> Program {
        // Not between the start of one and its place in the list.
        let mut list = running();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (done, waiter) = channel();
        let name = format!("{command:?}");
        let pid = Pid::from_child(&child);
        list.push(pid);
        drop(list);
        thread::spawn(move || {
            // By the second, so that a pause of the whole machine counts as one.
            let goes_on = || waiter.recv_timeout(Duration::from_secs(1));
            if (0..60).all(|_| goes_on() == Err(RecvTimeoutError::Timeout)) {
                eprintln!("{name}: not done after a minute");
                // Held to the end: no test starts another one.
                let list = running();
                kill(pid);
                list.iter().for_each(|&program| kill(program));
                std::process::abort();
            }
        });
        Program {
            stdin: child.stdin.take(),
            child,
            stdout,
            stderr,
            _done: done,
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The next line of the standard output, which must be there.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(
            self.stdout.read_line(&mut line).unwrap(),
            0,
            "no more lines"
        );
        line
    }

    /// The address in the line that a server prints first.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line.trim_end().strip_prefix("listening on ");
        address.expect(&line).parse().unwrap()
    }

    /// Waits for the line of the standard error that holds `text`.
    pub(crate) fn wait_for_error(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stderr.read_line(&mut line).unwrap(),
                0,
                "no line with '{text}'"
            );
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Takes it off the list, before its id can be another's: as soon as it was waited for.
    fn forget(&self) {
        running().retain(|&running| running != self.pid());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Ends its input, waits for its end, and gives what was printed since the last line taken.
    pub(crate) fn output(mut self) -> Output {
        drop(self.stdin.take());
        let mut stderr = Vec::new();
        let stdout = thread::scope(|scope| {
            let stdout = scope.spawn(|| {
                let mut stdout = Vec::new();
                self.stdout.read_to_end(&mut stdout).unwrap();
                stdout
            });
            self.stderr.read_to_end(&mut stderr).unwrap();
            stdout.join().unwrap()
        });
        self.forget();
        Output {
            status: self.child.wait().unwrap(),
            stdout,
            stderr,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.forget();
        if let Ok(None) = self.child.try_wait() {
            kill(self.pid());
        }
        let _ = self.child.wait();
    }
}
