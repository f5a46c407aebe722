//! The standard output and error, in processes of their own: whoever writes waits for room, and its hub goes on.

mod fixture;

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixture::{
    Signal, alone, alone_with_workers, collect, in_company, is_nonblocking, join, on_worker,
    printed, terminal, ticks_beside, with_stdout,
};
use greenlet::Killed;

fn lines(count: usize) -> String {
    (0..count)
        .map(|number| format!("line {number}\n"))
        .collect()
}

/// More than a pipe holds.
fn much() -> String {
    lines(40_000)
}

/// Fills a pipe to the last byte.
fn fill(writer: &io::PipeWriter) -> usize {
    rustix::io::ioctl_fionbio(writer, true).unwrap();
    let filled = std::iter::from_fn(|| {
        let mut writer = writer;
        writer.write(&[b'.'; 4096]).ok()
    })
    .sum();
    rustix::io::ioctl_fionbio(writer, false).unwrap();
    filled
}

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

#[test]
fn no_line_is_torn() {
    const EACH: usize = 50;
    alone_with_workers("no_line_is_torn", || {
        let print = |number: usize| {
            move || {
                for turn in 0..EACH {
                    let long = "x".repeat(number);
                    match turn % 3 {
                        0 => gio::println!("{number} {turn} {long} end"),
                        1 => writeln!(gio::stdout(), "{number} {turn} {long} end").unwrap(),
                        _ => {
                            let mut out = gio::stdout().lock();
                            write!(out, "{number} ").unwrap();
                            greenlet::yield_now();
                            write!(out, "{turn} ").unwrap();
                            writeln!(out, "{long} end").unwrap();
                        }
                    }
                }
            }
        };
        let (reader, writer) = io::pipe().unwrap();
        let reader = collect(reader);
        with_stdout(&writer, || {
            let workers: Vec<_> = (0..60).map(|number| on_worker(print(number))).collect();
            let locals: Vec<_> = (60..90)
                .map(|number| greenlet::spawn(print(number)))
                .collect();
            let threads: Vec<_> = (90..94)
                .map(|number| std::thread::spawn(print(number)))
                .collect();
            locals.into_iter().for_each(|local| join(local.join()));
            workers.into_iter().for_each(|worker| join(worker.join()));
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        });
        drop(writer);
        let seen = String::from_utf8(reader.join().unwrap()).unwrap();
        let mut next = [0; 94];
        for line in seen.lines() {
            let parts: Vec<_> = line.split(' ').collect();
            let [number, turn, long, "end"] = parts[..] else {
                panic!("torn: {line:?}");
            };
            let number: usize = number.parse().unwrap();
            assert_eq!(long, "x".repeat(number));
            assert_eq!(turn.parse(), Ok(next[number]), "{line:?}");
            next[number] += 1;
        }
        assert_eq!(next, [EACH; 94]);
    });
}

/// One that prints without end lets the others have their turn.
#[test]
fn everybody_gets_a_turn() {
    alone("everybody_gets_a_turn", || {
        let (reader, writer) = io::pipe().unwrap();
        let reader = collect(reader);
        with_stdout(&writer, || {
            let done = Rc::new(Signal::default());
            let endless = greenlet::spawn({
                let done = done.clone();
                move || {
                    while !done.is_raised() {
                        gio::print!("{}", "all the time\n".repeat(10_000));
                    }
                }
            });
            greenlet::yield_now();
            let others: Vec<_> = (0..20)
                .map(|_| greenlet::spawn(|| gio::println!("once")))
                .collect();
            others.into_iter().for_each(|other| join(other.join()));
            done.raise();
            join(endless.join());
        });
        drop(writer);
        let seen = String::from_utf8(reader.join().unwrap()).unwrap();
        assert_eq!(seen.lines().filter(|&line| line == "once").count(), 20);
    });
}

#[test]
fn order_is_kept_with_what_std_prints() {
    alone("order_is_kept_with_what_std_prints", || {
        let body = || {
            for number in 0..100 {
                match number % 5 {
                    0 => gio::print!("{number} "),
                    1 => print!("{number} "),
                    2 => write!(gio::stdout(), "{number} ").unwrap(),
                    3 => write!(io::stdout(), "{number} ").unwrap(),
                    _ => gio::println!("{number}"),
                }
            }
        };
        let expected =
            (0..100).map(|number| format!("{number}{}", if number % 5 == 4 { '\n' } else { ' ' }));
        let expected: String = expected.collect();
        assert_eq!(printed(body), expected);
        assert_eq!(printed(|| in_company(body)), expected);
    });
}

/// Prints while it is formatted, in all ways.
struct Talks(usize);

impl fmt::Display for Talks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<before ")?;
        match self.0 {
            0 => gio::println!("inside"),
            1 => gio::print!("{} and {}", Talks(0), 7),
            2 => gio::stdout().write_all(b"bytes ").unwrap(),
            3 => gio::stdout().lock().flush().unwrap(),
            4 => greenlet::yield_now(),
            _ => writeln!(gio::stdout(), "{}", Talks(1)).unwrap(),
        }
        f.write_str("after>")
    }
}

#[test]
fn what_is_printed_may_print() {
    alone("what_is_printed_may_print", || {
        for (number, expected) in [
            "a <before inside\nafter> b\n",
            "a <before <before inside\nafter> and 7after> b\n",
            "a <before bytes after> b\n",
            "a <before after> b\n",
            "a <before after> b\n",
            "a <before <before <before inside\nafter> and 7after>\nafter> b\n",
        ]
        .into_iter()
        .enumerate()
        {
            let print = || gio::println!("a {} b", Talks(number));
            assert_eq!(printed(print), expected);
            assert_eq!(printed(|| in_company(print)), expected);
            let write = || writeln!(gio::stdout(), "a {} b", Talks(number)).unwrap();
            assert_eq!(printed(|| in_company(write)), expected);
        }
    });
}

#[test]
fn what_came_before_a_panic_is_printed() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("begun ")?;
            std::panic::resume_unwind(Box::new("stop"));
        }
    }
    alone("what_came_before_a_panic_is_printed", || {
        let body = || {
            let failed = greenlet::catch_unwind(|| gio::println!("one\ntwo {} three", Fails));
            assert_eq!(*failed.unwrap_err().downcast::<&str>().unwrap(), "stop");
            gio::println!("goes on");
        };
        assert_eq!(printed(body), "one\ntwo begun goes on\n");
        assert_eq!(printed(|| in_company(body)), "one\ntwo begun goes on\n");
    });
}

#[test]
fn a_format_that_fails_is_a_panic() {
    struct Refuses;
    impl fmt::Display for Refuses {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("begun ")?;
            Err(fmt::Error)
        }
    }
    alone("a_format_that_fails_is_a_panic", || {
        let message = |call: fn()| {
            *std::panic::catch_unwind(call)
                .unwrap_err()
                .downcast::<&str>()
                .unwrap()
        };
        let seen = printed(|| {
            let ours = message(|| gio::println!("{} end", Refuses));
            assert_eq!(ours, message(|| std::println!("{} end", Refuses)));
            let ours = message(|| write!(gio::stdout(), "{} end", Refuses).unwrap());
            assert_eq!(
                ours,
                message(|| write!(io::stdout(), "{} end", Refuses).unwrap())
            );
        });
        assert_eq!(seen, "begun begun begun begun ");
    });
}

#[test]
fn a_broken_pipe_is_told_as_std_does() {
    alone("a_broken_pipe_is_told_as_std_does", || {
        let body = || {
            let (reader, writer) = io::pipe().unwrap();
            drop(reader);
            let before = rustix::io::dup(rustix::stdio::stdout()).unwrap();
            rustix::stdio::dup2_stdout(&writer).unwrap();
            let message = |call: fn()| {
                *std::panic::catch_unwind(call)
                    .unwrap_err()
                    .downcast::<String>()
                    .unwrap()
            };
            let prints: [fn(); 3] = [
                || gio::println!("x"),
                || gio::println!("{}", 5),
                || std::println!("x"),
            ];
            let messages = prints.map(message);
            let writes = [
                gio::stdout().write(b"x\n").unwrap_err().kind(),
                gio::stdout().write_all(b"x\n").unwrap_err().kind(),
                writeln!(gio::stdout(), "{}", 7).unwrap_err().kind(),
                writeln!(io::stdout(), "{}", 7).unwrap_err().kind(),
            ];
            gio::print!("{}", "later");
            let later = gio::stdout().flush().unwrap_err().kind();
            rustix::stdio::dup2_stdout(&before).unwrap();
            // std's buffer still has it.
            gio::stdout().flush().unwrap();
            assert_eq!(later, ErrorKind::BrokenPipe);
            assert_eq!(
                messages,
                ["failed printing to stdout: Broken pipe (os error 32)"; 3]
            );
            assert_eq!(writes, [ErrorKind::BrokenPipe; 4]);
        };
        body();
        in_company(body);
    });
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
fn closed_streams_take_everything() {
    alone("closed_streams_take_everything", || {
        for number in [1, 2] {
            // SAFETY: nothing here uses these descriptors by another owner.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
        let body = || {
            gio::println!("{}", 1);
            gio::eprintln!("{}", 1);
            assert_eq!(gio::dbg!(5), 5);
            assert_eq!(gio::stdout().write(b"x\n").unwrap(), 2);
            assert_eq!(gio::stderr().write(b"x\n").unwrap(), 2);
            gio::stdout().flush().unwrap();
            gio::stderr().flush().unwrap();
        };
        body();
        in_company(body);
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
fn the_lock_is_the_greenlets_own() {
    alone("the_lock_is_the_greenlets_own", || {
        let seen = printed(|| {
            let lock = gio::stdout().lock();
            // The same greenlet may take it again.
            let again = gio::stdout().lock();
            let other = greenlet::spawn(|| gio::println!("the other"));
            for _ in 0..100 {
                greenlet::yield_now();
            }
            gio::println!("this");
            drop(lock);
            greenlet::yield_now();
            gio::println!("this one");
            drop(again);
            join(other.join());
        });
        assert_eq!(seen, "this\nthis one\nthe other\n");
    });
}

/// A thread without other greenlets waits for the lock as well.
#[test]
fn threads_wait_for_greenlets() {
    alone("threads_wait_for_greenlets", || {
        let seen = printed(|| {
            let mut lock = gio::stdout().lock();
            let thread = std::thread::spawn(|| gio::println!("the thread"));
            writeln!(lock, "the greenlet").unwrap();
            while !thread.is_finished() && std::fs::read_dir("/proc/self/task").unwrap().count() < 2
            {
                greenlet::yield_now();
            }
            writeln!(lock, "still").unwrap();
            drop(lock);
            thread.join().unwrap();
        });
        assert_eq!(seen, "the greenlet\nstill\nthe thread\n");
    });
}

#[test]
fn threads_may_print_as_they_end() {
    struct Says;
    impl Drop for Says {
        fn drop(&mut self) {
            gio::println!("{}", "the end");
            gio::eprint!("");
        }
    }
    thread_local! {
        static SAYS: Says = const { Says };
    }
    alone("threads_may_print_as_they_end", || {
        let seen = printed(|| {
            for _ in 0..3 {
                let thread = std::thread::spawn(|| {
                    SAYS.with(|_| ());
                    gio::println!("the beginning");
                });
                thread.join().unwrap();
            }
        });
        assert_eq!(seen, "the beginning\nthe end\n".repeat(3));
    });
}

/// In a panic hook nobody else of the hub can run, so that waiting for the lock would be for ever.
#[test]
fn a_panic_hook_may_print() {
    alone("a_panic_hook_may_print", || {
        std::panic::set_hook(Box::new(|info| gio::println!("the hook: {info}")));
        let seen = printed(|| {
            let leave = Rc::new(Signal::default());
            let holder = greenlet::spawn({
                let leave = leave.clone();
                move || {
                    let _lock = gio::stdout().lock();
                    leave.wait();
                }
            });
            greenlet::yield_now();
            assert!(std::panic::catch_unwind(|| panic!("stop")).is_err());
            leave.raise();
            join(holder.join());
        });
        assert!(
            seen.starts_with("the hook: ") && seen.ends_with("stop\n"),
            "{seen:?}"
        );
    });
}

#[test]
fn an_incomplete_line_comes_out_at_the_end() {
    let _deadline = fixture::deadline();
    let name = "an_incomplete_line_comes_out_at_the_end";
    if fixture::child::is(name) {
        greenlet::spawn(|| {
            let mut lock = gio::stdout().lock();
            write!(lock, "incomplete").unwrap();
            greenlet::futex::wait(&0.into(), 0);
        });
        greenlet::yield_now();
        std::process::exit(0);
    }
    let output = fixture::child::command(name).output().unwrap();
    let seen = String::from_utf8_lossy(&output.stdout);
    assert!(seen.ends_with("incomplete"), "{seen:?}");
}

#[test]
fn one_message_is_one_write() {
    alone("one_message_is_one_write", || {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
        // Keeps writes apart.
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        let before = rustix::io::dup(rustix::stdio::stderr()).unwrap();
        rustix::stdio::dup2_stderr(&theirs).unwrap();
        let body = || {
            gio::eprintln!("{}, {} and\n{}", 1, 2, 3);
            write!(gio::stderr(), "{}{}", 4, 5).unwrap();
            let mut err = gio::stderr().lock();
            err.write_all(b"six").unwrap();
            err.write_all(&[b'7'; 4096]).unwrap();
        };
        body();
        in_company(body);
        rustix::stdio::dup2_stderr(&before).unwrap();
        drop(theirs);
        let mut bytes = [0; 8192];
        for _ in 0..2 {
            for expected in [&b"1, 2 and\n3\n"[..], b"45", b"six", &[b'7'; 4096]] {
                let count = rustix::io::read(&ours, &mut bytes).unwrap();
                assert!(bytes[..count] == *expected);
            }
        }
    });
}

#[test]
fn everything_is_formatted_once() {
    alone("everything_is_formatted_once", || {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        struct Counts;
        impl fmt::Display for Counts {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                COUNT.fetch_add(1, Ordering::Relaxed);
                f.write_str("x")
            }
        }
        let seen = printed(|| {
            gio::print!("{}", Counts);
            write!(gio::stdout(), "{}", Counts).unwrap();
        });
        assert_eq!((seen.as_str(), COUNT.load(Ordering::Relaxed)), ("xx", 2));
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
