//! The loops of each subject.

use crate::files::work::{Operation, Subject, Work, forget};
use greenlet::offload;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use std::{io, thread};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Has the tasks make calls until the time is over; gives their number.
pub(crate) fn run(subject: Subject, work: &Work) -> io::Result<u64> {
    match subject {
        Subject::Plain => on_a_thread(work, 0, Instant::now()),
        Subject::Threads => on_threads(work),
        Subject::Gfs => on_greenlets(work, with_gfs),
        Subject::Pool => on_greenlets(work, by_the_pool),
        Subject::Tokio => on_tokio(work),
    }
}

/// No more is read than what is asked for.
fn no_readahead(file: impl AsFd) {
    // SAFETY: an open descriptor, and numbers.
    unsafe { libc::posix_fadvise(file.as_fd().as_raw_fd(), 0, 0, libc::POSIX_FADV_RANDOM) };
}

/// One task: `call` again and again, at offsets of its own, until the time is over.
fn task(
    work: &Work,
    number: usize,
    begin: Instant,
    mut call: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<u64> {
    let mut calls = 0;
    for offset in work.offsets(number) {
        // Reading the clock costs less than a tenth of the shortest call.
        if calls % 8 == 0 && begin.elapsed() >= work.budget {
            break;
        }
        call(offset)?;
        calls += 1;
    }
    Ok(calls)
}

fn on_a_thread(work: &Work, number: usize, begin: Instant) -> io::Result<u64> {
    match work.operation {
        Operation::Read { length, cached } => {
            let file = File::open(&work.path)?;
            no_readahead(&file);
            let mut buffer = vec![0; length];
            task(work, number, begin, |offset| {
                if !cached {
                    forget(&file, offset, length);
                }
                file.read_exact_at(&mut buffer, offset)
            })
        }
        Operation::Metadata => task(work, number, begin, |_| fs::metadata(&work.path).map(drop)),
    }
}

fn on_threads(work: &Work) -> io::Result<u64> {
    let begin = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..work.concurrent)
            .map(|number| scope.spawn(move || on_a_thread(work, number, begin)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a task does not panic"))
            .sum()
    })
}

fn on_greenlets(work: &Work, one: fn(&Work, usize, Instant) -> io::Result<u64>) -> io::Result<u64> {
    let begin = Instant::now();
    let greenlets: Vec<_> = (0..work.concurrent)
        .map(|number| {
            let work = work.clone();
            greenlet::spawn(move || one(&work, number, begin))
        })
        .collect();
    greenlets
        .into_iter()
        .map(|greenlet| greenlet.join().expect("a task does not panic"))
        .sum()
}

fn with_gfs(work: &Work, number: usize, begin: Instant) -> io::Result<u64> {
    match work.operation {
        Operation::Read { length, cached } => {
            let file = gfs::File::open(&work.path)?;
            no_readahead(&file);
            let mut buffer = vec![0; length];
            task(work, number, begin, |offset| {
                if !cached {
                    forget(&file, offset, length);
                }
                file.read_exact_at(&mut buffer, offset)
            })
        }
        Operation::Metadata => task(work, number, begin, |_| gfs::metadata(&work.path).map(drop)),
    }
}

fn by_the_pool(work: &Work, number: usize, begin: Instant) -> io::Result<u64> {
    match work.operation {
        Operation::Read { length, cached } => {
            let file = File::open(&work.path)?;
            no_readahead(&file);
            let mut buffer = vec![0; length];
            task(work, number, begin, |offset| {
                if !cached {
                    forget(&file, offset, length);
                }
                offload(|| file.read_exact_at(&mut buffer, offset))
            })
        }
        Operation::Metadata => task(work, number, begin, |_| {
            offload(|| fs::metadata(&work.path)).map(drop)
        }),
    }
}

fn on_tokio(work: &Work) -> io::Result<u64> {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let begin = Instant::now();
    let tasks: Vec<_> = (0..work.concurrent)
        .map(|number| {
            let work = work.clone();
            runtime.spawn(async move {
                let calls = with_tokio(&work, number, begin).await?;
                CALLS.fetch_add(calls, Ordering::Relaxed);
                io::Result::Ok(())
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await??;
        }
        Ok(CALLS.load(Ordering::Relaxed))
    })
}

/// Its files have no `read_at`: they are read on, and a seek, when a task's part is at its end, is not counted.
async fn with_tokio(work: &Work, number: usize, begin: Instant) -> io::Result<u64> {
    let mut calls = 0;
    match work.operation {
        Operation::Read { length, cached } => {
            let mut file = tokio::fs::File::open(&work.path).await?;
            no_readahead(&file);
            let mut buffer = vec![0; length];
            let mut at = None;
            for offset in work.offsets(number) {
                if calls % 8 == 0 && begin.elapsed() >= work.budget {
                    break;
                }
                if at != Some(offset) {
                    file.seek(io::SeekFrom::Start(offset)).await?;
                }
                if !cached {
                    forget(&file, offset, length);
                }
                file.read_exact(&mut buffer).await?;
                at = Some(offset + length as u64);
                calls += 1;
            }
        }
        Operation::Metadata => {
            while calls % 8 != 0 || begin.elapsed() < work.budget {
                tokio::fs::metadata(&work.path).await?;
                calls += 1;
            }
        }
    }
    Ok(calls)
}
