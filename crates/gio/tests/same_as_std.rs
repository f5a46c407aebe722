//! The same small programs on `std::io` and on this crate: every line of what they note down has to be the same, and so
//! has what they write.

mod fixture;

use std::fmt::Debug;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};

use fixture::{alone, collect, in_company};

/// What a program has seen.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, seen: impl Debug) {
        self.0.push(format!("{seen:?}"));
    }
}

/// What a program starts from.
struct Setting {
    input: &'static [u8],
    /// Where its output goes.
    output: Output,
}

#[derive(Clone, Copy)]
enum Output {
    Pipe,
    File,
    Full,
}

/// Runs a program with its own streams; gives its notes and what it wrote.
fn run(setting: &Setting, program: fn(&mut Notes)) -> (Vec<String>, Vec<u8>, Vec<u8>) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, setting.input).unwrap();
    drop(writer);
    rustix::stdio::dup2_stdin(&reader).unwrap();
    let before = [rustix::stdio::stdout(), rustix::stdio::stderr()]
        .map(|stream| stream.try_clone_to_owned().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("output");
    let mut collected = Vec::new();
    let mut target = || -> Box<dyn AsFd> {
        match setting.output {
            Output::Pipe => {
                let (reader, writer) = std::io::pipe().unwrap();
                collected.push(collect(reader));
                Box::new(writer)
            }
            Output::File => Box::new(
                File::options()
                    .append(true)
                    .create(true)
                    .open(&path)
                    .unwrap(),
            ),
            Output::Full => Box::new(File::options().write(true).open("/dev/full").unwrap()),
        }
    };
    rustix::stdio::dup2_stdout(&*target()).unwrap();
    rustix::stdio::dup2_stderr(&*target()).unwrap();
    let mut notes = Notes::default();
    program(&mut notes);
    let _ = std::io::Write::flush(&mut std::io::stdout());
    rustix::stdio::dup2_stdout(&before[0]).unwrap();
    // What could not be written stays with std.
    let _ = std::io::Write::flush(&mut std::io::stdout());
    rustix::stdio::dup2_stderr(&before[1]).unwrap();
    let mut written = collected.into_iter().map(|reader| reader.join().unwrap());
    let first = written
        .next()
        .unwrap_or_else(|| std::fs::read(&path).unwrap_or_default());
    (notes.0, first, written.next().unwrap_or_default())
}

/// Makes a test of a program that finds `std::io`, or what mirrors it, under the name `io`.
macro_rules! same_as_std {
    ($($name:ident($setting:expr): |$notes:ident| $program:block)*) => {$(
        #[test]
        fn $name() {
            mod with_std {
                use super::super::*;
                #[allow(unused_imports, reason = "not every program prints")]
                use std::{eprint, eprintln, io, print, println};
                #[allow(unused_imports, reason = "not every program needs every one")]
                use std::io::{BufRead, IsTerminal, Read, Write};
                pub(super) fn program($notes: &mut Notes) $program
            }
            mod with_gio {
                use super::super::*;
                #[allow(unused_imports, reason = "not every program prints")]
                use gio::{self as io, eprint, eprintln, print, println};
                #[allow(unused_imports, reason = "not every program needs every one")]
                use gio::{BufRead, IsTerminal, Read, Write};
                pub(super) fn program($notes: &mut Notes) $program
            }
            alone(concat!("programs::", stringify!($name)), || {
                let setting = $setting;
                let std = run(&setting, with_std::program);
                assert!(!std.0.is_empty());
                assert_eq!(run(&setting, with_gio::program), std);
                assert_eq!(in_company(|| run(&setting, with_gio::program)), std);
                let worker = fixture::on_worker(move || run(&setting, with_gio::program));
                assert_eq!(fixture::join(worker.join()), std);
            });
        }
    )*};
}

const PIPE: Setting = Setting {
    input: b"",
    output: Output::Pipe,
};
const FILE: Setting = Setting {
    input: b"",
    output: Output::File,
};
const FULL: Setting = Setting {
    input: b"",
    output: Output::Full,
};

fn input(input: &'static [u8]) -> Setting {
    Setting {
        input,
        output: Output::Pipe,
    }
}

mod programs {
    use super::*;

    same_as_std! {
        reading(input(b"one two\nthree\n\nfour five six\nseven")): |notes| {
            let input = io::stdin();
            notes.add(&input);
            notes.add((input.as_raw_fd(), input.as_fd(), input.is_terminal()));
            let mut bytes = [0; 3];
            notes.add(((&input).read(&mut bytes), bytes));
            notes.add((&input).read(&mut []));
            let mut line = String::from("kept ");
            notes.add(input.read_line(&mut line));
            notes.add(&line);
            let mut lock = input.lock();
            notes.add(&lock);
            notes.add(lock.fill_buf().map(<[u8]>::len));
            lock.consume(2);
            let mut until = Vec::new();
            notes.add((lock.read_until(b'e', &mut until), &until));
            let (mut left, mut right) = ([0; 2], [0; 1]);
            let mut bufs = [IoSliceMut::new(&mut left), IoSliceMut::new(&mut right)];
            notes.add(lock.read_vectored(&mut bufs));
            notes.add((left, right));
            drop(lock);
            let mut exact = [0; 4];
            notes.add((io::stdin().read_exact(&mut exact), exact));
            notes.add(io::stdin().lock().lines().next());
            notes.add(io::stdin().lock().split(b' ').collect::<Vec<_>>());
            notes.add(io::stdin().read_exact(&mut [0; 1]));
            notes.add(io::stdin().read_exact(&mut []));
            notes.add(io::stdin().lines().next());
            notes.add(io::stdin().read_line(&mut line));
            notes.add(io::read_to_string(io::stdin()));
        }

        reading_what_is_no_text(input(b"fine\nnot \xff fine\nfine again\n\xff")): |notes| {
            for line in io::stdin().lines() {
                notes.add(line);
            }
            let mut text = String::from("kept");
            notes.add(io::stdin().read_to_string(&mut text));
            notes.add(text);
        }

        reading_the_rest_that_is_no_text(input(b"begin\nnot \xff fine\n")): |notes| {
            let mut text = String::from("kept ");
            notes.add(io::stdin().read_line(&mut text));
            notes.add(io::stdin().read_to_string(&mut text));
            notes.add(text);
            notes.add(io::stdin().read_to_end(&mut Vec::new()));
        }

        reading_all(input(&[b'x'; 40_000])): |notes| {
            let mut some = [0; 10];
            notes.add(io::stdin().read_exact(&mut some));
            let mut large = vec![0; 20_000];
            notes.add(io::stdin().read_exact(&mut large));
            notes.add(large == [b'x'; 20_000]);
            let mut rest = vec![1, 2];
            notes.add(io::stdin().read_to_end(&mut rest));
            notes.add(rest.len());
            notes.add(io::stdin().read_exact(&mut large));
            let copied = io::copy(&mut io::stdin(), &mut io::sink());
            notes.add(copied);
        }

        copying(input(b"a line\nand a half")): |notes| {
            notes.add(io::copy(&mut io::stdin().lock(), &mut io::stdout()));
            notes.add(io::copy(&mut io::stdin(), &mut io::stderr().lock()));
        }

        writing(PIPE): |notes| {
            let mut out = io::stdout();
            notes.add((&out, out.as_raw_fd(), out.as_fd(), out.is_terminal()));
            notes.add(out.write(b""));
            notes.add(out.write(b"no line"));
            notes.add(out.write(b"one\ntwo"));
            notes.add((&out).write(b"\n"));
            notes.add(out.write_all(&[b'x'; 1_000]));
            notes.add(out.write_all(&[b'y'; 1_000]));
            notes.add(out.write_all(&[b'z'; 10_000]));
            notes.add(out.write_vectored(&[IoSlice::new(b"three\n"), IoSlice::new(b""), IoSlice::new(b"four")]));
            notes.add(out.write_vectored(&[]));
            notes.add(out.flush());
            notes.add(writeln!(out, "{}-{:?}-{}", 1, "x", 2));
            notes.add(writeln!(&out, "literal"));
            let mut lock = out.lock();
            notes.add(&lock);
            notes.add(lock.write_fmt(format_args!("{}", 'c')));
            notes.add(writeln!(out.lock(), "again"));
            notes.add(lock.flush());
            drop(lock);
            print!("{}", 1);
            println!(" {}\n{}", 2, 3);
            println!();
            print!("");
            out.by_ref().by_ref().write_all(b"end").unwrap();
        }

        writing_errors(PIPE): |notes| {
            let mut err = io::stderr();
            notes.add((&err, err.as_raw_fd(), err.as_fd(), err.is_terminal()));
            notes.add(err.write(b""));
            notes.add(err.write(b"no line"));
            notes.add((&err).write(b"one\ntwo"));
            notes.add(err.write_all(&[b'z'; 10_000]));
            notes.add(err.write_vectored(&[IoSlice::new(b"three\n"), IoSlice::new(b"four")]));
            notes.add(writeln!(err, "{}-{:?}-{}", 1, "x", 2));
            let mut lock = err.lock();
            notes.add(&lock);
            notes.add(writeln!(err.lock(), "again"));
            notes.add(lock.flush());
            eprint!("{}", 1);
            eprintln!(" {}\n{}", 2, 3);
            eprintln!();
        }

        // In one file, so that the order shows.
        both_streams(FILE): |notes| {
            for round in 0..20 {
                print!("out {round} ");
                eprint!("err {round} ");
                if round % 3 == 0 {
                    println!("\nline");
                    eprintln!();
                }
                if round % 7 == 0 {
                    notes.add(io::stdout().flush());
                }
                notes.add(io::stdout().write(b"bytes\nrest"));
                notes.add(write!(io::stderr(), "{}{}", round, "x".repeat(100 * round)));
            }
        }

        a_full_device(FULL): |notes| {
            notes.add(io::stderr().write(b"x"));
            notes.add(io::stderr().write_all(b"x"));
            notes.add(writeln!(io::stderr(), "{}", 5));
            notes.add(io::stdout().write(b"x"));
            notes.add(io::stdout().flush());
            notes.add(io::stdout().write_all(b"y\n"));
            notes.add(writeln!(io::stdout(), "{}", 5));
            let caught = |call: fn()| {
                std::panic::catch_unwind(call).map_err(|payload| payload.downcast::<String>().ok())
            };
            notes.add(caught(|| println!("{}", 1)));
            notes.add(caught(|| println!("text")));
            notes.add(caught(|| eprintln!("{}", 1)));
            notes.add(caught(|| print!("")));
        }

        pipes(PIPE): |notes| {
            let (reader, mut writer) = io::pipe().unwrap();
            notes.add(writer.write(b"hello"));
            notes.add(writer.write(b""));
            notes.add(writer.write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")]));
            notes.add(writer.flush());
            let mut other = reader.try_clone().unwrap();
            let mut bytes = [0; 4];
            notes.add((other.read(&mut bytes), bytes));
            notes.add((&reader).read(&mut []));
            notes.add((&reader).read_vectored(&mut [IoSliceMut::new(&mut bytes)]));
            notes.add(bytes);
            drop((reader, other));
            notes.add(writer.write(b"x"));
            notes.add(writer.write(b""));
            notes.add(writer.write_all(b"x"));
        }
    }
}
