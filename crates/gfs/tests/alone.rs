//! A thread with no other greenlet just makes the call, and one with company has it made.

mod fixture;

use std::io::{IoSliceMut, Read, Seek, Write};

use fixture::{company, deadline, folder, open_fifo};
use gfs::File;
use greenlet::io::nowait;

/// The names of the threads of this process.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        // One that ends meanwhile has no name.
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect()
}

fn pool() -> usize {
    let is_of_it = |name: &&String| name.starts_with("greenlet-offloa");
    threads().iter().filter(is_of_it).count()
}

/// The only test of this file: the threads are those of the whole process.
#[test]
fn calls_are_made_in_place_or_by_the_pool() {
    let _deadline = deadline();
    let folder = folder();
    let path = folder.path().join("file");
    gfs::write(&path, "abc").unwrap();
    let mut file = File::options().read(true).write(true).open(&path).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "abc");
    file.lock().unwrap();
    file.unlock().unwrap();
    assert_eq!(gfs::read_dir(folder.path()).unwrap().count(), 1);
    let (mut reader, mut writer) = open_fifo(folder.path(), "fifo");
    writer.write_all(b"x").unwrap();
    reader.read_exact(&mut [0]).unwrap();
    assert_eq!(pool(), 0, "{:?}", threads());

    let company = company();
    // What is in memory needs nobody.
    let mut file = File::from(std::fs::File::open(&path).unwrap());
    for _ in 0..3 {
        file.rewind().unwrap();
        assert_eq!(file.read(&mut [0; 8]).unwrap(), 3);
    }
    if served_from_memory(&path) {
        assert_eq!(pool(), 0, "{:?}", threads());
    }
    assert_eq!(gfs::metadata(&path).unwrap().len(), 3);
    assert_eq!(pool(), 1, "{:?}", threads());
    drop(company);
}

/// Whether the system, and the file's, can be asked not to wait.
fn served_from_memory(path: &std::path::Path) -> bool {
    let file = std::fs::File::open(path).unwrap();
    nowait::read_at(file, &mut [IoSliceMut::new(&mut [0; 8])], 0).is_ok()
}
