//! `hash` on std and on gstd.

mod both;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use both::{Both, Outcome, Program};

fn hash() -> Both {
    Both::of(env!("CARGO_BIN_EXE_hash-std"))
}

/// Writes files of many lengths, some of them deep down.
fn fill(folder: &Path) {
    let mut below = folder.to_owned();
    for depth in 0..10 {
        for number in 0..50 {
            let length = [0, 1, 255, 256, 65_535, 65_536, 65_537, 200_000][(depth + number) % 8];
            let contents: Vec<u8> = (0..length)
                .map(|n| (n * 13 + number * 7 + depth) as u8)
                .collect();
            fs::write(below.join(format!("file {number}")), contents).unwrap();
        }
        below.push(format!("folder {depth}"));
        fs::create_dir(&below).unwrap();
    }
    symlink("file 1", folder.join("link")).unwrap();
    symlink("..", folder.join("loop")).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
}

#[test]
fn many_files_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let both = hash();
    let outcomes = ["1", "2", "7", "64"].map(|threads| {
        both.same(|command| Outcome::run(command.args(["--threads", threads]).arg(folder.path())))
    });
    for outcome in &outcomes {
        assert_eq!(*outcome, outcomes[0]);
    }
    let Outcome {
        code,
        stdout,
        stderr,
    } = &outcomes[0];
    assert_eq!((*code, &stderr[..]), (Some(0), ""));
    assert_eq!(stdout.lines().count(), 500);

    // The same as the system's program gives.
    let files = stdout
        .lines()
        .map(|line| line.splitn(3, ' ').last().unwrap());
    let output = Program::start(Command::new("cksum").args(files)).output();
    assert_eq!(*stdout, String::from_utf8(output.stdout).unwrap());
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a"), "one").unwrap();
    fs::write(path("b"), "two").unwrap();
    symlink("a", path("link")).unwrap();
    symlink("nowhere", path("dangling")).unwrap();
    let outcome = hash().same(|command| {
        command.current_dir(folder.path());
        // It can be opened, and then not be read.
        command.args([
            "missing",
            "b",
            "/proc/self/mem",
            "dangling",
            "link",
            "a",
            "/dev/null",
        ]);
        Outcome::run(command)
    });
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.stderr.lines().count(), 3);
    assert_eq!(outcome.stdout.lines().count(), 3);
}

#[test]
fn says_what_is_wrong() {
    let both = hash();
    for arguments in [
        &["--help"][..],
        &[],
        &["--threads", "x", "."],
        &["--fast", "."],
    ] {
        both.same(|command| Outcome::run(command.args(arguments)));
    }
    both.differ_in_threads(&["/dev/null"]);
}
