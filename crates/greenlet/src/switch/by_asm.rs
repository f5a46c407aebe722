//! The switch of x86-64, in place.
//!
//! What the C ABI has a function preserve is saved on the greenlet's own stack:
//!
//! ```text
//!   rbp            pushed by the one that switches away
//!   rbx
//!   where to go on
//!   mxcsr, x87 cw  <- what a suspended greenlet is known by
//! ```
//!
//! `r12` to `r15` are left to the compiler, which saves what is in use there. The control words of the floating-point units
//! are loaded only if they differ from those of the greenlet before, which is next to never, as loading them takes longer
//! than all the rest; the status flags of `mxcsr`, which the ABI lets a function change, do not count.
//!
//! Nothing of it is a function, so that a greenlet is left from and arrived at in the same frame, and a processor that predicts
//! each `ret` by the last `call` is not a call behind.

use super::Entry;
use crate::cache;
use crate::stack::Stack;
use std::arch::asm;
use std::ptr::NonNull;

/// The saved words of a suspended greenlet.
pub(super) type Saved = NonNull<u64>;

/// The bits of `mxcsr` that are not status flags.
const MXCSR_CONTROL: u32 = 0xFFC0;

/// `mxcsr` and the x87 control word of a thread that has just begun: all exceptions masked, rounding to the nearest.
const CONTROL_WORDS: u64 = 0x037F_0000_1F80;

/// The words of a greenlet that will go to `entry`.
///
/// # Safety
///
/// The stack is used by nobody else.
pub(super) unsafe fn first(stack: &Stack, entry: Entry) -> Saved {
    let top = stack.top().cast::<u64>();
    debug_assert!(top.addr().is_multiple_of(16));
    // SAFETY: the stack has room for three words below its top, which is aligned to 16, and nobody else uses it.
    unsafe {
        // Below it the entry finds a stack as after a call, of which there was none.
        top.sub(1).write(0);
        top.sub(2).write(entry as usize as u64);
        top.sub(3).write(CONTROL_WORDS);
        NonNull::new_unchecked(top.sub(3))
    }
}

/// Has the processor fetch what the greenlet will go on with: its words, and the frames above them.
#[inline(always)]
pub(super) fn prefetch(saved: &Saved) {
    cache::prefetch_lines::<8, _>(saved.as_ptr().cast_const());
}

/// Switches to `to`, which gets `data` and the words of the one that calls. Returns the same two when somebody switches back.
///
/// # Safety
///
/// `to` was saved on this thread and not resumed since, and everything the greenlet needs is still alive.
#[inline(always)]
pub(super) unsafe fn resume(to: Saved, data: usize) -> (Saved, usize) {
    let (from, answer): (*mut u64, usize);
    // SAFETY: all registers but `rbx`, `rbp` and `rsp` are given up, and those three are as before when the code at 2 is
    // reached: the stack pointer is that of the save, and nobody else has used this stack since. `asm!` keeps the red zone free for
    // the words that are pushed. `rdi` and `rsi` pass from one greenlet to the other.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "lea rax, [rip + 2f]",
            "push rax",
            "sub rsp, 8",
            "stmxcsr dword ptr [rsp]",
            "fnstcw word ptr [rsp + 4]",
            // Do the control words differ?
            "mov eax, dword ptr [rdi]",
            "xor eax, dword ptr [rsp]",
            "movzx ecx, word ptr [rdi + 4]",
            "xor cx, word ptr [rsp + 4]",
            "and eax, {control}",
            "or eax, ecx",
            // None of these changes the answer.
            "mov rax, rsp",
            "mov rsp, rdi",
            "mov rdi, rax",
            "jnz 3f",
            "4:",
            "add rsp, 8",
            "pop rax",
            "jmp rax",
            "3:",
            "ldmxcsr dword ptr [rsp]",
            "fldcw word ptr [rsp + 4]",
            "jmp 4b",
            "2:",
            "pop rbx",
            "pop rbp",
            control = const MXCSR_CONTROL,
            inlateout("rdi") to.as_ptr() => from,
            inlateout("rsi") data => answer,
            lateout("r12") _,
            lateout("r13") _,
            lateout("r14") _,
            lateout("r15") _,
            clobber_abi("C"),
        );
        (NonNull::new_unchecked(from), answer)
    }
}

/// Gives the calling greenlet the control words that it begins with, on a stack that another has ended on.
#[inline(always)]
pub(super) fn begin_again() {
    // SAFETY: loads the control words if they differ; what is pushed is popped again.
    unsafe {
        asm!(
            "push {words}",
            "sub rsp, 8",
            "stmxcsr dword ptr [rsp]",
            "fnstcw word ptr [rsp + 4]",
            "mov {now:e}, dword ptr [rsp]",
            "xor {now:e}, dword ptr [rsp + 8]",
            "movzx {words:e}, word ptr [rsp + 4]",
            "xor {words:x}, word ptr [rsp + 12]",
            "and {now:e}, {control}",
            "or {now:e}, {words:e}",
            "jz 2f",
            "ldmxcsr dword ptr [rsp + 8]",
            "fldcw word ptr [rsp + 12]",
            "2:",
            "add rsp, 16",
            words = inout(reg) CONTROL_WORDS => _,
            now = out(reg) _,
            control = const MXCSR_CONTROL,
        );
    }
}
