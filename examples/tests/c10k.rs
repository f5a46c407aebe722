//! `c10k` with fewer connections and less time: the table, the errors, and that it leaves no server
//! behind.

mod program;

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;

use program::Program;
use rustix::process::{Pid, Signal, kill_process};

const C10K: &str = env!("CARGO_BIN_EXE_c10k");

/// The cells of the row of the table that begins with `name`.
fn row<'a>(table: &'a str, name: &str) -> Vec<&'a str> {
    table
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no row {name} in\n{table}"))
        .split_whitespace()
        .collect()
}

#[test]
fn compares_both_servers() {
    let mut command = Command::new(C10K);
    command.args(["--connections", "200", "--seconds", "0.3"]);
    let output = Program::start(&mut command).output();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stderr, "");
    assert_eq!(row(&stdout, "connections"), ["200", "200"]);
    assert_eq!(row(&stdout, "errors"), ["0", "0"]);
    assert_ne!(row(&stdout, "  messages/s")[0], "0");
    let threads = row(&stdout, "server: OS threads");
    assert!(threads[0].parse::<u32>().unwrap() < 100, "{stdout}");
    // One a connection, and that of `main`.
    assert_eq!(threads[1], "201");
}

#[test]
fn says_that_descriptors_are_too_few() {
    let limited = |limit: u32| {
        let script = format!("ulimit -n {limit} && exec {C10K} --connections 1000 --seconds 0.1");
        let mut command = Command::new("sh");
        // The pollers of the workers are descriptors, too.
        command.args(["-c", &script]).env("GREENLET_WORKERS", "2");
        Program::start(&mut command).output()
    };
    let output = limited(80);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(
        stderr.contains("36 connections instead of 1000"),
        "{stderr}"
    );
    assert_eq!(row(&stdout, "connections"), ["36", "36"]);

    let output = limited(40);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("too few"), "{stderr}");
}

/// Starts it for longer than any test takes. Gives the line about its server.
fn start() -> (Program, String) {
    let mut command = Command::new(C10K);
    command.args(["--connections", "20", "--seconds", "3600"]);
    let mut program = Program::start(&mut command);
    let line = program.line();
    (program, line)
}

/// Starts it and connects to its server.
fn start_and_connect() -> (Program, TcpStream) {
    let (program, line) = start();
    let address = line.split_whitespace().last().unwrap();
    let stream = TcpStream::connect(address).unwrap();
    (program, stream)
}

/// Returns when the process at the other end is gone. There is nothing to read from it.
fn wait_for_the_end(mut stream: TcpStream) {
    // A reset is an end as well.
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn a_signal_ends_the_server_too() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (program, stream) = start_and_connect();
        program.signal(signal);
        let output = program.output();
        assert_eq!(output.status.code(), Some(code));
        wait_for_the_end(stream);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

#[test]
fn even_a_kill_ends_the_server_too() {
    let (program, stream) = start_and_connect();
    program.signal(Signal::KILL);
    wait_for_the_end(stream);
}

#[test]
fn a_server_that_dies_is_an_error() {
    let (program, line) = start();
    let server = line.strip_prefix("greenlets: process ").unwrap();
    let server = server.split_whitespace().next().unwrap();
    let server = Pid::from_raw(server.parse().unwrap()).unwrap();
    kill_process(server, Signal::KILL).unwrap();
    let output = program.output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("greenlets: client "), "{stderr}");
    assert!(
        stderr.contains("has ended by itself: signal: 9"),
        "{stderr}"
    );
}

#[test]
fn explains_itself() {
    let output = Program::start(Command::new(C10K).arg("--help")).output();
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"usage: c10k"));
    let mut command = Command::new(C10K);
    let output = Program::start(command.args(["--connections", "none"])).output();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("'none' is no number above 0"), "{stderr}");
    assert!(stderr.contains("usage: c10k"), "{stderr}");
}
