//! Stacks: where they come from, who owns them, and how running out of them is reported.
//!
//! ```text
//!   slab (one mmap, never unmapped)
//!   +--------+--------+--------+--  ...  --+--------+
//!   | slot 0 | slot 1 | slot 2 |           | slot n |      every slot of one Class
//!   +--------+--------+--------+--  ...  --+--------+
//!           /          \
//!          /            \
//!   base  +--------------+  the guard: one page, faults on any access
//!         +--------------+  bottom()
//!         |              |
//!         |      ^       |  the greenlet's frames grow downwards
//!         |      |       |
//!         +--------------+  top(), aligned to 16
//!         | owner record |  the greenlet's name, for the overflow report
//!         +--------------+
//!         | colour       |  0 to 31 cache lines, by the number of the slot
//!         +--------------+  base + Class::slot_size()
//! ```
//!
//! **Reserving.** A greenlet gets its stack when it first runs, but running out of stacks has to be
//! an error of `spawn`. So spawning *reserves* a stack of its class and the end of the greenlet
//! *unreserves* it. For each class, over the whole process:
//!
//! > reservations (those that hubs have cached included) + the bounds of all hubs' pools
//! > <= slots that are mapped
//!
//! Stacks in use never outnumber reservations, and stacks in a pool never exceed its bound. So a hub
//! that holds a reservation finds a stack in its own pool or in the global cold list, always:
//! [`HubPool::take`] cannot fail. Everything that can fail (mapping, the bookkeeping's memory, and guarding where that takes
//! mappings) happens while reserving, but for a pool's growth, which is done without. A guard marker, which takes no more than the
//! first use of a stack takes, is put when the stack is first taken: of many that are spawned at once most may take one that has
//! been used.
//!
//! **For ever mapped.** A slab is never unmapped. A parked greenlet's stack may be borrowed by
//! other threads after its own thread is gone, and the signal handler that reports overflows reads
//! the table of slabs without a lock.

mod advice;
mod alt_stack;
mod class;
mod global;
mod guard;
mod limit;
mod overflow;
mod pool;
mod slab;
#[cfg(test)]
mod tests;

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) use alt_stack::{AltStack, ensure_alt_stack};
pub(crate) use class::Class;
pub(crate) use pool::HubPool;

/// How much of a recycled stack stays committed, counted from its top, in pages.
const KEPT_PAGES: usize = 4;

/// Size of the window below the kept pages that tells whether a stack grew past them, in words.
const WINDOW_WORDS: usize = 32;

/// One slot: the exclusive owner of its memory.
///
/// Dropping one does not free it: it stays mapped, out of use, for ever. That is what has to happen
/// to the stack of a greenlet that can never be unwound. Its reservation must then be kept as well.
#[must_use = "a dropped stack is lost for ever: give it back to a pool"]
#[derive(Debug)]
pub(crate) struct Stack {
    /// Lowest address of the slot, that of its guard.
    base: NonNull<u8>,
    class: Class,
}

// SAFETY: a `Stack` owns its memory exclusively, and memory mapped by mmap belongs to no thread.
unsafe impl Send for Stack {}

impl Stack {
    /// Highest usable address, where the first frame begins. Aligned to 16.
    #[inline]
    pub(crate) fn top(&self) -> *mut u8 {
        // SAFETY: `self` owns a whole slot of `class` that starts at `base`.
        unsafe { usable_top(self.base.as_ptr(), self.class) }
    }

    /// Lowest usable address, just above the guard. Aligned to a page.
    #[inline]
    pub(crate) fn bottom(&self) -> *mut u8 {
        // SAFETY: a slot is larger than its guard, which is one page.
        unsafe { self.base.as_ptr().add(page_size()) }
    }

    /// The size class this stack was made for.
    #[inline]
    pub(crate) fn class(&self) -> Class {
        self.class
    }

    /// Names the greenlet that runs on this stack, for the overflow report. A null `name` is a
    /// greenlet without a name, as that of a stack that nobody runs on has to be.
    ///
    /// # Safety
    ///
    /// `name` is null, or points to `len` bytes of UTF-8 that stay valid until another call of this
    /// method or until the stack is given back: a signal handler reads them.
    #[inline]
    pub(crate) unsafe fn set_owner(&self, name: *const u8, len: usize) {
        let record = self.top().cast::<OwnerRecord>();
        // SAFETY: `usable_top` leaves room for an aligned record between `top` and the slot's end,
        // and nobody else writes there. Volatile: the reader is a signal handler on this thread.
        unsafe {
            ptr::write_volatile(&raw mut (*record).len, len);
            ptr::write_volatile(&raw mut (*record).name, name);
        }
    }

    /// There is nobody any more.
    pub(crate) fn clear_owner(&self) {
        // SAFETY: a null name is always allowed.
        unsafe { self.set_owner(ptr::null(), 0) }
    }

    /// One past the highest address of the slot. Aligned to a page.
    fn end(&self) -> *mut u8 {
        // SAFETY: one past the end of the slot that `self` owns.
        unsafe { self.base.as_ptr().add(self.class.slot_size()) }
    }

    /// Did a user leave anything but zeroes in the window that starts `window` bytes above
    /// the slot's base? A window of 0 stands for a class too small to give anything back.
    #[inline]
    fn has_grown(&self, window: usize) -> bool {
        if window == 0 {
            return false;
        }
        // SAFETY: `window` is `Class::window`, so the words lie inside the slot, above its guard,
        // and are aligned. The memory is readable, and no greenlet runs on a stack that somebody
        // else owns a `Stack` of.
        let words = unsafe { &*self.base.as_ptr().add(window).cast::<[u64; WINDOW_WORDS]>() };
        words.iter().fold(0, |all, word| all | word) != 0
    }

    /// Gives everything below the kept pages back to the system.
    #[cold]
    fn trim(&self) {
        let kept = KEPT_PAGES * page_size();
        slab::decommit(
            self.bottom(),
            self.end().addr() - kept - self.bottom().addr(),
            self,
        );
    }

    /// What of its memory can be given back to the system: all of it.
    fn releasable(&self) -> (*mut u8, usize) {
        (self.bottom(), self.end().addr() - self.bottom().addr())
    }
}

/// Who runs on a stack. Lies at [`Stack::top`]; all zeroes (a fresh page) means no name.
#[derive(Clone, Copy)]
#[repr(C)]
struct OwnerRecord {
    name: *const u8,
    len: usize,
}

/// Where the owner record of the slot at `base` lies, and its stack begins.
///
/// Aligned stack tops fall into a few sets of the cache, so neighbours start on different lines.
/// The number of a slot is taken from its address: neighbours have consecutive ones, and the signal
/// handler needs nothing but the address.
///
/// # Safety
///
/// `base` points to a slot of `class`.
#[inline]
unsafe fn usable_top(base: *mut u8, class: Class) -> *mut u8 {
    let number = base.addr() >> class.shift();
    let colour = (number % class::COLOURS) * class::COLOUR_BYTES;
    // SAFETY: a slot is larger than its guard, its colour and its owner record together.
    unsafe { base.add(class.slot_size() - colour - class::OWNER_BYTES) }
}

/// The size of a page, asked for once.
#[inline]
fn page_size() -> usize {
    static PAGE_SIZE: AtomicUsize = AtomicUsize::new(0);

    #[cold]
    fn ask() -> usize {
        // SAFETY: sysconf has no preconditions.
        let answer = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let size = usize::try_from(answer).expect("the system knows its page size");
        PAGE_SIZE.store(size, Ordering::Relaxed);
        size
    }

    match PAGE_SIZE.load(Ordering::Relaxed) {
        0 => ask(),
        size => size,
    }
}
