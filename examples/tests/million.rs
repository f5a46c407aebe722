//! `million` with fewer.

mod program;

use std::process::{Command, Output};

use program::Program;

const MILLION: &str = env!("CARGO_BIN_EXE_million");

fn run(command: &mut Command) -> (Output, String, String) {
    let output = Program::start(command).output();
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    (output, stdout, stderr)
}

#[test]
fn parks_and_wakes_all() {
    for count in ["1", "2", "5000"] {
        let (output, stdout, stderr) = run(Command::new(MILLION).arg(count));
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stdout.lines().last(), Some("each one ran to its end"));
        assert!(stdout.contains("bytes each"), "{stdout}");
        assert!(stdout.contains("vm.max_map_count"), "{stdout}");
        assert_eq!(stderr, "");
    }
}

#[test]
fn says_why_it_cannot_spawn() {
    // Half a gigabyte of address space is not enough for as many stacks.
    let script = format!("ulimit -v 500000 && exec {MILLION} 100000");
    let (output, _, stderr) = run(Command::new("sh").args(["-c", &script]));
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("could not spawn greenlet"), "{stderr}");
}

#[test]
fn explains_itself() {
    let (output, stdout, _) = run(Command::new(MILLION).arg("--help"));
    assert!(output.status.success());
    assert!(stdout.starts_with("usage: million"));
    for arguments in [&["0"][..], &["-1"], &["many"], &["1", "2"]] {
        let (output, _, stderr) = run(Command::new(MILLION).args(arguments));
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr.starts_with("usage: million"));
    }
}
