//! Large files, in memory and not: the hub goes on while one is read.

mod fixture;

use std::cell::OnceCell;
use std::fs;
use std::io::Read;
use std::path::Path;

use fixture::{deadline, folder, ticks_while};
use gfs::File;
use rustix::fs::{Advice, fadvise};

const LENGTH: usize = 32 << 20;

/// Makes the system forget what it has of a file in memory, if it can.
fn forget(path: &Path) {
    let file = fs::File::open(path).unwrap();
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
}

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// The file, as bytes that tell where they belong.
fn with_path<T>(body: impl FnOnce(&Path) -> T) -> T {
    let path = FOLDER.with(|kept| kept.get_or_init(folder).path().join("large"));
    if !path.exists() {
        let bytes: Vec<u8> = (0..LENGTH).map(|n| (n / 4096 % 251) as u8).collect();
        fs::write(&path, bytes).unwrap();
        fs::File::open(&path).unwrap().sync_all().unwrap();
    }
    body(&path)
}

fn is_right(bytes: &[u8], begin: usize) -> bool {
    let right = |(n, &byte): (usize, &u8)| usize::from(byte) == (begin + n) / 4096 % 251;
    // One byte of each page, or the test takes longer than the reads.
    bytes.iter().enumerate().step_by(512).all(right)
}

#[test]
fn a_large_cold_file_lets_the_others_run() {
    let _deadline = deadline();
    with_path(forget);
    ticks_while(|| {
        with_path(|path| {
            forget(path);
            let mut file = File::open(path).unwrap();
            let mut chunk = vec![0; 1 << 20];
            let mut filled = 0;
            loop {
                match file.read(&mut chunk).unwrap() {
                    0 => break,
                    count => {
                        assert!(is_right(&chunk[..count], filled));
                        filled += count;
                    }
                }
            }
            assert_eq!(filled, LENGTH);
        });
    });
    ticks_while(|| {
        with_path(|path| {
            forget(path);
            let mut bytes = Vec::new();
            assert_eq!(
                File::open(path).unwrap().read_to_end(&mut bytes).unwrap(),
                LENGTH
            );
        });
    });
    // By now it is in memory.
    ticks_while(|| {
        with_path(|path| {
            assert_eq!(gfs::read(path).unwrap().len(), LENGTH);
        });
    });
}
