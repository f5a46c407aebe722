//! Hubs of threads that end, of forked processes, and of workers that take work from each other.

#![cfg(target_os = "linux")]

mod child;
mod process;
mod watchdog;

use greenlet::io::Source;
use greenlet::{Builder, futex};
use std::cell::Cell;
use std::io::{self, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// More in a release build.
const fn many(debug: usize, release: usize) -> usize {
    if cfg!(debug_assertions) {
        debug
    } else {
        release
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_micros(200)
}

/// Whether two workers run, which some of these tests need: a child of the test, if that is what it takes.
fn with_two_workers(test: &str, body: impl FnOnce()) {
    child::run(test, &[("GREENLET_WORKERS", "2")], body);
}

#[test]
fn a_thread_that_leaves_greenlets_behind_says_so_once() {
    const NAME: &str = "a_thread_that_leaves_greenlets_behind_says_so_once";
    let _deadline = watchdog::within(30, NAME);
    if child::is(NAME) {
        let word = Arc::new(AtomicU32::new(0));
        let sleeper = thread::Builder::new().name("careless".into()).spawn({
            let word = word.clone();
            move || {
                for _ in 0..3 {
                    let word = word.clone();
                    greenlet::spawn(move || {
                        futex::wait(&word, 0);
                        unreachable!("its thread is gone");
                    });
                }
                greenlet::yield_now();
            }
        });
        sleeper.unwrap().join().unwrap();
        // They stand before this one in the queue, and take nothing from it.
        let living = greenlet::spawn({
            let word = word.clone();
            move || futex::wait(&word, 0)
        });
        greenlet::yield_now();
        let other = word.clone();
        thread::spawn(move || {
            assert_eq!(futex::wake(&*other, 1), 1);
            assert_eq!(futex::wake(&*other, usize::MAX), 0);
        })
        .join()
        .unwrap();
        living.join().unwrap();
        for _ in 0..100 {
            let hub = || greenlet::spawn(|| 1).join().unwrap();
            assert_eq!(thread::spawn(hub).join().unwrap(), 1);
        }
        return;
    }
    let output = child::command(NAME).output().unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    let report =
        "greenlet: thread 'careless' ended with 3 of its greenlets unfinished; they are leaked";
    assert_eq!(stderr.matches(report).count(), 1, "{stderr}");
    assert_eq!(stderr.matches("leaked").count(), 1, "{stderr}");
}

/// Greenlets that have not begun count as unfinished too.
#[test]
fn greenlets_that_never_began_are_counted() {
    const NAME: &str = "greenlets_that_never_began_are_counted";
    let _deadline = watchdog::within(30, NAME);
    if child::is(NAME) {
        let never = || {
            greenlet::spawn(|| unreachable!("nobody yields"));
        };
        return thread::spawn(never).join().unwrap();
    }
    let output = child::command(NAME).output().unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    assert!(
        stderr.contains("thread '<unnamed>' ended with 1 of its greenlets unfinished"),
        "{stderr}"
    );
}

/// The result of a detached greenlet is dropped on its stack, where a destructor may park: it is unfinished till then.
#[test]
fn a_result_whose_destructor_parks_is_unfinished() {
    const NAME: &str = "a_result_whose_destructor_parks_is_unfinished";
    let _deadline = watchdog::within(30, NAME);
    struct Waits(Arc<AtomicU32>);
    impl Drop for Waits {
        fn drop(&mut self) {
            futex::wait(&self.0, 0);
        }
    }
    if child::is(NAME) {
        let word = Arc::new(AtomicU32::new(0));
        thread::spawn({
            let word = word.clone();
            move || {
                drop(greenlet::spawn(move || Waits(word)));
                greenlet::yield_now();
            }
        })
        .join()
        .unwrap();
        // Its waiter belongs to a hub that is no more, not to one that comes later.
        let ready = Arc::new(Barrier::new(2));
        let later = thread::spawn({
            let ready = ready.clone();
            move || {
                greenlet::yield_now();
                ready.wait();
                ready.wait();
                greenlet::time::sleep_until(soon());
                greenlet::spawn(|| 7).join().unwrap()
            }
        });
        ready.wait();
        assert_eq!(futex::wake(&*word, 1), 0, "nobody is there to be woken");
        ready.wait();
        assert_eq!(later.join().unwrap(), 7);
        return;
    }
    let output = child::command(NAME).output().unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    let stderr = child::stderr(&output);
    assert!(
        stderr.contains("ended with 1 of its greenlets unfinished"),
        "{}",
        child::show(&output)
    );
}

/// What `main` would do, in a process whose harness has a `main` already: it runs before that one.
extern "C" fn in_main() {
    if std::env::var_os("GREENLET_TEST_MAIN").is_some() {
        for _ in 0..5 {
            greenlet::spawn(|| greenlet::time::sleep_until(Instant::now() + Duration::MAX / 4));
        }
        greenlet::yield_now();
        std::process::exit(17);
    }
}

#[used]
// SAFETY: the section holds pointers to functions of this type, which the C library calls before `main`; `in_main` uses
// nothing of std that needs its start-up code.
#[unsafe(link_section = ".init_array")]
static IN_MAIN: extern "C" fn() = in_main;

#[test]
fn the_end_of_main_is_silent() {
    const NAME: &str = "the_end_of_main_is_silent";
    let _deadline = watchdog::within(30, NAME);
    let output = child::command(NAME)
        .env("GREENLET_TEST_MAIN", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(17), "{}", child::show(&output));
    assert!(output.stderr.is_empty(), "{}", child::show(&output));
}

/// Ten thousand threads that block once each.
#[test]
fn short_threads_leave_nothing_behind() {
    const NAME: &str = "short_threads_leave_nothing_behind";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let round = |number: usize| {
            thread::spawn(move || match number % 4 {
                0 => {
                    let (near, mut far) = UnixStream::pair().unwrap();
                    let near = Source::new(near);
                    let waiter = greenlet::spawn(move || near.readable(None).unwrap());
                    greenlet::yield_now();
                    far.write_all(b"x").unwrap();
                    waiter.join().unwrap();
                }
                1 => greenlet::time::sleep_until(Instant::now() + Duration::from_micros(10)),
                2 => greenlet::spawn(|| ()).join().unwrap(),
                _ => {
                    let word = AtomicU32::new(0);
                    assert!(!futex::wait_until(&word, 0, Some(soon())));
                }
            })
        };
        let rounds = |count: usize| {
            for number in (0..count).step_by(4) {
                let threads: Vec<_> = (number..number + 4).map(round).collect();
                for thread in threads {
                    thread.join().unwrap();
                }
            }
        };
        rounds(400);
        let descriptors = process::descriptors();
        let mappings = process::mappings();
        let memory = process::resident();
        rounds(many(4_000, 10_000));
        // A shared part whose first owner had no reactor may have got its notifier since.
        let now = process::descriptors();
        assert!(
            now <= descriptors + 4,
            "{now} descriptors, {descriptors} before"
        );
        let grown = process::resident().saturating_sub(memory);
        assert!(grown < 700_000, "{grown} bytes more than before");
        let now = process::mappings();
        assert!(now < mappings + 40, "{now} mappings, {mappings} before");
    });
}

/// In thread-locals' destructors, before and after the hub's own end.
#[test]
fn thread_locals_may_block_when_they_are_dropped() {
    const NAME: &str = "thread_locals_may_block_when_they_are_dropped";
    let _deadline = watchdog::within(60, NAME);
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Blocks(Cell<u32>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            greenlet::time::sleep_until(soon());
            let greenlet = greenlet::spawn(|| {
                greenlet::yield_now();
                5
            });
            assert_eq!(greenlet.join().unwrap(), 5);
            assert_eq!(
                Builder::new().spawn_worker(|| 6).unwrap().join().unwrap(),
                6
            );
            let (near, mut far) = UnixStream::pair().unwrap();
            let near = Source::new(near);
            let waiter = greenlet::spawn(move || near.readable(None).unwrap());
            greenlet::yield_now();
            far.write_all(b"x").unwrap();
            waiter.join().unwrap();
            greenlet::offload(|| ());
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    thread_local! {
        static EARLY: Blocks = const { Blocks(Cell::new(0)) };
        static LATE: Blocks = const { Blocks(Cell::new(0)) };
    }
    child::run(NAME, &[], || {
        let before = DROPPED.load(Ordering::Relaxed);
        for number in 0..30 {
            thread::spawn(move || {
                EARLY.with(|early| early.0.set(1));
                if number % 3 > 0 {
                    greenlet::yield_now();
                }
                if number % 3 > 1 {
                    LATE.with(|late| late.0.set(1));
                }
            })
            .join()
            .unwrap();
        }
        assert_eq!(DROPPED.load(Ordering::Relaxed), before + 40);
    });
}

/// A hub that is made that late cannot end in good order; how much it leaves behind is bounded.
#[test]
fn hubs_made_in_destructors_leave_little_behind() {
    const NAME: &str = "hubs_made_in_destructors_leave_little_behind";
    let _deadline = watchdog::within(60, NAME);
    struct Sleeps;
    impl Drop for Sleeps {
        fn drop(&mut self) {
            greenlet::time::sleep_until(soon());
        }
    }
    thread_local!(static FIRST: Sleeps = const { Sleeps });
    child::run(NAME, &[], || {
        let rounds = |count| {
            for _ in 0..count {
                let thread = thread::spawn(|| {
                    FIRST.with(|_| ());
                    greenlet::yield_now();
                });
                thread.join().unwrap();
            }
        };
        rounds(50);
        let (memory, mappings) = (process::resident(), process::mappings());
        rounds(1_000);
        let grown = process::resident().saturating_sub(memory);
        assert!(grown < 1_000 * 24_000, "{grown} bytes more than before");
        let now = process::mappings();
        assert!(now < mappings + 40, "{now} mappings, {mappings} before");
    });
}

/// Forks; `in_child` runs in the child, whose exit code tells whether it returned.
fn in_a_fork(in_child: impl FnOnce()) {
    // SAFETY: the child runs Rust code in a copy of a process with several threads, which is what this is to test; it
    // takes no lock that another thread of these children's processes holds for long, and leaves by `_exit`.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0);
        if child == 0 {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(in_child));
            libc::_exit(if done.is_ok() { 0 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert!(
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
            "the forked child ended with {status:#x}"
        );
    }
}

/// Ends a forked child that hangs: it has no watchdog thread.
fn alarm() {
    // SAFETY: sets a timer of the process.
    unsafe { libc::alarm(10) };
}

#[test]
fn a_hub_refuses_to_work_in_a_forked_child() {
    const NAME: &str = "a_hub_refuses_to_work_in_a_forked_child";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let (near, far) = UnixStream::pair().unwrap();
        let (near, other) = (Source::new(near), Source::new(far.try_clone().unwrap()));
        assert_eq!(
            near.readable(Some(soon())).unwrap_err().kind(),
            ErrorKind::TimedOut
        );
        in_a_fork(|| {
            alarm();
            let unsupported = |result: io::Result<()>| {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(error.to_string().contains("forked child"), "{error}");
            };
            // Registered before, and not.
            unsupported(near.readable(None));
            unsupported(other.readable(Some(soon())));
            unsupported(Builder::new().spawn(|| ()).map(|_| ()));
            unsupported(Builder::new().spawn_worker(|| ()).map(|_| ()));
            for park in [
                || greenlet::time::sleep_until(soon()),
                || futex::wait(&AtomicU32::new(0), 0),
            ] {
                let payload = std::panic::catch_unwind(park).unwrap_err();
                let message = payload.downcast_ref::<String>().unwrap();
                assert!(message.contains("forked child"), "{message}");
            }
        });
        // The parent's hub is as it was.
        (&far).write_all(b"x").unwrap();
        near.readable(None).unwrap();
    });
}

#[test]
fn a_fresh_hub_works_in_a_forked_child() {
    const NAME: &str = "a_fresh_hub_works_in_a_forked_child";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        // Some hub was there before, of a thread that is gone now.
        thread::spawn(greenlet::yield_now).join().unwrap();
        in_a_fork(|| {
            alarm();
            assert_eq!(greenlet::spawn(|| 3).join().unwrap(), 3);
            let deadline = soon();
            greenlet::time::sleep_until(deadline);
            assert!(Instant::now() >= deadline);
            let (near, mut far) = UnixStream::pair().unwrap();
            let near = Source::new(near);
            let waiter = greenlet::spawn(move || near.readable(None).unwrap());
            greenlet::yield_now();
            far.write_all(b"x").unwrap();
            waiter.join().unwrap();
            let far = Builder::new().spawn_worker(|| 4).unwrap();
            assert_eq!(far.join().unwrap(), 4);
        });
        assert_eq!(greenlet::spawn(|| 3).join().unwrap(), 3);
    });
}

/// The worker threads stay with the parent: a greenlet that is given to them in the child must run, or be refused.
#[test]
fn workers_of_the_parent_are_not_waited_for_in_a_forked_child() {
    const NAME: &str = "workers_of_the_parent_are_not_waited_for_in_a_forked_child";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let on_a_worker = || {
            Builder::new()
                .spawn_worker(|| 4)
                .map(|far| far.join().unwrap())
        };
        assert_eq!(thread::spawn(on_a_worker).join().unwrap().unwrap(), 4);
        in_a_fork(|| {
            alarm();
            match on_a_worker() {
                Ok(answer) => assert_eq!(answer, 4),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
            }
        });
    });
}

/// The same for the threads of the offload pool.
#[test]
fn offload_threads_of_the_parent_are_not_waited_for_in_a_forked_child() {
    const NAME: &str = "offload_threads_of_the_parent_are_not_waited_for_in_a_forked_child";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let offloaded = || {
            let other = greenlet::spawn(greenlet::yield_now);
            let answer = greenlet::offload(|| 4);
            other.join().unwrap();
            answer
        };
        assert_eq!(thread::spawn(offloaded).join().unwrap(), 4);
        in_a_fork(|| {
            alarm();
            assert_eq!(offloaded(), 4);
        });
    });
}

/// One worker is kept by a greenlet that never blocks; the other one runs what has not begun.
#[test]
fn an_idle_worker_takes_what_has_not_begun() {
    const NAME: &str = "an_idle_worker_takes_what_has_not_begun";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        let stop = Arc::new(AtomicBool::new(false));
        let (started, has_started) = mpsc::channel();
        let busy = Builder::new().spawn_worker({
            let stop = stop.clone();
            move || {
                // These go to the queue of the worker that is kept busy.
                let others: Vec<_> = (0..500)
                    .map(|number| Builder::new().spawn_worker(move || number).unwrap())
                    .collect();
                started.send(()).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                others
            }
        });
        has_started.recv().unwrap();
        // Those of another thread, one by one and many at a time.
        for number in 0..500 {
            let far = Builder::new().spawn_worker(move || number).unwrap();
            assert_eq!(far.join().unwrap(), number);
        }
        let many: Vec<_> = (0..500)
            .map(|number| Builder::new().spawn_worker(move || number).unwrap())
            .collect();
        for (number, far) in many.into_iter().enumerate() {
            assert_eq!(far.join().unwrap(), number);
        }
        stop.store(true, Ordering::Relaxed);
        let others = busy.unwrap().join().unwrap();
        for (number, other) in others.into_iter().enumerate() {
            assert_eq!(other.join().unwrap(), number);
        }
    });
}

/// The same, but all are spawned by the one that never blocks, and must be done before it stops.
#[test]
fn a_busy_worker_is_relieved_of_its_queue() {
    const NAME: &str = "a_busy_worker_is_relieved_of_its_queue";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        for _ in 0..100 {
            let done = Arc::new(AtomicUsize::new(0));
            let busy = Builder::new().spawn_worker(move || {
                for _ in 0..100 {
                    let done = done.clone();
                    let quick = move || {
                        done.fetch_add(1, Ordering::Relaxed);
                    };
                    Builder::new().spawn_worker(quick).unwrap();
                }
                while done.load(Ordering::Relaxed) < 100 {
                    thread::yield_now();
                }
            });
            busy.unwrap().join().unwrap();
        }
    });
}

/// Workers that are busy with greenlets that yield take in new ones now and then; one of these never blocks, and must not
/// keep the others from the worker that would run them.
#[test]
fn what_a_busy_worker_has_taken_in_is_not_lost_to_the_others() {
    const NAME: &str = "what_a_busy_worker_has_taken_in_is_not_lost_to_the_others";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        const OTHERS: usize = 39;
        for _ in 0..20 {
            let stop = Arc::new(AtomicBool::new(false));
            // One on each worker, which neither leaves nor blocks it. The crowd comes when both are in their places: a worker
            // that took a member first would not get the yielder that the other worker blocks for.
            let all = Arc::new(Barrier::new(3));
            let yielders: Vec<_> = (0..2)
                .map(|_| {
                    let (stop, all) = (stop.clone(), all.clone());
                    let yielder = move || {
                        all.wait();
                        while !stop.load(Ordering::Relaxed) {
                            greenlet::yield_now();
                        }
                    };
                    Builder::new().spawn_worker(yielder).unwrap()
                })
                .collect();
            all.wait();
            let done = Arc::new(AtomicUsize::new(0));
            let crowd: Vec<_> = (0..=OTHERS)
                .map(|number| {
                    let done = done.clone();
                    let member = move || {
                        if number > 0 {
                            done.fetch_add(1, Ordering::Relaxed);
                        } else {
                            while done.load(Ordering::Relaxed) < OTHERS {
                                thread::yield_now();
                            }
                        }
                    };
                    Builder::new().spawn_worker(member).unwrap()
                })
                .collect();
            for member in crowd {
                member.join().unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            for yielder in yielders {
                yielder.join().unwrap();
            }
        }
    });
}

#[test]
fn a_started_greenlet_never_changes_thread() {
    const NAME: &str = "a_started_greenlet_never_changes_thread";
    let _deadline = watchdog::within(60, NAME);
    with_two_workers(NAME, || {
        let word = Arc::new(AtomicU32::new(0));
        let roamers: Vec<_> = (0..200_usize)
            .map(|number| {
                let word = word.clone();
                let roam = move || {
                    let home = thread::current().id();
                    for step in 0..50 {
                        match (number + step) % 5 {
                            0 => greenlet::yield_now(),
                            1 => greenlet::time::sleep_until(soon()),
                            2 => drop(futex::wait_until(&word, 0, Some(soon()))),
                            3 => {
                                futex::wake(&*word, 2);
                            }
                            _ => greenlet::offload(|| assert_ne!(thread::current().id(), home)),
                        }
                        assert_eq!(thread::current().id(), home);
                    }
                    home
                };
                Builder::new().spawn_worker(roam).unwrap()
            })
            .collect();
        let mut homes = std::collections::HashSet::new();
        for roamer in roamers {
            homes.insert(roamer.join().unwrap());
        }
        assert!(homes.len() <= 2 && !homes.contains(&thread::current().id()));
    });
}

/// A worker that is stuck in a panic hook sleeps too, but is not the one to wake for new work.
#[test]
fn a_worker_inside_the_panic_hook_takes_no_wake_from_another() {
    const NAME: &str = "a_worker_inside_the_panic_hook_takes_no_wake_from_another";
    let _deadline = watchdog::within(20, NAME);
    with_two_workers(NAME, || {
        // Every worker in turn is the one whose hook parks, so that it is the first to be looked at in one of the turns.
        static WORD: AtomicU32 = AtomicU32::new(0);
        let (entered, has_entered) = mpsc::channel();
        std::panic::set_hook(Box::new(move |_| {
            entered.send(thread::current().id()).unwrap();
            futex::wait(&WORD, 0);
        }));
        let mut places = std::collections::HashSet::new();
        let end = Instant::now() + Duration::from_secs(5);
        while places.len() < 2 && Instant::now() < end {
            WORD.store(0, Ordering::Relaxed);
            let stuck = Builder::new()
                .spawn_worker(|| panic!("for the hook"))
                .unwrap();
            places.insert(has_entered.recv().unwrap());
            for _ in 0..50 {
                Builder::new().spawn_worker(|| ()).unwrap().join().unwrap();
            }
            WORD.store(1, Ordering::Relaxed);
            while futex::wake(&WORD, 1) == 0 && !stuck.is_finished() {
                thread::yield_now();
            }
            stuck.join().unwrap_err();
        }
        drop(std::panic::take_hook());
    });
}
