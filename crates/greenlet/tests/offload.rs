//! Door 4: calls that block their thread.

mod child;
mod watchdog;

use greenlet::{Builder, is_alone, offload, offload_lookup};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn the_call_may_borrow_from_the_stack() {
    let _deadline = watchdog::within(30, "the_call_may_borrow_from_the_stack");
    let borrow = || {
        let home = thread::current().id();
        let text = String::from("borrowed");
        let mut numbers = [1, 2, 3];
        let place = offload(|| {
            numbers.reverse();
            numbers[0] += text.len();
            thread::current().id()
        });
        assert_ne!(place, home);
        assert_eq!(numbers, [11, 2, 1]);
        // What it takes it may give back.
        assert_eq!(offload(move || text + "!"), "borrowed!");
    };
    let one = greenlet::spawn(borrow);
    let two = greenlet::spawn(borrow);
    one.join().unwrap();
    two.join().unwrap();
    Builder::new().spawn_worker(borrow).unwrap().join().unwrap();
}

#[test]
fn a_panic_goes_on_in_the_caller() {
    let _deadline = watchdog::within(30, "a_panic_goes_on_in_the_caller");
    struct Payload(u32);
    let throws = || offload(|| -> () { panic::resume_unwind(Box::new(Payload(7))) });
    // In place.
    let caught = panic::catch_unwind(AssertUnwindSafe(throws)).unwrap_err();
    assert_eq!(caught.downcast::<Payload>().unwrap().0, 7);
    // On another thread.
    let payload = Builder::new()
        .spawn_worker(throws)
        .unwrap()
        .join()
        .unwrap_err();
    assert_eq!(payload.downcast::<Payload>().unwrap().0, 7);
    // The thread that it was on is of use still.
    assert_eq!(
        Builder::new()
            .spawn_worker(|| offload(|| 5))
            .unwrap()
            .join()
            .unwrap(),
        5
    );
}

#[test]
fn calls_of_two_greenlets_run_at_the_same_time() {
    let _deadline = watchdog::within(30, "calls_of_two_greenlets_run_at_the_same_time");
    let (to_two, from_one) = mpsc::channel();
    let (to_one, from_two) = mpsc::channel();
    let one = greenlet::spawn(move || {
        offload(move || {
            to_two.send("from one").unwrap();
            from_two.recv().unwrap()
        })
    });
    let two = greenlet::spawn(move || {
        offload(move || {
            to_one.send("from two").unwrap();
            from_one.recv().unwrap()
        })
    });
    assert_eq!(one.join().unwrap(), "from two");
    assert_eq!(two.join().unwrap(), "from one");
}

#[test]
fn others_run_meanwhile() {
    let _deadline = watchdog::within(30, "others_run_meanwhile");
    let (send, receive) = mpsc::channel();
    let turns = Rc::new(Cell::new(0));
    let blocked = greenlet::spawn({
        let turns = turns.clone();
        move || {
            offload(move || receive.recv().unwrap());
            assert_eq!(turns.get(), 100);
        }
    });
    let other = greenlet::spawn(move || {
        for _ in 0..100 {
            turns.set(turns.get() + 1);
            greenlet::yield_now();
        }
        send.send(()).unwrap();
    });
    blocked.join().unwrap();
    other.join().unwrap();
}

#[test]
fn the_only_greenlet_of_a_hub_blocks_in_place() {
    let _deadline = watchdog::within(30, "the_only_greenlet_of_a_hub_blocks_in_place");
    let home = thread::current().id();
    assert_eq!(offload(|| thread::current().id()), home);
    assert_eq!(offload_lookup(|| thread::current().id()).unwrap(), home);
    greenlet::spawn(|| ()).join().unwrap();
    assert_eq!(offload(|| thread::current().id()), home);
}

#[test]
fn alone_is_who_has_no_other_greenlet() {
    let _deadline = watchdog::within(30, "alone_is_who_has_no_other_greenlet");
    assert!(is_alone());
    let home = thread::current().id();
    let other = greenlet::spawn(move || {
        assert!(!is_alone());
        assert_ne!(offload(|| thread::current().id()), home);
    });
    assert!(!is_alone());
    other.join().unwrap();
    assert!(is_alone());
    // Others may be sent to a worker at any time.
    let worker = Builder::new().spawn_worker(is_alone).unwrap();
    assert!(!worker.join().unwrap());
}

#[test]
fn there_may_be_more_calls_than_threads() {
    let _deadline = watchdog::within(60, "there_may_be_more_calls_than_threads");
    const CALLS: usize = 1_000;
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let (running, most, threads) = (running.clone(), most.clone(), threads.clone());
            greenlet::spawn(move || {
                offload(|| {
                    most.fetch_max(running.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
                    threads.lock().unwrap().insert(thread::current().id());
                    thread::yield_now();
                    running.fetch_sub(1, Ordering::AcqRel);
                    number
                })
            })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.join().unwrap(), number);
    }
    assert!(most.load(Ordering::Relaxed) <= 64);
    assert!(threads.lock().unwrap().len() <= 64);
}

/// As many calls as the bound allows wait for each other; none is held back while there is a thread for it.
#[test]
fn as_many_as_the_bound_run_at_once_and_look_ups_besides() {
    const NAME: &str = "as_many_as_the_bound_run_at_once_and_look_ups_besides";
    let _deadline = watchdog::within(60, NAME);
    // Alone with the pool.
    child::run(NAME, &[], || {
        const BOUND: usize = 64;
        const LOOK_UPS: usize = 10;
        let all_in = Arc::new(Barrier::new(BOUND + 1));
        let go_on = Arc::new(Barrier::new(BOUND + 1));
        let blocked: Vec<_> = (0..BOUND)
            .map(|_| {
                let (all_in, go_on) = (all_in.clone(), go_on.clone());
                greenlet::spawn(move || {
                    offload(|| {
                        all_in.wait();
                        go_on.wait();
                    })
                })
            })
            .collect();
        let late_has_run = Arc::new(AtomicBool::new(false));
        greenlet::yield_now();
        all_in.wait();
        // The bound is reached: this one waits.
        let late = greenlet::spawn({
            let late_has_run = late_has_run.clone();
            move || offload(|| late_has_run.store(true, Ordering::Relaxed))
        });
        // Look-ups have threads of their own, as many as run at once.
        let together = Arc::new(Barrier::new(LOOK_UPS));
        let look_ups: Vec<_> = (0..LOOK_UPS)
            .map(|_| {
                let together = together.clone();
                greenlet::spawn(move || offload_lookup(|| together.wait().is_leader()).unwrap())
            })
            .collect();
        for look_up in look_ups {
            look_up.join().unwrap();
        }
        assert!(!late_has_run.load(Ordering::Relaxed));
        go_on.wait();
        for call in blocked {
            call.join().unwrap();
        }
        late.join().unwrap();
        assert!(late_has_run.load(Ordering::Relaxed));
    });
}

#[test]
fn how_many_names_are_looked_up_at_once_can_be_said() {
    const NAME: &str = "how_many_names_are_looked_up_at_once_can_be_said";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[("GREENLET_LOOKUPS", "3")], || {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (running, most) = (Arc::new(running), Arc::new(most));
        let together = Arc::new(Barrier::new(3));
        let look_ups: Vec<_> = (0..12)
            .map(|_| {
                let (running, most) = (running.clone(), most.clone());
                let together = together.clone();
                greenlet::spawn(move || {
                    offload_lookup(|| {
                        most.fetch_max(
                            running.fetch_add(1, Ordering::Relaxed) + 1,
                            Ordering::Relaxed,
                        );
                        together.wait();
                        running.fetch_sub(1, Ordering::Relaxed);
                    })
                    .unwrap()
                })
            })
            .collect();
        for look_up in look_ups {
            look_up.join().unwrap();
        }
        assert_eq!(most.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_number_of_look_ups_that_is_none_is_an_error() {
    const NAME: &str = "a_number_of_look_ups_that_is_none_is_an_error";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[("GREENLET_LOOKUPS", "0")], || {
        let error = offload_lookup(|| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("GREENLET_LOOKUPS"), "{error}");
    });
}

/// The call borrows the stack, so a kill waits for its end.
#[test]
fn a_kill_waits_for_the_call() {
    let _deadline = watchdog::within(30, "a_kill_waits_for_the_call");
    let (send, receive) = mpsc::channel();
    let (entered, has_entered) = mpsc::channel();
    let returned = Arc::new(AtomicBool::new(false));
    let victim = Builder::new().spawn_worker({
        let returned = returned.clone();
        move || {
            let mut there = 0;
            let borrowed = &mut there;
            offload(move || {
                entered.send(()).unwrap();
                *borrowed = receive.recv().unwrap();
            });
            assert_eq!(there, 3);
            returned.store(true, Ordering::Relaxed);
            greenlet::yield_now();
            unreachable!("the kill is thrown at the next call that parks");
        }
    });
    let victim = victim.unwrap();
    has_entered.recv().unwrap();
    victim.kill().unwrap();
    let victim = victim
        .join_timeout(Duration::from_millis(2))
        .map(drop)
        .unwrap_err();
    assert!(!returned.load(Ordering::Relaxed));
    send.send(3).unwrap();
    assert!(victim.join().unwrap_err().is::<greenlet::Killed>());
    assert!(returned.load(Ordering::Relaxed));
}

/// The call may use the hub of the thread that it is on.
#[test]
fn the_call_may_block_by_the_core_itself() {
    let _deadline = watchdog::within(30, "the_call_may_block_by_the_core_itself");
    let outer = Builder::new().spawn_worker(|| {
        offload(|| {
            let deadline = Instant::now() + Duration::from_millis(1);
            greenlet::time::sleep_until(deadline);
            let inner = greenlet::spawn(|| offload(|| 6)).join().unwrap();
            inner + Builder::new().spawn_worker(|| 1).unwrap().join().unwrap()
        })
    });
    assert_eq!(outer.unwrap().join().unwrap(), 7);
}

#[test]
fn calls_from_many_hubs_all_come_back() {
    let _deadline = watchdog::within(60, "calls_from_many_hubs_all_come_back");
    let count = |times: usize| {
        let mut sum = 0;
        for _ in 0..times {
            sum += offload(|| 1);
        }
        sum
    };
    let workers: Vec<_> = (0..40)
        .map(|_| Builder::new().spawn_worker(move || count(100)).unwrap())
        .collect();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                let greenlets: Vec<_> = (0..10)
                    .map(|_| greenlet::spawn(move || count(100)))
                    .collect();
                greenlets
                    .into_iter()
                    .map(|greenlet| greenlet.join().unwrap())
                    .sum::<usize>()
            })
        })
        .collect();
    for worker in workers {
        assert_eq!(worker.join().unwrap(), 100);
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 1_000);
    }
}

/// Each call holds kills back, but not all of them together.
#[test]
fn a_loop_of_calls_can_be_killed() {
    let _deadline = watchdog::within(60, "a_loop_of_calls_can_be_killed");
    let calls = Rc::new(Cell::new(0));
    let endless = greenlet::spawn({
        let calls = calls.clone();
        move || {
            loop {
                offload(|| ());
                calls.set(calls.get() + 1);
            }
        }
    });
    while calls.get() < 3 {
        greenlet::yield_now();
    }
    endless.kill().unwrap();
    assert!(endless.join().unwrap_err().is::<greenlet::Killed>());
}
