//! `yield_now` between greenlets of one hub: the cost of a turn, by how many take turns.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::cell::Cell;
use std::rc::Rc;

fn yield_now(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("yield_now");
    // One alone returns without a switch; 1,000 no longer fit the first-level cache.
    for count in [1_u32, 2, 10, 100, 1_000, 10_000] {
        group.bench_function(BenchmarkId::new("greenlets", count), |bencher| {
            bencher.iter_custom(|iterations| {
                let stop = Rc::new(Cell::new(false));
                let others: Vec<_> = (1..count)
                    .map(|_| {
                        let stop = Rc::clone(&stop);
                        greenlet::spawn(move || {
                            while !stop.get() {
                                greenlet::yield_now();
                            }
                        })
                    })
                    .collect();
                // Every one of them has started after this.
                greenlet::yield_now();

                // A turn of this greenlet is a turn of each of them.
                let rounds = iterations.div_ceil(u64::from(count)).max(1);
                let begin = std::time::Instant::now();
                for _ in 0..rounds {
                    greenlet::yield_now();
                }
                let elapsed = begin.elapsed();

                stop.set(true);
                for other in others {
                    other.join().expect("it does not panic");
                }
                elapsed.mul_f64(iterations as f64 / (rounds * u64::from(count)) as f64)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, yield_now);
criterion_main!(benches);
