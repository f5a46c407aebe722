//! Streams that always have something to read, or always room, let the others of the hub run, and can be killed.

mod fixture;

use std::cell::Cell;
use std::io::{self, BufRead, Write};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::{fs, thread};

use fixture::{alone, with_stdout};
use greenlet::{Greenlet, Killed};

/// A greenlet that says when it has had three turns.
fn other() -> (Rc<Cell<bool>>, Greenlet<()>) {
    let done = Rc::new(Cell::new(false));
    let other = greenlet::spawn({
        let done = done.clone();
        move || {
            for _ in 0..3 {
                greenlet::yield_now();
            }
            done.set(true);
        }
    });
    (done, other)
}

fn is_killed<T: 'static>(endless: Greenlet<T>) {
    for _ in 0..3 {
        greenlet::yield_now();
    }
    endless.kill().unwrap();
    assert!(endless.join().is_err_and(|payload| payload.is::<Killed>()));
}

#[test]
fn input_without_end() {
    alone("input_without_end", || {
        let (reader, mut writer) = io::pipe().unwrap();
        rustix::stdio::dup2_stdin(&reader).unwrap();
        drop(reader);
        // As `yes` does.
        let yes = thread::spawn(move || while writer.write_all(&b"y\n".repeat(4096)).is_ok() {});
        let (done, other) = other();
        while !done.get() {
            let mut line = String::new();
            assert_eq!(gio::stdin().lock().read_line(&mut line).unwrap(), 2);
        }
        other.join().unwrap();
        is_killed(greenlet::spawn(|| {
            loop {
                gio::stdin().lock().read_line(&mut String::new()).unwrap();
            }
        }));
        rustix::stdio::dup2_stdin(fs::File::open("/dev/null").unwrap()).unwrap();
        yes.join().unwrap();
    });
}

#[test]
fn output_without_end() {
    alone("output_without_end", || {
        let file = tempfile::tempfile().unwrap();
        let null = fs::File::create("/dev/null").unwrap();
        for place in [OwnedFd::from(file), OwnedFd::from(null)] {
            with_stdout(place, || {
                let (done, other) = other();
                while !done.get() {
                    gio::println!("again");
                }
                other.join().unwrap();
                is_killed(greenlet::spawn(|| {
                    loop {
                        gio::println!("and again");
                    }
                }));
            });
        }
    });
}
