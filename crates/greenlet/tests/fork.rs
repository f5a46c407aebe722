//! Forked processes: the child gets errors instead of its parent's greenlets, and the parent loses nothing.

#![cfg(target_os = "linux")]

mod child;
mod watchdog;

use greenlet::io::{Source, Stream};
use greenlet::{Builder, futex};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_micros(200)
}

/// Forks; `in_child` runs in the child, whose exit code tells whether it returned.
fn in_a_fork(in_child: impl FnOnce()) {
    // SAFETY: the child runs Rust code in a copy of a process with several threads, which is what this is to test; it
    // takes no lock that another thread of these children's processes holds for long, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(in_child));
        // SAFETY: ends the process.
        unsafe { libc::_exit(if done.is_ok() { 0 } else { 1 }) };
    }
    assert_eq!(exit_code(child), 0);
}

/// Waits for a child's end, which must not be by a signal.
fn exit_code(child: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: writes the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(
        libc::WIFEXITED(status),
        "the forked child ended with {status:#x}"
    );
    libc::WEXITSTATUS(status)
}

/// Ends a forked child that hangs: it has no watchdog thread.
fn alarm() {
    // SAFETY: sets a timer of the process.
    unsafe { libc::alarm(60) };
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
                || {
                    futex::wait(&AtomicU32::new(0), 0);
                },
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

/// The same on a thread that has greenlets: they are the parent's, so the child is alone.
#[test]
fn a_call_is_made_in_place_in_a_forked_child() {
    const NAME: &str = "a_call_is_made_in_place_in_a_forked_child";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let other = greenlet::spawn(|| {
            greenlet::time::sleep_until(Instant::now() + Duration::from_secs(60))
        });
        assert_eq!(greenlet::offload(|| 4), 4);
        let (reader, writer) = std::io::pipe().unwrap();
        let (reader, writer) = (Stream::new(reader), Stream::new(writer));
        in_a_fork(|| {
            alarm();
            assert!(greenlet::is_alone());
            assert_eq!(greenlet::offload(|| 5), 5);
            assert_eq!(writer.write(b"child").unwrap(), 5);
        });
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 5);
        other.kill().unwrap();
    });
}

/// A greenlet forks, and in the child it returns, or fails: nothing of the parent's goes on there.
#[test]
fn a_greenlet_that_forks_is_the_only_one_in_the_child() {
    const NAME: &str = "a_greenlet_that_forks_is_the_only_one_in_the_child";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        for fails in [false, true] {
            let (near, mut far) = UnixStream::pair().unwrap();
            let near = Source::new(near);
            let waiter = greenlet::spawn(move || {
                near.readable(None).unwrap();
                near.get_ref().read_exact(&mut [0]).unwrap();
                // Would be said twice if it ran in the child, too.
                near.get_ref().write_all(b"x").unwrap();
            });
            greenlet::yield_now();
            let forks = greenlet::spawn(move || {
                // SAFETY: as in `in_a_fork`.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    alarm();
                    if fails {
                        greenlet::yield_now();
                    }
                }
                child
            });
            let other = greenlet::spawn(|| 5);
            assert_eq!(exit_code(forks.join().unwrap()), 1);
            assert_eq!(other.join().unwrap(), 5);
            far.write_all(b"x").unwrap();
            waiter.join().unwrap();
            let mut said = Vec::new();
            far.read_to_end(&mut said).unwrap();
            assert_eq!(said, b"x");
        }
    });
}

/// A child that drops what it has inherited, as one does before `exec`, takes nothing away from its parent.
#[test]
fn a_source_that_is_dropped_in_a_forked_child_stays_registered() {
    const NAME: &str = "a_source_that_is_dropped_in_a_forked_child_stays_registered";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let (near, mut far) = UnixStream::pair().unwrap();
        let near = Source::new(near);
        near.mark_shared();
        assert_eq!(
            near.readable(Some(soon())).unwrap_err().kind(),
            ErrorKind::TimedOut
        );
        let mut near = Some(near);
        in_a_fork(|| drop(near.take()));
        let near = near.unwrap();
        let waiter =
            greenlet::spawn(move || near.readable(Some(Instant::now() + Duration::from_secs(10))));
        greenlet::yield_now();
        far.write_all(b"x").unwrap();
        waiter.join().unwrap().unwrap();
    });
}
