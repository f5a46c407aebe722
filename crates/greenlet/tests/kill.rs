//! Killing greenlets: at every kind of wait, from everywhere, at every time of their life.
//!
//! Whatever it was that a killed greenlet waited for: its destructors run from the inside out, nothing of it stays
//! linked anywhere, the next one that waits for the same thing is woken as if it had been the first, and
//! nobody else notices.

mod watchdog;

use greenlet::io::{Progress, Source};
use greenlet::{Builder, Handle, Killed, futex};
use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use watchdog::within;

/// Kills at each kind of wait: a third on the hub itself, a third from another thread, a third on the workers.
const KILLS: u32 = 10_000;

/// A time that no test lives to see.
fn never() -> Instant {
    Instant::now() + Duration::from_secs(100_000)
}

/// Runs a closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn assert_killed<T: std::fmt::Debug>(result: thread::Result<T>) {
    assert!(result.unwrap_err().is::<Killed>());
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

/// Notes a digit when it is dropped, so that the digits of all marks tell their order.
struct Mark<'a>(&'a AtomicU64, u64);

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        assert!(greenlet::panicking());
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(before * 10 + self.1, Ordering::Relaxed);
    }
}

/// Waits with destructors on three levels of calls: 1 is the innermost.
fn marked(order: &AtomicU64, wait: &dyn Fn()) {
    fn middle(order: &AtomicU64, wait: &dyn Fn()) {
        let _mark = Mark(order, 2);
        inner(order, wait);
    }
    fn inner(order: &AtomicU64, wait: &dyn Fn()) {
        let _mark = Mark(order, 1);
        wait();
    }
    let _mark = Mark(order, 3);
    middle(order, wait);
    unreachable!("the wait was for ever");
}

/// Kills greenlets that `wait` for ever. After each kill of this thread's own, `linked` tells how many are still linked.
fn kill_while<W>(wait: W, linked: impl Fn() -> usize)
where
    W: Fn() + Clone + Send + 'static,
{
    let spawned = |order: &Arc<AtomicU64>, begun: &Arc<Gate>| {
        let (wait, order, begun) = (wait.clone(), order.clone(), begun.clone());
        move || {
            begun.open();
            marked(&order, &wait);
        }
    };

    // By a greenlet of the same hub, once the victim is parked.
    for _ in 0..KILLS / 3 {
        let (order, begun) = Default::default();
        let victim = greenlet::spawn(spawned(&order, &begun));
        begun.wait();
        victim.kill().unwrap();
        victim.kill().unwrap();
        assert_killed(victim.join());
        assert_eq!(order.load(Ordering::Relaxed), 123);
        assert_eq!(linked(), 0);
        assert!(!greenlet::panicking());
    }

    // By another thread, while this one's hub runs it, sleeps, or is about to do either.
    let (victims, handles) = mpsc::channel::<Handle>();
    let killer = thread::spawn(move || {
        for victim in handles {
            victim.kill().unwrap();
        }
    });
    for _ in 0..KILLS / 3 {
        let (order, begun) = Default::default();
        let victim = greenlet::spawn(spawned(&order, &begun));
        begun.wait();
        victims.send(victim.handle()).unwrap();
        assert_killed(victim.join());
        assert_eq!(order.load(Ordering::Relaxed), 123);
        assert_eq!(linked(), 0);
        assert!(!greenlet::panicking());
    }
    drop(victims);
    killer.join().unwrap();

    // On the workers, many at a time.
    const TOGETHER: u32 = 50;
    for _ in 0..(KILLS / 3).div_ceil(TOGETHER) {
        let victims: Vec<_> = (0..TOGETHER)
            .map(|_| {
                let (order, begun) = Default::default();
                let victim = Builder::new().spawn_worker(spawned(&order, &begun));
                (victim.unwrap(), order, begun)
            })
            .collect();
        for (victim, _, begun) in &victims {
            begun.wait();
            victim.kill().unwrap();
        }
        for (victim, order, _) in victims {
            assert_killed(victim.join());
            assert_eq!(order.load(Ordering::Relaxed), 123);
        }
        assert_eq!(linked(), 0);
    }
}

/// For waits that leave nothing to ask for.
fn nothing() -> usize {
    0
}

#[test]
fn at_a_futex() {
    let _deadline = within(120, "at_a_futex");
    static WORD: AtomicU32 = AtomicU32::new(0);
    kill_while(
        || {
            futex::wait(&WORD, 0);
        },
        || futex::wake(&WORD, usize::MAX),
    );
    one_waits_and_is_woken(&WORD);
}

#[test]
fn at_a_futex_with_a_deadline() {
    let _deadline = within(120, "at_a_futex_with_a_deadline");
    static WORD: AtomicU32 = AtomicU32::new(0);
    kill_while(
        || {
            futex::wait_until(&WORD, 0, Some(never()));
        },
        || futex::wake(&WORD, usize::MAX),
    );
    one_waits_and_is_woken(&WORD);
}

/// One wake finds one waiter, here and on a worker.
fn one_waits_and_is_woken(word: &'static AtomicU32) {
    let waiter = greenlet::spawn(|| futex::wait(word, 0));
    greenlet::yield_now();
    assert_eq!(futex::wake(word, usize::MAX), 1);
    waiter.join().unwrap();

    let waiter = Builder::new()
        .spawn_worker(|| futex::wait(word, 0))
        .unwrap();
    while futex::wake(word, usize::MAX) == 0 {
        greenlet::yield_now();
    }
    waiter.join().unwrap();
}

#[test]
fn at_its_own_token() {
    let _deadline = within(120, "at_its_own_token");
    kill_while(
        || {
            futex::wait(greenlet::current().token(), 0);
        },
        nothing,
    );
    // The word outlives the greenlet, so that one can be asked too.
    let victim = greenlet::spawn(|| futex::wait(greenlet::current().token(), 0));
    greenlet::yield_now();
    let handle = victim.handle();
    victim.kill().unwrap();
    assert_killed(victim.join());
    assert_eq!(futex::wake(handle.token(), usize::MAX), 0);
}

#[test]
fn at_a_sleep() {
    let _deadline = within(120, "at_a_sleep");
    kill_while(|| greenlet::time::sleep_until(never()), nothing);
    // The timers of this hub still work.
    let deadline = Instant::now() + Duration::from_millis(2);
    greenlet::time::sleep_until(deadline);
    assert!(Instant::now() >= deadline);
}

#[test]
fn at_a_yield() {
    let _deadline = within(120, "at_a_yield");
    kill_while(
        || {
            loop {
                greenlet::yield_now();
            }
        },
        nothing,
    );
}

/// Kills the child that somebody is killed while joining.
struct KillChild(Handle);

impl Drop for KillChild {
    fn drop(&mut self) {
        self.0.kill().unwrap();
    }
}

#[test]
fn at_a_join_of_a_local_greenlet() {
    let _deadline = within(120, "at_a_join_of_a_local_greenlet");
    static WORD: AtomicU32 = AtomicU32::new(0);
    kill_while(
        || {
            let child = greenlet::spawn(|| futex::wait(&WORD, 0));
            let _kill = KillChild(child.handle());
            child.join().unwrap();
        },
        nothing,
    );
}

#[test]
fn at_a_join_of_a_workers_greenlet() {
    let _deadline = within(120, "at_a_join_of_a_workers_greenlet");
    static WORD: AtomicU32 = AtomicU32::new(0);
    kill_while(
        || {
            let child = Builder::new()
                .spawn_worker(|| futex::wait(&WORD, 0))
                .unwrap();
            let _kill = KillChild(child.handle());
            child.join().unwrap();
        },
        nothing,
    );
}

#[test]
fn at_a_join_with_a_timeout() {
    let _deadline = within(120, "at_a_join_with_a_timeout");
    static WORD: AtomicU32 = AtomicU32::new(0);
    kill_while(
        || {
            let child = greenlet::spawn(|| futex::wait(&WORD, 0));
            let _kill = KillChild(child.handle());
            let _ = child.join_timeout(Duration::from_secs(100_000));
        },
        nothing,
    );
}

/// Two ends of a socket, neither of which blocks.
fn pair() -> (Arc<Source<UnixStream>>, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    there.set_nonblocking(true).unwrap();
    (Arc::new(Source::new(here)), there)
}

fn read(source: &Source<UnixStream>) -> io::Result<u8> {
    let mut byte = [0];
    source.read_with(None, |mut stream| {
        stream.read(&mut byte).map(Progress::More)
    })?;
    Ok(byte[0])
}

fn write(source: &Source<UnixStream>) -> io::Result<usize> {
    source.write_with(None, |mut stream| {
        stream.write(&[7; 4096]).map(Progress::More)
    })
}

/// Takes all the room of the socket, as far as the other end lets it.
fn fill(source: &Source<UnixStream>) {
    while source.get_ref().write(&[7; 4096]).is_ok() {}
}

/// Makes room again.
fn drain(mut peer: &UnixStream) {
    let mut buffer = [0; 65536];
    while peer.read(&mut buffer).is_ok() {}
}

/// After the kills, the same source serves greenlets here and on the workers.
fn still_serves<T>(
    source: &Arc<Source<UnixStream>>,
    wait: impl Fn(&Source<UnixStream>) -> io::Result<T> + Copy + Send + 'static,
    mut release: impl FnMut(),
    mut reset: impl FnMut(),
) {
    for _ in 0..10 {
        let begun = Rc::new(Cell::new(false));
        let local = greenlet::spawn({
            let (source, begun) = (source.clone(), begun.clone());
            move || {
                begun.set(true);
                wait(&source).map(|_| ())
            }
        });
        greenlet::yield_now();
        assert!(begun.get());
        assert!(!local.is_finished());
        release();
        local.join().unwrap().unwrap();
        reset();

        let begun = Arc::new(Gate::default());
        let far = Builder::new()
            .spawn_worker({
                let (source, begun) = (source.clone(), begun.clone());
                move || {
                    begun.open();
                    wait(&source).map(|_| ())
                }
            })
            .unwrap();
        begun.wait();
        release();
        far.join().unwrap().unwrap();
        reset();
    }
}

#[test]
fn at_a_read() {
    let _deadline = within(120, "at_a_read");
    let (source, mut peer) = pair();
    let shared = source.clone();
    kill_while(
        move || {
            let _ = read(&shared);
        },
        nothing,
    );
    still_serves(&source, read, || peer.write_all(b"x").unwrap(), || ());
}

#[test]
fn at_a_read_with_a_timeout() {
    let _deadline = within(120, "at_a_read_with_a_timeout");
    let (source, mut peer) = pair();
    let shared = source.clone();
    kill_while(
        move || {
            let _ = shared.read_with(Some(Duration::from_secs(100_000)), |mut stream| {
                stream.read(&mut [0]).map(Progress::Drained)
            });
        },
        nothing,
    );
    still_serves(&source, read, || peer.write_all(b"x").unwrap(), || ());
}

#[test]
fn at_a_write() {
    let _deadline = within(120, "at_a_write");
    let (source, peer) = pair();
    fill(&source);
    let shared = source.clone();
    kill_while(
        move || {
            let _ = write(&shared);
        },
        nothing,
    );
    still_serves(&source, write, || drain(&peer), || fill(&source));
}

#[test]
fn at_readable() {
    let _deadline = within(120, "at_readable");
    let (source, mut peer) = pair();
    let shared = source.clone();
    kill_while(
        move || {
            let _ = shared.readable(None);
        },
        nothing,
    );
    let reader = source.clone();
    still_serves(
        &source,
        |source| source.readable(None),
        || peer.write_all(b"x").unwrap(),
        move || drain(reader.get_ref()),
    );
}

#[test]
fn at_writable() {
    let _deadline = within(120, "at_writable");
    let (source, peer) = pair();
    fill(&source);
    let shared = source.clone();
    kill_while(
        move || {
            let _ = shared.writable(Some(never()));
        },
        nothing,
    );
    still_serves(
        &source,
        |source| source.writable(Some(never())),
        || drain(&peer),
        || fill(&source),
    );
}

#[test]
fn readers_and_writers_that_are_not_killed_stay() {
    let _deadline = within(60, "readers_and_writers_that_are_not_killed_stay");
    for killed in 0..3usize {
        let (source, mut peer) = pair();
        fill(&source);
        let spawn = |wait: fn(&Source<UnixStream>) -> io::Result<()>| {
            let source = source.clone();
            greenlet::spawn(move || wait(&source).unwrap())
        };
        let mut readers: Vec<_> = (0..3)
            .map(|_| spawn(|source| read(source).map(drop)))
            .collect();
        let mut writers: Vec<_> = (0..3)
            .map(|_| spawn(|source| write(source).map(drop)))
            .collect();
        greenlet::yield_now();
        for victim in [readers.remove(killed), writers.remove(killed)] {
            victim.kill().unwrap();
            assert_killed(victim.join());
        }
        peer.write_all(b"ab").unwrap();
        for reader in readers {
            reader.join().unwrap();
        }
        assert!(writers.iter().all(|writer| !writer.is_finished()));
        drain(&peer);
        for writer in writers {
            writer.join().unwrap();
        }
    }
}

#[test]
fn an_offloaded_call_is_finished_first() {
    let _deadline = within(120, "an_offloaded_call_is_finished_first");
    for round in 0..300 {
        let (release, released) = mpsc::channel::<()>();
        let begun = Arc::new(Gate::default());
        let returned = Arc::new(AtomicBool::new(false));
        let went_on = Arc::new(AtomicBool::new(false));
        let body = {
            let (begun, returned, went_on) = (begun.clone(), returned.clone(), went_on.clone());
            move || {
                let borrowed = [1u8; 64];
                let _later = OnDrop({
                    let returned = returned.clone();
                    move || assert!(returned.load(Ordering::SeqCst))
                });
                let (borrowed, begun, returned) = (&borrowed, &begun, &returned);
                let sum: u8 = greenlet::offload(move || {
                    begun.open();
                    released.recv().unwrap();
                    returned.store(true, Ordering::SeqCst);
                    borrowed.iter().sum()
                });
                assert_eq!(sum, 64);
                went_on.store(true, Ordering::SeqCst);
                greenlet::yield_now();
                unreachable!("killed where it parks next");
            }
        };
        let (local, far, handle);
        if round % 2 == 0 {
            let task = greenlet::spawn(body);
            handle = task.handle();
            (local, far) = (Some(task), None);
        } else {
            let task = Builder::new().spawn_worker(body).unwrap();
            handle = task.handle();
            (local, far) = (None, Some(task));
        }
        begun.wait();
        if round % 3 == 0 {
            let handle = handle.clone();
            thread::spawn(move || handle.kill().unwrap())
                .join()
                .unwrap();
        } else {
            handle.kill().unwrap();
        }
        for _ in 0..10 {
            greenlet::yield_now();
        }
        assert!(!handle.is_finished());
        assert!(!returned.load(Ordering::SeqCst));
        release.send(()).unwrap();
        if let Some(task) = local {
            assert_killed(task.join());
        }
        if let Some(task) = far {
            assert_killed(task.join());
        }
        assert!(went_on.load(Ordering::SeqCst));
    }
}

#[test]
fn unstarted_greenlets_drop_their_closures() {
    let _deadline = within(60, "unstarted_greenlets_drop_their_closures");
    for _ in 0..1000 {
        let dropped = Rc::new(Cell::new(0));
        let on_drop = OnDrop({
            let dropped = dropped.clone();
            let thread = thread::current().id();
            move || {
                assert_eq!(thread::current().id(), thread);
                assert!(!greenlet::panicking());
                // A destructor that parks is not disturbed.
                greenlet::yield_now();
                dropped.set(dropped.get() + 1);
            }
        });
        let victim = greenlet::spawn(move || {
            let _on_drop = &on_drop;
            unreachable!("it is killed before");
        });
        victim.kill().unwrap();
        victim.kill().unwrap();
        assert!(!victim.is_finished());
        assert_killed::<()>(victim.join());
        assert_eq!(dropped.get(), 1);
    }
}

#[test]
fn unstarted_greenlets_of_the_workers_drop_their_closures_or_run() {
    let _deadline = within(
        60,
        "unstarted_greenlets_of_the_workers_drop_their_closures_or_run",
    );
    for _ in 0..5000 {
        let dropped = Arc::new(AtomicU32::new(0));
        let on_drop = OnDrop({
            let dropped = dropped.clone();
            move || {
                let name = thread::current().name().map(str::to_owned);
                assert!(name.unwrap().starts_with("greenlet-worker"));
                dropped.fetch_add(1, Ordering::SeqCst);
            }
        });
        let victim = Builder::new()
            .spawn_worker(move || {
                let _on_drop = &on_drop;
                loop {
                    greenlet::yield_now();
                }
            })
            .unwrap();
        victim.kill().unwrap();
        assert_killed::<()>(victim.join());
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_closure_that_panics_when_it_is_dropped_unstarted_gives_its_payload() {
    let _deadline = within(
        60,
        "a_closure_that_panics_when_it_is_dropped_unstarted_gives_its_payload",
    );
    let on_drop = OnDrop(|| panic::resume_unwind(Box::new(5u32)));
    let victim = greenlet::spawn(move || {
        let _on_drop = &on_drop;
    });
    victim.kill().unwrap();
    assert_eq!(*victim.join().unwrap_err().downcast::<u32>().unwrap(), 5);
}

#[test]
fn finished_greenlets_do_not_mind() {
    let _deadline = within(60, "finished_greenlets_do_not_mind");
    let local = greenlet::spawn(|| 1);
    greenlet::yield_now();
    let handle = local.handle();
    assert!(local.is_finished());
    local.kill().unwrap();
    assert_eq!(local.join().unwrap(), 1);
    handle.kill().unwrap();
    let remote = handle.clone();
    thread::spawn(move || remote.kill().unwrap())
        .join()
        .unwrap();

    let far = Builder::new().spawn_worker(|| 2).unwrap();
    let handle = far.handle();
    while !far.is_finished() {
        greenlet::yield_now();
    }
    far.kill().unwrap();
    assert_eq!(far.join().unwrap(), 2);
    handle.kill().unwrap();
}

#[test]
fn a_handle_outlives_its_thread() {
    let _deadline = within(60, "a_handle_outlives_its_thread");
    for _ in 0..100 {
        let (finished, root) = thread::spawn(|| {
            let task = greenlet::spawn(|| ());
            let handle = task.handle();
            task.join().unwrap();
            (handle, greenlet::current())
        })
        .join()
        .unwrap();
        finished.kill().unwrap();
        assert!(finished.is_finished());
        assert_eq!(root.kill().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        // Another hub, which may be built from the parts of the one that is gone.
        greenlet::spawn(greenlet::yield_now).join().unwrap();
    }
}

#[test]
fn a_root_greenlet_cannot_be_killed() {
    let _deadline = within(60, "a_root_greenlet_cannot_be_killed");
    let refused = |handle: &Handle| {
        assert_eq!(
            handle.kill().unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
    };
    let root = greenlet::current();
    refused(&root);
    let other = root.clone();
    greenlet::spawn(move || refused(&other)).join().unwrap();
    thread::spawn(move || refused(&root)).join().unwrap();
    greenlet::yield_now();
}

#[test]
fn a_greenlet_may_kill_itself() {
    let _deadline = within(60, "a_greenlet_may_kill_itself");
    for wait in [
        greenlet::yield_now as fn(),
        || {
            futex::wait(&AtomicU32::new(0), 0);
        },
        || greenlet::time::sleep_until(never()),
        || {
            let _ = pair().0.readable(None);
        },
        || {
            let _ = greenlet::spawn(|| ()).join();
        },
    ] {
        let order = Rc::new(AtomicU64::new(0));
        let body = {
            let order = order.clone();
            move || {
                greenlet::current().kill().unwrap();
                marked(&order, &wait);
            }
        };
        assert_killed(greenlet::spawn(body).join());
        assert_eq!(order.load(Ordering::Relaxed), 123);
    }
    // Without a wait it ends as it likes.
    let body = || {
        greenlet::current().kill().unwrap();
        "done"
    };
    assert_eq!(greenlet::spawn(body).join().unwrap(), "done");
}

#[test]
fn thrown_again_when_it_was_swallowed() {
    let _deadline = within(60, "thrown_again_when_it_was_swallowed");
    let swallowed = Rc::new(Cell::new(0));
    let victim = greenlet::spawn({
        let swallowed = swallowed.clone();
        move || {
            let waits: [fn(); 5] = [
                || {
                    futex::wait(&AtomicU32::new(0), 0);
                },
                greenlet::yield_now,
                || greenlet::time::sleep_until(never()),
                || greenlet::time::sleep_until(Instant::now()),
                || {
                    let _ = pair().0.readable(Some(never()));
                },
            ];
            for wait in waits {
                let caught = panic::catch_unwind(wait);
                assert!(caught.is_err());
                assert!(!greenlet::panicking());
                swallowed.set(swallowed.get() + 1);
            }
            greenlet::yield_now();
            unreachable!("thrown again");
        }
    });
    greenlet::yield_now();
    victim.kill().unwrap();
    assert_killed::<()>(victim.join());
    assert_eq!(swallowed.get(), 5);
}

#[test]
fn held_back_by_shields() {
    let _deadline = within(60, "held_back_by_shields");
    let gate = Rc::new(Gate::default());
    let steps = Rc::new(RefCell::new(Vec::new()));
    let victim = greenlet::spawn({
        let (gate, steps) = (gate.clone(), steps.clone());
        move || {
            greenlet::shield(|| {
                greenlet::shield(|| gate.wait());
                steps.borrow_mut().push("inner");
                greenlet::yield_now();
                steps.borrow_mut().push("outer");
            });
            steps.borrow_mut().push("after");
            greenlet::yield_now();
            unreachable!("no shield any more");
        }
    });
    greenlet::yield_now();
    victim.kill().unwrap();
    for _ in 0..10 {
        greenlet::yield_now();
    }
    assert!(steps.borrow().is_empty());
    gate.open();
    assert_killed::<()>(victim.join());
    assert_eq!(*steps.borrow(), ["inner", "outer", "after"]);
}

#[test]
fn a_shield_ends_with_a_panic_through_it() {
    let _deadline = within(60, "a_shield_ends_with_a_panic_through_it");
    let victim = greenlet::spawn(|| {
        let caught = panic::catch_unwind(|| {
            greenlet::shield(|| panic::resume_unwind(Box::new("stop")));
        });
        assert!(caught.is_err());
        greenlet::current().kill().unwrap();
        greenlet::yield_now();
    });
    assert_killed(victim.join());
}

/// What a destructor may do while its greenlet unwinds.
fn busy_destructor(order: &RefCell<Vec<&'static str>>) {
    assert!(greenlet::panicking());
    greenlet::yield_now();
    let child = greenlet::spawn(|| {
        assert!(!greenlet::panicking());
        futex::wait(&AtomicU32::new(0), 0);
    });
    greenlet::yield_now();
    child.kill().unwrap();
    assert_killed(child.join());
    order.borrow_mut().push("killed a child");
    let child = Builder::new().spawn_worker(|| 5).unwrap();
    assert_eq!(child.join().unwrap(), 5);
    order.borrow_mut().push("joined a child");
    greenlet::time::sleep_until(Instant::now() + Duration::from_micros(100));
    assert_eq!(greenlet::offload(|| 6), 6);
    // Killed once more, by itself: held back.
    greenlet::current().kill().unwrap();
    greenlet::yield_now();
    assert!(greenlet::panicking());
    order.borrow_mut().push("done");
}

#[test]
fn held_back_while_unwinding() {
    let _deadline = within(60, "held_back_while_unwinding");
    for killed in [true, false] {
        for _ in 0..100 {
            let order = Rc::new(RefCell::new(Vec::new()));
            let entered = Rc::new(Cell::new(false));
            let victim = greenlet::spawn({
                let (order, entered) = (order.clone(), entered.clone());
                move || {
                    let _outer = OnDrop(|| busy_destructor(&order));
                    let _inner = OnDrop(|| {
                        entered.set(true);
                        busy_destructor(&order);
                    });
                    if killed {
                        futex::wait(&AtomicU32::new(0), 0);
                    } else {
                        panic::resume_unwind(Box::new(9u8));
                    }
                }
            });
            greenlet::yield_now();
            victim.kill().unwrap();
            while !entered.get() {
                greenlet::yield_now();
            }
            let again = victim.handle();
            thread::spawn(move || again.kill().unwrap()).join().unwrap();
            let result = victim.join();
            if killed {
                assert_killed(result);
            } else {
                assert_eq!(*result.unwrap_err().downcast::<u8>().unwrap(), 9);
            }
            let once = ["killed a child", "joined a child", "done"];
            assert_eq!(*order.borrow(), [once, once].concat());
            assert!(!greenlet::panicking());
        }
    }
}

#[test]
fn others_are_not_panicking_while_a_killed_one_cleans_up() {
    let _deadline = within(60, "others_are_not_panicking_while_a_killed_one_cleans_up");
    let gate = Rc::new(Gate::default());
    let victims: Vec<_> = (0..50)
        .map(|_| {
            let gate = gate.clone();
            greenlet::spawn(move || {
                let _slow = OnDrop(|| {
                    gate.wait();
                    assert!(greenlet::panicking());
                });
                futex::wait(&AtomicU32::new(0), 0);
            })
        })
        .collect();
    greenlet::yield_now();
    for victim in &victims {
        victim.kill().unwrap();
        greenlet::yield_now();
        assert!(!greenlet::panicking());
        greenlet::spawn(|| {
            assert!(!greenlet::panicking());
            let word = AtomicU32::new(0);
            let deadline = Instant::now() + Duration::from_micros(10);
            assert!(!futex::wait_until(&word, 0, Some(deadline)));
            assert!(!greenlet::panicking());
        })
        .join()
        .unwrap();
    }
    gate.open();
    for victim in victims {
        assert_killed(victim.join());
    }
}

#[test]
fn in_the_run_queue() {
    let _deadline = within(60, "in_the_run_queue");
    // Woken already: the wake counts, and the kill is thrown at the next wait.
    for _ in 0..1000 {
        let word = Rc::new(AtomicU32::new(0));
        let order = Rc::new(AtomicU64::new(0));
        let woken = Rc::new(Cell::new(false));
        let victim = greenlet::spawn({
            let (word, order, woken) = (word.clone(), order.clone(), woken.clone());
            move || {
                futex::wait(&word, 0);
                woken.set(true);
                marked(&order, &|| {
                    futex::wait(&word, 0);
                });
            }
        });
        greenlet::yield_now();
        assert_eq!(futex::wake(&*word, 1), 1);
        victim.kill().unwrap();
        assert!(!woken.get());
        assert_killed(victim.join());
        assert!(woken.get());
        assert_eq!(order.load(Ordering::Relaxed), 123);
    }
    // Killed already: it is still in the queue when the wake comes, and so the wake is not its own.
    for _ in 0..1000 {
        let word = Rc::new(AtomicU32::new(0));
        let waiter = |name: &'static str| {
            let word = word.clone();
            greenlet::spawn(move || {
                futex::wait(&word, 0);
                name
            })
        };
        let (first, second) = (waiter("first"), waiter("second"));
        greenlet::yield_now();
        first.kill().unwrap();
        let woken = futex::wake(&*word, 1);
        assert_eq!(woken, 1);
        match first.join() {
            // It got the wake: then the second still waits for its own.
            Ok("first") => {
                assert!(!second.is_finished());
                assert_eq!(futex::wake(&*word, usize::MAX), 1);
            }
            Ok(other) => unreachable!("{other}"),
            Err(error) => assert!(error.is::<Killed>()),
        }
        assert_eq!(second.join().unwrap(), "second");
    }
}

#[test]
fn from_several_threads_at_once() {
    let _deadline = within(120, "from_several_threads_at_once");
    for round in 0..500 {
        let order = Arc::new(AtomicU64::new(0));
        let begun = Arc::new(Gate::default());
        let body = {
            let (order, begun) = (order.clone(), begun.clone());
            move || {
                begun.open();
                marked(&order, &|| {
                    futex::wait(&AtomicU32::new(0), 0);
                });
            }
        };
        let kill_from_threads = |handle: Handle| {
            let start = Arc::new(std::sync::Barrier::new(3));
            (0..3)
                .map(|_| {
                    let (handle, start) = (handle.clone(), start.clone());
                    thread::spawn(move || {
                        start.wait();
                        handle.kill().unwrap();
                    })
                })
                .collect::<Vec<_>>()
        };
        let threads = if round % 2 == 0 {
            let victim = greenlet::spawn(body);
            begun.wait();
            let threads = kill_from_threads(victim.handle());
            assert_killed(victim.join());
            threads
        } else {
            let victim = Builder::new().spawn_worker(body).unwrap();
            let threads = kill_from_threads(victim.handle());
            let result = victim.join();
            // Killed before it began, or after.
            assert_killed(result);
            threads
        };
        for thread in threads {
            thread.join().unwrap();
        }
        let order = order.load(Ordering::Relaxed);
        assert!(order == 123 || round % 2 == 1 && order == 0);
    }
}

/// A semaphore on one word, of which each permit goes to one greenlet.
#[derive(Default)]
struct Permits {
    word: AtomicU32,
    /// How many permits were given away.
    taken: AtomicUsize,
}

impl Permits {
    fn try_take(&self) -> bool {
        let taken = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
                count.checked_sub(1)
            });
        taken.is_ok()
    }

    fn take(&self) {
        while !self.try_take() {
            futex::wait(&self.word, 0);
        }
        self.taken.fetch_add(1, Ordering::SeqCst);
    }

    fn give(&self) -> usize {
        self.word.fetch_add(1, Ordering::Release);
        futex::wake(&self.word, 1)
    }
}

#[test]
fn a_race_with_a_wake_never_loses_the_wake() {
    let _deadline = within(300, "a_race_with_a_wake_never_loses_the_wake");
    // Two wait; one is killed and one permit given at the same time by two threads. Whatever the order, the permit is
    // there for the survivor: unless the victim took it, in which case its end tells.
    let mut killed = 0;
    const ROUNDS: u32 = 10_000;
    let (kill_orders, kills) = mpsc::channel::<Handle>();
    let (give_orders, gives) = mpsc::channel::<Arc<Permits>>();
    let killer = thread::spawn(move || {
        for victim in kills {
            victim.kill().unwrap();
        }
    });
    let giver = thread::spawn(move || {
        for permits in gives {
            permits.give();
        }
    });
    for round in 0..ROUNDS {
        let permits = Arc::new(Permits::default());
        let ready = Arc::new(AtomicU32::new(0));
        let body = || {
            let (permits, ready) = (permits.clone(), ready.clone());
            move || {
                ready.fetch_add(1, Ordering::SeqCst);
                permits.take();
            }
        };
        // The victim is the first to wait, so the one that the wake finds.
        if round % 2 == 0 {
            let (victim, survivor) = (greenlet::spawn(body()), greenlet::spawn(body()));
            greenlet::yield_now();
            assert_eq!(ready.load(Ordering::SeqCst), 2);
            kill_orders.send(victim.handle()).unwrap();
            give_orders.send(permits.clone()).unwrap();
            if victim.join().is_ok() {
                // It used the permit up.
                permits.give();
            } else {
                killed += 1;
            }
            survivor.join().unwrap();
        } else {
            let victim = Builder::new().spawn_worker(body()).unwrap();
            while ready.load(Ordering::SeqCst) == 0 {
                greenlet::yield_now();
            }
            let survivor = Builder::new().spawn_worker(body()).unwrap();
            while ready.load(Ordering::SeqCst) == 1 {
                greenlet::yield_now();
            }
            kill_orders.send(victim.handle()).unwrap();
            give_orders.send(permits.clone()).unwrap();
            if victim.join().is_ok() {
                permits.give();
            } else {
                killed += 1;
            }
            survivor.join().unwrap();
        }
        assert_eq!(permits.word.load(Ordering::SeqCst), 0);
        assert_eq!(futex::wake(&permits.word, usize::MAX), 0);
    }
    drop((kill_orders, give_orders));
    killer.join().unwrap();
    giver.join().unwrap();
    assert!(killed > 0, "no kill has ever won");
}

#[test]
fn a_race_with_an_event_never_loses_the_event() {
    let _deadline = within(120, "a_race_with_an_event_never_loses_the_event");
    let (kill_orders, kills) = mpsc::channel::<Handle>();
    let (write_orders, writes) = mpsc::channel::<UnixStream>();
    let killer = thread::spawn(move || {
        for victim in kills {
            victim.kill().unwrap();
        }
    });
    let writer = thread::spawn(move || {
        for mut peer in writes {
            peer.write_all(b"x").unwrap();
        }
    });
    for _ in 0..3000 {
        let (source, peer) = pair();
        let reader = || {
            let source = source.clone();
            greenlet::spawn(move || read(&source).unwrap())
        };
        let (victim, survivor) = (reader(), reader());
        greenlet::yield_now();
        kill_orders.send(victim.handle()).unwrap();
        write_orders.send(peer.try_clone().unwrap()).unwrap();
        if victim.join().is_ok() {
            (&peer).write_all(b"y").unwrap();
        }
        survivor.join().unwrap();
    }
    drop((kill_orders, write_orders));
    killer.join().unwrap();
    writer.join().unwrap();
}

#[test]
fn a_race_with_a_deadline_ends_in_one_of_both() {
    let _deadline = within(120, "a_race_with_a_deadline_ends_in_one_of_both");
    static WORD: AtomicU32 = AtomicU32::new(0);
    let (kill_orders, kills) = mpsc::channel::<Handle>();
    let killer = thread::spawn(move || {
        for victim in kills {
            victim.kill().unwrap();
        }
    });
    for round in 0..3000 {
        let after = Duration::from_micros(round % 50);
        let victim =
            greenlet::spawn(move || futex::wait_until(&WORD, 0, Some(Instant::now() + after)));
        greenlet::yield_now();
        kill_orders.send(victim.handle()).unwrap();
        match victim.join() {
            Ok(woken) => assert!(!woken),
            Err(error) => assert!(error.is::<Killed>()),
        }
        assert_eq!(futex::wake(&WORD, usize::MAX), 0);
    }
    drop(kill_orders);
    killer.join().unwrap();
}

#[test]
fn stds_mutex_is_released() {
    let _deadline = within(60, "stds_mutex_is_released");
    // The poison of std's own lock goes by the thread; what counts is that nobody else sees a panic.
    let lock = Rc::new(Mutex::new(0));
    for _ in 0..100 {
        let victim = greenlet::spawn({
            let lock = lock.clone();
            move || {
                let _guard = lock.lock().unwrap();
                futex::wait(&AtomicU32::new(0), 0);
            }
        });
        greenlet::yield_now();
        assert!(lock.try_lock().is_err());
        victim.kill().unwrap();
        assert_killed(victim.join());
        assert!(!greenlet::panicking());
        lock.clear_poison();
        drop(lock.try_lock().unwrap());
        greenlet::spawn({
            let lock = lock.clone();
            move || *lock.lock().unwrap() += 1
        })
        .join()
        .unwrap();
        assert!(!lock.is_poisoned());
    }
}

#[test]
fn a_payload_of_the_users_own_is_no_kill() {
    let _deadline = within(60, "a_payload_of_the_users_own_is_no_kill");
    // Passing a child's end on is a panic with that payload; nothing is pending afterwards.
    let passed_on = greenlet::spawn(|| {
        let child = greenlet::spawn(|| futex::wait(&AtomicU32::new(0), 0));
        greenlet::yield_now();
        child.kill().unwrap();
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            panic::resume_unwind(child.join().unwrap_err());
        }));
        assert!(caught.unwrap_err().is::<Killed>());
        greenlet::yield_now();
        "still here"
    });
    assert_eq!(passed_on.join().unwrap(), "still here");
}
