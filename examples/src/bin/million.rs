//! A million greenlets, parked: `million [N]`.
//!
//! Spawns N greenlets on the hub of the main thread, lets all of them wait on one futex word, tells
//! what they cost, wakes them and checks that each ran to its end.

use std::cell::Cell;
use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use examples::process_status::{ProcessStatus, max_map_count, own_mappings};
use greenlet::{Builder, Greenlet, futex};
use indicatif::{BinaryBytes, HumanCount};

const USAGE: &str = "usage: million [N]    N is the number of greenlets, by default 1000000";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let count = match arguments[..] {
        [] => 1_000_000,
        ["-h" | "--help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [count] => count.parse().unwrap_or(0),
        _ => 0,
    };
    if count == 0 {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match park_and_wake(count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("million: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the greenlets share. They all run on this thread: `Cell` is enough.
#[derive(Default)]
struct Shared {
    /// The futex word: 0 while they are to wait.
    go_on: AtomicU32,
    parked: Cell<u32>,
    ended: Cell<u32>,
}

fn park_and_wake(count: u32) -> Result<(), Box<dyn Error>> {
    let shared = Rc::new(Shared::default());
    let before = ProcessStatus::own()?;
    let start = Instant::now();

    let greenlets = spawn_all(count, &shared)?;
    let spawned = start.elapsed();
    while shared.parked.get() < count {
        greenlet::yield_now();
    }
    let parked = start.elapsed();

    let after = ProcessStatus::own()?;
    let resident = after.resident.saturating_sub(before.resident);
    let page_tables = after.page_tables.saturating_sub(before.page_tables);
    println!("{} greenlets", HumanCount(count.into()));
    println!("spawned after    {spawned:.2?}");
    println!("parked after     {parked:.2?}");
    println!(
        "resident memory  {}, {} bytes each",
        BinaryBytes(resident),
        resident / u64::from(count)
    );
    println!(
        "page tables      {}, {} bytes each",
        BinaryBytes(page_tables),
        page_tables / u64::from(count)
    );
    println!(
        "mappings         {} (vm.max_map_count is {})",
        own_mappings()?,
        max_map_count()?
    );
    println!("OS threads       {}", after.threads);

    let start = Instant::now();
    shared.go_on.store(1, Ordering::Relaxed);
    let woken = futex::wake(&shared.go_on, usize::MAX);
    println!("woken in         {:.2?}", start.elapsed());
    if woken != count as usize {
        return Err(format!("{woken} of {count} were parked").into());
    }
    for (number, greenlet) in (0..count).zip(greenlets) {
        match greenlet.join() {
            Ok(result) if result == number => {}
            Ok(result) => return Err(format!("greenlet {number} gave {result}").into()),
            Err(_) => return Err(format!("greenlet {number} panicked").into()),
        }
    }
    println!("ended after      {:.2?}", start.elapsed());
    if shared.ended.get() != count {
        return Err(format!("only {} of {count} ran to their end", shared.ended.get()).into());
    }
    println!("each one ran to its end");
    Ok(())
}

fn spawn_all(count: u32, shared: &Rc<Shared>) -> Result<Vec<Greenlet<u32>>, Box<dyn Error>> {
    (0..count)
        .map(|number| {
            let shared = Rc::clone(shared);
            let body = move || {
                shared.parked.set(shared.parked.get() + 1);
                futex::wait(&shared.go_on, 0);
                shared.ended.set(shared.ended.get() + 1);
                number
            };
            Builder::new().spawn(body).map_err(|error| {
                let nth = HumanCount(u64::from(number) + 1);
                let count = HumanCount(count.into());
                format!("could not spawn greenlet {nth} of {count}: {error}").into()
            })
        })
        .collect()
}
