//! Tests that need the inside; overflows of real greenlets are tested through the public API.

mod model;
mod overflow;

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::Barrier;
use std::{mem, ptr, slice, thread};

use super::global::Global;
use super::guard::Guards;
use super::pool::GROWTH;
use super::*;

/// A global state of the test's own. Stacks are never unmapped, so neither is this.
fn isolated() -> &'static Global {
    Box::leak(Box::new(Global::new(Guards::new())))
}

fn isolated_without_markers() -> &'static Global {
    Box::leak(Box::new(Global::new(Guards::without_markers())))
}

/// Does an access to `page` fault? Asks the kernel to read a path from there.
fn faults(page: *mut u8) -> bool {
    // SAFETY: the kernel checks the address: it reports a fault instead of raising a signal. If the
    // page can be read, that is all that happens.
    let found = unsafe { libc::access(page.cast(), libc::F_OK) };
    found != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

fn kib(size: usize) -> Class {
    let class = Class::all().find(|class| class.slot_size() == size << 10);
    class.expect("a power of two from 32 KiB to 1 GiB")
}

/// One stack of a new pool. The pool is leaked, so that nothing else happens to the stack.
fn single(global: &'static Global, class: Class) -> Stack {
    let mut pool = HubPool::of(global);
    pool.reserve(class).unwrap();
    let stack = pool.take(class);
    mem::forget(pool);
    stack
}

/// `count` stacks that are in use together.
fn several(pool: &mut HubPool, class: Class, count: usize) -> Vec<Stack> {
    let one = || {
        pool.reserve(class).unwrap();
        pool.take(class)
    };
    std::iter::repeat_with(one).take(count).collect()
}

fn usable(stack: &Stack) -> usize {
    stack.top().addr() - stack.bottom().addr()
}

fn owner(stack: &Stack) -> OwnerRecord {
    // SAFETY: every stack has a record there.
    unsafe { *stack.top().cast() }
}

/// The usable memory, as words.
fn words(stack: &mut Stack) -> &mut [usize] {
    let words = usable(stack) / size_of::<usize>();
    // SAFETY: the stack owns its usable memory, and nobody runs on it.
    unsafe { slice::from_raw_parts_mut(stack.bottom().cast(), words) }
}

/// Writes `mark` to the first and the last word, and to some between them.
fn mark(stack: &mut Stack, mark: usize) {
    let words = words(stack);
    let step = words.len() / 8;
    words.iter_mut().step_by(step).for_each(|word| *word = mark);
    *words.last_mut().unwrap() = mark;
}

/// Is all of what [`mark`] wrote still there?
fn is_marked(stack: &mut Stack, mark: usize) -> bool {
    let words = words(stack);
    let step = words.len() / 8;
    words.iter().step_by(step).all(|word| *word == mark) && words.last() == Some(&mark)
}

/// How many pages of the slot are committed.
#[cfg(target_os = "linux")]
fn committed_pages(stack: &Stack) -> usize {
    let bytes = stack.end().addr() - stack.bottom().addr();
    let mut pages = vec![0; bytes / page_size()];
    // SAFETY: the range is mapped, and the buffer has a byte for each of its pages.
    let done = unsafe { libc::mincore(stack.bottom().cast(), bytes, pages.as_mut_ptr()) };
    assert_eq!(done, 0);
    pages.iter().filter(|page| **page & 1 != 0).count()
}

#[test]
fn classes_round_up_to_usable_memory() {
    for bytes in [
        0,
        1,
        4096,
        16 << 10,
        100_000,
        256 << 10,
        1 << 20,
        (1 << 30) - (1 << 16),
    ] {
        let class = Class::for_size(bytes).unwrap();
        // The worst colour.
        let least = class.slot_size() - page_size() - 31 * 64 - 16;
        assert!(least >= bytes.max(16 << 10), "{class:?} for {bytes}");
        if let Some(smaller) = Class::all().take_while(|smaller| *smaller != class).last() {
            let least = smaller.slot_size().saturating_sub(page_size() + 32 * 64);
            assert!(least < bytes.max(16 << 10), "{class:?} for {bytes}");
        }
    }
    assert_eq!(Class::DEFAULT.slot_size(), 256 << 10);
    assert_eq!(Class::for_size(200 << 10).unwrap(), Class::DEFAULT);
    assert_eq!(
        Class::all().map(Class::index).collect::<Vec<_>>(),
        Vec::from_iter(0..16)
    );
}

#[test]
fn a_size_above_the_largest_is_an_error() {
    for bytes in [1 << 30, usize::MAX / 2 + 2, usize::MAX] {
        let error = Class::for_size(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&bytes.to_string()));
    }
}

#[test]
fn every_class_gives_a_stack_that_works() {
    let global = isolated();
    for class in Class::all() {
        let mut stack = single(global, class);
        assert_eq!(stack.class(), class);
        if class.slot_size() <= 4 << 20 {
            words(&mut stack).fill(7);
        }
        mark(&mut stack, 8);
        assert!(is_marked(&mut stack, 8));
        assert!(faults(stack.base.as_ptr()));
        slab::decommit_whole(&[stack]);
    }
}

#[test]
fn neighbours_have_different_colours() {
    let mut pool = HubPool::of(isolated());
    let stacks = several(&mut pool, Class::DEFAULT, 64);
    let mut colours = HashMap::new();
    for stack in &stacks {
        assert!(stack.top().addr().is_multiple_of(16));
        let colour = stack.end().addr() - stack.top().addr() - 16;
        assert!(colour.is_multiple_of(64) && colour / 64 < 32);
        *colours.entry(colour).or_insert(0) += 1;
    }
    assert_eq!(colours.len(), 32);
    assert!(colours.values().all(|count| *count == 2));
}

#[test]
fn the_last_stack_given_is_the_first_taken() {
    let mut pool = HubPool::of(isolated());
    pool.reserve(Class::DEFAULT).unwrap();
    pool.reserve(Class::DEFAULT).unwrap();
    let (one, other) = (pool.take(Class::DEFAULT), pool.take(Class::DEFAULT));
    let warmest = other.top();
    pool.give(one);
    pool.give(other);
    assert_eq!(pool.take(Class::DEFAULT).top(), warmest);
}

#[test]
fn a_pool_keeps_no_more_than_its_bound() {
    for (class, bound) in [
        (kib(32), 64),
        (Class::DEFAULT, 64),
        (kib(4096), 8),
        (kib(8192), 0),
    ] {
        let global = isolated();
        let mut pool = HubPool::of(global);
        let stacks = several(&mut pool, class, 100);
        for stack in stacks {
            pool.give(stack);
            pool.unreserve(class);
        }
        let (warm, limit, cached) = pool.account(class);
        // It may have grown. Half of a full pool goes at once.
        assert!((bound..=GROWTH * bound).contains(&limit));
        assert!(warm <= limit && warm >= limit / 2);
        assert!(cached <= 2 * bound);
        drop(pool);
        let (available, committed, cold) = global.account(class);
        assert_eq!((committed, cold), (0, available));
    }
}

#[test]
fn a_pool_that_has_given_many_back_keeps_more() {
    let global = isolated();
    let mut pool = HubPool::of(global);
    let stacks = several(&mut pool, Class::DEFAULT, 1000);
    for stack in stacks {
        pool.give(stack);
        pool.unreserve(Class::DEFAULT);
    }
    let (warm, bound, _) = pool.account(Class::DEFAULT);
    assert_eq!(bound, 64 * GROWTH);
    assert!(warm >= 64);
    drop(pool);
    let (available, committed, cold) = global.account(Class::DEFAULT);
    assert_eq!((committed, cold), (0, available));
}

#[test]
fn a_pool_that_only_takes_keeps_its_stacks_warm() {
    let global = isolated();
    let mut pool = HubPool::of(global);
    global.reserve(Class::DEFAULT, 1).unwrap();
    let stack = pool.take(Class::DEFAULT);
    pool.give(stack);
    assert_eq!(pool.account(Class::DEFAULT), (1, 64, 0));
}

#[test]
#[should_panic(expected = "without a reservation")]
fn taking_without_a_reservation_panics() {
    let mut pool = HubPool::of(isolated());
    // Joining makes as many stacks available as the pool may keep, so this goes on for a while.
    let _stacks: Vec<_> = (0..1000).map(|_| pool.take(Class::DEFAULT)).collect();
}

#[test]
fn the_owner_of_a_stack_is_known_until_it_is_cleared() {
    let global = isolated();
    for class in [Class::DEFAULT, kib(8192)] {
        let mut pool = HubPool::of(global);
        pool.reserve(class).unwrap();
        let stack = pool.take(class);
        assert!(owner(&stack).name.is_null());
        // SAFETY: the name is static.
        unsafe { stack.set_owner(b"name".as_ptr(), 4) };
        assert_eq!(owner(&stack).len, 4);
        let base = stack.base.as_ptr().addr();
        assert_eq!(slab::owner_of_guard(base).unwrap().1, 4);
        stack.clear_owner();
        assert!(slab::owner_of_guard(base).unwrap().0.is_null());
        pool.give(stack);
    }
}

#[test]
fn only_guards_of_stacks_are_recognised() {
    let stack = single(isolated(), Class::DEFAULT);
    let base = stack.base.as_ptr().addr();
    assert!(slab::owner_of_guard(base).is_some());
    assert!(slab::owner_of_guard(base + page_size() - 1).is_some());
    assert!(slab::owner_of_guard(base + page_size()).is_none());
    assert!(slab::owner_of_guard(stack.top().addr()).is_none());
    assert!(slab::owner_of_guard(0).is_none());
    assert!(slab::owner_of_guard(ptr::from_ref(&base).addr()).is_none());
}

#[test]
#[cfg(target_os = "linux")]
fn stacks_that_grew_give_their_pages_back() {
    for global in [isolated(), isolated_without_markers()] {
        let mut pool = HubPool::of(global);
        // Works again after the first time, too.
        for (filler, count) in [(1, 10), (2, 10), (3, 500)] {
            let mut stacks = several(&mut pool, Class::DEFAULT, count);
            for stack in &mut stacks {
                words(stack).fill(filler);
                assert_eq!(committed_pages(stack), (256 << 10) / page_size() - 1);
            }
            for stack in stacks {
                pool.give(stack);
            }

            let (warm, _, _) = pool.account(Class::DEFAULT);
            let stacks: Vec<_> = (0..warm).map(|_| pool.take(Class::DEFAULT)).collect();
            for stack in &stacks {
                assert!(committed_pages(stack) <= KEPT_PAGES);
                assert!(faults(stack.base.as_ptr()));
            }
            for stack in stacks.into_iter().rev() {
                pool.give(stack);
                pool.unreserve(Class::DEFAULT);
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_stack_that_did_not_grow_is_left_alone() {
    let mut pool = HubPool::of(isolated());
    pool.reserve(Class::DEFAULT).unwrap();
    let stack = pool.take(Class::DEFAULT);
    // SAFETY: the usable memory is the stack's own.
    unsafe { stack.top().sub(64).write(9) };
    pool.give(stack);
    let stack = pool.take(Class::DEFAULT);
    // SAFETY: as above.
    assert_eq!(unsafe { stack.top().sub(64).read() }, 9);
}

#[test]
#[cfg(target_os = "linux")]
fn most_stacks_of_one_user_are_not_touched_by_others() {
    let mut pool = HubPool::of(isolated());
    let stacks: Vec<_> = (0..32)
        .map(|_| {
            pool.reserve(Class::DEFAULT).unwrap();
            let stack = pool.take(Class::DEFAULT);
            // SAFETY: the usable memory is the stack's own.
            unsafe { stack.top().sub(64).write(9) };
            assert_eq!(committed_pages(&stack), 1);
            stack
        })
        .collect();
    for stack in stacks {
        pool.give(stack);
    }
    let touched = (0..32).filter(|_| committed_pages(&pool.take(Class::DEFAULT)) > 1);
    let touched = touched.count();
    assert!((1..4).contains(&touched), "{touched} of 32");
}

/// Whatever pattern there is in who goes deep.
#[test]
#[cfg(target_os = "linux")]
fn that_most_stacks_grow_is_noticed_if_every_so_many_do_not() {
    for period in 2..20 {
        let mut pool = HubPool::of(isolated());
        let mut stacks = several(&mut pool, Class::DEFAULT, 64);
        for (number, stack) in stacks.iter_mut().enumerate() {
            if number % period != 0 {
                words(stack).fill(1);
            }
        }
        for stack in stacks {
            pool.give(stack);
        }
        for stack in (0..64).map(|_| pool.take(Class::DEFAULT)) {
            // To look touches one page more.
            let pages = committed_pages(&stack);
            assert!(pages <= KEPT_PAGES + 1, "all but one of {period}: {pages}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn each_large_stack_is_looked_at() {
    let class = kib(1024);
    let mut pool = HubPool::of(isolated());
    let mut stacks = several(&mut pool, class, 4);
    for stack in &mut stacks[1..] {
        words(stack).fill(1);
    }
    for stack in stacks {
        pool.give(stack);
    }
    for _ in 0..4 {
        assert!(committed_pages(&pool.take(class)) <= KEPT_PAGES + 1);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn cold_stacks_and_those_of_dropped_pools_cost_no_memory() {
    for class in [Class::DEFAULT, kib(8192)] {
        let global = isolated();
        let mut pool = HubPool::of(global);
        pool.reserve(class).unwrap();
        let mut stack = pool.take(class);
        mark(&mut stack, 3);
        let base = stack.base;
        pool.give(stack);
        drop(pool);
        let stack = mem::ManuallyDrop::new(Stack { base, class });
        assert_eq!(committed_pages(&stack), 0);
        assert!(faults(base.as_ptr()));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn of_many_stacks_each_has_a_guard_and_those_that_are_not_kept_cost_no_memory() {
    for (class, count) in [(Class::DEFAULT, 300), (kib(4096), 20), (kib(8192), 3)] {
        for global in [isolated(), isolated_without_markers()] {
            let mut pool = HubPool::of(global);
            let stacks: Vec<_> = (0..count)
                .map(|_| {
                    pool.reserve(class).unwrap();
                    let mut stack = pool.take(class);
                    mark(&mut stack, 3);
                    stack
                })
                .collect();
            assert!(stacks.iter().all(|stack| faults(stack.base.as_ptr())));
            let bases: Vec<_> = stacks.iter().map(|stack| stack.base).collect();
            stacks.into_iter().for_each(|stack| pool.give(stack));
            let is_committed = |&base: &_| {
                let stack = mem::ManuallyDrop::new(Stack { base, class });
                committed_pages(&stack) > 0
            };
            let kept = bases.iter().copied().filter(is_committed).count();
            assert_eq!(kept, pool.account(class).0);
            assert!(bases.iter().all(|base| faults(base.as_ptr())));
        }
    }
}

/// A kernel with guard markers puts none into locked memory.
#[test]
#[cfg(target_os = "linux")]
fn stacks_that_were_locked_before_they_are_taken_are_guarded() {
    // The lock goes with the stacks, which are never unmapped; so it is a small one.
    const BYTES: usize = 4 << 20;
    let global = isolated();
    global.reserve(Class::DEFAULT, 64).unwrap();
    global.reserve(Class::DEFAULT, 1000).unwrap();
    let take = || global.take(Class::DEFAULT);
    // Those of the first slab, and then one of the last, whose others follow in the order of their addresses.
    let mut stacks: Vec<_> = (0..65).map(|_| take()).collect();
    let begin = stacks[64].base.as_ptr().wrapping_add(BYTES);
    // SAFETY: a part of the slab that nobody uses yet.
    let locked = unsafe { libc::mlock2(begin.cast(), BYTES, libc::MLOCK_ONFAULT as _) };
    assert_eq!(locked, 0, "{}", io::Error::last_os_error());
    stacks.extend((0..500).map(|_| take()));
    let is_locked = |stack: &&Stack| stack.base.as_ptr().addr().wrapping_sub(begin.addr()) < BYTES;
    assert_eq!(stacks.iter().filter(is_locked).count(), BYTES / (256 << 10));
    assert!(stacks.iter().all(|stack| faults(stack.base.as_ptr())));
}

#[test]
fn without_guard_markers_pages_are_protected() {
    let global = isolated_without_markers();
    let mut pool = HubPool::of(global);
    let stacks: Vec<_> = (0..200)
        .map(|number| {
            pool.reserve(Class::DEFAULT).unwrap();
            let mut stack = pool.take(Class::DEFAULT);
            mark(&mut stack, number);
            stack
        })
        .collect();
    assert!(!global.guards.has_markers());
    for (number, mut stack) in stacks.into_iter().enumerate() {
        assert!(is_marked(&mut stack, number));
        assert!(faults(stack.base.as_ptr()));
        pool.give(stack);
    }
}

#[test]
fn threads_may_end_what_others_spawned() {
    const THREADS: usize = 4;
    const GREENLETS: usize = 2000;
    let global = isolated();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let start = &start;
            scope.spawn(move || {
                let mut pool = HubPool::of(global);
                let mut stacks = Vec::new();
                start.wait();
                for turn in 0..GREENLETS {
                    // Odd threads only run what even ones spawn.
                    if seed % 2 == 0 {
                        pool.reserve(Class::DEFAULT).unwrap();
                    } else {
                        global.reserve(Class::DEFAULT, 1).unwrap();
                    }
                    let mut stack = pool.take(Class::DEFAULT);
                    mark(&mut stack, seed);
                    stacks.push(stack);
                    if turn % (50 + seed) == 0 {
                        for mut stack in stacks.drain(..) {
                            assert!(is_marked(&mut stack, seed));
                            pool.give(stack);
                            pool.unreserve(Class::DEFAULT);
                        }
                    }
                }
                for stack in stacks {
                    pool.give(stack);
                    pool.unreserve(Class::DEFAULT);
                }
            });
        }
    });
    let (available, committed, cold) = global.account(Class::DEFAULT);
    assert_eq!((committed, cold), (0, available));
}
