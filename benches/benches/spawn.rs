//! `spawn` and `join`: one greenlet at a time, in batches, and on the worker hubs.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use greenlet::Builder;
use std::hint::black_box;

fn local(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spawn");

    group.bench_function("one at a time", |bencher| {
        bencher.iter(|| {
            greenlet::spawn(|| black_box(1))
                .join()
                .expect("it does not panic")
        });
    });

    for count in [10_u64, 1_000, 10_000] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::new("batch", count), |bencher| {
            bencher.iter_batched_ref(
                || Vec::with_capacity(count as usize),
                |handles| {
                    for _ in 0..count {
                        handles.push(greenlet::spawn(|| black_box(1)));
                    }
                    for handle in handles.drain(..) {
                        handle.join().expect("it does not panic");
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn workers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spawn_worker");
    let spawn = || {
        Builder::new()
            .spawn_worker(|| black_box(1))
            .expect("a stack is to be had")
    };

    group.bench_function("one at a time", |bencher| {
        bencher.iter(|| spawn().join().expect("it does not panic"));
    });

    let count = 1_000_u64;
    group.throughput(Throughput::Elements(count));
    group.bench_function(BenchmarkId::new("batch", count), |bencher| {
        bencher.iter_batched_ref(
            || Vec::with_capacity(count as usize),
            |handles| {
                handles.extend((0..count).map(|_| spawn()));
                for handle in handles.drain(..) {
                    handle.join().expect("it does not panic");
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, local, workers);
criterion_main!(benches);
