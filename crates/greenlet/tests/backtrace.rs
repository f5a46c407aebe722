//! Backtraces of greenlets: by std, and by gdb.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod child;
mod watchdog;

use std::backtrace::Backtrace;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

/// The names of the frames, the innermost first.
fn frames(backtrace: &str) -> Vec<String> {
    backtrace
        .lines()
        .filter_map(|line| {
            let (number, name) = line.trim_start().split_once(": ")?;
            number.parse::<usize>().ok()?;
            Some(name.to_owned())
        })
        .collect()
}

/// A backtrace goes to the first frame of a greenlet, and no further.
#[track_caller]
fn assert_whole(backtrace: &str, through: &str) {
    let frames = frames(backtrace);
    let last = frames.last().expect("there are frames");
    assert!(
        last.contains("greenlet_entry"),
        "ends in {last}:\n{backtrace}"
    );
    let before = &frames[frames.len() - 2];
    assert!(before.contains("greenlet_main"), "{backtrace}");
    assert!(
        frames.iter().any(|name| name.contains(through)),
        "{backtrace}"
    );
    assert!(!backtrace.contains("<unknown>"), "{backtrace}");
    assert!(frames.len() < 60, "{backtrace}");
}

#[inline(never)]
fn look_around() -> String {
    std::hint::black_box(Backtrace::force_capture().to_string())
}

#[test]
fn a_new_greenlet() {
    let _deadline = watchdog::within(60, "a_new_greenlet");
    let backtrace = greenlet::spawn(look_around).join().unwrap();
    assert_whole(&backtrace, "look_around");
    let far = greenlet::Builder::new().spawn_worker(look_around).unwrap();
    assert_whole(&far.join().unwrap(), "look_around");
}

#[test]
fn a_greenlet_on_the_stack_of_one_that_has_ended() {
    let _deadline = watchdog::within(60, "a_greenlet_on_the_stack_of_one_that_has_ended");
    let crowd: Vec<_> = (0..20).map(|_| greenlet::spawn(look_around)).collect();
    for greenlet in crowd {
        assert_whole(&greenlet.join().unwrap(), "look_around");
    }
}

#[test]
fn a_greenlet_that_has_been_parked() {
    let _deadline = watchdog::within(60, "a_greenlet_that_has_been_parked");
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            greenlet::spawn(|| {
                for _ in 0..10 {
                    greenlet::yield_now();
                }
                look_around()
            })
        })
        .collect();
    for greenlet in crowd {
        assert_whole(&greenlet.join().unwrap(), "look_around");
    }
}

/// The thread's own stack is as it always was.
#[test]
fn the_greenlet_of_a_thread() {
    let _deadline = watchdog::within(60, "the_greenlet_of_a_thread");
    greenlet::spawn(greenlet::yield_now).join().unwrap();
    let backtrace = look_around();
    assert!(!backtrace.contains("greenlet_entry"), "{backtrace}");
    assert!(backtrace.contains("look_around"), "{backtrace}");
}

#[test]
fn a_panic_prints_the_whole_backtrace() {
    const NAME: &str = "a_panic_prints_the_whole_backtrace";
    let _deadline = watchdog::within(60, NAME);
    if child::is(NAME) {
        let failed = greenlet::Builder::new().spawn_worker(|| -> () { panic!("seen by all") });
        failed.unwrap().join().unwrap_err();
        return;
    }
    let output = child::command(NAME)
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    assert!(stderr.contains("seen by all"), "{stderr}");
    // As for std's threads, there is a line for the caller that the first frame does not have.
    let (whole, rest) = stderr
        .rsplit_once("0x0 - <unknown>")
        .unwrap_or((&stderr, ""));
    assert!(!rest.contains("0x"), "{stderr}");
    let (whole, _) = whole.rsplit_once('\n').unwrap();
    assert_whole(whole, NAME);
}

/// Where gdb stops.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn greenlet_test_stop_here() {
    std::hint::black_box(());
}

/// Whether the kernel says of that thread of this process that it sleeps.
fn sleeps(thread: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/self/task/{thread}/status"));
    status.is_ok_and(|status| status.contains("State:\tS"))
}

/// Runs this test's child in gdb up to the stop, and gives all threads' backtraces. Nothing, with a word on stderr, where
/// there is no gdb; but `GREENLET_TEST_GDB`, which CI sets, says that there has to be one.
fn in_gdb(test: &str) -> Option<String> {
    let target = child::command(test);
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch"]);
    for command in [
        "set debuginfod enabled off",
        "set pagination off",
        "set confirm off",
        "set print frame-arguments none",
        "set breakpoint pending on",
        "break greenlet_test_stop_here",
        "run",
        "thread apply all backtrace",
        "kill",
    ] {
        gdb.args(["-ex", command]);
    }
    gdb.arg("--args").arg(target.get_program());
    gdb.args(target.get_args());
    for (name, value) in target.get_envs() {
        match value {
            Some(value) => gdb.env(name, value),
            None => gdb.env_remove(name),
        };
    }
    let output = match gdb.output() {
        Ok(output) => output,
        Err(error) if std::env::var_os("GREENLET_TEST_GDB").is_none() => {
            eprintln!("{test}: not run, gdb is not to be had: {error}");
            return None;
        }
        Err(error) => panic!("this test needs gdb: {error}"),
    };
    let text = child::show(&output);
    assert!(text.contains("hit Breakpoint 1"), "{text}");
    Some(text)
}

/// What gdb says of the thread that has `through` in its frames.
#[track_caller]
fn assert_walked(text: &str, through: &str) {
    let thread = text
        .split("\nThread ")
        .find(|thread| {
            thread
                .lines()
                .any(|line| line.starts_with('#') && line.contains(through))
        })
        .unwrap_or_else(|| panic!("no thread is in {through}:\n{text}"));
    assert!(!thread.contains("Backtrace stopped"), "{thread}");
    let last = thread
        .lines()
        .rfind(|line| line.starts_with('#'))
        .expect("there are frames");
    assert!(last.contains("greenlet_entry"), "ends in {last}:\n{thread}");
}

#[inline(never)]
fn runs_along() {
    greenlet_test_stop_here();
    std::hint::black_box(());
}

#[test]
fn gdb_walks_a_running_greenlet() {
    const NAME: &str = "gdb_walks_a_running_greenlet";
    let _deadline = watchdog::within(120, NAME);
    if child::is(NAME) {
        greenlet::yield_now();
        let greenlets = [
            greenlet::spawn(greenlet::yield_now),
            greenlet::spawn(runs_along),
        ];
        for greenlet in greenlets {
            greenlet.join().unwrap();
        }
        return;
    }
    if let Some(text) = in_gdb(NAME) {
        assert_walked(&text, "runs_along");
    }
}

#[inline(never)]
fn stands_parked(about_to_park: &mpsc::Sender<i32>) {
    // SAFETY: it only returns a number.
    about_to_park.send(unsafe { libc::gettid() }).unwrap();
    greenlet::futex::wait(&std::sync::atomic::AtomicU32::new(0), 0);
    std::hint::black_box(());
}

/// The hub sleeps on the stack of the greenlet that parked last.
#[test]
fn gdb_walks_a_parked_greenlet() {
    const NAME: &str = "gdb_walks_a_parked_greenlet";
    let _deadline = watchdog::within(120, NAME);
    if child::is(NAME) {
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let thread = receive.recv().unwrap();
            while !sleeps(thread) {
                thread::yield_now();
            }
            greenlet_test_stop_here();
        });
        let parked = greenlet::spawn(move || stands_parked(&send));
        return drop(parked.join());
    }
    if let Some(text) = in_gdb(NAME) {
        assert_walked(&text, "stands_parked");
    }
}
