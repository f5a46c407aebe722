//! The standard input, in processes of their own: whoever reads it waits, and its hub goes on.

mod fixture;

use std::fs::{self, File};
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};

use fixture::{
    Signal, alone, alone_with_workers, in_company, is_nonblocking, join, on_worker, terminal,
    ticks_beside,
};
use greenlet::Killed;

/// Makes `file` the standard input.
fn become_input(file: impl AsFd) {
    rustix::stdio::dup2_stdin(file).unwrap();
}

/// A pipe whose reader is the standard input.
fn piped() -> io::PipeWriter {
    let (reader, writer) = io::pipe().unwrap();
    become_input(&reader);
    writer
}

fn line() -> String {
    let mut line = String::new();
    gio::stdin().read_line(&mut line).unwrap();
    line
}

#[test]
fn the_hub_goes_on_beside_a_pipe() {
    alone("the_hub_goes_on_beside_a_pipe", || {
        ticks_beside(|after_a_while| {
            let mut writer = piped();
            after_a_while(Box::new(move || {
                writer.write_all(b"typed\nand the rest").unwrap()
            }));
            assert_eq!(line(), "typed\n");
            let mut rest = String::new();
            gio::stdin().read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "and the rest");
        });
    });
}

#[test]
fn the_hub_goes_on_beside_a_terminal() {
    alone("the_hub_goes_on_beside_a_terminal", || {
        let (keyboard, program) = terminal();
        become_input(&program);
        assert!(gio::IsTerminal::is_terminal(&gio::stdin()));
        ticks_beside(|after_a_while| {
            let mut keyboard = keyboard.try_clone().unwrap();
            after_a_while(Box::new(move || keyboard.write_all(b"typed\n").unwrap()));
            assert_eq!(line(), "typed\n");
        });
        assert!(!is_nonblocking(&program));
    });
}

/// On plain threads, on greenlets of one thread, and on workers.
#[test]
fn every_line_reaches_one_reader() {
    const LINES: usize = 2_000;
    alone_with_workers("every_line_reaches_one_reader", || {
        let mut writer = piped();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reader = || {
            let seen = seen.clone();
            move || {
                loop {
                    match line() {
                        empty if empty.is_empty() => return,
                        line => seen.lock().unwrap().push(line),
                    }
                }
            }
        };
        let workers: Vec<_> = (0..8).map(|_| on_worker(reader())).collect();
        let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(reader())).collect();
        let locals: Vec<_> = (0..4).map(|_| greenlet::spawn(reader())).collect();
        let sender = std::thread::spawn(move || {
            for number in 0..LINES {
                writeln!(writer, "{number}").unwrap();
            }
        });
        sender.join().unwrap();
        for local in locals {
            join(local.join());
        }
        for worker in workers {
            join(worker.join());
        }
        for thread in threads {
            thread.join().unwrap();
        }
        let mut seen: Vec<usize> = seen
            .lock()
            .unwrap()
            .iter()
            .map(|line| line.trim_end().parse().unwrap())
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..LINES).collect::<Vec<_>>());
    });
}

#[test]
fn the_lock_keeps_other_greenlets_out() {
    alone("the_lock_keeps_other_greenlets_out", || {
        let mut writer = piped();
        let mut lock = gio::stdin().lock();
        let other = greenlet::spawn(line);
        writer.write_all(b"one\ntwo\nthree\n").unwrap();
        for _ in 0..100 {
            greenlet::yield_now();
        }
        let mut mine = Vec::new();
        lock.read_until(b'\n', &mut mine).unwrap();
        assert_eq!(mine, b"one\n");
        greenlet::yield_now();
        assert!(!other.is_finished());
        mine.clear();
        lock.read_until(b'\n', &mut mine).unwrap();
        assert_eq!(mine, b"two\n");
        drop(lock);
        assert_eq!(join(other.join()), "three\n");
    });
}

#[test]
fn a_kill_loses_nothing() {
    alone("a_kill_loses_nothing", || {
        let reads: [fn(); 6] = [
            || drop(line()),
            || drop(gio::stdin().lines().next()),
            || drop(gio::stdin().lock().read_until(b'\n', &mut Vec::new())),
            || drop(gio::stdin().read_to_end(&mut Vec::new())),
            || drop(gio::stdin().lock().read_to_string(&mut String::new())),
            || drop(gio::stdin().read_exact(&mut [0; 100])),
        ];
        for (number, read) in reads.into_iter().enumerate() {
            let mut writer = piped();
            writer.write_all(b"the beginning, ").unwrap();
            for _ in 0..3 {
                let victim = greenlet::spawn(read);
                greenlet::yield_now();
                assert!(!victim.is_finished(), "{number}");
                victim.kill().unwrap();
                assert!(victim.join().unwrap_err().is::<Killed>());
            }
            writer.write_all(b"the end\nand more").unwrap();
            assert_eq!(line(), "the beginning, the end\n", "{number}");
            drop(writer);
            assert_eq!(line(), "and more");
            assert_eq!(line(), "");
        }
    });
}

#[test]
fn who_waits_for_the_lock_can_be_killed() {
    alone("who_waits_for_the_lock_can_be_killed", || {
        let mut writer = piped();
        let lock = gio::stdin().lock();
        let waiting: Vec<_> = (0..3).map(|_| greenlet::spawn(line)).collect();
        greenlet::yield_now();
        waiting[0].kill().unwrap();
        waiting[1].kill().unwrap();
        let mut waiting = waiting.into_iter();
        for _ in 0..2 {
            assert!(waiting.next().unwrap().join().unwrap_err().is::<Killed>());
        }
        drop(lock);
        writer.write_all(b"for the third\n").unwrap();
        assert_eq!(join(waiting.next().unwrap().join()), "for the third\n");
    });
}

#[test]
fn a_panic_leaves_the_lock_free() {
    alone("a_panic_leaves_the_lock_free", || {
        let mut writer = piped();
        let failed = greenlet::spawn(|| {
            let _lock = gio::stdin().lock();
            std::panic::resume_unwind(Box::new("stop"));
        });
        assert!(failed.join().is_err());
        writer.write_all(b"x\n").unwrap();
        assert_eq!(line(), "x\n");
    });
}

/// As with a plain read, which goes on with the file that it has begun with.
#[test]
fn another_file_may_take_the_place() {
    alone("another_file_may_take_the_place", || {
        let mut first = piped();
        let waiting = greenlet::spawn(line);
        greenlet::yield_now();
        let mut second = piped();
        second.write_all(b"second\nrest").unwrap();
        greenlet::yield_now();
        assert!(!waiting.is_finished());
        first.write_all(b"first\n").unwrap();
        assert_eq!(join(waiting.join()), "first\n");
        assert_eq!(in_company(line), "second\n");
        drop(second);
        // What is in the buffer comes before anything of the next file.
        let mut third = piped();
        third.write_all(b"third\n").unwrap();
        assert_eq!(in_company(line), "restthird\n".to_owned());
    });
}

#[test]
fn a_closed_input_is_empty() {
    alone("a_closed_input_is_empty", || {
        // SAFETY: nothing here uses descriptor 0 by another owner.
        drop(unsafe { OwnedFd::from_raw_fd(0) });
        let read = || {
            assert_eq!(gio::stdin().read(&mut [0; 8]).unwrap(), 0);
            assert_eq!(line(), "");
            assert_eq!(gio::stdin().lines().count(), 0);
            assert_eq!(gio::stdin().read_to_end(&mut Vec::new()).unwrap(), 0);
            assert_eq!(gio::stdin().read_to_string(&mut String::new()).unwrap(), 0);
            let error = gio::stdin().read_exact(&mut [0; 1]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        };
        read();
        in_company(read);
    });
}

#[test]
fn files_and_folders() {
    alone("files_and_folders", || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        let text: String = (0..50_000).map(|number| format!("{number}\n")).collect();
        fs::write(&path, &text).unwrap();
        let read = || {
            become_input(File::open(&path).unwrap());
            let mut copy = Vec::new();
            io::copy(&mut gio::stdin().lock(), &mut copy).unwrap();
            assert!(copy == text.as_bytes());
            become_input(File::open(folder.path()).unwrap());
            let error = gio::stdin().read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IsADirectory);
        };
        read();
        in_company(read);
    });
}

#[test]
fn who_has_set_non_blocking_gets_it() {
    alone("who_has_set_non_blocking_gets_it", || {
        let mut writer = piped();
        rustix::io::ioctl_fionbio(gio::stdin(), true).unwrap();
        let read = || gio::stdin().read(&mut [0; 8]);
        assert_eq!(read().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(in_company(read).unwrap_err().kind(), ErrorKind::WouldBlock);
        writer.write_all(b"x").unwrap();
        assert_eq!(in_company(read).unwrap(), 1);
    });
}

#[test]
fn the_mode_stays_blocking() {
    alone("the_mode_stays_blocking", || {
        let mut writer = piped();
        let reading = greenlet::spawn(line);
        greenlet::yield_now();
        assert!(!is_nonblocking(gio::stdin()));
        writer.write_all(b"x\n").unwrap();
        assert_eq!(join(reading.join()), "x\n");
        assert!(!is_nonblocking(gio::stdin()));
    });
}

/// A line that is no text is consumed, and the line after it is fine.
#[test]
fn what_is_no_text_is_an_error() {
    alone("what_is_no_text_is_an_error", || {
        let mut writer = piped();
        writer.write_all(b"\xff\nfine\n").unwrap();
        let mut text = "kept".to_owned();
        let error = gio::stdin().read_line(&mut text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(text, "kept");
        assert_eq!(gio::stdin().read_line(&mut text).unwrap(), 5);
        assert_eq!(text, "keptfine\n");
    });
}

/// A reader that has been killed while it held the lock for several reads.
#[test]
fn the_lock_of_one_that_is_killed_is_free() {
    alone("the_lock_of_one_that_is_killed_is_free", || {
        let mut writer = piped();
        let (begun, has_begun) = (Rc::new(Signal::default()), Rc::new(Signal::default()));
        let victim = greenlet::spawn({
            let (begun, has_begun) = (begun.clone(), has_begun.clone());
            move || {
                let mut lock = gio::stdin().lock();
                let mut first = Vec::new();
                lock.read_until(b'\n', &mut first).unwrap();
                has_begun.raise();
                begun.wait();
            }
        });
        writer.write_all(b"one\ntwo\n").unwrap();
        has_begun.wait();
        victim.kill().unwrap();
        assert!(victim.join().unwrap_err().is::<Killed>());
        assert_eq!(line(), "two\n");
    });
}

/// Threads without other greenlets just read; they wait for the same lock.
#[test]
fn threads_take_turns_with_greenlets() {
    alone("threads_take_turns_with_greenlets", || {
        let mut writer = piped();
        let (sender, lines) = mpsc::channel();
        let thread = std::thread::spawn({
            let sender = sender.clone();
            move || sender.send(line()).unwrap()
        });
        let worker = on_worker(move || sender.send(line()).unwrap());
        writer.write_all(b"1\n2\n").unwrap();
        let mut seen: Vec<_> = lines.iter().collect();
        seen.sort();
        assert_eq!(seen, ["1\n", "2\n"]);
        thread.join().unwrap();
        join(worker.join());
    });
}
