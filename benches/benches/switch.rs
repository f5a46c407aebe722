//! The floor under every other figure: one `context` switch there and back, and the same through
//! the scheduler.

use context::stack::ProtectedFixedSizeStack;
use context::{Context, Transfer};
use criterion::{Criterion, criterion_group, criterion_main};
use std::cell::Cell;
use std::rc::Rc;

extern "C" fn bounce(mut transfer: Transfer) -> ! {
    loop {
        // SAFETY: the context is the one that has just resumed this one, so it is suspended.
        transfer = unsafe { transfer.context.resume(0) };
    }
}

fn switch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("switch");

    group.bench_function("context, there and back", |bencher| {
        let stack = ProtectedFixedSizeStack::default();
        // SAFETY: `stack` outlives every switch to the context made on it, and `bounce` never
        // unwinds.
        let context = unsafe { Context::new(&stack, bounce) };
        let mut transfer = Some(Transfer::new(context, 0));
        bencher.iter(|| {
            if let Some(Transfer { context, .. }) = transfer.take() {
                // SAFETY: `bounce` is suspended whenever this side runs.
                transfer = Some(unsafe { context.resume(0) });
            }
        });
    });

    group.bench_function("yield_now, there and back", |bencher| {
        let stop = Rc::new(Cell::new(false));
        let other = greenlet::spawn({
            let stop = Rc::clone(&stop);
            move || {
                while !stop.get() {
                    greenlet::yield_now();
                }
            }
        });
        bencher.iter(greenlet::yield_now);
        stop.set(true);
        other.join().expect("it does not panic");
    });

    group.finish();
}

criterion_group!(benches, switch);
criterion_main!(benches);
