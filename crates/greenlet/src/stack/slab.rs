//! Slabs: the mappings that stacks are cut from, and the table of them all.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::advice::{self, Advice};
use super::{Class, OwnerRecord, Stack, page_size, usable_top};

/// Bytes of a class's first slab.
pub(super) const FIRST_SLAB: usize = 16 << 20;

/// A class's slabs double up to this size, so that a million stacks take few mappings.
pub(super) const LARGEST_SLAB: usize = 1 << 30;

/// Committed by touch, where the system has to be told.
#[cfg(any(target_os = "linux", target_os = "android"))]
const STACK_FLAGS: libc::c_int = libc::MAP_NORESERVE | libc::MAP_STACK;

/// OpenBSD kills a process whose stack pointer leaves `MAP_STACK` memory.
#[cfg(target_os = "openbsd")]
const STACK_FLAGS: libc::c_int = libc::MAP_STACK;

/// FreeBSD's `MAP_STACK` is another thing: a mapping that grows by itself.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "openbsd")))]
const STACK_FLAGS: libc::c_int = 0;

/// The advice that pages are not needed any more. On Linux they read as zeroes from then on.
#[cfg(any(target_os = "linux", target_os = "android"))]
const DECOMMIT: libc::c_int = libc::MADV_DONTNEED;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const DECOMMIT: libc::c_int = libc::MADV_FREE;

/// A slab in the table. Never freed, and its mapping is never unmapped.
struct Slab {
    base: *mut u8,
    bytes: usize,
    class: Class,
    next: *mut Slab,
}

/// Every slab of the process, newest first. Append-only: the signal handler walks it.
static SLABS: AtomicPtr<Slab> = AtomicPtr::new(ptr::null_mut());

/// Maps `bytes` bytes that can be read and written, zeroed, in whole pages.
pub(super) fn map(bytes: usize) -> io::Result<*mut u8> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | STACK_FLAGS;
    // SAFETY: a new mapping at an address of the kernel's choice touches no existing memory.
    let base = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: advice about a mapping that was just made. If the kernel has no huge pages it says
    // EINVAL, and there is nothing to avoid.
    unsafe {
        libc::madvise(base, bytes, libc::MADV_NOHUGEPAGE);
    }
    Ok(base.cast())
}

/// Address space that a new slab leaves to the rest of the process. Without it stacks would take the last that a limit
/// allows, and the next allocation of anybody would abort: that of the error's message, for one.
pub(super) const HEADROOM: usize = 16 << 20;

/// Maps a slab of `slots` slots and enters it into the table. No slot has its guard yet.
pub(super) fn map_slab(class: Class, slots: usize) -> io::Result<*mut u8> {
    let bytes = slots * class.slot_size();
    // The headroom lies below, where the kernel goes on: slabs stay neighbours, and so one mapping.
    let headroom = map(HEADROOM + bytes)?;
    // SAFETY: both parts are of the mapping that was just made, and nobody knows the first.
    let base = unsafe {
        libc::munmap(headroom.cast(), HEADROOM);
        headroom.add(HEADROOM)
    };
    let slab = Box::into_raw(Box::new(Slab {
        base,
        bytes,
        class,
        next: ptr::null_mut(),
    }));
    let mut head = SLABS.load(Ordering::Relaxed);
    loop {
        // SAFETY: `slab` is not in the table yet, so this thread alone knows it.
        unsafe { (*slab).next = head };
        match SLABS.compare_exchange_weak(head, slab, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return Ok(base),
            Err(newer) => head = newer,
        }
    }
}

/// If `address` lies in the guard of a slot, the name of the greenlet that runs on it: null and 0
/// if it has none.
///
/// Called by the signal handler: takes no lock, allocates nothing, touches no thread-local.
pub(super) fn owner_of_guard(address: usize) -> Option<(*const u8, usize)> {
    let mut next = SLABS.load(Ordering::Acquire);
    // SAFETY: slabs in the table are never freed, and never change once they are in. All additions
    // are one release sequence, so the load above sees every older slab as it was written.
    while let Some(slab) = unsafe { next.as_ref() } {
        let offset = address.wrapping_sub(slab.base.addr());
        if offset < slab.bytes {
            let in_slot = offset & (slab.class.slot_size() - 1);
            if in_slot >= page_size() {
                return None;
            }
            // SAFETY: the slot lies in the slab, which is never unmapped. Only the guards of a slab
            // cannot be read. The record is zeroed or was written by `Stack::set_owner`.
            let record = unsafe {
                let base = slab.base.add(offset - in_slot);
                ptr::read_volatile(usable_top(base, slab.class).cast::<OwnerRecord>())
            };
            return Some((record.name, record.len));
        }
        next = slab.next;
    }
    None
}

/// Gives the pages of `start..start + bytes`, part of `stack`, back to the system.
///
/// An error is ignored: the pages just stay, as they do in a process that locks its memory.
pub(super) fn decommit(start: *mut u8, bytes: usize, stack: &Stack) {
    debug_assert!(start >= stack.bottom() && start.addr() + bytes <= stack.end().addr());
    // SAFETY: the range lies in a slot whose owner lent it to us, and so nobody uses its content.
    unsafe {
        libc::madvise(start.cast(), bytes, DECOMMIT);
    }
}

/// Gives all memory of `stacks` back to the system; as [`decommit`].
pub(super) fn decommit_whole(stacks: &[Stack]) {
    static REFUSED: AtomicBool = AtomicBool::new(false);

    for stacks in stacks.chunks(advice::MOST) {
        let mut ranges = Advice::new();
        for stack in stacks {
            let (start, bytes) = stack.releasable();
            ranges.add(start, bytes);
        }
        // SAFETY: the ranges lie in slots whose owner lent them to us, and so nobody uses their content.
        let done = unsafe { ranges.give(DECOMMIT, &REFUSED) };
        for stack in &stacks[done..] {
            let (start, bytes) = stack.releasable();
            decommit(start, bytes, stack);
        }
    }
}

/// Has the system provide the first page of each of `stacks`, at most [`MOST`](advice::MOST), together, if it can: that takes a
/// quarter less time than a fault for each.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn touch(stacks: &[Stack]) {
    static REFUSED: AtomicBool = AtomicBool::new(false);

    let mut ranges = Advice::new();
    for stack in stacks {
        ranges.add(stack.end().wrapping_sub(page_size()), page_size());
    }
    // A page that is not provided now will be at its first use.
    // SAFETY: the last page of a slot is one of its mapping; this advice changes no content.
    let _ = unsafe { ranges.give(libc::MADV_POPULATE_WRITE, &REFUSED) };
}

/// Other systems have no such call.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn touch(_: &[Stack]) {}
