//! What comes out of the standard output and error, in processes of their own.

mod fixture;

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use fixture::{alone, in_company, printed};

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
