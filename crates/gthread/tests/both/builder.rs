use std::panic::{AssertUnwindSafe, catch_unwind};

use super::deadline;

#[test]
fn names() {
    let _deadline = deadline::seconds(60);
    let handle = thread::Builder::new()
        .name("a name".into())
        .spawn(|| thread::current().name().map(str::to_owned))
        .unwrap();
    assert_eq!(handle.thread().name(), Some("a name"));
    assert_eq!(handle.join().unwrap().as_deref(), Some("a name"));
}

#[test]
fn the_last_name_counts() {
    let _deadline = deadline::seconds(60);
    let builder = thread::Builder::new()
        .name("a\0".into())
        .name(String::new());
    let handle = builder.spawn(|| ()).unwrap();
    assert_eq!(handle.thread().name(), Some(""));
    handle.join().unwrap();
}

#[test]
fn no_name() {
    let _deadline = deadline::seconds(60);
    let handle = thread::Builder::new()
        .spawn(|| thread::current().name().is_none())
        .unwrap();
    assert_eq!(handle.thread().name(), None);
    assert!(handle.join().unwrap());
}

#[test]
fn a_nul_in_the_name_panics_at_spawn() {
    let _deadline = deadline::seconds(60);
    let builder = thread::Builder::new().name("a\0b".into());
    let spawned = catch_unwind(AssertUnwindSafe(|| builder.spawn(|| ())));
    let payload = spawned.unwrap_err();
    assert_eq!(
        payload.downcast_ref::<String>().unwrap(),
        "thread name may not contain interior null bytes: NulError(1, [97, 0, 98])"
    );
}

#[test]
fn a_builder_may_be_dropped() {
    let _deadline = deadline::seconds(60);
    drop(
        thread::Builder::new()
            .name("a\0b".into())
            .stack_size(usize::MAX),
    );
}

#[test]
fn stack_size_is_enough() {
    let _deadline = deadline::seconds(60);

    /// Uses at least a kilobyte of stack for each level.
    fn descend(levels: usize) -> u8 {
        let frame = std::hint::black_box([1_u8; 1024]);
        if levels == 0 {
            return frame[0];
        }
        let below = descend(levels - 1);
        std::hint::black_box(&frame);
        below
    }

    for megabytes in [1, 8, 64] {
        let handle = thread::Builder::new()
            .stack_size(megabytes << 20)
            .spawn(move || descend(megabytes * 1024 / 8))
            .unwrap();
        assert_eq!(handle.join().unwrap(), 1);
    }
}

#[test]
fn a_small_stack_size_is_rounded_up() {
    let _deadline = deadline::seconds(60);
    for size in [0, 1, 4095, 16 * 1024 + 1] {
        let handle = thread::Builder::new()
            .stack_size(size)
            .spawn(move || size)
            .unwrap();
        assert_eq!(handle.join().unwrap(), size);
    }
}

#[test]
fn an_impossible_stack_size_is_an_error() {
    let _deadline = deadline::seconds(60);
    let spawned = thread::Builder::new().stack_size(1 << 60).spawn(|| ());
    spawned.unwrap_err();
}

#[test]
fn a_failed_spawn_drops_the_closure() {
    let _deadline = deadline::seconds(60);
    let captured = std::sync::Arc::new(());
    let moved = std::sync::Arc::clone(&captured);
    let spawned = thread::Builder::new()
        .stack_size(1 << 60)
        .spawn(move || drop(moved));
    assert!(spawned.is_err());
    assert_eq!(std::sync::Arc::strong_count(&captured), 1);
}

#[test]
fn spawn_unchecked_borrows() {
    let _deadline = deadline::seconds(60);
    let text = String::from("on the stack of the spawner");
    // SAFETY: joined below, with nothing in between that unwinds; a test's own thread cannot be
    // killed.
    let handle = unsafe { thread::Builder::new().spawn_unchecked(|| &text[..6]) };
    assert_eq!(handle.unwrap().join().unwrap(), "on the");
}
