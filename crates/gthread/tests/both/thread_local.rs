use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::deadline;

/// What happened, in its order.
type Log = Arc<Mutex<Vec<&'static str>>>;

fn say(log: &Log, what: &'static str) {
    log.lock().unwrap().push(what);
}

/// Says its name when it is dropped.
struct Named(Log, &'static str);

impl Drop for Named {
    fn drop(&mut self) {
        say(&self.0, self.1);
    }
}

/// Runs `f` on a thread of its own, until that has ended.
fn on_a_thread<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    match thread::spawn(f).join() {
        Ok(value) => value,
        Err(payload) => resume_unwind(payload),
    }
}

#[test]
fn every_thread_has_its_own() {
    let _deadline = deadline::seconds(60);
    thread_local! {
        static VALUE: Cell<u32> = const { Cell::new(1) };
        static LAZY: RefCell<Vec<u32>> = RefCell::new(vec![1]);
    }
    VALUE.set(2);
    LAZY.with_borrow_mut(|values| values.push(2));
    let others: Vec<_> = (10..20)
        .map(|n| {
            thread::spawn(move || {
                assert_eq!(VALUE.replace(n), 1);
                assert_eq!(LAZY.replace(vec![n]), [1]);
                thread::yield_now();
                (VALUE.get(), LAZY.take())
            })
        })
        .collect();
    for (n, other) in (10..20).zip(others) {
        assert_eq!(other.join().unwrap(), (n, vec![n]));
    }
    assert_eq!(VALUE.get(), 2);
    assert_eq!(LAZY.take(), [1, 2]);
}

#[test]
fn is_made_once_and_when_first_asked_for() {
    let _deadline = deadline::seconds(60);
    static MADE: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static VALUE: usize = MADE.fetch_add(1, Ordering::Relaxed));
    on_a_thread(|| {
        assert_eq!(MADE.load(Ordering::Relaxed), 0);
        assert_eq!(VALUE.with(|value| *value), 0);
        assert_eq!(VALUE.with(|value| *value), 0);
    });
    assert_eq!(on_a_thread(|| VALUE.with(|value| *value)), 1);
    assert_eq!(MADE.load(Ordering::Relaxed), 2);
}

#[test]
fn a_value_may_be_of_any_type() {
    let _deadline = deadline::seconds(60);
    #[repr(align(256))]
    struct Aligned(u8);
    struct Empty;
    thread_local! {
        static TEXT: &'static str = "text";
        static ELIDED: &str = const { "elided" };
        static NOT_SEND: std::rc::Rc<u8> = std::rc::Rc::new(1);
        static ALIGNED: Aligned = const { Aligned(2) };
        static EMPTY: Empty = const { Empty };
        static UNIT: () = ();
        static CALL: Box<dyn Fn() -> u8> = Box::new(|| 3);
    }
    assert_eq!(TEXT.with(|text| text.len()), 4);
    assert_eq!(ELIDED.with(|text| text.len()), 6);
    assert_eq!(NOT_SEND.with(|value| **value), 1);
    ALIGNED.with(|value| {
        assert_eq!(std::ptr::from_ref(value).addr() % 256, 0);
        assert_eq!(value.0, 2);
    });
    EMPTY.with(|Empty| UNIT.with(|()| ()));
    assert_eq!(CALL.with(|call| call()), 3);
}

#[test]
fn the_last_one_made_is_destroyed_first() {
    let _deadline = deadline::seconds(60);
    thread_local! {
        static LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
        static FIRST: Named = Named(log(), "first");
        static SECOND: RefCell<Option<Named>> = const { RefCell::new(None) };
        static THIRD: Named = Named(log(), "third");
        static UNUSED: Named = Named(log(), "unused");
    }
    fn log() -> Log {
        LOG.with_borrow(|log| log.clone().unwrap())
    }
    let log = Log::default();
    on_a_thread({
        let log = Arc::clone(&log);
        move || {
            LOG.set(Some(Arc::clone(&log)));
            FIRST.with(|_| ());
            SECOND.set(Some(Named(Arc::clone(&log), "second")));
            THIRD.with(|_| ());
            FIRST.with(|_| ());
        }
    });
    assert_eq!(*log.lock().unwrap(), ["third", "second", "first"]);
}

#[test]
fn what_a_destructor_makes_is_destroyed_as_well() {
    let _deadline = deadline::seconds(60);
    struct Makes(Log, u8);
    impl Drop for Makes {
        fn drop(&mut self) {
            say(&self.0, "makes");
            if self.1 == 0 {
                FIRST.set(Some(Named(Arc::clone(&self.0), "made first")));
                SECOND.set(Some(Makes(Arc::clone(&self.0), 1)));
            } else {
                THIRD.set(Some(Named(Arc::clone(&self.0), "made last")));
            }
        }
    }
    thread_local! {
        static BEGIN: RefCell<Option<Makes>> = const { RefCell::new(None) };
        static FIRST: RefCell<Option<Named>> = const { RefCell::new(None) };
        static SECOND: RefCell<Option<Makes>> = const { RefCell::new(None) };
        static THIRD: RefCell<Option<Named>> = const { RefCell::new(None) };
    }
    let log = Log::default();
    on_a_thread({
        let log = Arc::clone(&log);
        move || BEGIN.set(Some(Makes(log, 0)))
    });
    assert_eq!(
        *log.lock().unwrap(),
        ["makes", "makes", "made last", "made first"]
    );
}

#[test]
fn a_value_that_is_destroyed_refuses_access() {
    let _deadline = deadline::seconds(60);
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    struct Curious(&'static thread::LocalKey<Curious>, &'static thread::LocalKey<Curious>);
    impl Drop for Curious {
        fn drop(&mut self) {
            assert!(self.0.try_with(|_| ()).is_err());
            let other_is_there = self.1.try_with(|_| ()).is_ok();
            ASKED.fetch_add(1 + 10 * usize::from(other_is_there), Ordering::Relaxed);
        }
    }
    thread_local! {
        static OLDER: Curious = Curious(&OLDER, &YOUNGER);
        static YOUNGER: Curious = Curious(&YOUNGER, &OLDER);
    }
    on_a_thread(|| {
        OLDER.with(|_| ());
        YOUNGER.with(|_| ());
    });
    // The younger one goes first, so only it has found the other.
    assert_eq!(ASKED.load(Ordering::Relaxed), 12);
}

#[test]
fn the_panic_of_a_refused_access() {
    let _deadline = deadline::seconds(60);
    static SAID: Mutex<String> = Mutex::new(String::new());
    struct Curious;
    impl Drop for Curious {
        fn drop(&mut self) {
            let refused = catch_unwind(|| VALUE.with(|_| ()));
            let message = refused.unwrap_err().downcast::<String>().unwrap();
            *SAID.lock().unwrap() = *message;
            let error = VALUE.try_with(|_| ()).unwrap_err();
            assert_eq!(error.to_string(), "already destroyed");
            assert_eq!(format!("{error:?} {error:>20}"), "AccessError    already destroyed");
        }
    }
    thread_local!(static VALUE: Curious = const { Curious });
    on_a_thread(|| VALUE.with(|_| ()));
    assert_eq!(
        *SAID.lock().unwrap(),
        "cannot access a Thread Local Storage value during or after destruction: AccessError"
    );
}

#[test]
fn a_type_without_a_destructor_stays_to_the_end() {
    let _deadline = deadline::seconds(60);
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    struct Reads;
    impl Drop for Reads {
        fn drop(&mut self) {
            SEEN.fetch_add(NUMBER.get(), Ordering::Relaxed);
            NUMBER.set(20);
        }
    }
    thread_local! {
        static BEFORE: Reads = const { Reads };
        static NUMBER: Cell<usize> = Cell::new(0);
        static AFTER: Reads = Reads;
    }
    on_a_thread(|| {
        BEFORE.with(|_| ());
        NUMBER.set(1);
        AFTER.with(|_| ());
    });
    assert_eq!(SEEN.load(Ordering::Relaxed), 21);
}

#[test]
fn an_initialiser_that_panics_leaves_no_value() {
    let _deadline = deadline::seconds(60);
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static VALUE: Box<usize> = match TRIES.fetch_add(1, Ordering::Relaxed) {
            0 => resume_unwind(Box::new("first try")),
            tries => Box::new(tries),
        };
    }
    on_a_thread(|| {
        let failed = catch_unwind(|| VALUE.with(|_| unreachable!()));
        assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"first try"));
        assert_eq!(VALUE.with(|value| **value), 1);
    });
}

#[test]
fn the_outer_value_of_a_recursive_initialisation_stays() {
    let _deadline = deadline::seconds(60);
    struct Level(u32, Arc<AtomicUsize>);
    impl Drop for Level {
        fn drop(&mut self) {
            self.1.fetch_add(1 << (8 * self.0), Ordering::Relaxed);
        }
    }
    thread_local! {
        static DROPS: Arc<AtomicUsize> = Arc::default();
        static DEPTH: Cell<u32> = const { Cell::new(0) };
        static VALUE: Level = {
            let depth = DEPTH.replace(DEPTH.get() + 1);
            if depth < 2 {
                VALUE.with(|value| assert_eq!(value.0, depth + 1));
            }
            Level(depth, DROPS.with(Arc::clone))
        };
    }
    let drops = on_a_thread(|| {
        assert_eq!(VALUE.with(|value| value.0), 0);
        let drops = DROPS.with(Arc::clone);
        // The inner two are gone.
        assert_eq!(drops.load(Ordering::Relaxed), 0x1_01_00);
        drops
    });
    assert_eq!(drops.load(Ordering::Relaxed), 0x1_01_01);
}

#[test]
fn set_does_not_run_the_initialiser() {
    let _deadline = deadline::seconds(60);
    thread_local! {
        static CELL: Cell<u32> = panic!("the initialiser");
        static REF_CELL: RefCell<String> = panic!("the initialiser");
    }
    on_a_thread(|| {
        CELL.set(1);
        CELL.set(2);
        REF_CELL.set("one".into());
        REF_CELL.set("two".into());
        assert_eq!((CELL.get(), REF_CELL.take()), (2, "two".into()));
    });
    assert!(catch_unwind(|| CELL.get()).is_err());
    assert!(catch_unwind(|| CELL.take()).is_err());
    assert!(catch_unwind(|| REF_CELL.replace(String::new())).is_err());
}

#[test]
fn set_drops_the_value_before() {
    let _deadline = deadline::seconds(60);
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Counted(usize);
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPS.fetch_add(self.0, Ordering::Relaxed);
        }
    }
    thread_local! {
        static LAZY: RefCell<Counted> = RefCell::new(Counted(1));
        // The value of a constant is there from the start.
        static CONST: Cell<Counted> = const { Cell::new(Counted(10)) };
    }
    on_a_thread(|| {
        LAZY.set(Counted(100));
        assert_eq!(DROPS.load(Ordering::Relaxed), 0);
        CONST.set(Counted(1000));
        assert_eq!(DROPS.load(Ordering::Relaxed), 10);
        LAZY.set(Counted(10_000));
        assert_eq!(DROPS.load(Ordering::Relaxed), 110);
    });
    assert_eq!(DROPS.load(Ordering::Relaxed), 11_110);
}

#[test]
fn set_in_its_own_destructor_panics() {
    let _deadline = deadline::seconds(60);
    static REFUSED: AtomicBool = AtomicBool::new(false);
    struct Sets;
    impl Drop for Sets {
        fn drop(&mut self) {
            let refused = catch_unwind(|| VALUE.set(None)).is_err();
            REFUSED.store(refused, Ordering::Relaxed);
        }
    }
    thread_local!(static VALUE: Cell<Option<Sets>> = Cell::new(None));
    on_a_thread(|| VALUE.set(Some(Sets)));
    assert!(REFUSED.load(Ordering::Relaxed));
}

#[test]
fn a_loan_outlasts_other_values() {
    let _deadline = deadline::seconds(60);
    macro_rules! many {
        ($first:expr; $($name:ident)*) => {{
            thread_local!($(static $name: RefCell<Vec<u8>> = RefCell::new(vec![0]);)*);
            $($name.with(|value| {
                value.borrow_mut().push(1);
                assert_eq!($first.len(), 11);
            });)*
        }};
    }
    thread_local!(static FIRST: String = String::from("still there"));
    on_a_thread(|| {
        FIRST.with(|first| {
            thread::yield_now();
            many!(first; A B C D E F G H I J K L M N O P Q R S T U V W X Y Z);
            thread::spawn(|| FIRST.with(|_| ())).join().unwrap();
            assert_eq!(first, "still there");
        });
    });
}

#[test]
fn destructors_run_before_the_join_returns() {
    let _deadline = deadline::seconds(60);
    static DESTROYED: AtomicUsize = AtomicUsize::new(0);
    struct Slow;
    impl Drop for Slow {
        fn drop(&mut self) {
            for _ in 0..10 {
                thread::yield_now();
            }
            DESTROYED.fetch_add(1, Ordering::Relaxed);
        }
    }
    thread_local!(static SLOW: Slow = const { Slow });
    for panics in [false, true] {
        let joined = thread::spawn(move || {
            SLOW.with(|_| ());
            if panics {
                resume_unwind(Box::new(()));
            }
        })
        .join();
        assert_eq!(joined.is_err(), panics);
        assert_eq!(DESTROYED.swap(0, Ordering::Relaxed), 1);
    }
}

#[test]
fn destructors_run_when_nobody_joins() {
    let _deadline = deadline::seconds(60);
    struct Tells(thread::Thread, Arc<AtomicBool>);
    impl Drop for Tells {
        fn drop(&mut self) {
            self.1.store(true, Ordering::Release);
            self.0.unpark();
        }
    }
    thread_local!(static TELLS: RefCell<Option<Tells>> = const { RefCell::new(None) });
    let told = Arc::new(AtomicBool::new(false));
    drop(thread::spawn({
        let tells = Tells(thread::current(), Arc::clone(&told));
        move || TELLS.set(Some(tells))
    }));
    while !told.load(Ordering::Acquire) {
        thread::park();
    }
}

#[test]
fn destructors_may_spawn_and_join() {
    let _deadline = deadline::seconds(60);
    static SUM: AtomicUsize = AtomicUsize::new(0);
    struct Spawns;
    impl Drop for Spawns {
        fn drop(&mut self) {
            let sum = thread::spawn(|| 1 + 2).join().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| SUM.fetch_add(sum, Ordering::Relaxed));
            });
        }
    }
    thread_local!(static SPAWNS: Spawns = const { Spawns });
    on_a_thread(|| SPAWNS.with(|_| ()));
    assert_eq!(SUM.load(Ordering::Relaxed), 3);
}

#[test]
fn the_result_of_a_detached_thread_is_dropped_before() {
    let _deadline = deadline::seconds(60);
    let log = Log::default();
    thread_local!(static VALUE: RefCell<Option<Named>> = const { RefCell::new(None) });
    struct Reads(Log);
    impl Drop for Reads {
        fn drop(&mut self) {
            VALUE.with_borrow(|value| assert!(value.is_some()));
            say(&self.0, "result");
        }
    }
    let go = Arc::new(AtomicBool::new(false));
    let detached = thread::spawn({
        let (log, go) = (Arc::clone(&log), Arc::clone(&go));
        move || {
            while !go.load(Ordering::Acquire) {
                thread::park();
            }
            VALUE.set(Some(Named(Arc::clone(&log), "value")));
            Reads(log)
        }
    });
    let thread = detached.thread().clone();
    drop(detached);
    go.store(true, Ordering::Release);
    thread.unpark();
    while Arc::strong_count(&log) > 1 {
        thread::yield_now();
    }
    assert_eq!(*log.lock().unwrap(), ["result", "value"]);
}

#[test]
fn the_values_of_an_os_thread() {
    let _deadline = deadline::seconds(60);
    thread_local! {
        static LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
        static FIRST: Named = Named(log(), "first");
        static SECOND: Named = Named(log(), "second");
    }
    fn log() -> Log {
        LOG.with_borrow(|log| log.clone().unwrap())
    }
    let log = Log::default();
    std::thread::spawn({
        let log = Arc::clone(&log);
        move || {
            LOG.set(Some(Arc::clone(&log)));
            FIRST.with(|_| ());
            SECOND.with(|_| ());
            say(&log, "end");
        }
    })
    .join()
    .unwrap();
    assert_eq!(*log.lock().unwrap(), ["end", "second", "first"]);
}

#[test]
fn cells() {
    let _deadline = deadline::seconds(60);
    thread_local!(static VALUE: Cell<Option<u8>> = const { Cell::new(Some(1)) });
    assert_eq!(VALUE.get(), Some(1));
    assert_eq!(VALUE.replace(Some(2)), Some(1));
    assert_eq!(VALUE.take(), Some(2));
    assert_eq!(VALUE.get(), None);
    VALUE.set(Some(3));
    assert_eq!(VALUE.get(), Some(3));
}

#[test]
fn ref_cells() {
    let _deadline = deadline::seconds(60);
    thread_local!(static VALUE: RefCell<Vec<u8>> = RefCell::new(vec![1]));
    VALUE.with_borrow_mut(|value| value.push(2));
    assert_eq!(VALUE.with_borrow(Vec::len), 2);
    assert_eq!(VALUE.replace(vec![3]), [1, 2]);
    assert_eq!(VALUE.take(), [3]);
    VALUE.set(vec![4]);
    VALUE.with_borrow(|_| {
        assert!(catch_unwind(|| VALUE.with_borrow_mut(|_| ())).is_err());
        assert!(catch_unwind(|| VALUE.set(Vec::new())).is_err());
    });
    VALUE.with_borrow_mut(|_| {
        assert!(catch_unwind(AssertUnwindSafe(|| VALUE.with_borrow(|_| ()))).is_err());
    });
    assert_eq!(VALUE.take(), [4]);
}

/// The forms of the macro.
mod forms {
    use super::{deadline, thread_local};

    thread_local! {}
    thread_local!(pub(super) static NO_SEMICOLON: u8 = 1);
    thread_local! {
        /// Documented,
        /// in two lines.
        #[allow(dead_code)]
        pub static PUBLIC: u8 = 2;
        #[cfg(any())]
        static LEFT_OUT: NoSuchType = no_such_function();
        pub(crate) static CONST: u8 = const { 1 + 2 };
        static PRIVATE: u8 = const {
            let four = 4;
            four
        }
    }

    #[test]
    fn forms() {
        let _deadline = deadline::seconds(60);
        let values = [&NO_SEMICOLON, &PUBLIC, &CONST, &PRIVATE].map(|key| key.with(|value| *value));
        assert_eq!(values, [1, 2, 3, 4]);
    }
}

#[test]
fn names_of_the_users_are_not_taken_for_the_macros() {
    let _deadline = deadline::seconds(60);
    type LocalKey = u8;
    type Local = u16;
    thread_local! {
        static A: LocalKey = const { 1 };
        static B: Local = 2;
    }
    assert_eq!(A.with(|a| *a), 1);
    assert_eq!(B.with(|b| *b), 2);
}

#[test]
fn a_key_is_a_value_of_a_type() {
    let _deadline = deadline::seconds(60);
    thread_local!(static VALUE: Cell<u8> = const { Cell::new(1) });
    fn shared<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe + Unpin>(_: &T) {}
    shared(&VALUE);
    let key: &'static thread::LocalKey<Cell<u8>> = &VALUE;
    let keys = [key, &VALUE];
    keys[0].set(5);
    assert_eq!(keys[1].get(), 5);
    assert_eq!(format!("{key:?}"), "LocalKey { .. }");
}
