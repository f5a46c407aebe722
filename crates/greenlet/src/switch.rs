//! Every call to the `context` crate.
//!
//! A suspended greenlet is a pointer to the registers that it saved on its own stack. Resuming it
//! hands over the pointer that the resumer has just saved, and one word of data:
//!
//! ```text
//!   stack of A                         stack of B (suspended)
//!   | ...                   |          | ...                    |
//!   | frame: Hub::switch_to |          | frame: Hub::switch_to  |
//!   | rip rbp rbx r15..r12  |  resume  | rip rbp rbx r15..r12   | <- Suspended(B)
//!   | mxcsr, x87 cw         | -------> | mxcsr, x87 cw          |
//!   +-----------------------+          +------------------------+
//!     ^ Suspended(A), handed to B
//! ```
//!
//! Nothing is ever unwound through `resume`, and `resume_ontop` is not used: its callback is a plain
//! `extern "C"` function, out of which no unwind may come.
//!
//! # The first frame of a greenlet
//!
//! What Boost's `make_fcontext` leaves under the first frame has no unwind tables, and its frame pointer
//! register holds the address of an exit routine. So a greenlet starts in a naked function,
//! `greenlet_entry`, that
//!
//! * declares the return address undefined, which is how an unwinder (libgcc's, gdb's) is told
//!   that this is the outermost frame: a backtrace ends there, by name, without an error;
//! * clears the frame pointer and pushes a zero frame record, where a walker of frame pointers
//!   (`perf record --call-graph fp`) ends as well;
//! * calls [`greenlet_main`](crate::hub::greenlet_main), which never returns.

use crate::stack::Stack;
use context::{Context, Transfer};
use std::marker::PhantomData;

/// A greenlet that does not run: where its registers are.
///
/// Neither `Send` nor `Sync`, which `Context` is by accident: a started greenlet never changes thread.
pub(crate) struct Suspended(Context, PhantomData<*mut ()>);

/// What a resumed greenlet finds: who was switched away from, and the word it left.
pub(crate) struct Arrival {
    pub(crate) from: Suspended,
    pub(crate) data: usize,
}

impl Arrival {
    /// From what `greenlet_entry` was called with.
    pub(crate) fn first(transfer: Transfer) -> Arrival {
        Arrival {
            from: Suspended(transfer.context, PhantomData),
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
        // SAFETY: `top` and `bottom` are the bounds of one mapped stack, top above bottom.
        let bounds =
            unsafe { context::stack::Stack::new(stack.top().cast(), stack.bottom().cast()) };
        // SAFETY: the caller keeps the stack for as long as the context is used.
        Suspended(
            unsafe { Context::new(&bounds, entry::greenlet_entry) },
            PhantomData,
        )
    }

    /// Switches to it. Returns when somebody switches back.
    ///
    /// # Safety
    ///
    /// It was suspended on this thread, and everything it needs is still alive.
    #[inline(always)]
    pub(crate) unsafe fn resume(self, data: usize) -> Arrival {
        // SAFETY: the caller's promise is `Context::resume`'s requirement.
        Arrival::first(unsafe { jump::resume(self.0, data) })
    }
}

/// `Context::resume`, entered by a jump instead of a call.
///
/// It leaves by a jump, too: straight to the return address of the one that is resumed. A processor that predicts every
/// `ret` by the last `call` that has not returned yet would be one call behind from then on, in every frame between the
/// switch and the greenlet's own code. Entered by a jump its count stays right, and since most
/// greenlets wait in the same functions, so do its predictions.
#[cfg(all(target_arch = "x86_64", unix))]
mod jump {
    use context::{Context, Transfer};
    use std::arch::asm;
    use std::mem;

    // A context is the address of its registers, by the first argument and in the result.
    const _: () = assert!(size_of::<Context>() == size_of::<usize>());

    unsafe extern "C" {
        /// Of the `context` crate, which declares it privately.
        fn jump_fcontext(to: usize, data: usize) -> Transfer;
    }

    /// # Safety
    ///
    /// As for `Context::resume`.
    #[inline(always)]
    pub(super) unsafe fn resume(to: Context, data: usize) -> Transfer {
        // SAFETY: `Context` is `repr(C)` around one pointer.
        let to: usize = unsafe { mem::transmute(to) };
        let (from, answer): (usize, usize);
        // SAFETY: what a call of `jump_fcontext` does, by the C ABI: its two arguments in `rdi` and `rsi`, its result of
        // two words in `rax` and `rdx`; the stack aligned as at a call, since `asm!` aligns it to 16 and clears the red
        // zone, and one return address is pushed. The code at 2 is reached with that address popped.
        unsafe {
            asm!(
                "lea rax, [rip + 2f]",
                "push rax",
                "jmp {jump_fcontext}",
                "2:",
                jump_fcontext = sym jump_fcontext,
                inlateout("rdi") to => _,
                inlateout("rsi") data => _,
                lateout("rax") from,
                lateout("rdx") answer,
                clobber_abi("C"),
            );
        }
        Transfer {
            // SAFETY: the address that `jump_fcontext` gives, of the registers of whoever was switched away from.
            context: unsafe { mem::transmute::<usize, Context>(from) },
            data: answer,
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", unix)))]
mod jump {
    use context::{Context, Transfer};

    /// # Safety
    ///
    /// As for `Context::resume`.
    #[inline(always)]
    pub(super) unsafe fn resume(to: Context, data: usize) -> Transfer {
        // SAFETY: as the caller promises.
        unsafe { to.resume(data) }
    }
}

#[cfg(target_arch = "x86_64")]
mod entry {
    use context::Transfer;

    /// The outermost frame of every greenlet. The transfer (context, data) is in `rdi` and `rsi`, where
    /// `greenlet_main` wants it; on entry `rsp` is 8 below a multiple of 16, as after a call.
    #[unsafe(naked)]
    pub(super) extern "C" fn greenlet_entry(_transfer: Transfer) -> ! {
        core::arch::naked_asm!(
            ".cfi_startproc",
            // No caller: unwinding ends here.
            ".cfi_undefined rip",
            // The word at rsp is Boost's exit routine; make it a null return address, and push a null
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
    use context::Transfer;

    /// The outermost frame of every greenlet. The transfer (context, data) is in `x0` and `x1`, where
    /// `greenlet_main` wants it.
    #[unsafe(naked)]
    pub(super) extern "C" fn greenlet_entry(_transfer: Transfer) -> ! {
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
    use context::Transfer;

    /// The outermost frame of every greenlet. Backtraces end below it, without a name, on
    /// architectures that have no entry shim yet.
    pub(super) extern "C" fn greenlet_entry(transfer: Transfer) -> ! {
        crate::hub::greenlet_main(transfer)
    }
}
