//! Waiting for the end of a child.

mod fixture;

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::rc::Rc;

use fixture::own_process::in_a_child;
use fixture::{cat, company, deadline, everywhere, join, reap, sh, ticks_while};
use gprocess::unix::ExitStatusExt;
use gprocess::{Command, Stdio};
use greenlet::Killed;

const ECHILD: Option<i32> = Some(10);

#[test]
fn lets_the_others_run() {
    let _deadline = deadline();
    ticks_while(|| {
        let status = Command::new("sleep").arg("0.2").status().unwrap();
        assert!(status.success());
    });
}

#[test]
fn the_second_time_gives_the_same() {
    alone_and_in_company!(|| {
        let mut child = sh("exit 7").spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(7));
        assert_eq!(child.wait().unwrap().code(), Some(7));
        assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(7));
        child.kill().unwrap();
    });
}

#[test]
fn a_signal_is_told() {
    alone_and_in_company!(|| {
        for signal in [1, 2, 9, 10, 13, 15] {
            let status = sh(&format!("kill -{signal} $$")).status().unwrap();
            assert_eq!(status.signal(), Some(signal));
            assert_eq!(status.code(), None);
        }
    });
}

#[test]
fn closes_the_input_and_looking_does_not() {
    alone_and_in_company!(|| {
        let mut child = cat();
        assert_eq!(child.try_wait().unwrap(), None);
        child.stdin.as_mut().unwrap().write_all(b"").unwrap();
        assert!(child.wait().unwrap().success());
        assert!(child.stdin.is_none());
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn one_that_waits_can_be_killed_and_another_waits_on() {
    everywhere(|| {
        let mut child = cat();
        let stdin = child.stdin.take();
        let child = Rc::new(RefCell::new(child));
        for _ in 0..3 {
            let victim = greenlet::spawn({
                let child = child.clone();
                move || child.borrow_mut().wait()
            });
            greenlet::yield_now();
            assert!(!victim.is_finished());
            victim.kill().unwrap();
            assert!(victim.join().unwrap_err().is::<Killed>());
        }
        drop(stdin);
        assert!(child.borrow_mut().wait().unwrap().success());
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn on_one_hub_after_another() {
    let _deadline = deadline();
    let mut child = cat();
    let mut stdin = child.stdin.take();
    for turn in 0..4 {
        let (waiting, has_waited) = std::sync::mpsc::channel();
        let last = turn == 3;
        let body = move || {
            let child = Rc::new(RefCell::new(child));
            let victim = greenlet::spawn({
                let child = child.clone();
                move || child.borrow_mut().wait().unwrap()
            });
            greenlet::yield_now();
            waiting.send(()).unwrap();
            if last {
                assert!(join(victim.join()).success());
            } else {
                victim.kill().unwrap();
                assert!(victim.join().is_err());
            }
            Rc::into_inner(child).unwrap().into_inner()
        };
        // A new thread has a new hub.
        let place = std::thread::spawn(body);
        has_waited.recv().unwrap();
        if last {
            drop(stdin.take());
        }
        child = join(place.join());
    }
    assert!(child.wait().unwrap().success());
}

#[test]
fn looking_until_the_end() {
    alone_and_in_company!(|| {
        for _ in 0..20 {
            let mut child = cat();
            let _stdin = child.stdin.take();
            assert_eq!(child.try_wait().unwrap(), None);
            child.kill().unwrap();
            // It may not have died yet: then this is another signal to it.
            child.kill().unwrap();
            let status = loop {
                match child.try_wait().unwrap() {
                    Some(status) => break status,
                    None => greenlet::yield_now(),
                }
            };
            assert_eq!(status.signal(), Some(9));
            child.kill().unwrap();
            assert_eq!(child.wait().unwrap(), status);
        }
    });
}

#[test]
fn one_that_somebody_else_has_waited_for() {
    alone_and_in_company!(|| {
        let mut child = sh("exit 7").spawn().unwrap();
        reap(child.id());
        assert_eq!(child.wait().unwrap_err().raw_os_error(), ECHILD);
        assert_eq!(child.try_wait().unwrap_err().raw_os_error(), ECHILD);
        assert_eq!(child.wait().unwrap_err().raw_os_error(), ECHILD);
        let mut child = std::process::Child::from(child);
        assert_eq!(child.wait().unwrap_err().raw_os_error(), ECHILD);
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn one_that_somebody_else_waits_for_meanwhile() {
    everywhere(|| {
        let mut child = cat();
        let stdin = child.stdin.take();
        let id = child.id();
        let waiting = greenlet::spawn(move || child.wait());
        greenlet::yield_now();
        drop(stdin);
        // Blocks the hub, so the greenlet comes too late.
        reap(id);
        let error = join(waiting.join()).unwrap_err();
        assert_eq!(error.raw_os_error(), ECHILD);
    });
}

#[test]
fn where_children_are_ignored() {
    in_a_child("where_children_are_ignored", || {
        // SAFETY: this process runs nothing but this test.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let mut plain = std::process::Command::new("true").spawn().unwrap();
        assert_eq!(plain.wait().unwrap_err().raw_os_error(), ECHILD);
        alone_and_in_company!(|| {
            let mut child = cat();
            assert_eq!(child.wait().unwrap_err().raw_os_error(), ECHILD);
            let output = Command::new("echo").output();
            assert_eq!(output.unwrap_err().raw_os_error(), ECHILD);
        });
    });
}

#[test]
fn children_of_others_are_left_alone() {
    everywhere(|| {
        let _company = company();
        let mut others: Vec<_> = (0..10)
            .map(|code| {
                let mut shell = std::process::Command::new("sh");
                shell.args(["-c", &format!("exit {code}")]);
                shell.spawn().unwrap()
            })
            .collect();
        for code in 0..20 {
            let status = sh(&format!("exit {code}")).status().unwrap();
            assert_eq!(status.code(), Some(code));
        }
        for (code, other) in (0..).zip(&mut others) {
            assert_eq!(other.wait().unwrap().code(), Some(code));
        }
    });
}

#[test]
fn many_at_once_on_one_hub() {
    everywhere(|| {
        let waiting: Vec<_> = (0..30)
            .map(|code| {
                greenlet::spawn(move || {
                    let mut child = sh(&format!("read line; exit {code}"))
                        .stdin(Stdio::piped())
                        .spawn()
                        .unwrap();
                    child.wait().unwrap()
                })
            })
            .collect();
        for (code, greenlet) in (0..).zip(waiting) {
            assert_eq!(join(greenlet.join()).code(), Some(code));
        }
    });
}

#[test]
fn a_program_that_cannot_be_run() {
    alone_and_in_company!(|| {
        let missing = Command::new("no-such-program").status();
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
        let denied = Command::new("/etc/passwd").output();
        assert_eq!(denied.unwrap_err().kind(), ErrorKind::PermissionDenied);
        let nul = Command::new("a\0b").spawn();
        assert_eq!(nul.unwrap_err().kind(), ErrorKind::InvalidInput);
        let mut text = String::new();
        let mut child = Command::new("echo").stdout(Stdio::piped()).spawn().unwrap();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "\n");
        child.wait().unwrap();
    });
}
