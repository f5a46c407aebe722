//! The switch of the `context` crate.
//!
//! `resume_ontop` is not used: its callback is a plain `extern "C"` function, out of which no unwind may come.

use super::Entry;
use crate::stack::Stack;
use context::{Context, Transfer};
use std::mem;

/// Where the registers of a suspended greenlet are.
pub(super) type Saved = Context;

/// A greenlet that will go to `entry`.
///
/// # Safety
///
/// The stack is used by nobody else.
pub(super) unsafe fn first(stack: &Stack, entry: Entry) -> Saved {
    // SAFETY: its transfer has the layout of this one, the two fields of which have the same types.
    let entry = unsafe { mem::transmute::<Entry, extern "C" fn(Transfer) -> !>(entry) };
    // SAFETY: `top` and `bottom` are the bounds of one mapped stack, top above bottom.
    let bounds = unsafe { context::stack::Stack::new(stack.top().cast(), stack.bottom().cast()) };
    // SAFETY: the caller keeps the stack for as long as the context is used.
    unsafe { Context::new(&bounds, entry) }
}

/// Where the registers are is known to `context` alone.
#[inline(always)]
pub(super) fn prefetch(_: &Saved) {}

/// Switches to `to`, which gets `data` and the context of the one that calls. Returns the same two when somebody switches back.
///
/// # Safety
///
/// As for `Context::resume`.
#[inline(always)]
pub(super) unsafe fn resume(to: Saved, data: usize) -> (Saved, usize) {
    // SAFETY: the caller's promise.
    let Transfer { context, data } = unsafe { to.resume(data) };
    (context, data)
}

/// A greenlet begins with the control words of the floating-point units that it finds.
#[inline(always)]
pub(super) fn begin_again() {}
