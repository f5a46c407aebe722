//! Panics in greenlets: each ends its own greenlet only, whatever the others of its hub do, and
//! whatever its destructors and the panic hook do meanwhile.

mod watchdog;

use greenlet::{Builder, futex};
use std::cell::{Cell, RefCell};
use std::panic;
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};
use watchdog::within;

/// A payload that is no string.
#[derive(Debug, PartialEq)]
struct Custom(u32);

/// Keeps panics that a test expects off stderr. Every test calls it before it uses a greenlet: the core
/// wraps the hook that it finds when the first hub is made.
fn quiet() {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let expected = info.payload().is::<Custom>()
                || info
                    .payload_as_str()
                    .is_some_and(|text| text.starts_with("expected"));
            if !expected {
                next(info);
            }
        }));
    });
}

/// Runs a closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A word that opens once; whoever waits before that parks.
#[derive(Default)]
struct Gate(AtomicU32);

impl Gate {
    fn wait(&self) {
        while self.0.load(Ordering::Acquire) == 0 {
            futex::wait(&self.0, 0);
        }
    }

    fn open(&self) {
        self.0.store(1, Ordering::Release);
        futex::wake(&self.0, usize::MAX);
    }
}

/// Spawns a greenlet that panics and parks in a destructor until the gate opens; runs it up to there. Its join
/// gives the number in its payload. The last part of the destructor checks that it still is panicking.
fn parked_unwinding(gate: &Rc<Gate>, number: u32) -> greenlet::Greenlet<()> {
    let gate = gate.clone();
    let reached = Rc::new(Cell::new(false));
    let spawned = greenlet::spawn({
        let reached = reached.clone();
        move || {
            let _parks = OnDrop(|| {
                assert!(greenlet::panicking());
                reached.set(true);
                gate.wait();
                assert!(greenlet::panicking(), "still unwinding after the park");
            });
            panic::panic_any(Custom(number));
        }
    });
    while !reached.get() {
        greenlet::yield_now();
    }
    spawned
}

fn custom(error: Box<dyn std::any::Any + Send>) -> u32 {
    error.downcast::<Custom>().expect("a Custom").0
}

#[test]
fn a_panic_ends_only_its_own_greenlet() {
    let _deadline = within(60, "a_panic_ends_only_its_own_greenlet");
    quiet();
    let local: Vec<_> = (0..300u32)
        .map(|number| {
            greenlet::spawn(move || {
                greenlet::yield_now();
                assert!(!greenlet::panicking());
                if number % 3 == 0 {
                    panic::panic_any(Custom(number));
                }
                greenlet::yield_now();
                number
            })
        })
        .collect();
    let far: Vec<_> = (0..300u32)
        .map(|number| {
            Builder::new()
                .spawn_worker(move || {
                    greenlet::yield_now();
                    assert!(!greenlet::panicking());
                    if number % 3 == 0 {
                        panic::panic_any(Custom(number));
                    }
                    greenlet::yield_now();
                    number
                })
                .unwrap()
        })
        .collect();
    let check = |number: u32, result: thread::Result<u32>| match result {
        Ok(value) => {
            assert_ne!(number % 3, 0);
            assert_eq!(value, number);
        }
        Err(error) => {
            assert_eq!(number % 3, 0);
            assert_eq!(custom(error), number);
        }
    };
    for (number, task) in (0..).zip(local) {
        check(number, task.join());
    }
    for (number, task) in (0..).zip(far) {
        check(number, task.join());
    }
    assert!(!greenlet::panicking());
}

#[test]
fn join_gives_the_payload() {
    let _deadline = within(60, "join_gives_the_payload");
    quiet();
    fn check(spawn: impl Fn(fn()) -> thread::Result<()>) {
        let error = spawn(|| panic!("expected")).unwrap_err();
        assert_eq!(*error.downcast::<&'static str>().unwrap(), "expected");
        let error = spawn(|| panic!("expected {}", 1 + 1)).unwrap_err();
        assert_eq!(*error.downcast::<String>().unwrap(), "expected 2");
        let error = spawn(|| panic::panic_any(Custom(7))).unwrap_err();
        assert_eq!(custom(error), 7);
        let error = spawn(|| panic::resume_unwind(Box::new(Custom(8)))).unwrap_err();
        assert_eq!(custom(error), 8);
    }
    check(|f| greenlet::spawn(f).join());
    check(|f| Builder::new().spawn_worker(f).unwrap().join());
    check(|f| {
        let task = Builder::new().spawn_worker(f).unwrap();
        thread::spawn(move || task.join()).join().unwrap()
    });
    check(|f| match greenlet::spawn(f).join_timeout(Duration::MAX) {
        Ok(result) => result,
        Err(_) => panic!("no deadline, and yet it passed"),
    });
}

#[test]
fn parking_while_unwinding_leaves_the_others_alone() {
    let _deadline = within(60, "parking_while_unwinding_leaves_the_others_alone");
    quiet();
    let gate = Rc::new(Gate::default());
    let parked = parked_unwinding(&gate, 1);
    assert!(!greenlet::panicking(), "the root is not panicking");
    let sibling = greenlet::spawn(|| {
        assert!(!greenlet::panicking());
        greenlet::yield_now();
        let _probe = OnDrop(|| assert!(!greenlet::panicking()));
        greenlet::offload(|| assert!(!greenlet::panicking()));
        greenlet::time::sleep_until(Instant::now() + Duration::from_millis(1));
        assert!(!greenlet::panicking());
    });
    sibling.join().unwrap();
    assert!(!parked.is_finished());
    gate.open();
    assert_eq!(custom(parked.join().unwrap_err()), 1);
    assert!(!greenlet::panicking());
}

#[test]
fn several_park_while_unwinding() {
    let _deadline = within(60, "several_park_while_unwinding");
    quiet();
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let gates: Vec<_> = (0..3).map(|_| Rc::new(Gate::default())).collect();
        let mut parked: Vec<_> = (0..3)
            .map(|number| Some(parked_unwinding(&gates[number], number as u32)))
            .collect();
        for number in order {
            assert!(!greenlet::panicking());
            greenlet::spawn(|| assert!(!greenlet::panicking()))
                .join()
                .unwrap();
            gates[number].open();
            let ended = parked[number].take().unwrap();
            assert_eq!(custom(ended.join().unwrap_err()), number as u32);
        }
        assert!(!greenlet::panicking());
    }
}

#[test]
fn siblings_of_one_that_is_parked_unwinding_may_panic_and_be_killed() {
    let _deadline = within(
        60,
        "siblings_of_one_that_is_parked_unwinding_may_panic_and_be_killed",
    );
    quiet();
    let gate = Rc::new(Gate::default());
    let parked = parked_unwinding(&gate, 1);
    for number in 0..100 {
        let seen = Rc::new(Cell::new(None));
        let probe = seen.clone();
        let failing = greenlet::spawn(move || {
            assert!(!greenlet::panicking());
            let _probe = OnDrop(|| probe.set(Some(greenlet::panicking())));
            panic::panic_any(Custom(number));
        });
        assert_eq!(custom(failing.join().unwrap_err()), number);
        assert_eq!(seen.take(), Some(true));

        let probe = seen.clone();
        let killed = greenlet::spawn(move || {
            let _probe = OnDrop(|| probe.set(Some(greenlet::panicking())));
            futex::wait(&AtomicU32::new(0), 0);
        });
        greenlet::yield_now();
        killed.kill().unwrap();
        assert!(killed.join().unwrap_err().is::<greenlet::Killed>());
        assert_eq!(seen.take(), Some(true));
        assert!(!greenlet::panicking());
    }
    gate.open();
    assert_eq!(custom(parked.join().unwrap_err()), 1);
}

#[test]
fn a_panic_of_an_offloaded_call_counts_beside_one_that_is_parked_unwinding() {
    let _deadline = within(
        60,
        "a_panic_of_an_offloaded_call_counts_beside_one_that_is_parked_unwinding",
    );
    quiet();
    let gate = Rc::new(Gate::default());
    let parked = parked_unwinding(&gate, 1);
    let seen = Rc::new(Cell::new(None));
    let probe = seen.clone();
    let failing = greenlet::spawn(move || {
        let _probe = OnDrop(|| probe.set(Some(greenlet::panicking())));
        greenlet::offload(|| panic::panic_any(Custom(2)));
    });
    assert_eq!(custom(failing.join().unwrap_err()), 2);
    gate.open();
    assert_eq!(custom(parked.join().unwrap_err()), 1);
    assert_eq!(seen.get(), Some(true));
}

#[test]
fn not_panicking_any_more_after_catch_unwind() {
    let _deadline = within(60, "not_panicking_any_more_after_catch_unwind");
    quiet();
    greenlet::spawn(|| {
        for number in 0..100 {
            let caught = panic::catch_unwind(|| {
                let _parks = OnDrop(|| {
                    assert!(greenlet::panicking());
                    greenlet::yield_now();
                    assert!(greenlet::panicking());
                });
                panic::panic_any(Custom(number));
            });
            assert_eq!(custom(caught.unwrap_err()), number);
            assert!(!greenlet::panicking());
            greenlet::yield_now();
            assert!(!greenlet::panicking());
        }
    })
    .join()
    .unwrap();
}

#[test]
fn not_panicking_any_more_after_catch_unwind_beside_one_that_is_parked_unwinding() {
    let _deadline = within(
        60,
        "not_panicking_any_more_after_catch_unwind_beside_one_that_is_parked_unwinding",
    );
    quiet();
    let gate = Rc::new(Gate::default());
    let parked = parked_unwinding(&gate, 1);
    let after = greenlet::spawn(|| {
        let caught = greenlet::catch_unwind(|| panic::panic_any(Custom(2)));
        assert_eq!(custom(caught.unwrap_err()), 2);
        greenlet::panicking()
    })
    .join()
    .unwrap();
    gate.open();
    assert_eq!(custom(parked.join().unwrap_err()), 1);
    assert!(!after);
}

#[test]
fn a_kill_is_held_back_from_a_resumed_panic_beside_one_that_is_parked_unwinding() {
    const NAME: &str =
        "a_kill_is_held_back_from_a_resumed_panic_beside_one_that_is_parked_unwinding";
    let _deadline = within(60, NAME);
    if !is_alone(NAME) {
        // It aborts when it fails: a kill is thrown out of a destructor of a panic.
        return alone(NAME, None);
    }
    quiet();
    let (first, second) = (Rc::new(Gate::default()), Rc::new(Gate::default()));
    let parked = parked_unwinding(&first, 1);
    let victim = greenlet::spawn({
        let second = second.clone();
        move || {
            let _parks = OnDrop(|| second.wait());
            // As one does with a child's.
            greenlet::resume_unwind(Box::new(Custom(2)));
        }
    });
    greenlet::yield_now();
    victim.kill().unwrap();
    greenlet::yield_now();
    second.open();
    assert_eq!(custom(victim.join().unwrap_err()), 2);
    first.open();
    assert_eq!(custom(parked.join().unwrap_err()), 1);
}

#[test]
fn a_destructor_that_panics_by_itself_is_a_panic_like_any_other() {
    let _deadline = within(
        60,
        "a_destructor_that_panics_by_itself_is_a_panic_like_any_other",
    );
    quiet();
    let gate = Rc::new(Gate::default());
    let parked = parked_unwinding(&gate, 1);
    // std aborts when a destructor panics while *its own* thread unwinds. Here another greenlet unwinds.
    let failing = greenlet::spawn(|| {
        let _panics = OnDrop(|| panic::panic_any(Custom(2)));
        greenlet::yield_now();
    });
    assert_eq!(custom(failing.join().unwrap_err()), 2);
    gate.open();
    assert_eq!(custom(parked.join().unwrap_err()), 1);
}

#[test]
fn a_panic_of_an_offloaded_call_goes_on_in_the_caller() {
    let _deadline = within(60, "a_panic_of_an_offloaded_call_goes_on_in_the_caller");
    quiet();
    let failing = greenlet::spawn(|| {
        let caught = panic::catch_unwind(|| {
            let _probe = OnDrop(|| assert!(greenlet::panicking()));
            greenlet::offload(|| panic::panic_any(Custom(1)))
        });
        assert_eq!(custom(caught.unwrap_err()), 1);
        assert!(!greenlet::panicking());
        greenlet::offload_lookup(|| panic::panic_any(Custom(2))).unwrap();
    });
    assert_eq!(custom(failing.join().unwrap_err()), 2);
    // In place, when nobody else can run.
    let caught = panic::catch_unwind(|| greenlet::offload(|| panic::panic_any(Custom(3))));
    assert_eq!(custom(caught.unwrap_err()), 3);
}

#[test]
fn every_wait_may_be_made_while_unwinding() {
    let _deadline = within(60, "every_wait_may_be_made_while_unwinding");
    quiet();
    for _ in 0..50 {
        let steps = Rc::new(RefCell::new(Vec::new()));
        let failing = greenlet::spawn({
            let steps = steps.clone();
            move || {
                let _busy = OnDrop(|| {
                    let step = |name| {
                        assert!(greenlet::panicking(), "after {name}");
                        steps.borrow_mut().push(name);
                    };
                    greenlet::yield_now();
                    step("yield");
                    greenlet::time::sleep_until(Instant::now() + Duration::from_micros(50));
                    step("sleep");
                    let deadline = Instant::now() + Duration::from_micros(50);
                    assert!(!futex::wait_until(&AtomicU32::new(0), 0, Some(deadline)));
                    step("futex");
                    assert_eq!(greenlet::spawn(|| 1).join().unwrap(), 1);
                    step("join");
                    let failed = greenlet::spawn(|| panic::panic_any(Custom(3)));
                    assert_eq!(custom(failed.join().unwrap_err()), 3);
                    step("join of a panic");
                    let far = Builder::new().spawn_worker(|| 2).unwrap();
                    assert_eq!(far.join().unwrap(), 2);
                    step("join of a worker's");
                    assert_eq!(greenlet::offload(|| 4), 4);
                    step("offload");
                    let (here, mut there) = std::os::unix::net::UnixStream::pair().unwrap();
                    let here = greenlet::io::Source::new(here);
                    let writer = greenlet::spawn(move || {
                        std::io::Write::write_all(&mut there, b"x").unwrap();
                    });
                    here.readable(None).unwrap();
                    writer.join().unwrap();
                    step("read");
                });
                panic::panic_any(Custom(1));
            }
        });
        let witness = greenlet::spawn(|| {
            for _ in 0..20 {
                assert!(!greenlet::panicking());
                greenlet::yield_now();
            }
        });
        assert_eq!(custom(failing.join().unwrap_err()), 1);
        witness.join().unwrap();
        assert_eq!(steps.borrow().len(), 8);
        assert!(!greenlet::panicking());
    }
}

#[test]
fn panics_on_the_workers_do_not_mix() {
    let _deadline = within(120, "panics_on_the_workers_do_not_mix");
    quiet();
    // Many unwind at the same time on each hub, parked in their destructors.
    for _ in 0..20 {
        let gate = Arc::new(Gate::default());
        let parked = Arc::new(AtomicUsize::new(0));
        let failing: Vec<_> = (0..50)
            .map(|number| {
                let (gate, parked) = (gate.clone(), parked.clone());
                let body = move || {
                    let _parks = OnDrop(|| {
                        parked.fetch_add(1, Ordering::SeqCst);
                        gate.wait();
                        assert!(greenlet::panicking());
                    });
                    assert!(!greenlet::panicking());
                    panic::panic_any(Custom(number));
                };
                Builder::new().spawn_worker(body).unwrap()
            })
            .collect();
        while parked.load(Ordering::SeqCst) < 50 {
            greenlet::yield_now();
        }
        let healthy: Vec<_> = (0..50)
            .map(|_| {
                let body = || {
                    for _ in 0..10 {
                        assert!(!greenlet::panicking());
                        greenlet::yield_now();
                    }
                };
                Builder::new().spawn_worker(body).unwrap()
            })
            .collect();
        for task in healthy {
            task.join().unwrap();
        }
        gate.open();
        for (number, task) in (0..).zip(failing) {
            assert_eq!(custom(task.join().unwrap_err()), number);
        }
    }
}

/// Runs a test of this file again, alone in a process of its own.
fn alone(name: &str, workers: Option<&str>) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args([
            "--exact",
            name,
            "--include-ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("GREENLET_TEST_ALONE", name);
    if let Some(workers) = workers {
        child.env("GREENLET_WORKERS", workers);
    }
    let output = child.output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Whether this is the process that [`alone`] has started for a test.
fn is_alone(name: &str) -> bool {
    std::env::var("GREENLET_TEST_ALONE").is_ok_and(|alone| alone == name)
}

#[test]
fn inside_the_panic_hook_nobody_else_runs() {
    const NAME: &str = "inside_the_panic_hook_nobody_else_runs";
    let _deadline = within(60, NAME);
    if !is_alone(NAME) {
        return alone(NAME, None);
    }
    static HOOKS: AtomicU32 = AtomicU32::new(0);
    /// Steps of the greenlets of this hub.
    static STEPS: AtomicU32 = AtomicU32::new(0);
    static WORD: AtomicU32 = AtomicU32::new(0);
    static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Custom>() {
            eprintln!("{info}");
            return;
        }
        let soon = || Instant::now() + Duration::from_millis(5);
        let check = |what: &str, right: bool| {
            if !right {
                FAULTS.lock().unwrap().push(what.into());
            }
        };
        let before = STEPS.load(Ordering::SeqCst);
        check("panicking", greenlet::panicking());
        check("futex", !futex::wait_until(&WORD, 0, Some(soon())));
        let deadline = soon();
        greenlet::time::sleep_until(deadline);
        check("sleep", Instant::now() >= deadline);
        greenlet::yield_now();
        // Another thread wakes it; many times, so that it does so early and late.
        for _ in 0..200 {
            let word = Arc::new(AtomicU32::new(0));
            let waker = thread::spawn({
                let word = word.clone();
                move || {
                    word.store(1, Ordering::SeqCst);
                    futex::wake(&*word, 1);
                }
            });
            while word.load(Ordering::SeqCst) == 0 {
                futex::wait(&word, 0);
            }
            let _ = waker.join();
        }
        check("offload", greenlet::offload(|| 5) == 5);
        let far = Builder::new().spawn_worker(|| 6).unwrap();
        check("worker", far.join().is_ok_and(|six| six == 6));
        let (here, mut there) = std::os::unix::net::UnixStream::pair().unwrap();
        let here = greenlet::io::Source::new(here);
        let timed_out = here.readable(Some(soon())).unwrap_err().kind();
        check("no read", timed_out == std::io::ErrorKind::TimedOut);
        let writer = thread::spawn(move || std::io::Write::write_all(&mut there, b"x"));
        check("read", here.readable(None).is_ok());
        let _ = writer.join();
        // Spawned, but not run in here.
        drop(greenlet::spawn(|| STEPS.fetch_add(1, Ordering::SeqCst)));
        greenlet::yield_now();
        check("steps", STEPS.load(Ordering::SeqCst) == before);
        HOOKS.fetch_add(1, Ordering::SeqCst);
    }));
    let stop = Rc::new(Cell::new(false));
    let others: Vec<_> = (0..4)
        .map(|_| {
            let stop = stop.clone();
            greenlet::spawn(move || {
                while !stop.get() {
                    STEPS.fetch_add(1, Ordering::SeqCst);
                    greenlet::yield_now();
                }
            })
        })
        .collect();
    let sleepers: Vec<_> = (0..4)
        .map(|_| {
            greenlet::spawn(|| {
                greenlet::time::sleep_until(Instant::now() + Duration::from_millis(1));
                STEPS.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    for number in 0..3 {
        let failing = greenlet::spawn(move || {
            let _parks = OnDrop(greenlet::yield_now);
            panic::panic_any(Custom(number));
        });
        assert_eq!(custom(failing.join().unwrap_err()), number);
        let far = Builder::new()
            .spawn_worker(|| {
                let caught = panic::catch_unwind(|| {
                    let before = greenlet::current().id();
                    assert_eq!(before, greenlet::current().id());
                });
                assert!(caught.is_ok());
            })
            .unwrap();
        far.join().unwrap();
    }
    stop.set(true);
    for task in others.into_iter().chain(sleepers) {
        task.join().unwrap();
    }
    assert!(!greenlet::panicking());
    assert_eq!(HOOKS.load(Ordering::SeqCst), 3);
    assert_eq!(*FAULTS.lock().unwrap(), [""; 0]);
}

#[test]
fn a_worker_inside_the_panic_hook_takes_no_wake_up_of_another() {
    const NAME: &str = "a_worker_inside_the_panic_hook_takes_no_wake_up_of_another";
    let _deadline = within(120, NAME);
    if !is_alone(NAME) {
        return alone(NAME, Some("2"));
    }
    static IN_HOOK: AtomicBool = AtomicBool::new(false);
    static RELEASE: AtomicU32 = AtomicU32::new(0);
    panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Custom>() {
            eprintln!("{info}");
            return;
        }
        IN_HOOK.store(true, Ordering::SeqCst);
        while RELEASE.load(Ordering::SeqCst) == 0 {
            futex::wait(&RELEASE, 0);
        }
    }));
    // The first worker is the one that is looked at first.
    static FAILED: AtomicBool = AtomicBool::new(false);
    while !IN_HOOK.load(Ordering::SeqCst) {
        let body = || {
            let here = thread::current();
            if here.name() == Some("greenlet-worker-0") && !FAILED.swap(true, Ordering::SeqCst) {
                panic::panic_any(Custom(0));
            }
        };
        drop(Builder::new().spawn_worker(body).unwrap());
        thread::yield_now();
    }
    let mut lost = false;
    for _ in 0..2000 {
        let far = Builder::new().spawn_worker(|| ()).unwrap();
        match far.join_timeout(Duration::from_secs(10)) {
            Ok(result) => result.unwrap(),
            Err(_) => {
                lost = true;
                break;
            }
        }
        for _ in 0..10 {
            thread::yield_now();
        }
    }
    RELEASE.store(1, Ordering::SeqCst);
    futex::wake(&RELEASE, 1);
    assert!(!lost, "the second worker slept, with a greenlet to run");
}
