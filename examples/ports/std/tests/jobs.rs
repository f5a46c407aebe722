//! `jobs` on std and on gstd.

mod both;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Command;

use both::{Both, Outcome, Program};

fn jobs() -> Both {
    Both::of(env!("CARGO_BIN_EXE_jobs-std"))
}

/// Runs the jobs in `text` in a folder of their own. Gives what the job runner says, and the files that are there then.
fn run(command: &mut Command, text: &str) -> (Outcome, Vec<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start_with_input(command.current_dir(folder.path()));
    let mut stdin = program.stdin.take().unwrap();
    // It may have ended already, with something else to complain about.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    let outcome = Outcome::of(program);
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(read).collect();
    files.sort_unstable();
    (outcome, files)
}

#[test]
fn pipelines_and_files() {
    let text = r#"
# The first of them.
greet: echo hello world
printf 'b\na\nc\n' | sort | head -n 2   # the least two
words: printf '%s.' one "two three" 'fo'"u"r \# a\|b "a\"b" ''
write: echo first > "out file"
sh -c 'echo to the error; echo to the output' >both
lazy: sh -c "echo out; echo err >&2; exit 3"
middle: echo x | sh -c 'cat; exit 4' | cat
killed: sh -c 'kill -9 $$'
missing: no-such-command-anywhere
unreadable: cat < missing
reads: cat < /dev/null | wc -c
early: yes | head -n 1
bare: printf abc
silent: true
unwritable: echo x > /no/such/folder
"#;
    let both = jobs();
    let outcomes = ["1", "3", "20"]
        .map(|at_once| both.same(|command| run(command.args(["--jobs", at_once]), text)));
    for outcome in &outcomes {
        assert_eq!(*outcome, outcomes[0]);
    }
    assert_eq!(outcomes[0].0.code, Some(1));
    assert_eq!(
        outcomes[0].0.stdout,
        "== greet: ok\nhello world\n\
         == line 4: ok\na\nb\n\
         == words: ok\none.two three.four.#.a|b.a\"b..\n\
         == write: ok\n\
         == line 7: ok\n\
         == lazy: failed (exit 3)\nout\n! err\n\
         == middle: failed (exit 0 | exit 4 | exit 0)\nx\n\
         == killed: failed (signal 9)\n\
         == missing: cannot start no-such-command-anywhere: No such file or directory (os error 2)\n\
         == unreadable: cannot read missing: No such file or directory (os error 2)\n\
         == reads: ok\n0\n\
         == early: failed (signal 13 | exit 0)\ny\n\
         == bare: ok\nabc\n\
         == silent: ok\n\
         == unwritable: cannot write /no/such/folder: No such file or directory (os error 2)\n\
         15 jobs, 7 failed\n"
    );
}

#[test]
fn more_output_than_a_pipe_holds() {
    let text = "big: head -c 3000000 /dev/zero | tr '\\0' x | cat | cat\n\
                errors: sh -c 'head -c 1000000 /dev/zero | tr \"\\0\" y >&2'\n\
                save: head -c 3000000 /dev/zero > zeros\n\
                append: sh -c 'echo 1; echo 2' >> log\n";
    let both = jobs();
    let (outcome, files) = both.same(|command| run(command.args(["--jobs", "4"]), text));
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.stdout.matches('x').count(), 3_000_000);
    assert_eq!(outcome.stdout.matches('y').count(), 1_000_000);
    assert_eq!(files.len(), 2);
}

#[test]
fn many_at_once() {
    let mut text = String::new();
    for number in 0..200 {
        text += &format!(
            "job{number}: sh -c 'echo {number}; exit {}' | cat\n",
            number % 3
        );
    }
    let (outcome, _) = jobs().same(|command| run(command.args(["--jobs", "40"]), &text));
    assert!(
        outcome.stdout.ends_with("200 jobs, 133 failed\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_hundred_at_once_are_few_threads() {
    const COUNT: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let fifo = |name: &str| {
        let path = folder.path().join(name);
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        // It neither ends nor waits for another to open it.
        File::options().read(true).write(true).open(path).unwrap()
    };
    let (mut begun, mut go_on) = (fifo("begun"), fifo("go on"));
    let mut scene = |command: &mut Command| {
        let count = COUNT.to_string();
        let command = command.current_dir(folder.path()).args(["--jobs", &count]);
        let mut program = Program::start_with_input(command);
        let mut stdin = program.stdin.take().unwrap();
        for number in 0..COUNT {
            let job =
                format!("job{number}: sh -c 'echo >begun; read x <\"go on\"; echo {number}'\n");
            stdin.write_all(job.as_bytes()).unwrap();
        }
        drop(stdin);
        begun.read_exact(&mut [0; COUNT]).unwrap();
        let threads = both::threads(&program);
        go_on.write_all(&[b'\n'; COUNT]).unwrap();
        (threads, Outcome::of(program))
    };
    let both = jobs();
    let (std_threads, std_outcome) = scene(&mut both.std());
    let (threads, outcome) = scene(both.gstd().env("GREENLET_WORKERS", "2"));
    assert_eq!(outcome, std_outcome);
    assert_eq!(outcome.code, Some(0));
    // A job's own and two that read, of which one begins after the job.
    assert!(std_threads >= 2 * COUNT, "{std_threads} threads");
    assert!(threads < 100, "{threads} threads");
}

#[test]
fn a_job_that_takes_too_long_is_killed() {
    let text = "quick: echo done\n\
                slow: sh -c 'echo begun; exec sleep 50' | cat\n\
                asleep: sleep 50 > file\n\
                child: sh -c 'sleep 8 & echo left a child; exec sleep 50'\n\
                last: echo done too\n";
    let (outcome, _) =
        jobs().same(|command| run(command.args(["--jobs", "5", "--seconds", "5"]), text));
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        outcome.stdout,
        "== quick: ok\ndone\n\
         == slow: killed after 5 s\nbegun\n\
         == asleep: killed after 5 s\n\
         == child: killed after 5 s\nleft a child\n\
         == last: ok\ndone too\n\
         5 jobs, 3 failed\n"
    );
}

#[test]
fn lines_that_cannot_be_understood() {
    let text = "echo good\n| x\nx |\na | | b\n> out\nx >\nx > a > b\nx > a | b\nx | y < z\nx < a < b\n'open\n\"open\nx \\";
    let (outcome, files) = jobs().same(|command| run(command, text));
    assert_eq!(outcome.code, Some(2));
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.stderr.lines().count(), 12, "{}", outcome.stderr);
    assert_eq!(files, []);
}

#[test]
fn says_what_is_wrong() {
    let both = jobs();
    for arguments in [
        &["--help"][..],
        &["--jobs", "0"],
        &["a", "b"],
        &["/no/such/file"],
        &["/"],
    ] {
        both.same(|command| Outcome::run(command.args(arguments)));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs");
    fs::write(&file, "echo hello\n").unwrap();
    both.same(|command| Outcome::run(command.arg(&file)));
    both.differ_in_threads(&[file.to_str().unwrap()]);
}
