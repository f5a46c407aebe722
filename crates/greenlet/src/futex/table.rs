//! Who waits on which address.
//!
//! A hash table of buckets, each with a lock and a chain of the addresses in it; each address has a queue of its
//! waiters, first in, first out. All links are in the waiters, which are on the stacks of the greenlets that wait.
//!
//! ```text
//!   bucket --> first waiter of address A --> first waiter of address B --> ...     (next_key)
//!                | next                        | next
//!              second waiter of A            second waiter of B
//! ```
//!
//! So a wake costs the number of *addresses* in the bucket, however many greenlets wait on one of them; and the table
//! grows when a bucket gets too many addresses.

use super::Waiter;
use super::spin::{Mutex, MutexGuard};
use crate::hub::HubShared;
use once_cell::sync::OnceCell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

const FIRST_BITS: u32 = 8;
const LAST_BITS: u32 = 20;
/// Addresses in one bucket at which the table grows.
const CROWDED: usize = 8;

/// One bucket, alone on its cache line.
#[repr(align(64))]
pub(super) struct Bucket(Mutex<Chain>);

/// The addresses of a bucket, by their first waiters.
pub(super) struct Chain {
    first: *const Waiter,
}

// SAFETY: the waiters that the chain links belong to it while they are in it: their links are touched under the lock only.
unsafe impl Send for Chain {}

struct Table {
    bits: u32,
    buckets: Box<[Bucket]>,
    /// Tables are kept for ever: a thread may have just read the pointer. Each is twice as large as the one before.
    _before: *const Table,
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());
static FIRST: OnceCell<()> = OnceCell::new();

impl Table {
    fn new(bits: u32, before: *const Table) -> *mut Table {
        let buckets = (0..1usize << bits)
            .map(|_| Bucket(Mutex::new(Chain { first: ptr::null() })))
            .collect();
        Box::into_raw(Box::new(Table {
            bits,
            buckets,
            _before: before,
        }))
    }

    #[inline]
    fn bucket(&self, key: usize) -> &Bucket {
        let hash = (key as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        &self.buckets[(hash >> (64 - self.bits)) as usize]
    }
}

#[inline]
fn table() -> &'static Table {
    let table = TABLE.load(Ordering::Acquire);
    if table.is_null() {
        return first_table();
    }
    // SAFETY: tables are never freed.
    unsafe { &*table }
}

#[cold]
fn first_table() -> &'static Table {
    FIRST.get_or_init(|| TABLE.store(Table::new(FIRST_BITS, ptr::null()), Ordering::Release));
    table()
}

/// Locks the bucket of `key`.
#[inline]
pub(super) fn lock(key: usize) -> MutexGuard<'static, Chain> {
    loop {
        let table = table();
        let chain = table.bucket(key).0.lock();
        // While a bucket is locked the table cannot be replaced.
        if ptr::eq(TABLE.load(Ordering::Relaxed), table) {
            return chain;
        }
    }
}

/// Doubles the table.
#[cold]
pub(super) fn grow() {
    static GROWING: AtomicBool = AtomicBool::new(false);
    if GROWING.swap(true, Ordering::Acquire) {
        return;
    }
    let old = table();
    if old.bits < LAST_BITS {
        let new = Table::new(old.bits + 1, old);
        {
            let mut chains: Vec<_> = old.buckets.iter().map(|bucket| bucket.0.lock()).collect();
            for chain in &mut chains {
                // SAFETY: all buckets are locked, so every waiter in them is alive and its links are ours.
                unsafe {
                    while let Some(first) = chain.first.as_ref() {
                        chain.first = first.next_key.get();
                        (*new).bucket(first.key).0.lock().link_key(first);
                    }
                }
            }
            TABLE.store(new, Ordering::Release);
        }
    }
    GROWING.store(false, Ordering::Release);
}

impl Chain {
    /// # Safety
    ///
    /// `waiter` is alive, the first of its address, and linked in no chain.
    unsafe fn link_key(&mut self, waiter: *const Waiter) {
        // SAFETY: alive, as the caller promises; what is linked is alive.
        unsafe {
            (*waiter).next_key.set(self.first);
            (*waiter).previous_key.set(ptr::null());
            if !self.first.is_null() {
                (*self.first).previous_key.set(waiter);
            }
        }
        self.first = waiter;
    }

    /// Puts `new` (or nothing) where `old` is in the chain of addresses.
    ///
    /// # Safety
    ///
    /// `old` is linked in the chain of addresses; `new` is null or alive and not linked in it.
    unsafe fn replace_key(&mut self, old: *const Waiter, new: *const Waiter) {
        // SAFETY: all that is linked is alive.
        unsafe {
            let (previous, next) = ((*old).previous_key.get(), (*old).next_key.get());
            let (after_previous, before_next) = if new.is_null() {
                (next, previous)
            } else {
                (new, new)
            };
            if previous.is_null() {
                self.first = after_previous;
            } else {
                (*previous).next_key.set(after_previous);
            }
            if !next.is_null() {
                (*next).previous_key.set(before_next);
            }
            if !new.is_null() {
                (*new).previous_key.set(previous);
                (*new).next_key.set(next);
            }
        }
    }

    /// The first waiter of an address (or null), and how many addresses were looked at.
    fn find(&self, key: usize) -> (*const Waiter, usize) {
        let mut waiter = self.first;
        let mut seen = 0;
        // SAFETY: what is linked is alive.
        unsafe {
            while !waiter.is_null() && (*waiter).key != key {
                waiter = (*waiter).next_key.get();
                seen += 1;
            }
        }
        (waiter, seen)
    }

    /// Adds a waiter at the end of its address's queue. Tells whether the bucket has become crowded.
    ///
    /// # Safety
    ///
    /// The waiter stays where it is until it has been taken out by [`remove`](Chain::remove) or [`take`](Chain::take).
    pub(super) unsafe fn push(&mut self, waiter: *const Waiter) -> bool {
        // SAFETY: the new waiter is alive as the caller promises, the others because they are linked.
        unsafe {
            let (first, seen) = self.find((*waiter).key);
            (*waiter).linked.set(true);
            (*waiter).next.set(ptr::null());
            if first.is_null() {
                (*waiter).previous.set(ptr::null());
                (*waiter).last.set(waiter);
                self.link_key(waiter);
            } else {
                let last = (*first).last.get();
                (*waiter).previous.set(last);
                (*last).next.set(waiter);
                (*first).last.set(waiter);
            }
            seen >= CROWDED
        }
    }

    /// Takes a waiter out.
    ///
    /// # Safety
    ///
    /// It is linked in this chain.
    pub(super) unsafe fn remove(&mut self, waiter: *const Waiter) {
        // SAFETY: what is linked is alive.
        unsafe {
            let (previous, next) = ((*waiter).previous.get(), (*waiter).next.get());
            if previous.is_null() {
                // The first of its address: the second takes its place.
                if !next.is_null() {
                    (*next).previous.set(ptr::null());
                    (*next).last.set((*waiter).last.get());
                }
                self.replace_key(waiter, next);
            } else {
                (*previous).next.set(next);
                if next.is_null() {
                    let (first, _) = self.find((*waiter).key);
                    (*first).last.set(previous);
                } else {
                    (*next).previous.set(previous);
                }
            }
            (*waiter).linked.set(false);
        }
    }

    /// Takes out up to `count` waiters of an address, the longest waiting first; gives the first of them, linked by
    /// `next`, and how many there are.
    pub(super) fn take(&mut self, key: usize, count: usize) -> (*const Waiter, usize) {
        let some_are_dead = HubShared::any_is_dead();
        if some_are_dead {
            self.bury_first(key);
        }
        let (first, _) = self.find(key);
        if first.is_null() || count == 0 {
            return (ptr::null(), 0);
        }
        let mut last = first;
        let mut taken = 1;
        // SAFETY: what is linked is alive.
        unsafe {
            (*first).linked.set(false);
            while taken < count {
                let next = (*last).next.get();
                if next.is_null() {
                    break;
                }
                if some_are_dead && (*next).hub.is_dead() {
                    self.remove(next);
                    continue;
                }
                last = next;
                (*last).linked.set(false);
                taken += 1;
            }
            let rest = (*last).next.replace(ptr::null());
            if !rest.is_null() {
                (*rest).previous.set(ptr::null());
                (*rest).last.set((*first).last.get());
            }
            self.replace_key(first, rest);
        }
        (first, taken)
    }

    /// Takes out those waiters at the head of an address's queue that will never run: their thread has ended.
    #[cold]
    fn bury_first(&mut self, key: usize) {
        let (mut waiter, _) = self.find(key);
        // SAFETY: what is linked is alive, and the frames of leaked greenlets stay for ever.
        unsafe {
            while !waiter.is_null() && (*waiter).hub.is_dead() {
                let next = (*waiter).next.get();
                self.remove(waiter);
                waiter = next;
            }
        }
    }
}
