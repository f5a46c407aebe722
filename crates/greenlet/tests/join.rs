//! Joining greenlets of both kinds, what they are called, and what becomes of their results.

mod watchdog;

use greenlet::{Builder, Handle, Killed, futex};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use watchdog::within;

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

/// A result that counts how often it is dropped, and notes where.
struct Counted(Arc<Drops>);

#[derive(Default)]
struct Drops {
    count: AtomicUsize,
    threads: std::sync::Mutex<Vec<ThreadId>>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.threads.lock().unwrap().push(thread::current().id());
    }
}

impl Drops {
    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

#[test]
fn from_everywhere() {
    let _deadline = within(60, "from_everywhere");
    for parks in [false, true] {
        let body = move || {
            if parks {
                greenlet::time::sleep_until(Instant::now() + Duration::from_micros(200));
            }
            42
        };
        let local = move || greenlet::spawn(body);
        let far = move || Builder::new().spawn_worker(body).unwrap();
        for _ in 0..100 {
            // From the root.
            assert_eq!(local().join().unwrap(), 42);
            assert_eq!(far().join().unwrap(), 42);
            // From a greenlet of the same hub, whoever has spawned it.
            assert_eq!(
                greenlet::spawn(move || local().join())
                    .join()
                    .unwrap()
                    .unwrap(),
                42
            );
            let spawned = local();
            assert_eq!(
                greenlet::spawn(move || spawned.join())
                    .join()
                    .unwrap()
                    .unwrap(),
                42
            );
            let spawned = far();
            assert_eq!(
                greenlet::spawn(move || spawned.join())
                    .join()
                    .unwrap()
                    .unwrap(),
                42
            );
            // On the workers.
            let spawned = far();
            let joining = Builder::new().spawn_worker(move || spawned.join().unwrap());
            assert_eq!(joining.unwrap().join().unwrap(), 42);
            let joining = Builder::new().spawn_worker(move || local().join().unwrap());
            assert_eq!(joining.unwrap().join().unwrap(), 42);
            // From a plain thread.
            let spawned = far();
            let joined = thread::spawn(move || spawned.join().unwrap()).join();
            assert_eq!(joined.unwrap(), 42);
        }
    }
}

#[test]
fn after_the_end_it_does_not_park() {
    let _deadline = within(60, "after_the_end_it_does_not_park");
    let others = Rc::new(Cell::new(0));
    let task = greenlet::spawn(|| 1);
    greenlet::yield_now();
    assert!(task.is_finished());
    drop(greenlet::spawn({
        let others = others.clone();
        move || others.set(1)
    }));
    assert_eq!(task.join().unwrap(), 1);
    assert_eq!(others.get(), 0);
    greenlet::yield_now();
    assert_eq!(others.get(), 1);
}

#[test]
fn a_timeout_gives_the_handle_back() {
    let _deadline = within(60, "a_timeout_gives_the_handle_back");
    let gate = Arc::new(Gate::default());
    let waits = {
        let gate = gate.clone();
        move || {
            gate.wait();
            7
        }
    };
    let mut local = greenlet::spawn(waits.clone());
    let mut far = Builder::new().spawn_worker(waits).unwrap();
    let (local_id, far_id) = (local.id(), far.id());
    for round in 0..300 {
        let timeout = Duration::from_micros(round);
        let begun = Instant::now();
        local = local.join_timeout(timeout).unwrap_err();
        far = far.join_timeout(timeout).unwrap_err();
        assert!(begun.elapsed() >= timeout * 2);
        assert!(!local.is_finished() && !far.is_finished());
    }
    // By a greenlet, and by a plain thread.
    far = thread::spawn(move || far.join_timeout(Duration::from_millis(1)).unwrap_err())
        .join()
        .unwrap();
    local = greenlet::spawn(move || local.join_timeout(Duration::from_millis(1)).unwrap_err())
        .join()
        .unwrap();
    assert_eq!((local.id(), far.id()), (local_id, far_id));
    gate.open();
    match local.join_timeout(Duration::MAX) {
        Ok(result) => assert_eq!(result.unwrap(), 7),
        Err(_) => unreachable!("there is no deadline"),
    }
    match far.join_timeout(Duration::from_secs(1000)) {
        Ok(result) => assert_eq!(result.unwrap(), 7),
        Err(_) => unreachable!("the deadline is far"),
    }
}

#[test]
fn a_timeout_of_zero_asks() {
    let _deadline = within(60, "a_timeout_of_zero_asks");
    let gate = Rc::new(Gate::default());
    let task = greenlet::spawn({
        let gate = gate.clone();
        move || gate.wait()
    });
    let task = task.join_timeout(Duration::ZERO).unwrap_err();
    gate.open();
    while !task.is_finished() {
        greenlet::yield_now();
    }
    assert!(task.join_timeout(Duration::ZERO).unwrap().is_ok());
}

#[test]
fn is_finished_says_when_join_would_not_park() {
    let _deadline = within(60, "is_finished_says_when_join_would_not_park");
    let gate = Arc::new(Gate::default());
    let waits = {
        let gate = gate.clone();
        move || gate.wait()
    };
    let local = greenlet::spawn(waits.clone());
    let far = Builder::new().spawn_worker(waits).unwrap();
    let handles = [local.handle(), far.handle()];
    greenlet::yield_now();
    assert!(!local.is_finished() && !far.is_finished());
    assert!(handles.iter().all(|handle| !handle.is_finished()));
    gate.open();
    while !(local.is_finished() && far.is_finished()) {
        greenlet::yield_now();
    }
    assert!(handles.iter().all(Handle::is_finished));
    local.join().unwrap();
    far.join().unwrap();
    assert!(handles.iter().all(Handle::is_finished));
    assert!(!greenlet::current().is_finished());
}

#[test]
fn a_killed_joiner_leaves_the_greenlet_running() {
    let _deadline = within(60, "a_killed_joiner_leaves_the_greenlet_running");
    let gate = Arc::new(Gate::default());
    let drops = Arc::new(Drops::default());
    let body = {
        let (gate, drops) = (gate.clone(), drops.clone());
        move || {
            gate.wait();
            Counted(drops)
        }
    };
    let (local, far) = (
        greenlet::spawn(body.clone()),
        Builder::new().spawn_worker(body).unwrap(),
    );
    let handles = [local.handle(), far.handle()];
    let joiners = [
        greenlet::spawn(move || drop(local.join())),
        greenlet::spawn(move || drop(far.join())),
    ];
    greenlet::yield_now();
    for joiner in joiners {
        joiner.kill().unwrap();
        assert!(joiner.join().unwrap_err().is::<Killed>());
    }
    assert!(handles.iter().all(|handle| !handle.is_finished()));
    gate.open();
    while drops.count() < 2 {
        greenlet::yield_now();
    }
    assert!(handles.iter().all(Handle::is_finished));
}

#[test]
fn names() {
    let _deadline = within(60, "names");
    let name = || greenlet::current().name().map(str::to_owned);
    let plain = greenlet::spawn(name);
    assert_eq!(plain.name(), None);
    assert_eq!(plain.join().unwrap(), None);
    for text in ["reader", "", "Gebäck \u{1f950}", &"x".repeat(1000)] {
        let named = Builder::new().name(text.into()).spawn(name).unwrap();
        let handle = named.handle();
        assert_eq!(named.name(), Some(text));
        assert_eq!(handle.name(), Some(text));
        assert!(format!("{named:?}").contains("Greenlet"));
        assert_eq!(named.join().unwrap().as_deref(), Some(text));
        assert_eq!(handle.name(), Some(text));
        assert!(format!("{handle:?}").contains(&format!("{text:?}")));

        let named = Builder::new().name(text.into()).spawn_worker(name).unwrap();
        assert_eq!(named.name(), Some(text));
        assert!(format!("{named:?}").contains("JoinHandle"));
        assert_eq!(named.join().unwrap().as_deref(), Some(text));
    }
    let bad = || Builder::new().name("a\0b".into());
    let kind = bad().spawn(|| ()).unwrap_err().kind();
    assert_eq!(kind, ErrorKind::InvalidInput);
    let kind = bad().spawn_worker(|| ()).unwrap_err().kind();
    assert_eq!(kind, ErrorKind::InvalidInput);
    // A root greenlet is called as its thread.
    let root = thread::Builder::new()
        .name("the thread".into())
        .spawn(greenlet::current)
        .unwrap();
    assert_eq!(root.join().unwrap().name(), Some("the thread"));
    assert_eq!(thread::spawn(name).join().unwrap(), None);
}

#[test]
fn ids_are_never_used_twice() {
    let _deadline = within(60, "ids_are_never_used_twice");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(|| {
                let mut ids = vec![greenlet::current().id()];
                for _ in 0..500 {
                    let local = greenlet::spawn(|| greenlet::current().id());
                    let far = Builder::new()
                        .spawn_worker(|| greenlet::current().id())
                        .unwrap();
                    let (local_id, far_id) = (local.id(), far.id());
                    assert_eq!(local.handle().id(), local_id);
                    assert_eq!(far.handle().id(), far_id);
                    assert_eq!(local.join().unwrap(), local_id);
                    assert_eq!(far.join().unwrap(), far_id);
                    ids.extend([local_id, far_id]);
                }
                assert_eq!(greenlet::current().id(), ids[0]);
                ids
            })
        })
        .collect();
    let ids: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    let distinct: HashSet<_> = ids.iter().map(|id| id.as_u64()).collect();
    assert_eq!(distinct.len(), ids.len());
    assert_eq!(ids.len(), 4 * 1001);
}

#[test]
fn results_of_local_greenlets_are_dropped_once() {
    let _deadline = within(60, "results_of_local_greenlets_are_dropped_once");
    let gate = Rc::new(Gate::default());
    let mut all = Vec::new();
    let mut spawn = |waits: bool| {
        let drops = Arc::new(Drops::default());
        all.push(drops.clone());
        let gate = gate.clone();
        let task = greenlet::spawn(move || {
            if waits {
                gate.wait();
            }
            Counted(drops)
        });
        (task, all.last().unwrap().clone())
    };
    // Joined: by whoever has it.
    let (task, drops) = spawn(false);
    let result = task.join();
    assert_eq!(drops.count(), 0);
    drop(result);
    assert_eq!(drops.count(), 1);
    drop(drops);
    // Detached before it has run.
    let (task, drops) = spawn(false);
    drop(task);
    assert_eq!(drops.count(), 0);
    greenlet::yield_now();
    assert_eq!(drops.count(), 1);
    drop(drops);
    // Detached after the end.
    let (task, drops) = spawn(false);
    greenlet::yield_now();
    assert!(task.is_finished());
    assert_eq!(drops.count(), 0);
    drop(task);
    assert_eq!(drops.count(), 1);
    // Detached while it is parked, and after a join that timed out.
    let (task, detached) = spawn(true);
    greenlet::yield_now();
    drop(task);
    let (task, timed_out) = spawn(true);
    drop(task.join_timeout(Duration::from_micros(10)));
    // Killed and detached, and killed and joined: the closure holds what would have been the result.
    let (task, killed) = spawn(true);
    greenlet::yield_now();
    task.kill().unwrap();
    drop(task);
    greenlet::yield_now();
    assert_eq!(killed.count(), 0, "there is no result");
    let (task, _) = spawn(true);
    greenlet::yield_now();
    task.kill().unwrap();
    assert!(task.join().is_err_and(|error| error.is::<Killed>()));
    assert_eq!((detached.count(), timed_out.count()), (0, 0));
    gate.open();
    for _ in 0..3 {
        greenlet::yield_now();
    }
    assert_eq!((detached.count(), timed_out.count()), (1, 1));
    // Nobody else holds them: nothing was leaked.
    let counts: Vec<_> = all.iter().map(|drops| drops.count()).collect();
    assert_eq!(counts, [1, 1, 1, 1, 1, 0, 0]);
    drop((detached, timed_out, killed, drops));
    assert!(all.iter().all(|drops| Arc::strong_count(drops) == 1));
}

#[test]
fn results_of_workers_greenlets_are_dropped_once() {
    let _deadline = within(120, "results_of_workers_greenlets_are_dropped_once");
    // The drop of the handle, or a kill, races with the end.
    let mut all = Vec::new();
    for round in 0..5000u32 {
        let drops = Arc::new(Drops::default());
        let body = {
            let drops = drops.clone();
            move || {
                let result = Counted(drops);
                for _ in 0..round % 3 {
                    greenlet::yield_now();
                }
                result
            }
        };
        let task = Builder::new().spawn_worker(body).unwrap();
        match round % 5 {
            0 => drop(task),
            1 => drop(task.join()),
            2 => {
                task.kill().unwrap();
                drop(task.join());
            }
            3 => {
                task.kill().unwrap();
                drop(task);
            }
            _ => {
                let task = task.join_timeout(Duration::from_micros(u64::from(round % 20)));
                drop(task);
            }
        }
        all.push(drops);
    }
    for drops in all {
        // Killed before it ran, its closure goes, and there was no result.
        while Arc::strong_count(&drops) > 1 {
            greenlet::yield_now();
        }
        assert!(drops.count() <= 1);
    }
}

#[test]
fn results_and_closures_are_dropped_exactly_once_together() {
    let _deadline = within(60, "results_and_closures_are_dropped_exactly_once_together");
    // What a closure owns goes once, whether it ran, was killed, or was killed unstarted.
    for how in 0..6 {
        let drops = Arc::new(Drops::default());
        let owned = Counted(drops.clone());
        let body = move || {
            let owned = owned;
            if how % 2 == 1 {
                greenlet::yield_now();
                greenlet::yield_now();
            }
            owned
        };
        if how < 3 {
            let task = greenlet::spawn(body);
            if how > 0 {
                greenlet::yield_now();
            }
            task.kill().unwrap();
            drop(task.join());
        } else {
            let task = Builder::new().spawn_worker(body).unwrap();
            task.kill().unwrap();
            drop(task.join());
        }
        assert_eq!(drops.count(), 1);
    }
}

#[test]
fn a_detached_result_is_dropped_on_its_own_hub() {
    let _deadline = within(60, "a_detached_result_is_dropped_on_its_own_hub");
    let here = thread::current().id();
    let gate = Arc::new(Gate::default());
    let drops = Arc::new(Drops::default());
    let body = {
        let (gate, drops) = (gate.clone(), drops.clone());
        move || {
            gate.wait();
            Counted(drops)
        }
    };
    drop(greenlet::spawn(body.clone()));
    let far = Builder::new().spawn_worker(body).unwrap();
    drop(far);
    gate.open();
    while drops.count() < 2 {
        greenlet::yield_now();
    }
    let threads = drops.threads.lock().unwrap();
    assert_eq!(threads.iter().filter(|&&thread| thread == here).count(), 1);
}

/// Neither `Send` nor `Sync`, and checks that it dies where it was made.
struct Pinned {
    thread: ThreadId,
    dropped: Rc<Cell<u32>>,
}

impl Pinned {
    fn new(dropped: Rc<Cell<u32>>) -> Pinned {
        Pinned {
            thread: thread::current().id(),
            dropped,
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if thread::current().id() != self.thread {
            eprintln!("a result that is not Send was dropped on another thread");
            std::process::abort();
        }
        self.dropped.set(self.dropped.get() + 1);
    }
}

#[test]
fn a_handle_on_another_thread_outlives_everything_but_the_result() {
    let _deadline = within(
        60,
        "a_handle_on_another_thread_outlives_everything_but_the_result",
    );
    for how in 0..5 {
        let handles: Vec<Handle> = thread::spawn(move || {
            let dropped = Rc::new(Cell::new(0));
            let mut handles = Vec::new();
            for _ in 0..10 {
                let captured = Pinned::new(dropped.clone());
                let task = greenlet::spawn(move || {
                    greenlet::yield_now();
                    captured
                });
                handles.push(task.handle());
                handles.push(task.handle().clone());
                match how {
                    0 => drop(task),
                    1 => drop(task.join()),
                    2 => {
                        task.kill().unwrap();
                        drop(task);
                    }
                    3 => {
                        greenlet::yield_now();
                        task.kill().unwrap();
                        drop(task.join());
                    }
                    _ => {
                        while !task.is_finished() {
                            greenlet::yield_now();
                        }
                        drop(task);
                    }
                }
            }
            while dropped.get() < 10 {
                greenlet::yield_now();
            }
            assert_eq!(dropped.get(), 10);
            assert_eq!(Rc::strong_count(&dropped), 1);
            handles
        })
        .join()
        .unwrap();
        for handle in handles {
            assert!(handle.is_finished());
            handle.kill().unwrap();
            assert_eq!(handle.token().load(Ordering::Relaxed), 0);
        }
    }
}

#[test]
fn a_result_that_parks_when_it_is_dropped() {
    let _deadline = within(60, "a_result_that_parks_when_it_is_dropped");
    struct Parks(Arc<Gate>, Arc<AtomicBool>);
    impl Drop for Parks {
        fn drop(&mut self) {
            self.0.wait();
            greenlet::yield_now();
            assert_eq!(greenlet::offload(|| 3), 3);
            self.1.store(true, Ordering::SeqCst);
        }
    }
    let (gate, dropped): (Arc<Gate>, Arc<AtomicBool>) = Default::default();
    let result = Parks(gate.clone(), dropped.clone());
    let local = greenlet::spawn(|| result);
    let handle = local.handle();
    drop(local);
    greenlet::yield_now();
    // It has ended; a kill does not disturb what it leaves behind.
    handle.kill().unwrap();
    greenlet::spawn(|| ()).join().unwrap();
    gate.open();
    while !dropped.load(Ordering::SeqCst) {
        greenlet::yield_now();
    }

    let (gate, dropped): (Arc<Gate>, Arc<AtomicBool>) = Default::default();
    let result = Parks(gate.clone(), dropped.clone());
    // It ends after it was detached: or the result would be dropped, and park, here.
    let detached = Arc::new(Gate::default());
    let body = {
        let detached = detached.clone();
        move || {
            detached.wait();
            result
        }
    };
    drop(Builder::new().spawn_worker(body).unwrap());
    detached.open();
    Builder::new().spawn_worker(|| ()).unwrap().join().unwrap();
    gate.open();
    while !dropped.load(Ordering::SeqCst) {
        greenlet::yield_now();
    }
}

#[test]
fn a_result_that_parks_when_it_is_dropped_never_changes_thread() {
    let _deadline = within(
        60,
        "a_result_that_parks_when_it_is_dropped_never_changes_thread",
    );
    static WORD: AtomicU32 = AtomicU32::new(0);
    static PARKED: AtomicBool = AtomicBool::new(false);
    static WENT_ON: AtomicBool = AtomicBool::new(false);
    struct Parks;
    impl Drop for Parks {
        fn drop(&mut self) {
            PARKED.store(true, Ordering::SeqCst);
            futex::wait(&WORD, 0);
            WENT_ON.store(true, Ordering::SeqCst);
        }
    }
    thread::spawn(|| {
        drop(greenlet::spawn(|| Parks));
        while !PARKED.load(Ordering::SeqCst) {
            greenlet::yield_now();
        }
        // The thread ends with a parked greenlet, which is leaked.
    })
    .join()
    .unwrap();
    futex::wake(&WORD, 1);
    for _ in 0..4 {
        thread::spawn(|| {
            // Often enough to look at the inbox, which may have been the other thread's.
            for _ in 0..1000 {
                greenlet::yield_now();
            }
        })
        .join()
        .unwrap();
    }
    assert!(!WENT_ON.load(Ordering::SeqCst), "it ran on another thread");
}

#[test]
fn closures_and_results_of_every_shape() {
    let _deadline = within(60, "closures_and_results_of_every_shape");
    #[repr(align(256))]
    #[derive(Clone, Copy)]
    struct Aligned(u8);
    fn aligned(value: &Aligned) -> bool {
        std::ptr::from_ref(value).addr().is_multiple_of(256)
    }
    let big = [3u8; 2_000];
    for _ in 0..100 {
        let captured = Aligned(5);
        let local = greenlet::spawn(move || {
            let captured = captured;
            assert!(aligned(&captured));
            greenlet::yield_now();
            captured
        });
        let result = local.join().unwrap();
        assert!(aligned(&result));
        assert_eq!(result.0, 5);
        let far = Builder::new().spawn_worker(move || (Aligned(captured.0 + 1), big));
        let (result, copy) = far.unwrap().join().unwrap();
        assert_eq!(result.0, 6);
        assert_eq!(copy, big);
        greenlet::spawn(|| ()).join().unwrap();
        assert_eq!(greenlet::spawn(move || big).join().unwrap(), big);
    }
}

#[test]
fn a_borrowing_greenlet_of_the_workers() {
    let _deadline = within(60, "a_borrowing_greenlet_of_the_workers");
    for _ in 0..500 {
        let text = String::from("borrowed");
        let mut length = 0;
        // SAFETY: joined below, on every way out: nothing before it can panic.
        let task = unsafe { Builder::new().spawn_worker_unchecked(|| length = text.len()) };
        task.unwrap().join().unwrap();
        assert_eq!(length, 8);
    }
}

#[test]
fn chains_and_crowds() {
    let _deadline = within(60, "chains_and_crowds");
    // Each joins the one before.
    let mut last = greenlet::spawn(|| 0u32);
    for _ in 0..1000 {
        let before = last;
        last = greenlet::spawn(move || before.join().unwrap() + 1);
    }
    assert_eq!(last.join().unwrap(), 1000);
    let mut last = Builder::new().spawn_worker(|| 0u32).unwrap();
    for _ in 0..1000 {
        let before = last;
        let next = Builder::new().spawn_worker(move || before.join().unwrap() + 1);
        last = next.unwrap();
    }
    assert_eq!(last.join().unwrap(), 1000);
    // Many at once, joined backwards.
    let mut crowd: Vec<_> = (0..1000u32)
        .map(|number| Builder::new().spawn_worker(move || number).unwrap())
        .collect();
    for number in (0..1000).rev() {
        assert_eq!(crowd.pop().unwrap().join().unwrap(), number);
    }
}
