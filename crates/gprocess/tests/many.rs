//! Many children: every byte and every status is right, and nothing of them is left behind.

mod fixture;

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fixture::own_process::in_a_child;
use fixture::{cat, descriptors, join, on_worker, reap, sh, zombies};
use gprocess::{Command, Stdio};

/// Runs `body` twice, and checks that the second time has left nothing behind: what is made once is there by then.
fn leaves_nothing(body: impl Fn()) {
    body();
    let before = descriptors();
    body();
    assert_eq!(zombies(), 0);
    assert_eq!(descriptors(), before);
}

#[test]
fn one_after_another() {
    in_a_child("one_after_another", || {
        /// A few at a time, so that all processors have something to do.
        const AT_ONCE: u32 = 4;
        leaves_nothing(|| {
            let next = Arc::new(AtomicU32::new(0));
            let runners: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    let next = Arc::clone(&next);
                    on_worker(move || {
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= 5_000 {
                                return;
                            }
                            let output = Command::new("/bin/echo")
                                .arg(number.to_string())
                                .output()
                                .unwrap();
                            assert_eq!(output.stdout, format!("{number}\n").as_bytes());
                            assert!(output.stderr.is_empty() && output.status.success());
                        }
                    })
                })
                .collect();
            for runner in runners {
                join(runner.join());
            }
        });
    });
}

#[test]
fn at_once() {
    in_a_child("at_once", || {
        leaves_nothing(|| {
            let running: Vec<_> = (0..200_u8)
                .map(|number| {
                    on_worker(move || {
                        let script =
                            format!("echo out {number}; echo err {number} >&2; exit {number}");
                        let output = sh(&script).output().unwrap();
                        assert_eq!(output.stdout, format!("out {number}\n").as_bytes());
                        assert_eq!(output.stderr, format!("err {number}\n").as_bytes());
                        assert_eq!(output.status.code(), Some(number.into()));
                    })
                })
                .collect();
            for greenlet in running {
                join(greenlet.join());
            }
        });
    });
}

/// None ends before all have been started.
#[test]
fn alive_at_the_same_time() {
    in_a_child("alive_at_the_same_time", || {
        leaves_nothing(|| {
            let mut all: Vec<_> = (0..100).map(|_| cat()).collect();
            let stdins: Vec<_> = all
                .iter_mut()
                .map(|child| child.stdin.take().unwrap())
                .collect();
            let waiting: Vec<_> = all
                .into_iter()
                .map(|mut child| {
                    on_worker(move || {
                        let mut text = String::new();
                        child
                            .stdout
                            .take()
                            .unwrap()
                            .read_to_string(&mut text)
                            .unwrap();
                        assert!(child.wait().unwrap().success());
                        text
                    })
                })
                .collect();
            for (number, mut stdin) in stdins.into_iter().enumerate() {
                write!(stdin, "{number}").unwrap();
            }
            for (number, greenlet) in waiting.into_iter().enumerate() {
                assert_eq!(join(greenlet.join()), number.to_string());
            }
        });
    });
}

#[test]
#[cfg_attr(greenlet_portable, ignore = "a thread waits, which holds kills back")]
fn kills_and_failures() {
    in_a_child("kills_and_failures", || {
        leaves_nothing(|| {
            for _ in 0..50 {
                let greenlet = greenlet::spawn(|| {
                    let mut child = sh("read x")
                        .stdin(Stdio::piped())
                        .stdout(Stdio::piped())
                        .spawn()
                        .unwrap();
                    let _stdin = child.stdin.take();
                    let id = child.id();
                    let waiting = greenlet::spawn(move || child.wait().map(drop));
                    greenlet::yield_now();
                    waiting.kill().unwrap();
                    assert!(waiting.join().is_err());
                    id
                });
                let id = join(greenlet.join());
                reap(id);
                assert!(Command::new("no-such-program").output().is_err());
                assert!(
                    Command::new("true")
                        .current_dir("/no/such")
                        .output()
                        .is_err()
                );
            }
        });
    });
}
