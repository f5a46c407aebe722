//! The alternate signal stack, on which the overflow of any other stack is handled.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use super::global::GLOBAL;
use super::{page_size, slab};

/// What our handler and those it chains to get beyond what the system asks for.
const ROOM: usize = 16 << 10;

/// Keeps the calling thread's alternate signal stack. Must end on the thread that made it, which is
/// why it is neither `Send` nor `Sync`.
#[must_use = "dropping it takes the alternate signal stack away again"]
pub(crate) struct AltStack {
    /// `None` if the thread had one already, or none is to be had.
    mapping: Option<Mapping>,
    _not_send: PhantomData<*mut ()>,
}

struct Mapping {
    /// Lowest address, that of the guard.
    base: NonNull<u8>,
    /// Size, guard included.
    bytes: usize,
}

/// Sees to it that the calling thread has an alternate signal stack while the guard lives. Threads
/// that `std` spawned have one already, most of the time.
///
/// If the system refuses, an overflow on this thread is a bare SIGSEGV, and nothing else is lost.
pub(crate) fn ensure_alt_stack() -> AltStack {
    let disabled = current().is_some_and(|stack| stack.ss_flags & libc::SS_DISABLE != 0);
    let mapping = if disabled { Mapping::install() } else { None };
    AltStack {
        mapping,
        _not_send: PhantomData,
    }
}

/// The calling thread's alternate signal stack.
fn current() -> Option<libc::stack_t> {
    let mut stack = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: only asks, and writes a whole stack_t when it returns 0.
    unsafe {
        let done = libc::sigaltstack(ptr::null(), stack.as_mut_ptr());
        (done == 0).then(|| stack.assume_init())
    }
}

/// What the system needs at least. With wide vector registers that may be more than `SIGSTKSZ`.
fn least_size() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: getauxval has no preconditions, and returns 0 for what it does not know.
        let kernel = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) };
        usize::try_from(kernel).unwrap_or(0).max(libc::SIGSTKSZ)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        libc::SIGSTKSZ
    }
}

impl Mapping {
    fn install() -> Option<Mapping> {
        let guard = page_size();
        let bytes = guard + (least_size() + ROOM).next_multiple_of(page_size());
        let mapping = Mapping {
            base: NonNull::new(slab::map(bytes).ok()?)?,
            bytes,
        };
        let base = mapping.base.as_ptr();
        // SAFETY: the first page of a mapping that nobody has used.
        if unsafe { GLOBAL.guards.install(base) }.is_err() {
            mapping.unmap();
            return None;
        }
        let stack = libc::stack_t {
            // SAFETY: the mapping is larger than its guard.
            ss_sp: unsafe { base.add(guard) }.cast(),
            ss_flags: 0,
            ss_size: bytes - guard,
        };
        // SAFETY: the memory is ours, and stays mapped until `remove` has taken it away again.
        if unsafe { libc::sigaltstack(&stack, ptr::null_mut()) } != 0 {
            mapping.unmap();
            return None;
        }
        Some(mapping)
    }

    /// Takes the stack away from the thread, unless somebody has put another in its place.
    fn remove(&self) {
        let usable = self.base.addr().get() + page_size();
        if current().is_none_or(|stack| stack.ss_sp.addr() != usable) {
            return;
        }
        // The size is ignored, except by systems that check it all the same.
        let none = libc::stack_t {
            ss_sp: ptr::null_mut(),
            ss_flags: libc::SS_DISABLE,
            ss_size: libc::SIGSTKSZ,
        };
        // SAFETY: without an alternate stack, signals are handled on the thread's own.
        unsafe {
            libc::sigaltstack(&none, ptr::null_mut());
        }
    }

    fn unmap(&self) {
        // SAFETY: the mapping is ours alone; the thread does not use it, or not any more.
        unsafe {
            libc::munmap(self.base.as_ptr().cast(), self.bytes);
        }
    }
}

impl Drop for AltStack {
    fn drop(&mut self) {
        if let Some(mapping) = &self.mapping {
            mapping.remove();
            mapping.unmap();
        }
    }
}
