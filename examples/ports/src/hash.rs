//! Checksums of all files in folders, by many threads: `hash [--threads N] PATH...`.
//!
//! It prints what `cksum` of POSIX does, sorted by path: the CRC, the number of bytes and the path of each file.

mod crc;
mod options;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

use crc::Crc;
use options::Options;

const USAGE: &str = "\
usage: hash [--threads N] PATH...
Prints CRC, length and path of the files in each PATH, as cksum does. Symbolic links are followed only if they are
a PATH; what is neither file nor folder is passed over.
  --threads N   how many files to read at once, by default as many as there are processors
The exit status is 1 if anything could not be read.
";

/// What is still to be looked at.
#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    items: VecDeque<Item>,
    /// How many items were taken and may still bring new ones.
    busy: usize,
}

enum Item {
    /// As the user named it.
    Named(PathBuf),
    Folder(PathBuf),
    File(PathBuf),
}

/// An item that was taken. Dropped when all that it brought is in the queue.
struct Taken<'a> {
    queue: &'a Queue,
    item: Item,
}

impl Queue {
    fn put(&self, item: Item) {
        self.state.lock().unwrap().items.push_back(item);
        self.changed.notify_one();
    }

    /// Waits for an item. There is none any more when all are done.
    fn take(&self) -> Option<Taken<'_>> {
        let state = self.state.lock().unwrap();
        let idle = |state: &mut QueueState| state.items.is_empty() && state.busy > 0;
        let mut state = self.changed.wait_while(state, idle).unwrap();
        let item = state.items.pop_front()?;
        state.busy += 1;
        Some(Taken { queue: self, item })
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock().unwrap();
        state.busy -= 1;
        if state.busy == 0 {
            self.queue.changed.notify_all();
        }
    }
}

/// A line about a file, or why there is none.
struct Finding {
    path: PathBuf,
    outcome: io::Result<(u32, u64)>,
}

/// The CRC and the length of what is in a file.
fn checksum(path: &Path) -> io::Result<(u32, u64)> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut crc = Crc::default();
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(crc.finish()),
            Ok(count) => crc.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Queues what is in a folder.
fn list(queue: &Queue, folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            queue.put(Item::Folder(entry.path()));
        } else if kind.is_file() {
            queue.put(Item::File(entry.path()));
        }
    }
    Ok(())
}

/// Queues what the user named.
fn look_up(queue: &Queue, path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        queue.put(Item::Folder(path.to_owned()));
    } else if kind.is_file() {
        queue.put(Item::File(path.to_owned()));
    }
    Ok(())
}

/// Works until there is nothing left to do. Gives what came of it.
fn work(queue: &Queue) -> Vec<Finding> {
    let mut findings = Vec::new();
    while let Some(taken) = queue.take() {
        let (path, done) = match &taken.item {
            Item::Named(path) => (path, look_up(queue, path).err().map(Err)),
            Item::Folder(path) => (path, list(queue, path).err().map(Err)),
            Item::File(path) => (path, Some(checksum(path))),
        };
        if let Some(outcome) = done {
            let path = path.clone();
            findings.push(Finding { path, outcome });
        }
    }
    findings
}

/// Prints all that was found. Says whether all went well.
fn report(findings: &[Finding]) -> io::Result<bool> {
    let mut well = true;
    let mut stdout = BufWriter::new(io::stdout().lock());
    for Finding { path, outcome } in findings {
        match outcome {
            Ok((crc, length)) => writeln!(stdout, "{crc} {length} {}", path.display())?,
            Err(error) => {
                well = false;
                eprintln!("hash: {}: {error}", path.display());
            }
        }
    }
    stdout.flush()?;
    Ok(well)
}

fn main() -> ExitCode {
    let options = Options::read(USAGE, &["--threads"]);
    if options.operands().is_empty() {
        options.refuse("a path is wanted");
    }
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = options.number("--threads", processors as u64);

    let queue = Queue::default();
    for path in options.operands() {
        queue.put(Item::Named(path.into()));
    }
    let mut findings: Vec<Finding> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&queue))).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .flat_map(|findings| findings.expect("a thread has panicked"))
            .collect()
    });
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    match report(&findings) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hash: standard output: {error}");
            ExitCode::FAILURE
        }
    }
}
