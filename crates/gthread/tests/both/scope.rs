use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::deadline;

/// Parks until the flag is set; whoever sets it unparks.
fn wait_for(flag: &AtomicBool) {
    while !flag.load(Ordering::Acquire) {
        thread::park();
    }
}

fn open(flag: &AtomicBool, waiter: &thread::Thread) {
    flag.store(true, Ordering::Release);
    waiter.unpark();
}

#[test]
fn children_borrow() {
    let _deadline = deadline::seconds(60);
    let mut numbers = vec![1, 2, 3];
    let mut doubled = Vec::new();
    let sum = thread::scope(|scope| {
        let (numbers, doubled) = (&numbers, &mut doubled);
        scope.spawn(move || doubled.extend(numbers.iter().map(|n| n * 2)));
        scope.spawn(|| numbers.iter().sum::<i32>()).join().unwrap()
    });
    numbers.push(sum);
    assert_eq!(numbers, [1, 2, 3, 6]);
    assert_eq!(doubled, [2, 4, 6]);
}

#[test]
fn waits_for_children_that_nobody_joins() {
    let _deadline = deadline::seconds(60);
    let ended = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                for _ in 0..10 {
                    thread::yield_now();
                }
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(ended.load(Ordering::Relaxed), 50);
}

#[test]
fn children_spawn_children() {
    let _deadline = deadline::seconds(60);
    let ended = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            scope.spawn(|| {
                let last = scope.spawn(|| ended.fetch_add(1, Ordering::Relaxed));
                last.join().unwrap();
                ended.fetch_add(1, Ordering::Relaxed);
            });
            ended.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(ended.load(Ordering::Relaxed), 3);
}

#[test]
fn scopes_nest() {
    let _deadline = deadline::seconds(60);
    let outer = 1;
    let sum = thread::scope(|scope| {
        let child = scope.spawn(|| {
            let inner = 2;
            thread::scope(|scope| scope.spawn(|| outer + inner).join().unwrap())
        });
        child.join().unwrap() + outer
    });
    assert_eq!(sum, 4);
}

#[test]
fn the_value_of_the_closure_is_returned() {
    let _deadline = deadline::seconds(60);
    let text = String::from("borrowed");
    let part: &str = thread::scope(|scope| scope.spawn(|| &text[..6]).join().unwrap());
    assert_eq!(part, "borrow");
    assert_eq!(thread::scope(|_| 7), 7);
}

#[test]
fn a_panic_that_nobody_joins_is_the_scopes() {
    let _deadline = deadline::seconds(60);
    let ended = AtomicBool::new(false);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            scope.spawn(|| resume_unwind(Box::new("lost")));
            scope.spawn(|| {
                thread::yield_now();
                ended.store(true, Ordering::Relaxed);
            });
        });
    }));
    let payload = failed.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a scoped thread panicked"));
    assert!(ended.load(Ordering::Relaxed));
}

#[test]
fn a_panic_that_is_joined_is_not() {
    let _deadline = deadline::seconds(60);
    let payload = thread::scope(|scope| {
        scope
            .spawn(|| resume_unwind(Box::new("taken")))
            .join()
            .unwrap_err()
    });
    assert_eq!(payload.downcast_ref(), Some(&"taken"));
}

#[test]
fn a_handle_that_is_dropped_after_the_panic_counts_as_not_joined() {
    let _deadline = deadline::seconds(60);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            let child = scope.spawn(|| resume_unwind(Box::new("lost")));
            while !child.is_finished() {
                thread::yield_now();
            }
            drop(child);
        });
    }));
    assert_eq!(
        failed.unwrap_err().downcast_ref(),
        Some(&"a scoped thread panicked")
    );
}

#[test]
fn the_panic_of_the_closure_wins_and_waits_for_the_children() {
    let _deadline = deadline::seconds(60);
    let ended = AtomicUsize::new(0);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            scope.spawn(|| resume_unwind(Box::new("lost")));
            scope.spawn(|| {
                for _ in 0..10 {
                    thread::yield_now();
                }
                ended.fetch_add(1, Ordering::Relaxed);
            });
            resume_unwind(Box::new("the closure's"));
        });
    }));
    assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"the closure's"));
    assert_eq!(ended.load(Ordering::Relaxed), 1);
}

#[test]
fn a_result_that_nobody_takes_is_dropped_before_the_end() {
    let _deadline = deadline::seconds(60);

    struct Slow<'a>(&'a AtomicUsize);
    impl Drop for Slow<'_> {
        fn drop(&mut self) {
            for _ in 0..10 {
                thread::yield_now();
            }
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let dropped = AtomicUsize::new(0);
    thread::scope(|scope| {
        // Its handle goes before it ends, and after.
        scope.spawn(|| Slow(&dropped));
        let child = scope.spawn(|| Slow(&dropped));
        while !child.is_finished() {
            thread::yield_now();
        }
        drop(child);
    });
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn is_finished_turns_true() {
    let _deadline = deadline::seconds(60);
    let go = AtomicBool::new(false);
    thread::scope(|scope| {
        let child = scope.spawn(|| wait_for(&go));
        assert!(!child.is_finished());
        open(&go, child.thread());
        while !child.is_finished() {
            thread::yield_now();
        }
        child.join().unwrap();
    });
}

#[test]
fn a_child_may_be_unparked_from_another() {
    let _deadline = deadline::seconds(60);
    let go = AtomicBool::new(false);
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| wait_for(&go));
        let thread = sleeper.thread().clone();
        let go = &go;
        scope.spawn(move || open(go, &thread));
    });
    assert!(go.into_inner());
}

#[test]
fn the_token_of_the_owner_is_its_own() {
    let _deadline = deadline::seconds(60);
    let owner = thread::current();
    let said = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| open(&said, &owner));
        wait_for(&said);
    });
    owner.unpark();
    thread::park();
}

#[test]
fn handles_go_to_other_children() {
    let _deadline = deadline::seconds(60);
    let base = 40;
    let sum = thread::scope(|scope| {
        let first = scope.spawn(|| base + 1);
        scope.spawn(move || first.join().unwrap() + 1).join()
    });
    assert_eq!(sum.unwrap(), 42);
}

#[test]
fn named_children() {
    let _deadline = deadline::seconds(60);
    let name = String::from("child");
    let matches = thread::scope(|scope| {
        thread::Builder::new()
            .name(name.clone())
            .stack_size(64 * 1024)
            .spawn_scoped(scope, || thread::current().name() == Some(&name))
            .unwrap()
            .join()
            .unwrap()
    });
    assert!(matches);
}

#[test]
fn a_failed_spawn_does_not_count() {
    let _deadline = deadline::seconds(60);
    let dropped = Cell::new(false);

    struct Flag<'a>(&'a AtomicBool);
    impl Drop for Flag<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let flag = AtomicBool::new(false);
    thread::scope(|scope| {
        let moved = Flag(&flag);
        thread::Builder::new()
            .stack_size(1 << 60)
            .spawn_scoped(scope, move || drop(moved))
            .unwrap_err();
        dropped.set(flag.load(Ordering::Relaxed));
    });
    assert!(dropped.get());
}

#[test]
fn a_scope_in_a_destructor_that_unwinds() {
    let _deadline = deadline::seconds(60);

    struct Scopes<'a>(&'a AtomicUsize);
    impl Drop for Scopes<'_> {
        fn drop(&mut self) {
            thread::scope(|scope| {
                scope.spawn(|| self.0.fetch_add(1, Ordering::Relaxed));
            });
        }
    }

    let ran = AtomicUsize::new(0);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let _scopes = Scopes(&ran);
        resume_unwind(Box::new("outer"));
    }));
    assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"outer"));
    assert_eq!(ran.load(Ordering::Relaxed), 1);
}

#[test]
fn debug() {
    let _deadline = deadline::seconds(60);
    let go = AtomicBool::new(false);
    thread::scope(|scope| {
        let child = scope.spawn(|| wait_for(&go));
        assert_eq!(format!("{child:?}"), "ScopedJoinHandle { .. }");
        let owner = thread::current();
        assert_eq!(
            format!("{scope:?}"),
            format!(
                "Scope {{ num_running_threads: 1, a_thread_panicked: false, main_thread: {owner:?}, .. }}"
            )
        );
        open(&go, child.thread());
    });
}
