//! Switching from one stack to another.
//!
//! A suspended greenlet is a pointer to the registers that it saved on its own stack. Resuming it
//! hands over the pointer that the resumer has just saved, and one word of data:
//!
//! ```text
//!   stack of A                         stack of B (suspended)
//!   | ...                   |          | ...                    |
//!   | frame: Hub::switch_to |          | frame: Hub::switch_to  |
//!   | registers             |  resume  | registers              | <- Suspended(B)
//!   +-----------------------+ -------> +------------------------+
//!     ^ Suspended(A), handed to B
//! ```
//!
//! Nothing is ever unwound through `resume`. There are two of it: `by_asm`, for x86-64, and
//! `by_context`, the `context` crate, for all others and for `--cfg greenlet_portable`.
//!
//! # The first frame of a greenlet
//!
//! A greenlet starts in a naked function, `greenlet_entry`, that
//!
//! * declares the return address undefined, which is how an unwinder (libgcc's, gdb's) is told
//!   that this is the outermost frame: a backtrace ends there, by name, without an error;
//! * clears the frame pointer and pushes a zero frame record, where a walker of frame pointers
//!   (`perf record --call-graph fp`) ends as well;
//! * calls [`greenlet_main`](crate::hub::greenlet_main), which never returns.

#[cfg_attr(
    all(
        target_arch = "x86_64",
        target_pointer_width = "64",
        unix,
        not(greenlet_portable)
    ),
    path = "by_asm.rs"
)]
#[cfg_attr(
    not(all(
        target_arch = "x86_64",
        target_pointer_width = "64",
        unix,
        not(greenlet_portable)
    )),
    path = "by_context.rs"
)]
mod backend;

use crate::stack::Stack;
use backend::Saved;
use std::marker::PhantomData;

/// A greenlet that does not run: where its registers are.
///
/// Neither `Send` nor `Sync`: a started greenlet never changes thread.
pub(crate) struct Suspended(Saved, PhantomData<*mut ()>);

/// What a resumed greenlet finds: who was switched away from, and the word it left.
pub(crate) struct Arrival {
    pub(crate) from: Suspended,
    pub(crate) data: usize,
}

/// What `greenlet_entry` hands on, in the registers of the first two arguments.
#[repr(C)]
pub(crate) struct Transfer {
    from: Saved,
    data: usize,
}

/// To be called where a greenlet begins on a stack that another one has just ended on, without a switch.
#[inline(always)]
pub(crate) fn begin_again() {
    backend::begin_again();
}

/// Where a greenlet begins.
type Entry = unsafe extern "C" fn(Transfer) -> !;

impl Arrival {
    /// From what a greenlet begins with.
    #[inline(always)]
    pub(crate) fn first(transfer: Transfer) -> Arrival {
        Arrival {
            from: Suspended(transfer.from, PhantomData),
            data: transfer.data,
        }
    }
}

impl Suspended {
    /// A greenlet that will start in `greenlet_entry` on `stack`.
    ///
    /// # Safety
    ///
    /// The stack is used by nobody else, and is not given back before the greenlet has switched away
    /// for the last time.
    pub(crate) unsafe fn new(stack: &Stack) -> Suspended {
        // SAFETY: the caller keeps the stack for as long as the context is used.
        Suspended(
            unsafe { backend::first(stack, entry::greenlet_entry) },
            PhantomData,
        )
    }

    /// It will be resumed soon, but not next.
    #[inline(always)]
    pub(crate) fn prefetch(&self) {
        backend::prefetch(&self.0);
    }

    /// Switches to it. Returns when somebody switches back.
    ///
    /// # Safety
    ///
    /// It was suspended on this thread, and everything it needs is still alive.
    #[inline(always)]
    pub(crate) unsafe fn resume(self, data: usize) -> Arrival {
        // SAFETY: the caller's promise is the one asked for.
        let (from, data) = unsafe { backend::resume(self.0, data) };
        Arrival::first(Transfer { from, data })
    }
}

#[cfg(target_arch = "x86_64")]
mod entry {
    use super::Transfer;

    /// The outermost frame of every greenlet. The transfer (who was switched away from, data) is in `rdi` and `rsi`, where
    /// `greenlet_main` wants it; on entry `rsp` is 8 below a multiple of 16, as after a call.
    #[unsafe(naked)]
    pub(super) unsafe extern "C" fn greenlet_entry(_transfer: Transfer) -> ! {
        core::arch::naked_asm!(
            ".cfi_startproc",
            // No caller: unwinding ends here.
            ".cfi_undefined rip",
            // The word at rsp may be Boost's exit routine; make it a null return address, and push a null
            // frame pointer below it: an empty frame record, and rsp is a multiple of 16.
            "xor ebp, ebp",
            "mov [rsp], rbp",
            "push rbp",
            ".cfi_def_cfa_offset 16",
            "mov rbp, rsp",
            "call {main}",
            "ud2",
            ".cfi_endproc",
            main = sym crate::hub::greenlet_main,
        )
    }
}

#[cfg(target_arch = "aarch64")]
mod entry {
    use super::Transfer;

    /// The outermost frame of every greenlet. The transfer (who was switched away from, data) is in `x0` and `x1`, where
    /// `greenlet_main` wants it.
    #[unsafe(naked)]
    pub(super) unsafe extern "C" fn greenlet_entry(_transfer: Transfer) -> ! {
        core::arch::naked_asm!(
            ".cfi_startproc",
            ".cfi_undefined x30",
            "mov x29, xzr",
            "mov x30, xzr",
            "stp x29, x30, [sp, #-16]!",
            ".cfi_def_cfa_offset 16",
            "mov x29, sp",
            "bl {main}",
            "brk #1",
            ".cfi_endproc",
            main = sym crate::hub::greenlet_main,
        )
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod entry {
    use super::Transfer;

    /// The outermost frame of every greenlet. Backtraces end below it, without a name, on
    /// architectures that have no entry shim yet.
    pub(super) unsafe extern "C" fn greenlet_entry(transfer: Transfer) -> ! {
        crate::hub::greenlet_main(transfer)
    }
}
