//! `offload`: the way to a blocking thread and back, against a plain call.

use criterion::{Criterion, criterion_group, criterion_main};
use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;

fn offload(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("offload");

    group.bench_function("nothing else to run", |bencher| {
        bencher.iter(|| greenlet::offload(|| black_box(1)));
    });

    // A greenlet that is always runnable: the call cannot be made in place.
    group.bench_function("beside a busy greenlet", |bencher| {
        let stop = Rc::new(Cell::new(false));
        let busy = greenlet::spawn({
            let stop = Rc::clone(&stop);
            move || {
                while !stop.get() {
                    greenlet::yield_now();
                }
            }
        });
        bencher.iter(|| greenlet::offload(|| black_box(1)));
        stop.set(true);
        busy.join().expect("it does not panic");
    });

    group.finish();
}

criterion_group!(benches, offload);
criterion_main!(benches);
