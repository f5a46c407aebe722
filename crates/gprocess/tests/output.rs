//! All that a child writes, on one pipe or two.

mod fixture;

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use fixture::own_process::in_a_child;
use fixture::{company, deadline, everywhere, join, on_worker, reap, sh, ticks_while};
use gprocess::{ChildStdout, Command, Stdio};
use greenlet::Killed;

/// Writes 1 MiB to each pipe, in turns.
const INTERLEAVED: &str = r#"
    line=$(printf '%01023d' 7)
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        for j in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
            printf '%s\n%s\n%s\n%s\n' $line $line $line $line
            printf '%s\n%s\n%s\n%s\n' $line $line $line $line >&2
        done
    done
    exit 3
"#;

#[test]
fn lets_the_others_run() {
    let _deadline = deadline();
    ticks_while(|| {
        let output = sh("echo a; sleep 0.2; echo b >&2; exec >&-; sleep 0.1; echo c >&2")
            .output()
            .unwrap();
        assert_eq!(output.stdout, b"a\n");
        assert_eq!(output.stderr, b"b\nc\n");
    });
}

/// Pipes that always have more are read from by turns with what the others do.
#[test]
fn what_never_waits_lets_the_others_run() {
    everywhere(|| {
        let (done, turns) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
        let other = greenlet::spawn({
            let (done, turns) = (done.clone(), turns.clone());
            move || {
                while !done.get() {
                    turns.set(turns.get() + 1);
                    greenlet::yield_now();
                }
            }
        });
        let filled = || {
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(&[7; 60_000]).unwrap();
            OwnedFd::from(reader)
        };
        let mut child = Command::new("true").spawn().unwrap();
        child.stdout = Some(filled().into());
        child.stderr = Some(filled().into());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (60_000, 60_000));
        assert!(turns.get() > 2, "{}", turns.get());
        done.set(true);
        join(other.join());
    });
}

#[test]
fn a_lot_on_both() {
    alone_and_in_company!(|| {
        let line = format!("{:01023}\n", 7);
        let output = sh(INTERLEAVED).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout == line.repeat(1024).as_bytes());
        assert!(output.stderr == line.repeat(1024).as_bytes());
    });
}

#[test]
fn one_is_filled_before_the_other_begins() {
    alone_and_in_company!(|| {
        for (first, second) in [("1", "2"), ("2", "1")] {
            let script = format!("head -c 300000 /dev/zero >&{first}; echo end >&{second}");
            let output = sh(&script).output().unwrap();
            let (long, short) = match first {
                "1" => (output.stdout, output.stderr),
                _ => (output.stderr, output.stdout),
            };
            assert_eq!(long.len(), 300_000);
            assert_eq!(short, b"end\n");
        }
    });
}

#[test]
fn one_ends_before_the_other() {
    alone_and_in_company!(|| {
        let output = sh("exec >&-; head -c 300000 /dev/zero >&2")
            .output()
            .unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (0, 300_000));
        let output = sh("exec 2>&-; head -c 300000 /dev/zero").output().unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (300_000, 0));
        // Both long before the child.
        let output = sh("exec >&- 2>&-; sleep 0.05; exit 4").output().unwrap();
        assert_eq!(output.status.code(), Some(4));
    });
}

#[test]
fn what_a_child_of_the_child_writes_belongs_to_it() {
    alone_and_in_company!(|| {
        let output = sh("echo early; { sleep 0.05; echo late; } &")
            .output()
            .unwrap();
        assert_eq!(output.stdout, b"early\nlate\n");
    });
}

#[test]
fn streams_that_were_set_are_left_alone() {
    alone_and_in_company!(|| {
        let script = "cat; echo out; echo err >&2";
        let output = sh(script).stdout(Stdio::null()).output().unwrap();
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b""[..], &b"err\n"[..])
        );
        let output = sh(script).stderr(Stdio::null()).output().unwrap();
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"out\n"[..], &b""[..])
        );
        let mut both = sh(script);
        let both = both
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let output = both.output().unwrap();
        assert_eq!((&*output.stdout, &*output.stderr), (&b""[..], &b""[..]));
        assert!(output.status.success());
    });
}

#[test]
fn the_input_is_closed_first() {
    alone_and_in_company!(|| {
        let mut cat = Command::new("cat");
        let cat = cat
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = cat.spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(b"abc").unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"abc");
    });
}

#[test]
fn a_command_does_the_same_again() {
    alone_and_in_company!(|| {
        let mut command = sh("echo text; echo error >&2");
        let before = format!("{command:#?}");
        for _ in 0..2 {
            let output = command.output().unwrap();
            assert_eq!(output.stdout, b"text\n");
            assert_eq!(output.stderr, b"error\n");
        }
        assert_eq!(format!("{command:#?}"), before);
        // The defaults of the others are not those of `output`.
        let mut command = Command::new("true");
        command.output().unwrap();
        let mut child = command.spawn().unwrap();
        assert!(child.stdin.is_none() && child.stdout.is_none() && child.stderr.is_none());
        child.wait().unwrap();
    });
}

#[test]
fn pipes_in_the_other_mode_are_read_all_the_same() {
    alone_and_in_company!(|| {
        let mut command = sh("sleep 0.02; echo a; sleep 0.02; echo b >&2");
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        rustix::io::ioctl_fionbio(child.stdout.as_ref().unwrap(), true).unwrap();
        rustix::io::ioctl_fionbio(child.stderr.as_ref().unwrap(), true).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"a\n"[..], &b"b\n"[..])
        );
    });
}

/// Files can be no more waited for than read to an error: `std` panics for what cannot be read.
#[test]
fn what_is_no_pipe() {
    alone_and_in_company!(|| {
        let run = |stdout: &str| {
            let mut command = sh("echo err >&2");
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let file = std::fs::File::open(stdout).unwrap();
            child.stdout = Some(ChildStdout::from(OwnedFd::from(file)));
            panic::catch_unwind(AssertUnwindSafe(|| child.wait_with_output().unwrap()))
        };
        let output = run("/dev/null").unwrap();
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b""[..], &b"err\n"[..])
        );
        assert!(!run("/proc/self/status").unwrap().stdout.is_empty());
        let payload = run("/").unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert!(message.contains("IsADirectory"), "{message}");
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn one_that_reads_both_can_be_killed() {
    everywhere(|| {
        for script in ["read x", "exec >&-; read x", "exec 2>&-; read x"] {
            let mut command = sh(script);
            let command = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let stdin = child.stdin.take();
            let id = child.id();
            let victim = greenlet::spawn(move || child.wait_with_output().map(drop));
            for _ in 0..10 {
                greenlet::yield_now();
            }
            assert!(!victim.is_finished());
            victim.kill().unwrap();
            assert!(victim.join().unwrap_err().is::<Killed>());
            drop(stdin);
            reap(id);
        }
    });
}

/// What somebody does in a panic hook cannot let other greenlets run.
#[test]
fn in_a_panic_hook() {
    in_a_child("in_a_panic_hook", || {
        panic::set_hook(Box::new(|_| {
            let output = sh(INTERLEAVED).output().unwrap();
            assert_eq!(output.stderr.len(), 1 << 20);
            assert_eq!(sh("exit 5").status().unwrap().code(), Some(5));
        }));
        let _company = company();
        assert!(greenlet::spawn(|| panic!("in company")).join().is_err());
        assert!(on_worker(|| panic!("on a worker")).join().is_err());
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn in_a_destructor() {
    struct Run(Rc<RefCell<Vec<u8>>>);
    impl Drop for Run {
        fn drop(&mut self) {
            *self.0.borrow_mut() = sh("echo bye; echo >&2").output().unwrap().stdout;
        }
    }
    everywhere(|| {
        let text = Rc::default();
        let run = Run(Rc::clone(&text));
        let victim = greenlet::spawn(move || {
            let _run = run;
            Command::new("sleep").arg("60").output().map(drop)
        });
        greenlet::yield_now();
        victim.kill().unwrap();
        assert!(victim.join().is_err());
        assert_eq!(*text.borrow(), b"bye\n");
        join(greenlet::spawn(|| ()).join());
    });
}
