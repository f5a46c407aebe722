//! The standard output and error when there is no room: whoever writes waits, and its hub goes on.

mod fixture;

use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use fixture::{
    Signal, alone, collect, fill, in_company, is_nonblocking, join, lines, much, printed, terminal,
    ticks_beside, with_stdout,
};
use greenlet::Killed;

#[test]
fn the_hub_goes_on_beside_a_full_pipe() {
    alone("the_hub_goes_on_beside_a_full_pipe", || {
        for way in 0..4 {
            let (sender, received) = std::sync::mpsc::channel();
            let text = lines(1_000);
            let goes = ticks_beside(|after_a_while| {
                let (mut reader, writer) = io::pipe().unwrap();
                let filled = fill(&writer);
                let sender = sender.clone();
                after_a_while(Box::new(move || {
                    let mut bytes = Vec::new();
                    reader.read_to_end(&mut bytes).unwrap();
                    sender.send(bytes.split_off(filled)).unwrap();
                }));
                with_stdout(&writer, || match way {
                    0 => gio::stdout().write_all(text.as_bytes()).unwrap(),
                    1 => gio::print!("{text}"),
                    2 => write!(gio::stdout(), "{text}").unwrap(),
                    _ => text.lines().for_each(|line| gio::println!("{line}")),
                });
                assert!(!is_nonblocking(&writer));
            });
            drop(sender);
            let seen: Vec<_> = received.iter().collect();
            assert!(seen == vec![text.as_bytes(); goes], "{way}");
        }
    });
}

/// Nothing of this ever has to wait.
#[test]
fn who_prints_without_end_lets_the_others_run() {
    alone("who_prints_without_end_lets_the_others_run", || {
        let pipe = io::pipe().unwrap();
        let reader = collect(pipe.0);
        with_stdout(&pipe.1, || {
            let done = Rc::new(Signal::default());
            let other = greenlet::spawn({
                let done = done.clone();
                move || done.raise()
            });
            let mut count = 0;
            while !done.is_raised() {
                gio::println!("{count}");
                count += 1;
            }
            assert!(count <= 64, "{count}");
            join(other.join());
        });
        drop(pipe.1);
        assert!(!reader.join().unwrap().is_empty());
    });
}

/// Another path to the test binary, by which it does not look like one: nothing can capture what it prints.
fn as_a_program(test: &str) -> std::process::ExitStatus {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    let mut command = fixture::child::command(test);
    let mut renamed = std::process::Command::new(path);
    renamed.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => renamed.env(name, value),
            None => renamed.env_remove(name),
        };
    }
    std::mem::swap(&mut command, &mut renamed);
    command.status().unwrap()
}

/// Whether a thread of the pool that waits for others was started.
fn a_pool_was_needed() -> bool {
    std::fs::read_dir("/proc/self/task").unwrap().any(|task| {
        let name = std::fs::read_to_string(task.unwrap().path().join("comm"));
        name.is_ok_and(|name| name == "greenlet-wait\n")
    })
}

#[test]
fn the_hub_goes_on_beside_a_terminal_that_nobody_reads() {
    const NAME: &str = "the_hub_goes_on_beside_a_terminal_that_nobody_reads";
    let _deadline = fixture::deadline();
    if !fixture::child::is(NAME) {
        assert!(as_a_program(NAME).success());
        return;
    }
    // Once: who reads has to read all.
    assert!(!a_pool_was_needed());
    for way in 0..3 {
        // More than the system keeps for a terminal.
        let text = lines(12_000);
        let (mut screen, program) = terminal();
        let reading = Arc::new(Signal::default());
        let reader = std::thread::spawn({
            let reading = reading.clone();
            move || {
                let mut seen = Vec::new();
                let mut bytes = [0; 4096];
                loop {
                    reading.wait();
                    match screen.read(&mut bytes) {
                        Ok(count) if count > 0 => seen.extend_from_slice(&bytes[..count]),
                        _ => return seen,
                    }
                }
            }
        });
        let goes = ticks_beside(|after_a_while| {
            let reading = reading.clone();
            after_a_while(Box::new(move || reading.raise()));
            with_stdout(&program, || match way {
                0 => gio::stdout().write_all(text.as_bytes()).unwrap(),
                1 => write!(gio::stdout(), "{text}").unwrap(),
                // What `print!` does in a crate that is no test.
                _ => gio::macros_impl::print(format_args!("{text}"), false),
            });
        });
        // A terminal may have less room than it seems.
        assert!(a_pool_was_needed());
        assert!(!is_nonblocking(&program));
        drop(program);
        let seen = reader.join().unwrap();
        assert!(
            seen == text.repeat(goes).as_bytes(),
            "{way}: {} bytes",
            seen.len()
        );
    }
}

/// The reader goes while somebody waits for room.
#[test]
fn a_reader_that_goes_away_ends_the_wait() {
    alone("a_reader_that_goes_away_ends_the_wait", || {
        let (reader, writer) = io::pipe().unwrap();
        fill(&writer);
        let before = rustix::io::dup(rustix::stdio::stdout()).unwrap();
        rustix::stdio::dup2_stdout(&writer).unwrap();
        let writing = greenlet::spawn(|| gio::stdout().write(&[b'x'; 5000]).unwrap_err().kind());
        greenlet::yield_now();
        let finished = writing.is_finished();
        drop(reader);
        let error = join(writing.join());
        rustix::stdio::dup2_stdout(&before).unwrap();
        assert!(!finished);
        assert_eq!(error, ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_kill_while_waiting_for_room_leaves_the_stream_to_others() {
    alone(
        "a_kill_while_waiting_for_room_leaves_the_stream_to_others",
        || {
            let (reader, writer) = io::pipe().unwrap();
            let seen = with_stdout(&writer, || {
                let victim = greenlet::spawn(|| gio::print!("{}", much()));
                let waiting = greenlet::spawn(|| gio::println!("after the kill"));
                greenlet::yield_now();
                assert!(!victim.is_finished() && !waiting.is_finished());
                victim.kill().unwrap();
                assert!(victim.join().unwrap_err().is::<Killed>());
                let seen = collect(reader);
                join(waiting.join());
                seen
            });
            drop(writer);
            let seen = String::from_utf8(seen.join().unwrap()).unwrap();
            let begun = seen.strip_suffix("after the kill\n").unwrap();
            assert!(!begun.is_empty() && much().starts_with(begun));
        },
    );
}

/// As with a plain write, whose file stays open while it waits; what comes next goes to the new one.
#[test]
fn another_file_may_take_the_place() {
    alone("another_file_may_take_the_place", || {
        let (mut first, writer) = io::pipe().unwrap();
        let filled = fill(&writer);
        let second = printed(|| {
            let second = rustix::io::dup(rustix::stdio::stdout()).unwrap();
            rustix::stdio::dup2_stdout(&writer).unwrap();
            let waiting = greenlet::spawn(|| gio::println!("waited"));
            greenlet::yield_now();
            assert!(!waiting.is_finished());
            rustix::stdio::dup2_stdout(&second).unwrap();
            drop(writer);
            first.read_exact(&mut vec![0; filled]).unwrap();
            join(waiting.join());
            in_company(|| gio::println!("next"));
        });
        assert_eq!(second, "waited\nnext\n");
    });
}

#[test]
fn who_has_set_non_blocking_gets_it() {
    alone("who_has_set_non_blocking_gets_it", || {
        let (_reader, writer) = io::pipe().unwrap();
        fill(&writer);
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let before = rustix::io::dup(rustix::stdio::stderr()).unwrap();
        rustix::stdio::dup2_stderr(&writer).unwrap();
        let outcome = in_company(|| gio::stderr().write(b"x"));
        rustix::stdio::dup2_stderr(&before).unwrap();
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}
