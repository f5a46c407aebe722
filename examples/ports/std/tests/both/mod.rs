//! The two builds of a program, and that they do the same.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::fmt::Debug;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

#[path = "../../../../tests/program/mod.rs"]
pub(crate) mod program;

pub(crate) use program::Program;

/// Builds of one source.
pub(crate) struct Both {
    std: PathBuf,
    gstd: PathBuf,
}

impl Both {
    /// `std` is the path that cargo gives of the build on std. The other is built if it has to be.
    pub(crate) fn of(std: &str) -> Both {
        static BUILT: OnceLock<()> = OnceLock::new();
        let std = PathBuf::from(std);
        // TARGET/PROFILE/PROGRAM
        let folder = std.parent().unwrap();
        BUILT.get_or_init(|| build(folder));
        let name = std.file_name().unwrap().to_str().unwrap();
        let twin = name.strip_suffix("-std").unwrap().to_owned() + "-gstd";
        let gstd = folder.join(twin);
        Both { std, gstd }
    }

    /// The one on std.
    pub(crate) fn std(&self) -> Command {
        in_a_group(&self.std)
    }

    /// The one on gstd.
    pub(crate) fn gstd(&self) -> Command {
        in_a_group(&self.gstd)
    }

    /// Plays `scene` with both, and expects the same of both.
    pub(crate) fn same<T: PartialEq + Debug>(&self, scene: impl Fn(&mut Command) -> T) -> T {
        let std = scene(&mut self.std());
        let gstd = scene(&mut self.gstd());
        assert_eq!(gstd, std, "left: on gstd, right: on std");
        gstd
    }

    /// That the build on gstd, and only that, depends on the hubs: it cannot start a thread without them.
    pub(crate) fn differ_in_threads(&self, arguments: &[&str]) {
        let without_hubs = |mut command: Command| {
            command.args(arguments).env("GREENLET_WORKERS", "none");
            let output = Program::start(&mut command).output();
            String::from_utf8(output.stderr).unwrap()
        };
        assert!(!without_hubs(self.std()).contains("GREENLET_WORKERS"));
        let error = without_hubs(self.gstd());
        assert!(error.contains("GREENLET_WORKERS"), "{error}");
    }
}

/// A program that is killed with all that it has started, if it has to be.
fn in_a_group(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.process_group(0);
    command
}

/// Builds the programs on gstd into `folder`.
fn build(folder: &Path) {
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        profile => profile,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bins", "--package", "ports-gstd"])
        .args(["--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the programs on gstd cannot be built");
}

/// What a program leaves when it has ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Waits for it.
    pub(crate) fn of(program: Program) -> Outcome {
        let output = program.output();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it without an input.
    pub(crate) fn run(command: &mut Command) -> Outcome {
        Outcome::of(Program::start(command))
    }

    /// With the lines in an order of their own, for what happens in none.
    pub(crate) fn sorted(mut self) -> Outcome {
        let sort = |text: &str| {
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        };
        self.stdout = sort(&self.stdout);
        self.stderr = sort(&self.stderr);
        self
    }
}

/// A server, with its input open.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Server {
        let mut program = Program::start_with_input(command);
        let address = program.address();
        Server { program, address }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Sends a line to its input.
    pub(crate) fn command(&mut self, line: &str) {
        let stdin = self.program.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }

    /// Ends it by the end of its input.
    pub(crate) fn end(self) -> Outcome {
        Outcome::of(self.program)
    }

    /// Ends it by a command.
    pub(crate) fn quit(mut self) -> Outcome {
        self.command("quit");
        self.end()
    }

    /// How many threads of the operating system it has.
    pub(crate) fn threads(&self) -> usize {
        threads(&self.program)
    }
}

/// How many threads of the operating system a program has.
pub(crate) fn threads(program: &Program) -> usize {
    let process = program.pid().as_raw_nonzero();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let count = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"));
    count.unwrap().trim().parse().unwrap()
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(50));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A client of a protocol of lines.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn new(server: &Server) -> Client {
        Client(BufReader::new(server.connect()))
    }

    pub(crate) fn send(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.0.get_mut().write_all(line.as_bytes()).unwrap();
    }

    /// The next line, or nothing at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line()).collect()
    }
}
