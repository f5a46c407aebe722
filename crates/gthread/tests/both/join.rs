use std::panic::{panic_any, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::deadline;

#[test]
fn gives_a_str_payload() {
    let _deadline = deadline::seconds(60);
    let payload = thread::spawn(|| panic!("literal")).join().unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"literal"));
}

#[test]
fn gives_a_string_payload() {
    let _deadline = deadline::seconds(60);
    let n = std::hint::black_box(3);
    let payload = thread::spawn(move || panic!("number {n}"))
        .join()
        .unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().unwrap(), "number 3");
}

#[test]
fn gives_any_payload() {
    let _deadline = deadline::seconds(60);
    let payload = thread::spawn(|| panic_any(7_u16)).join().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u16));
    let payload = thread::spawn(|| resume_unwind(Box::new(8_u16)))
        .join()
        .unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&8_u16));
}

#[test]
fn a_panic_leaves_the_others_alone() {
    let _deadline = deadline::seconds(60);
    let handles: Vec<_> = (0..100)
        .map(|n| {
            thread::spawn(move || {
                thread::yield_now();
                if n % 2 == 0 {
                    resume_unwind(Box::new(n));
                }
                thread::yield_now();
                n
            })
        })
        .collect();
    for (n, handle) in handles.into_iter().enumerate() {
        match handle.join() {
            Ok(result) => assert_eq!(result, n),
            Err(payload) => {
                assert_eq!(payload.downcast_ref(), Some(&n));
                assert_eq!(n % 2, 0);
            }
        }
    }
}

#[test]
fn waits_for_the_destructors() {
    let _deadline = deadline::seconds(60);

    struct Slow(Arc<AtomicBool>);
    impl Drop for Slow {
        fn drop(&mut self) {
            for _ in 0..10 {
                thread::yield_now();
            }
            self.0.store(true, Ordering::Relaxed);
        }
    }

    for panics in [false, true] {
        let dropped = Arc::new(AtomicBool::new(false));
        let slow = Slow(Arc::clone(&dropped));
        let handle = thread::spawn(move || {
            let _slow = slow;
            if panics {
                resume_unwind(Box::new(()));
            }
        });
        assert_eq!(handle.join().is_err(), panics);
        assert!(dropped.load(Ordering::Relaxed));
    }
}

#[test]
fn from_another_thread() {
    let _deadline = deadline::seconds(60);
    let inner = thread::spawn(|| 5);
    let outer = thread::spawn(move || inner.join().unwrap() + 1);
    let outermost = std::thread::spawn(move || outer.join().unwrap() + 1);
    assert_eq!(outermost.join().unwrap(), 7);
}

#[test]
fn is_finished_turns_true() {
    let _deadline = deadline::seconds(60);
    let go = Arc::new(AtomicBool::new(false));
    let handle = thread::spawn({
        let go = Arc::clone(&go);
        move || {
            while !go.load(Ordering::Acquire) {
                thread::park();
            }
        }
    });
    assert!(!handle.is_finished());
    go.store(true, Ordering::Release);
    handle.thread().unpark();
    while !handle.is_finished() {
        thread::yield_now();
    }
    handle.join().unwrap();
}

#[test]
fn is_finished_after_a_panic() {
    let _deadline = deadline::seconds(60);
    let handle = thread::spawn(|| resume_unwind(Box::new(1)));
    while !handle.is_finished() {
        thread::yield_now();
    }
    assert!(handle.join().is_err());
}

#[test]
fn joining_oneself_panics() {
    let _deadline = deadline::seconds(60);
    let own = Arc::new(std::sync::Mutex::new(None::<thread::JoinHandle<()>>));
    let (said, heard) = std::sync::mpsc::channel();
    let handle = thread::spawn({
        let own = Arc::clone(&own);
        move || {
            let handle = loop {
                if let Some(handle) = own.lock().unwrap().take() {
                    break handle;
                }
                thread::park();
            };
            let joined = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handle.join()));
            said.send(joined.is_err()).unwrap();
        }
    });
    let thread = handle.thread().clone();
    *own.lock().unwrap() = Some(handle);
    thread.unpark();
    assert!(heard.recv().unwrap());
}

#[test]
fn debug() {
    let _deadline = deadline::seconds(60);
    let handle = thread::spawn(|| ());
    assert_eq!(format!("{handle:?}"), "JoinHandle { .. }");
    handle.join().unwrap();
}
