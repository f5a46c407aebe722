//! Whose turn it is to write: greenlets, threads, those that panic, those that end.

mod fixture;

use std::io::{self, Write};
use std::rc::Rc;

use fixture::{Signal, alone, alone_with_workers, collect, join, on_worker, printed, with_stdout};

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
            greenlet::yield_now();
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
