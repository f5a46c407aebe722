//! The futex: a wake that finds nobody, a wait that need not park, and a hand-over between two
//! greenlets of one hub and of two.

use criterion::{Criterion, criterion_group, criterion_main};
use greenlet::{Builder, futex};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const IDLE: u32 = 0;
const ASKED: u32 = 1;
const STOP: u32 = 2;

/// The word that two greenlets hand back and forth, and the two sides of it.
#[derive(Default)]
struct Table {
    word: AtomicU32,
}

impl Table {
    /// Gives the turn to the other side and waits for it to come back.
    fn ask(&self) {
        self.word.store(ASKED, Ordering::Release);
        futex::wake(&self.word, 1);
        while self.word.load(Ordering::Acquire) == ASKED {
            futex::wait(&self.word, ASKED);
        }
    }

    /// Gives the turn back whenever it comes, until it is told to stop.
    fn answer(&self) {
        loop {
            match self.word.load(Ordering::Acquire) {
                IDLE => {
                    futex::wait(&self.word, IDLE);
                }
                STOP => return,
                _ => {
                    self.word.store(IDLE, Ordering::Release);
                    futex::wake(&self.word, 1);
                }
            }
        }
    }

    fn stop(&self) {
        self.word.store(STOP, Ordering::Release);
        futex::wake(&self.word, 1);
    }
}

fn without_parking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("futex");
    let word = AtomicU32::new(1);
    group.bench_function("wake, nobody waits", |bencher| {
        bencher.iter(|| futex::wake(&word, 1));
    });
    group.bench_function("wait, the word differs", |bencher| {
        bencher.iter(|| futex::wait(&word, 0));
    });
    group.finish();
}

fn hand_over(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("futex hand-over, there and back");

    group.bench_function("one hub", |bencher| {
        let table = Arc::new(Table::default());
        let other = greenlet::spawn({
            let table = Arc::clone(&table);
            move || table.answer()
        });
        bencher.iter(|| table.ask());
        table.stop();
        other.join().expect("it does not panic");
    });

    group.bench_function("two hubs", |bencher| {
        let table = Arc::new(Table::default());
        let other = Builder::new()
            .spawn_worker({
                let table = Arc::clone(&table);
                move || table.answer()
            })
            .expect("a stack is to be had");
        bencher.iter(|| table.ask());
        table.stop();
        other.join().expect("it does not panic");
    });

    group.finish();
}

criterion_group!(benches, without_parking, hand_over);
criterion_main!(benches);
