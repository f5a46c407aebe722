//! The pipes to and from a child.

mod fixture;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd};
use std::rc::Rc;

use fixture::{deadline, everywhere, join, sh, ticks_while};
use gprocess::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use greenlet::Killed;

/// With its streams taken out.
fn cat() -> (Child, ChildStdin, ChildStdout) {
    let mut child = fixture::cat();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    (child, stdin, stdout)
}

#[test]
fn a_read_lets_the_others_run() {
    let _deadline = deadline();
    ticks_while(|| {
        let mut child = sh("sleep 0.2; echo x")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "x\n");
        child.wait().unwrap();
    });
}

#[test]
fn a_write_lets_the_others_run() {
    let _deadline = deadline();
    ticks_while(|| {
        let mut child = sh("sleep 0.2; wc -c >/dev/null")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(&[0; 1 << 20])
            .unwrap();
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_conversation() {
    alone_and_in_company!(|| {
        let (mut child, mut stdin, mut stdout) = cat();
        for word in ["one", "four", "eleven"] {
            stdin.write_all(word.as_bytes()).unwrap();
            stdin.flush().unwrap();
            let mut heard = vec![0; word.len()];
            stdout.read_exact(&mut heard).unwrap();
            assert_eq!(heard, word.as_bytes());
        }
        assert_eq!(
            (&stdin)
                .write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")])
                .unwrap(),
            3
        );
        let (mut one, mut two) = ([0; 1], [0; 8]);
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(stdout.read_vectored(&mut bufs).unwrap(), 3);
        assert_eq!((&one, &two[..2]), (b"a", &b"bc"[..]));
        assert_eq!(stdout.read(&mut []).unwrap(), 0);
        drop(stdin);
        assert_eq!(stdout.read(&mut [0; 8]).unwrap(), 0);
        assert!(child.wait().unwrap().success());
    });
}

/// Writes until it fails: a child of somebody else that is just being started may have the other end open, too.
fn broken(stdin: &mut impl Write) -> ErrorKind {
    loop {
        if let Err(error) = stdin.write(b"x") {
            return error.kind();
        }
    }
}

#[test]
fn a_child_that_does_not_read() {
    alone_and_in_company!(|| {
        let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        child.wait().unwrap();
        assert_eq!(broken(&mut stdin), ErrorKind::BrokenPipe);
        // Or it stops while somebody writes.
        let mut child = sh("exec head -c 1 >/dev/null")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let error = child
            .stdin
            .take()
            .unwrap()
            .write_all(&[0; 1 << 20])
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        child.wait().unwrap();
    });
}

#[test]
fn writing_and_reading_at_once() {
    everywhere(|| {
        let (mut child, mut stdin, mut stdout) = cat();
        let writer = greenlet::spawn(move || stdin.write(&[7; 3 << 20]).unwrap());
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).unwrap();
        assert!(bytes == [7; 3 << 20]);
        assert_eq!(join(writer.join()), 3 << 20);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_pipeline() {
    alone_and_in_company!(|| {
        let first = sh("echo b; echo a; echo c")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut second = Command::new("sort");
        let mut second = second
            .stdin(first.stdout.unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let third = Command::new("tr")
            .arg("-d")
            .arg("\n")
            .stdin(second.stdout.take().unwrap())
            .output();
        assert_eq!(third.unwrap().stdout, b"abc");
        second.wait().unwrap();
        // Backwards.
        let mut last = sh("cat >&2")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let status = Command::new("echo")
            .arg("x")
            .stdout(last.stdin.take().unwrap())
            .status();
        assert!(status.unwrap().success());
        let lines = Command::new("cat")
            .stdin(last.stderr.take().unwrap())
            .output()
            .unwrap();
        assert_eq!(lines.stdout, b"x\n");
        last.wait().unwrap();
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn a_reader_and_a_writer_that_wait_can_be_killed() {
    everywhere(|| {
        let (mut child, stdin, mut stdout) = cat();
        let stdin = Rc::new(stdin);
        let reader = greenlet::spawn(move || {
            let count = stdout.read(&mut [0; 8]);
            unreachable!("{count:?}");
        });
        greenlet::yield_now();
        reader.kill().unwrap();
        let reader: std::thread::Result<()> = reader.join();
        assert!(reader.unwrap_err().is::<Killed>());
        drop(stdin);
        child.wait().unwrap();

        let mut child = sh("read x; sleep 60")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = Rc::new(child.stdin.take().unwrap());
        let writer = greenlet::spawn({
            let stdin = stdin.clone();
            move || (&*stdin).write_all(&[0; 1 << 20])
        });
        greenlet::yield_now();
        writer.kill().unwrap();
        assert!(writer.join().unwrap_err().is::<Killed>());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(broken(&mut &*stdin), ErrorKind::BrokenPipe);
    });
}

#[test]
fn there_and_back() {
    alone_and_in_company!(|| {
        let mut command = Command::new("cat");
        let all = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // As a whole.
        let child = Child::from(std::process::Child::from(all.spawn().unwrap()));
        let mut plain = std::process::Child::from(child);
        assert!(plain.stdin.is_some() && plain.stdout.is_some() && plain.stderr.is_some());
        plain.stdin.as_mut().unwrap().write_all(b"abc").unwrap();
        let mut child = Child::from(plain);
        drop(child.stdin.take());
        let mut text = String::new();
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "abc");
        let status = child.wait().unwrap();
        // What is known goes along.
        let mut plain = std::process::Child::from(child);
        assert_eq!(plain.wait().unwrap(), status);
        assert_eq!(Child::from(plain).wait().unwrap(), status);

        // One by one.
        let mut child = all.spawn().unwrap();
        let stdin = std::process::ChildStdin::from(child.stdin.take().unwrap());
        let stdin = ChildStdin::from(OwnedFd::from(ChildStdin::from(stdin)));
        assert_eq!(stdin.as_fd().as_raw_fd(), stdin.as_raw_fd());
        let stdout = std::process::ChildStdout::from(child.stdout.take().unwrap());
        let mut stdout = ChildStdout::from(OwnedFd::from(ChildStdout::from(stdout)));
        let stderr = std::process::ChildStderr::from(child.stderr.take().unwrap());
        let mut stderr = ChildStderr::from(OwnedFd::from(ChildStderr::from(stderr)));
        (&stdin).write_all(b"abc").unwrap();
        stdout.read_exact(&mut [0; 3]).unwrap();
        drop(stdin);
        assert_eq!(stderr.read(&mut [0; 8]).unwrap(), 0);
        let number = stdout.as_raw_fd();
        assert_eq!(stdout.into_raw_fd(), number);
        // SAFETY: the number was just given away.
        drop(unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(number) });
        child.wait().unwrap();
    });
}
