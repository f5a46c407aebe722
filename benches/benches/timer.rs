//! Timers: arming and cancelling one beside others, and a sleep that is already over.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use greenlet::{futex, time};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3_600);

fn timer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timer");

    group.bench_function("sleep that is over", |bencher| {
        let past = Instant::now();
        bencher.iter(|| time::sleep_until(past));
    });

    // A wait with a deadline that a wake ends: the timer is armed and cancelled every time.
    for others in [0_u32, 1_000, 100_000] {
        group.bench_function(
            BenchmarkId::new("arm and cancel beside", others),
            |bencher| {
                let gate = Rc::new(AtomicU32::new(0));
                let sleepers: Vec<_> = (0..others)
                    .map(|position| {
                        let gate = Rc::clone(&gate);
                        greenlet::spawn(move || {
                            let deadline =
                                Instant::now() + LONG + Duration::from_millis(position.into());
                            futex::wait_until(&gate, 0, Some(deadline));
                        })
                    })
                    .collect();
                let word = Rc::new(AtomicU32::new(0));
                let stop = Rc::new(AtomicU32::new(0));
                let waker = greenlet::spawn({
                    let (word, stop) = (Rc::clone(&word), Rc::clone(&stop));
                    move || {
                        while stop.load(Ordering::Relaxed) == 0 {
                            futex::wake(&*word, 1);
                            greenlet::yield_now();
                        }
                    }
                });
                greenlet::yield_now();

                let deadline = Instant::now() + LONG;
                bencher.iter(|| futex::wait_until(&word, 0, Some(deadline)));

                stop.store(1, Ordering::Relaxed);
                waker.join().expect("it does not panic");
                gate.store(1, Ordering::Relaxed);
                futex::wake(&*gate, usize::MAX);
                for sleeper in sleepers {
                    sleeper.join().expect("it does not panic");
                }
            },
        );
    }
    group.finish();
}

criterion_group!(benches, timer);
criterion_main!(benches);
