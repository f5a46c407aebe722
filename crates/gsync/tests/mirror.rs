//! Sizes, auto traits and `Debug` forms are std's.

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// What is asked of a type of std and of ours, for a value that has everything, and one that has nothing.
macro_rules! same {
    ($($name:ident $(<$value:ty>)?),* $(,)?) => {$(
        assert!(
            size_of::<gsync::$name $(<$value>)?>() <= size_of::<std::sync::$name $(<$value>)?>(),
            stringify!($name)
        );
    )*};
}

#[test]
fn no_larger_than_std() {
    same!(
        Mutex<()>,
        Mutex<u8>,
        Mutex<u64>,
        RwLock<()>,
        RwLock<u64>,
        Condvar,
        Once,
        OnceLock<u8>,
        OnceLock<u64>,
        OnceLock<String>,
        LazyLock<u64>,
        LazyLock<String>,
        Barrier
    );
}

fn is<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

#[test]
fn auto_traits() {
    is::<gsync::Mutex<u8>>();
    is::<gsync::RwLock<u8>>();
    is::<gsync::Condvar>();
    is::<gsync::Barrier>();
    is::<gsync::Once>();
    is::<gsync::OnceLock<u8>>();
    is::<gsync::LazyLock<u8>>();
    is::<gsync::mpsc::Sender<u8>>();
    is::<gsync::mpsc::SyncSender<u8>>();
    is_send::<gsync::mpsc::Receiver<u8>>();
    is_send::<gsync::Mutex<std::cell::Cell<u8>>>();
    is_sync::<gsync::Mutex<std::cell::Cell<u8>>>();
    is_sync::<gsync::MutexGuard<'_, u8>>();
    is_sync::<gsync::RwLockReadGuard<'_, u8>>();
    is_sync::<gsync::RwLockWriteGuard<'_, u8>>();
    is_unwind_safe::<gsync::mpsc::Receiver<*mut u8>>();
    is_unwind_safe::<gsync::mpsc::Sender<*mut u8>>();
}

fn same_form(ours: &dyn Debug, std: &dyn Debug) {
    assert_eq!(format!("{ours:?}"), format!("{std:?}"));
    assert_eq!(format!("{ours:#?}"), format!("{std:#?}"));
}

#[test]
fn debug_forms() {
    let (ours, std) = (gsync::Mutex::new("x"), std::sync::Mutex::new("x"));
    same_form(&ours, &std);
    let guards = (ours.lock().unwrap(), std.lock().unwrap());
    same_form(&ours, &std);
    same_form(&guards.0, &guards.1);
    let (ours, std) = (gsync::RwLock::new("x"), std::sync::RwLock::new("x"));
    same_form(&ours, &std);
    let guards = (ours.write().unwrap(), std.write().unwrap());
    same_form(&ours, &std);
    same_form(&guards.0, &guards.1);
    same_form(&gsync::Condvar::new(), &std::sync::Condvar::new());
    same_form(&gsync::Barrier::new(1), &std::sync::Barrier::new(1));
    same_form(
        &gsync::Barrier::new(1).wait(),
        &std::sync::Barrier::new(1).wait(),
    );
    same_form(&gsync::Once::new(), &std::sync::Once::new());
    gsync::Once::new().call_once_force(|ours| {
        std::sync::Once::new().call_once_force(|std| same_form(ours, std));
    });
    same_form(
        &gsync::OnceLock::<u8>::new(),
        &std::sync::OnceLock::<u8>::new(),
    );
    same_form(&gsync::OnceLock::from("x"), &std::sync::OnceLock::from("x"));
    let (ours, std) = (
        gsync::LazyLock::<_>::new(|| 1),
        std::sync::LazyLock::<_>::new(|| 1),
    );
    same_form(&ours, &std);
    assert_eq!(*ours, *std);
    same_form(&ours, &std);
    let (ours, std) = (
        gsync::mpsc::channel::<u8>(),
        std::sync::mpsc::channel::<u8>(),
    );
    same_form(&ours.0, &std.0);
    same_form(&ours.1.iter(), &std.1.iter());
    same_form(&ours.1.try_iter(), &std.1.try_iter());
    same_form(&ours.1.into_iter(), &std.1.into_iter());
    let (ours, std) = (
        gsync::mpsc::sync_channel::<u8>(0),
        std::sync::mpsc::sync_channel::<u8>(0),
    );
    same_form(&ours, &std);
}
