//! The `context` crate alone: two stacks and no scheduler.

use crate::micro::work::Work;
use benches::sample;
use context::stack::ProtectedFixedSizeStack;
use context::{Context, Transfer};
use std::time::Instant;

extern "C" fn bounce(mut transfer: Transfer) -> ! {
    loop {
        // SAFETY: the context is the one that has just resumed this one, so it is suspended.
        transfer = unsafe { transfer.context.resume(0) };
    }
}

/// Nanoseconds for a switch there and back.
pub(crate) fn run(work: &Work) -> Vec<f64> {
    const CHUNK: usize = 1_000_000;
    let stack = ProtectedFixedSizeStack::default();
    // SAFETY: `stack` outlives every switch to the context made on it, and `bounce` never unwinds.
    let context = unsafe { Context::new(&stack, bounce) };
    let mut suspended = Some(Transfer::new(context, 0));
    let figure = sample::nanoseconds(work.budget, CHUNK, || {
        let mut transfer = suspended.take().expect("it is put back below");
        let begin = Instant::now();
        for _ in 0..CHUNK {
            // SAFETY: `bounce` is suspended whenever this side runs.
            transfer = unsafe { transfer.context.resume(0) };
        }
        let elapsed = begin.elapsed();
        suspended = Some(transfer);
        elapsed
    });
    vec![figure]
}
