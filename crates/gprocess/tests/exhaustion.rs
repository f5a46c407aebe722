//! A process without free descriptors: errors are those of std, children are waited for all the same.

mod fixture;

use fixture::own_process::{EMFILE, exhaust, in_a_child};
use fixture::{company, descriptors, join, on_worker, sh};
use gprocess::{Command, Stdio};

#[test]
fn starting_fails_as_with_std() {
    in_a_child("starting_fails_as_with_std", || {
        fn piped(command: &mut Command) -> &mut Command {
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
        }
        let _company = company();
        // What the hub waits by is made the first time.
        let (reader, writer) = std::io::pipe().unwrap();
        let reader = greenlet::io::Source::new(reader);
        let waiting = greenlet::spawn(move || reader.readable(None));
        greenlet::yield_now();
        drop(writer);
        join(waiting.join()).unwrap();
        // To list the others by.
        let mut spare = std::fs::File::open("/dev/null").ok();
        let mut open = || {
            drop(spare.take());
            let listed = descriptors();
            spare = Some(std::fs::File::open("/dev/null").unwrap());
            listed
        };
        let mut files = exhaust(0);
        let mut failures = 0;
        for left in 0..12 {
            let before = open();
            let mut std = std::process::Command::new("true");
            std.stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut plain = std.spawn();
            let mut child = piped(&mut Command::new("true")).spawn();
            let codes = (
                plain.as_ref().err().map(|error| error.raw_os_error()),
                child.as_ref().err().map(|error| error.raw_os_error()),
            );
            // The first child has taken some, so there may be none for the second.
            if let Ok(plain) = &mut plain {
                plain.wait().unwrap();
                drop((plain.stdin.take(), plain.stdout.take(), plain.stderr.take()));
                if child.is_err() {
                    child = piped(&mut Command::new("true")).spawn();
                }
                let mut child = child.unwrap();
                assert!(child.wait().unwrap().success());
            } else {
                assert_eq!(codes.0, codes.1, "with {left} left");
                assert_eq!(codes.1, Some(EMFILE));
                failures += 1;
                let output = Command::new("true").output();
                // It has no pipe for the input.
                assert!(output.is_ok() || output.unwrap_err().raw_os_error() == EMFILE);
            }
            drop(plain);
            assert_eq!(open(), before);
            files.pop();
        }
        assert!((1..12).contains(&failures), "{failures}");
    });
}

#[test]
fn waiting_needs_none() {
    in_a_child("waiting_needs_none", || {
        let body = || {
            let _company = company();
            let spawn = |code| sh(&format!("sleep 0.1; exit {code}")).spawn().unwrap();
            let waiting: Vec<_> = (0..3).map(|code| (code, spawn(code))).collect();
            let mut script = sh("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; exit 9");
            let both = script
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let files = exhaust(0);
            for (code, mut child) in waiting {
                assert_eq!(child.wait().unwrap().code(), Some(code));
            }
            let output = both.wait_with_output().unwrap();
            assert_eq!(
                (output.stdout.len(), output.stderr.len()),
                (300_000, 300_000)
            );
            assert_eq!(output.status.code(), Some(9));
            drop(files);
        };
        join(on_worker(body).join());
    });
}
