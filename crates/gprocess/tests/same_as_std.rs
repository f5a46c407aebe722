//! The same small programs on `std::process` and on this crate: every line of what they note down has to be the same.

mod fixture;

use std::fmt::Debug;

/// What a program has seen, without the numbers that differ from run to run.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, seen: impl Debug) {
        for text in [format!("{seen:?}"), format!("{seen:#?}")] {
            let mut parts = text.split("fd: ");
            let mut line = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                line.push_str("fd: *");
                line.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
            }
            self.0.push(line);
        }
    }
}

/// Makes a test of a program that finds `std::process`, or what mirrors it, under the name `process`, and
/// `std::os::unix::process`, or what mirrors that, under the name `unix`.
macro_rules! same_as_std {
    ($($name:ident: |$notes:ident| $program:block)*) => {$(
        #[test]
        #[allow(unused_imports, reason = "not every program needs every name")]
        fn $name() {
            fn with_std($notes: &mut Notes) {
                use std::os::unix::process::{self as unix, CommandExt as _};
                use std::process;
                $program
            }
            fn with_gprocess($notes: &mut Notes) {
                use gprocess::unix::{self, CommandExt as _};
                use gprocess as process;
                $program
            }
            fn noted(program: fn(&mut Notes)) -> Vec<String> {
                let mut notes = Notes::default();
                program(&mut notes);
                assert!(!notes.0.is_empty());
                notes.0
            }
            alone_and_in_company!(|| assert_eq!(noted(with_gprocess), noted(with_std)));
        }
    )*};
}

same_as_std! {
    starting: |notes| {
        use process::{Command, Stdio};
        for program in ["no-such-program", "/no/such/program", "./no-such", "", "/", "/etc/passwd", "a\0b", "true"] {
            let mut child = Command::new(program).spawn();
            notes.add(&child);
            if let Ok(child) = &mut child {
                notes.add(child.wait());
            }
            notes.add(Command::new(program).status());
            notes.add(Command::new(program).stdin(Stdio::null()).output());
            // By fork and exec instead of posix_spawn.
            notes.add(Command::new(program).env("PATH", "/usr/bin:/bin").output());
        }
        notes.add(Command::new("true").arg("a\0b").output());
        notes.add(Command::new("true").env("a\0b", "").output());
        notes.add(Command::new("true").env("a=b", "c").output());
        notes.add(Command::new("true").current_dir("/no/such").output());
        notes.add(Command::new("true").current_dir("a\0b").output());
        notes.add(Command::new("true").current_dir("/etc/passwd").output());
        notes.add(Command::new("true").arg("x".repeat(4 << 20)).output());
    }

    ends: |notes| {
        use process::Command;
        for script in ["exit 0", "exit 1", "exit 255", "exit 256", "kill -9 $$", "kill -TERM $$", "kill -PIPE $$", "kill -34 $$"] {
            let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
            let status = child.wait();
            notes.add(&status);
            notes.add(status.unwrap().to_string());
            notes.add(child.wait());
            notes.add(child.try_wait());
            notes.add(child.kill());
            notes.add(child.wait_with_output());
        }
    }

    killing: |notes| {
        use process::{Command, Stdio};
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        notes.add(&child);
        notes.add(child.try_wait());
        notes.add(child.stdin.is_some());
        notes.add(child.kill());
        notes.add(child.kill());
        notes.add(child.wait());
        notes.add(child.stdin.is_some());
        notes.add(child.kill());
        notes.add(&child);
    }

    output: |notes| {
        use process::{Command, Stdio};
        let script = "cat; echo out; printf '\\377' >&2; exit 3";
        for (stdin, stdout, stderr) in [(false, false, false), (true, false, false), (false, true, false), (false, false, true), (true, true, true)] {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            if stdin { command.stdin(Stdio::piped()); }
            if stdout { command.stdout(Stdio::null()); }
            if stderr { command.stderr(Stdio::null()); }
            for _ in 0..2 {
                notes.add(command.output());
                notes.add(&command);
            }
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let child = command.spawn().unwrap();
            notes.add(&child);
            notes.add(child.wait_with_output());
            notes.add(command.output());
            notes.add(&command);
        }
    }

    how_commands_look: |notes| {
        use process::{Command, Stdio};
        let mut command = Command::new("pro gram");
        notes.add(&command);
        command.arg("a").args(["b c", "\"\n    stdin: Some(\n        Inherit,\n    ),\n"]);
        notes.add(&command);
        command.env("A", "1").env_remove("B").envs([("C", "2"), ("D", "3")]);
        notes.add(&command);
        notes.add(command.get_program());
        notes.add(command.get_args());
        notes.add(command.get_args().len());
        notes.add(command.get_envs());
        notes.add(command.get_envs().len());
        notes.add(command.get_current_dir());
        command.current_dir("/tmp").arg0("other").process_group(0).uid(1).gid(2);
        notes.add(&command);
        notes.add(command.get_current_dir());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        notes.add(&command);
        command.stdout(std::fs::File::open("/dev/null").unwrap());
        notes.add(&command);
        command.env_clear().env("E", "4");
        notes.add(&command);
        notes.add(Some((&command, 1)));
        // After it has looked like that once, it has to look like that again.
        let mut command = Command::new("no-such-program");
        command.arg("\n    stdin: Some(\n        Inherit,\n    ),\n");
        notes.add(command.output());
        notes.add(&command);
        notes.add([Some(&command)]);
        command.stdin(Stdio::inherit());
        notes.add(&command);
    }

    streams: |notes| {
        use process::{Command, Stdio};
        use std::io::{Read, Write};
        let mut command = Command::new("cat");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        notes.add((&child.stdin, &child.stdout, &child.stderr));
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        notes.add(stdin.write(b""));
        notes.add(stdin.write(b"abc"));
        notes.add(stdin.write_vectored(&[]));
        notes.add(stdin.flush());
        notes.add(stdout.read(&mut [0; 2]));
        notes.add(stdout.read(&mut [0; 2]));
        notes.add(stdout.read_vectored(&mut []));
        notes.add(child.kill());
        notes.add(child.wait());
        notes.add(stdout.read(&mut [0; 2]));
        notes.add(stderr.read_to_end(&mut Vec::new()));
        // A child of somebody else that is just being started may have the other end open, too.
        while stdin.write(b"abc").is_ok() {}
        notes.add(stdin.write(b"abc"));
        notes.add(stdin.write_all(b"abc"));
        notes.add(Stdio::from(stdin));
        notes.add(Stdio::from(stdout));
        notes.add(Stdio::from(stderr));
    }

    of_unix: |notes| {
        use process::Command;
        use std::io::Error;
        notes.add(Command::new("true").process_group(-1).status());
        let mut command = Command::new("true");
        // SAFETY: the closure makes an error out of a number.
        unsafe { command.pre_exec(|| Err(Error::from_raw_os_error(13))) };
        notes.add(&command);
        notes.add(command.status());
        notes.add(command.output());
        let mut command = Command::new("true");
        // SAFETY: the closure makes an error that needs no memory.
        unsafe { command.pre_exec(|| Err(std::io::ErrorKind::NotFound.into())) };
        notes.add(command.status());
        notes.add(unix::parent_id());
        notes.add(process::id());
    }
}

/// In a process of its own: what is set for the program stays set when it is not run, such as the handling of `SIGPIPE`.
#[test]
fn not_becoming_a_program() {
    fixture::own_process::in_a_child("not_becoming_a_program", || {
        use gprocess::unix::CommandExt as _;
        use std::os::unix::process::CommandExt as _;
        for program in ["no-such-program", "a\0b", "/etc/passwd"] {
            let mut notes = Notes::default();
            notes.add(std::process::Command::new(program).exec());
            notes.add(gprocess::Command::new(program).exec());
            assert_eq!(notes.0[..2], notes.0[2..]);
        }
    });
}
