//! A server as a child process.
//!
//! The child is this very program: `cargo run --bin c10k` builds no other. It is told what to be by
//! the name that it is called with, `argv[0]`, and runs the `main` of `echo.rs` or `echo_std.rs`.
//!
//! A server must not outlive this process. `Server` kills it when it is dropped; a thread that waits
//! for SIGINT, SIGTERM and SIGHUP does the same before it ends the process; and should this process
//! be killed itself, Linux kills the server, which has asked for that.

use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::net::SocketAddr;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The server that runs, for whoever comes first to stop it.
static RUNNING: Mutex<Option<Child>> = Mutex::new(None);

fn running() -> MutexGuard<'static, Option<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Greenlets,
    Threads,
}

impl Kind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Kind::Greenlets => "greenlets",
            Kind::Threads => "threads of std",
        }
    }

    /// The name that a process of this kind is called with.
    fn program(self) -> &'static str {
        match self {
            Kind::Greenlets => "echo",
            Kind::Threads => "echo_std",
        }
    }

    /// What server this process is to be, if it is to be one.
    pub(crate) fn of_this_process() -> Option<Kind> {
        let name = env::args_os().next()?;
        [Kind::Greenlets, Kind::Threads]
            .into_iter()
            .find(|kind| Path::new(&name) == Path::new(kind.program()))
    }
}

/// The child's part: runs the server.
pub(crate) fn serve(kind: Kind) -> ExitCode {
    // If the parent has died before this call, its end of the pipe is closed, and the server ends
    // when it fails to print its address.
    let served = end_with_parent().and_then(|()| match kind {
        Kind::Greenlets => crate::echo::main(),
        Kind::Threads => crate::echo_std::main(),
    });
    if let Err(error) = served {
        eprintln!("{}: {error}", kind.program());
    }
    ExitCode::FAILURE
}

/// Has the kernel kill this process when its parent ends, where it can do that.
fn end_with_parent() -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// A running server, which is killed when this is dropped.
pub(crate) struct Server {
    kind: Kind,
    process: u32,
    address: SocketAddr,
    _kill: KillOnDrop,
}

impl Server {
    /// Starts a server on a free port and waits until it listens.
    ///
    /// To be called by the main thread: the kernel takes the end of the thread that started a child
    /// for the end of its parent.
    pub(crate) fn start(kind: Kind) -> io::Result<Server> {
        let mut command = Command::new(env::current_exe()?);
        command
            .arg0(kind.program())
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Ctrl-C is for the parent, or else the clients would report a dead server first.
            .process_group(0);

        // A signal that comes now waits until the child is in its place.
        let mut running = running();
        let child = running.insert(command.spawn()?);
        let process = child.id();
        let stdout = child.stdout.take().expect("the pipe asked for above");
        drop(running);

        let kill = KillOnDrop;

        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim_end()
            .strip_prefix("listening on ")
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| {
                io::Error::other(format!(
                    "the server on {} did not say where it listens, but '{line}'",
                    kind.title()
                ))
            })?;
        Ok(Server {
            kind,
            process,
            address,
            _kill: kill,
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server. It is an error if it has ended by itself.
    pub(crate) fn stop(self) -> io::Result<()> {
        let mut running = running();
        let Some(child) = running.as_mut() else {
            return Ok(());
        };
        // Only one that still runs can end by this signal.
        kill_process(Pid::from_child(child), Signal::TERM)?;
        let status = child.wait()?;
        *running = None;
        if status.signal() == Some(SIGTERM) {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "the server on {} has ended by itself: {status}",
            self.kind.title()
        )))
    }
}

struct KillOnDrop;

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        kill(&mut running());
    }
}

/// Kills the server and waits until it is gone.
fn kill(running: &mut Option<Child>) {
    if let Some(mut child) = running.take() {
        // Both fail only if there is nothing left to kill.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// From now on, a signal that asks this process to end ends the server first.
pub(crate) fn stop_on_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // Held to the end: `Server::stop` must not return, or else the main thread would
                // report what the clients say about the end of their server.
                let mut running = running();
                kill(&mut running);
                if io::stderr().is_terminal() {
                    // Off the line of the progress bar.
                    eprintln!();
                }
                // As a shell reports a program that a signal has ended.
                std::process::exit(128 + signal);
            }
        })?;
    Ok(())
}
