//! Stacks from outside: their sizes, their overflow, and running out of them.

#![cfg(target_os = "linux")]

mod child;
mod process;
mod watchdog;

use greenlet::Builder;
use std::hint::black_box;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

const KIB: usize = 1024;

/// Goes down the stack for that many bytes; all of them if there are fewer.
#[inline(never)]
fn descend(from: usize, bytes: usize) -> usize {
    let frame = [0_u8; 512];
    let here = black_box(&frame).as_ptr().addr();
    if from - here >= bytes {
        return 1;
    }
    1 + black_box(descend(from, bytes)) + usize::from(black_box(&frame)[100])
}

fn use_stack(bytes: usize) {
    let mark = 0_u8;
    let from = black_box(&raw const mark).addr();
    assert!(descend(from, bytes) > 0);
}

fn overflow() {
    use_stack(usize::MAX);
}

/// `main` of a child that needs one: it runs before the harness's.
extern "C" fn in_main() {
    if std::env::var_os("GREENLET_TEST_MAIN").is_some() {
        let main = Builder::new().name("of main".into()).spawn(overflow);
        let _ = main.map(greenlet::Greenlet::join);
    }
}

#[used]
// SAFETY: the section holds pointers to functions of this type, which the C library calls before `main`; `in_main` uses
// nothing of std that needs its start-up code.
#[unsafe(link_section = ".init_array")]
static IN_MAIN: extern "C" fn() = in_main;

/// The child ended as std's threads do when they overflow, and said whose stack it was.
fn assert_overflow(output: &Output, report: &str) {
    let stderr = child::stderr(output);
    assert_eq!(
        output.status.signal(),
        Some(libc::SIGABRT),
        "{}",
        child::show(output)
    );
    assert_eq!(
        stderr.matches("has overflowed its stack").count(),
        1,
        "{stderr}"
    );
    assert!(stderr.contains(report), "{}", child::show(output));
    assert!(stderr.contains("stack overflow"), "{stderr}");
}

/// Runs `body`, which overflows, in a child; what that says must hold `report`.
fn overflows(test: &'static str, report: &str, body: impl FnOnce()) {
    let _deadline = watchdog::within(60, test);
    if child::is(test) {
        body();
        unreachable!("the stack is endless");
    }
    assert_overflow(&child::command(test).output().unwrap(), report);
}

#[test]
fn an_overflow_on_a_worker_is_reported() {
    overflows(
        "an_overflow_on_a_worker_is_reported",
        "greenlet 'deep' has overflowed its stack",
        || {
            let deep = Builder::new().name("deep".into()).spawn_worker(overflow);
            deep.unwrap().join().unwrap();
        },
    );
}

#[test]
fn an_overflow_on_a_thread_is_reported() {
    overflows(
        "an_overflow_on_a_thread_is_reported",
        "greenlet 'deep' has overflowed its stack",
        || {
            let deep = Builder::new().name("deep".into()).spawn(overflow);
            deep.unwrap().join().unwrap();
        },
    );
}

#[test]
fn an_overflow_on_a_second_thread_is_reported() {
    overflows(
        "an_overflow_on_a_second_thread_is_reported",
        "greenlet 'second' has overflowed its stack",
        || {
            greenlet::spawn(|| ()).join().unwrap();
            let deep = || {
                let deep = Builder::new().name("second".into()).spawn(overflow);
                deep.unwrap().join().unwrap();
            };
            thread::spawn(deep).join().unwrap();
        },
    );
}

#[test]
fn an_overflow_on_the_main_thread_is_reported() {
    const NAME: &str = "an_overflow_on_the_main_thread_is_reported";
    let _deadline = watchdog::within(60, NAME);
    let output = child::command(NAME)
        .env("GREENLET_TEST_MAIN", "1")
        .output()
        .unwrap();
    assert_overflow(&output, "greenlet 'of main' has overflowed its stack");
}

#[test]
fn an_overflow_without_a_name_is_reported() {
    overflows(
        "an_overflow_without_a_name_is_reported",
        "greenlet '<unnamed>' has overflowed its stack",
        || greenlet::spawn(overflow).join().unwrap(),
    );
}

/// A greenlet that runs on the stack of one that has just ended has its own name.
#[test]
fn a_stack_that_changes_hands_changes_its_name() {
    overflows(
        "a_stack_that_changes_hands_changes_its_name",
        "greenlet 'heir' has overflowed its stack",
        || {
            let owner = Builder::new().name("owner".into()).spawn(|| ()).unwrap();
            let heir = Builder::new().name("heir".into()).spawn(overflow).unwrap();
            owner.join().unwrap();
            heir.join().unwrap();
        },
    );
}

/// Not deep: nothing but a huge frame after a switch.
#[test]
fn an_overflow_after_many_switches_is_reported() {
    overflows(
        "an_overflow_after_many_switches_is_reported",
        "greenlet 'late' has overflowed its stack",
        || {
            let late = Builder::new().name("late".into()).spawn(|| {
                for _ in 0..1_000 {
                    greenlet::yield_now();
                }
                overflow();
            });
            for _ in 0..100 {
                greenlet::spawn(greenlet::yield_now).join().unwrap();
            }
            late.unwrap().join().unwrap();
        },
    );
}

#[test]
fn a_threads_own_overflow_is_reported_by_std() {
    overflows(
        "a_threads_own_overflow_is_reported_by_std",
        "thread 'of std'",
        || {
            greenlet::spawn(|| ()).join().unwrap();
            let deep = || {
                greenlet::spawn(|| ()).join().unwrap();
                overflow();
            };
            let thread = thread::Builder::new().name("of std".into()).spawn(deep);
            thread.unwrap().join().unwrap();
        },
    );
}

#[test]
fn a_stack_is_as_large_as_was_asked_for() {
    let _deadline = watchdog::within(60, "a_stack_is_as_large_as_was_asked_for");
    // Less what the frames of the greenlet itself take.
    let own = if cfg!(debug_assertions) {
        4 * KIB
    } else {
        2 * KIB
    };
    for size in [
        1,
        16 * KIB,
        60 * KIB,
        64 * KIB,
        256 * KIB,
        1024 * KIB,
        8192 * KIB,
        100 << 20,
    ] {
        let deep = move || use_stack(size.saturating_sub(own));
        let sized = || Builder::new().name(format!("of {size}")).stack_size(size);
        sized().spawn(deep).unwrap().join().unwrap();
        sized().spawn_worker(deep).unwrap().join().unwrap();
    }
}

#[test]
fn a_default_stack_has_room_for_240_kib() {
    const NAME: &str = "a_default_stack_has_room_for_240_kib";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let deep = || use_stack(240 * KIB);
        greenlet::spawn(deep).join().unwrap();
        Builder::new().spawn_worker(deep).unwrap().join().unwrap();
    });
}

#[test]
fn more_than_the_largest_stack_is_invalid_input() {
    let _deadline = watchdog::within(60, "more_than_the_largest_stack_is_invalid_input");
    for size in [1 << 30, 1 << 40, usize::MAX - 1, usize::MAX] {
        let error = Builder::new().stack_size(size).spawn(|| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&size.to_string()), "{error}");
        let error = Builder::new()
            .stack_size(size)
            .spawn_worker(|| ())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let name = Builder::new().name("a\0b".into()).spawn(|| ()).unwrap_err();
    assert_eq!(name.kind(), ErrorKind::InvalidInput);
}

/// Uses `bytes` of a default stack in a child with these variables.
fn fits(test: &'static str, variables: &[(&str, &str)], bytes: usize) {
    let _deadline = watchdog::within(60, test);
    child::run(test, variables, || {
        greenlet::spawn(move || use_stack(bytes)).join().unwrap();
        let deep = Builder::new().spawn_worker(move || use_stack(bytes));
        deep.unwrap().join().unwrap();
    });
}

#[test]
fn greenlet_stack_size_is_honoured() {
    let variables = [("GREENLET_STACK_SIZE", "3000000")];
    fits("greenlet_stack_size_is_honoured", &variables, 2_990_000);
}

#[test]
fn rust_min_stack_is_honoured() {
    let variables = [("RUST_MIN_STACK", "5000000")];
    fits("rust_min_stack_is_honoured", &variables, 4_990_000);
}

#[test]
fn greenlet_stack_size_goes_before_rust_min_stack() {
    let variables = [
        ("GREENLET_STACK_SIZE", "2000000"),
        ("RUST_MIN_STACK", "100000"),
    ];
    fits(
        "greenlet_stack_size_goes_before_rust_min_stack",
        &variables,
        1_990_000,
    );
}

#[test]
fn a_rust_min_stack_that_is_no_number_is_ignored_as_in_std() {
    let variables = [("RUST_MIN_STACK", "much")];
    fits(
        "a_rust_min_stack_that_is_no_number_is_ignored_as_in_std",
        &variables,
        200 * KIB,
    );
}

#[test]
fn a_bad_greenlet_stack_size_is_invalid_input() {
    const NAME: &str = "a_bad_greenlet_stack_size_is_invalid_input";
    let _deadline = watchdog::within(60, NAME);
    let body = || {
        for result in [
            Builder::new().spawn(|| ()).map(drop),
            Builder::new().spawn_worker(|| ()).map(drop),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        let sized = || Builder::new().stack_size(64 * KIB);
        assert_eq!(sized().spawn(|| 1).unwrap().join().unwrap(), 1);
        assert_eq!(sized().spawn_worker(|| 2).unwrap().join().unwrap(), 2);
    };
    if child::is(NAME) {
        return body();
    }
    for value in [
        "much",
        "-1",
        "",
        "1k",
        "99999999999999999999999",
        "2000000000",
    ] {
        child::run(NAME, &[("GREENLET_STACK_SIZE", value)], body);
    }
}

#[test]
fn a_bad_number_of_workers_is_invalid_input() {
    const NAME: &str = "a_bad_number_of_workers_is_invalid_input";
    let _deadline = watchdog::within(60, NAME);
    let body = || {
        let error = Builder::new().spawn_worker(|| ()).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("GREENLET_WORKERS"), "{error}");
        assert!(std::panic::catch_unwind(greenlet::workers).is_err());
        assert_eq!(greenlet::spawn(|| 1).join().unwrap(), 1);
    };
    if child::is(NAME) {
        return body();
    }
    for value in ["two", "0", "1025", "-1", ""] {
        child::run(NAME, &[("GREENLET_WORKERS", value)], body);
    }
}

#[test]
fn running_out_of_address_space_names_the_limit() {
    const NAME: &str = "running_out_of_address_space_names_the_limit";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let word = Arc::new(AtomicU32::new(0));
        let spawn = || {
            let word = word.clone();
            Builder::new().stack_size(3000 * KIB).spawn(move || {
                use_stack(10 * KIB);
                greenlet::futex::wait(&word, 0);
                use_stack(2900 * KIB);
            })
        };
        // Everything that the threads of the process want is there before the limit is.
        greenlet::spawn(|| greenlet::offload(|| ())).join().unwrap();
        Builder::new().spawn_worker(|| ()).unwrap().join().unwrap();
        let mapped = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = mapped.split(' ').next().unwrap().parse().unwrap();
        process::limit(libc::RLIMIT_AS, pages * 4096 + (300 << 20));
        let mut before = 20;
        for _ in 0..3 {
            word.store(0, Ordering::Relaxed);
            let mut parked = Vec::new();
            let error = loop {
                match spawn() {
                    Ok(greenlet) => parked.push(greenlet),
                    Err(error) => break error,
                }
                greenlet::yield_now();
            };
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
            assert!(error.to_string().contains("RLIMIT_AS"), "{error}");
            // What the thread keeps for later is not missing here.
            assert!(parked.len() >= before, "{} after {before}", parked.len());
            before = parked.len();
            word.store(1, Ordering::Release);
            assert_eq!(greenlet::futex::wake(&*word, usize::MAX), parked.len());
            for greenlet in parked {
                greenlet.join().unwrap();
            }
        }
    });
}
