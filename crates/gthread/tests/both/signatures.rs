use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::hash::Hash;
use std::io;
use std::marker::PhantomPinned;
use std::num::NonZero;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

/// Every item, as a function pointer of the type that std's documentation gives it.
#[test]
#[allow(deprecated)]
fn signatures() {
    type Job = fn() -> u8;

    let _: fn(Job) -> thread::JoinHandle<u8> = thread::spawn::<Job, u8>;
    let _: fn() -> thread::Thread = thread::current;
    let _: fn() = thread::yield_now;
    let _: fn() -> bool = thread::panicking;
    let _: fn(Duration) = thread::sleep;
    let _: fn(u32) = thread::sleep_ms;
    let _: fn() = thread::park;
    let _: fn(Duration) = thread::park_timeout;
    let _: fn(u32) = thread::park_timeout_ms;
    let _: fn() -> io::Result<NonZero<usize>> = thread::available_parallelism;

    let _: fn() -> thread::Builder = thread::Builder::new;
    let _: fn(thread::Builder, String) -> thread::Builder = thread::Builder::name;
    let _: fn(thread::Builder, usize) -> thread::Builder = thread::Builder::stack_size;
    let _: fn(thread::Builder, Job) -> io::Result<thread::JoinHandle<u8>> =
        thread::Builder::spawn::<Job, u8>;
    let _: unsafe fn(thread::Builder, Job) -> io::Result<thread::JoinHandle<u8>> =
        thread::Builder::spawn_unchecked::<Job, u8>;

    let _: fn(thread::JoinHandle<u8>) -> thread::Result<u8> = thread::JoinHandle::join;
    let _: fn(&thread::JoinHandle<u8>) -> &thread::Thread = thread::JoinHandle::thread;
    let _: fn(&thread::JoinHandle<u8>) -> bool = thread::JoinHandle::is_finished;

    let _: fn(&thread::Thread) -> thread::ThreadId = thread::Thread::id;
    let _: fn(&thread::Thread) -> Option<&str> = thread::Thread::name;
    let _: fn(&thread::Thread) = thread::Thread::unpark;

    let result: thread::Result<u8> = Ok(1);
    let _: Result<u8, Box<dyn Any + Send + 'static>> = result;
}

/// The same for `LocalKey`.
#[test]
fn signatures_of_local_keys() {
    type Key<T> = &'static thread::LocalKey<T>;
    type Plain = fn(&u8) -> u8;
    type Borrow = fn(&u8) -> u8;
    type BorrowMut = fn(&mut u8) -> u8;

    let _: fn(Key<u8>, Plain) -> u8 = thread::LocalKey::with;
    let _: fn(Key<u8>, Plain) -> Result<u8, thread::AccessError> = thread::LocalKey::try_with;

    let _: fn(Key<Cell<u8>>, u8) = thread::LocalKey::<Cell<u8>>::set;
    let _: fn(Key<Cell<u8>>) -> u8 = thread::LocalKey::<Cell<u8>>::get;
    let _: fn(Key<Cell<u8>>) -> u8 = thread::LocalKey::<Cell<u8>>::take;
    let _: fn(Key<Cell<u8>>, u8) -> u8 = thread::LocalKey::<Cell<u8>>::replace;

    let _: fn(Key<RefCell<u8>>, Borrow) -> u8 = thread::LocalKey::<RefCell<u8>>::with_borrow;
    let _: fn(Key<RefCell<u8>>, BorrowMut) -> u8 = thread::LocalKey::<RefCell<u8>>::with_borrow_mut;
    let _: fn(Key<RefCell<u8>>, u8) = thread::LocalKey::<RefCell<u8>>::set;
    let _: fn(Key<RefCell<u8>>) -> u8 = thread::LocalKey::<RefCell<u8>>::take;
    let _: fn(Key<RefCell<u8>>, u8) -> u8 = thread::LocalKey::<RefCell<u8>>::replace;
}

/// The same for what has lifetimes.
#[test]
fn signatures_of_scopes() {
    fn scoped<'scope, 'env>(scope: &'scope thread::Scope<'scope, 'env>, builder: thread::Builder) {
        type Job = fn() -> u8;
        type Handle<'scope> = thread::ScopedJoinHandle<'scope, u8>;

        let spawn: fn(&'scope thread::Scope<'scope, 'env>, Job) -> Handle<'scope> =
            thread::Scope::spawn::<Job, u8>;
        let spawn_scoped: fn(
            thread::Builder,
            &'scope thread::Scope<'scope, 'env>,
            Job,
        ) -> io::Result<Handle<'scope>> = thread::Builder::spawn_scoped::<Job, u8>;
        let join: fn(Handle<'scope>) -> thread::Result<u8> = thread::ScopedJoinHandle::join;
        let of: for<'a> fn(&'a Handle<'scope>) -> &'a thread::Thread = thread::ScopedJoinHandle::thread;
        let is_finished: fn(&Handle<'scope>) -> bool = thread::ScopedJoinHandle::is_finished;

        let handle = spawn(scope, || 1);
        of(&handle);
        is_finished(&handle);
        assert_eq!(join(handle).unwrap(), 1);
        assert_eq!(join(spawn_scoped(builder, scope, || 2).unwrap()).unwrap(), 2);
    }
    thread::scope(|scope| scoped(scope, thread::Builder::new()));
}

/// `spawn_unchecked` takes what borrows; the handle does, too.
#[test]
fn spawn_unchecked_has_no_static_bound() {
    #[allow(unused, reason = "only its type matters")]
    fn borrows(text: &str) -> io::Result<thread::JoinHandle<&str>> {
        // SAFETY: never called.
        unsafe { thread::Builder::new().spawn_unchecked(move || text) }
    }
}

#[test]
fn auto_traits() {
    fn any_thread<T: Send + Sync>() {}
    fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    fn unpin<T: Unpin>() {}

    any_thread::<thread::Builder>();
    any_thread::<thread::Thread>();
    any_thread::<thread::ThreadId>();
    any_thread::<thread::JoinHandle<*const Cell<()>>>();
    any_thread::<thread::LocalKey<*const Cell<()>>>();
    unwind_safe::<thread::LocalKey<*const Cell<()>>>();
    unpin::<thread::LocalKey<PhantomPinned>>();
    any_thread::<thread::AccessError>();
    unwind_safe::<thread::AccessError>();
    any_thread::<thread::Scope<'_, '_>>();
    any_thread::<thread::ScopedJoinHandle<'_, Cell<()>>>();
    unwind_safe::<thread::Builder>();
    unwind_safe::<thread::Thread>();
    unwind_safe::<thread::ThreadId>();
    unpin::<thread::Builder>();
    unpin::<thread::Thread>();
    unpin::<thread::ThreadId>();
    unpin::<thread::JoinHandle<PhantomPinned>>();
    unpin::<thread::Scope<'_, '_>>();
    unpin::<thread::ScopedJoinHandle<'_, PhantomPinned>>();
    fn ref_unwind_safe<T: RefUnwindSafe>() {}
    ref_unwind_safe::<thread::Scope<'_, '_>>();
}

#[test]
fn traits() {
    fn debug<T: Debug>() {}
    fn id<T: Debug + Copy + Eq + Hash>() {}
    fn clone<T: Clone>() {}

    struct NotDebug;

    debug::<thread::Builder>();
    debug::<thread::JoinHandle<NotDebug>>();
    debug::<thread::LocalKey<NotDebug>>();
    fn error<T: std::error::Error + Copy + Eq>() {}
    error::<thread::AccessError>();
    debug::<thread::Scope<'_, '_>>();
    debug::<thread::ScopedJoinHandle<'_, NotDebug>>();
    debug::<thread::Thread>();
    clone::<thread::Thread>();
    id::<thread::ThreadId>();
}

/// What std does not implement must not be there either, or else a program that relies on it would
/// not go back to std. Each line compiles only while exactly one implementation fits.
#[test]
fn absent_traits() {
    macro_rules! absent {
        ($type:ty: $trait:path) => {{
            trait Ambiguous<A> {
                fn found() {}
            }
            struct Present;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<Present> for T {}
            <$type as Ambiguous<_>>::found();
        }};
    }

    absent!(thread::JoinHandle<()>: UnwindSafe);
    absent!(thread::JoinHandle<()>: RefUnwindSafe);
    absent!(thread::JoinHandle<()>: Clone);
    absent!(thread::Scope<'_, '_>: UnwindSafe);
    absent!(thread::ScopedJoinHandle<'_, ()>: UnwindSafe);
    absent!(thread::ScopedJoinHandle<'_, ()>: RefUnwindSafe);
    absent!(thread::ScopedJoinHandle<'_, ()>: Clone);
    absent!(thread::ScopedJoinHandle<'_, *const ()>: Send);
    absent!(thread::ScopedJoinHandle<'_, *const ()>: Sync);
    absent!(thread::LocalKey<()>: Clone);
    absent!(thread::AccessError: Hash);
    absent!(thread::AccessError: Default);
    absent!(thread::Builder: Clone);
    absent!(thread::Builder: Default);
    absent!(thread::Thread: PartialEq);
    absent!(thread::Thread: Hash);
    absent!(thread::ThreadId: PartialOrd);
    absent!(thread::ThreadId: Default);
}
