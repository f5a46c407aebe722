//! One position for all that use a file: nothing is read twice, nothing is left out.

mod fixture;

use std::collections::BTreeSet;
use std::io::{IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use fixture::{company, everywhere, folder, join, on_worker};
use gfs::File;
use gfs::unix::FileExt;
use rustix::fs::{Advice, fadvise};

const RECORD: usize = 8;
const RECORDS: u64 = 4000;

/// A file of numbers. If it is to be cold, the system is asked to forget it.
fn numbers(cold: bool) -> (tempfile::TempDir, File) {
    let folder = folder();
    let path = folder.path().join("numbers");
    let bytes: Vec<u8> = (0..RECORDS).flat_map(u64::to_le_bytes).collect();
    gfs::write(&path, bytes).unwrap();
    let file = File::open(&path).unwrap();
    if cold {
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
    (folder, file)
}

/// Every record that there is to be read here.
fn records(mut file: &File) -> Vec<u64> {
    let mut records = Vec::new();
    let mut bytes = [0; RECORD];
    loop {
        match file.read(&mut bytes).unwrap() {
            0 => return records,
            // Pages hold whole records.
            RECORD => records.push(u64::from_le_bytes(bytes)),
            short => panic!("{short} bytes of a record"),
        }
        if records.len() % 16 == 0 {
            greenlet::yield_now();
        }
    }
}

fn assert_all(parts: Vec<Vec<u64>>) {
    let count: usize = parts.iter().map(Vec::len).sum();
    let distinct: BTreeSet<u64> = parts.into_iter().flatten().collect();
    assert_eq!(count as u64, RECORDS);
    assert!(distinct.into_iter().eq(0..RECORDS));
}

fn two_of_a_hub(cold: bool) {
    let (_folder, file) = numbers(cold);
    let file = std::rc::Rc::new(file);
    let readers = [file.clone(), file].map(|file| greenlet::spawn(move || records(&file)));
    let parts = readers.map(|reader| join(reader.join()));
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert!(parts.iter().all(|part| part.is_sorted()));
    assert_all(parts.into());
}

#[test]
fn two_greenlets_of_a_hub() {
    everywhere(|| two_of_a_hub(false));
}

#[test]
fn two_greenlets_of_a_hub_and_the_disk() {
    everywhere(|| two_of_a_hub(true));
}

#[test]
fn greenlets_and_threads_with_clones() {
    everywhere(|| {
        let (_folder, file) = numbers(true);
        let file = Arc::new(file);
        let clone = file.try_clone().unwrap();
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let file = file.clone();
                on_worker(move || records(&file))
            })
            .collect();
        let thread = std::thread::spawn(move || records(&clone));
        let mut parts = vec![records(&file)];
        parts.extend(workers.into_iter().map(|worker| join(worker.join())));
        parts.push(thread.join().unwrap());
        assert_all(parts);
    });
}

#[test]
fn what_has_an_offset_of_its_own_leaves_it_alone() {
    everywhere(|| {
        let _company = company();
        let (_folder, mut file) = numbers(false);
        let mut bytes = [0; RECORD];
        file.seek(SeekFrom::Start(RECORD as u64)).unwrap();
        assert_eq!(file.read_at(&mut bytes, 5 * RECORD as u64).unwrap(), RECORD);
        assert_eq!(u64::from_le_bytes(bytes), 5);
        file.read_exact_at(&mut bytes, 7 * RECORD as u64).unwrap();
        assert_eq!(u64::from_le_bytes(bytes), 7);
        assert_eq!(
            file.read_at(&mut bytes, RECORDS * RECORD as u64).unwrap(),
            0
        );
        // For the kernel that is -1, and "the position" in some calls.
        for offset in [u64::MAX, u64::MAX - 1, 1 << 63] {
            assert_eq!(
                file.read_at(&mut bytes, offset).unwrap_err().raw_os_error(),
                Some(22)
            );
        }
        assert_eq!(file.stream_position().unwrap(), RECORD as u64);
        file.read_exact(&mut bytes).unwrap();
        assert_eq!(u64::from_le_bytes(bytes), 1);
    });
}

#[test]
fn reading_writing_and_seeking_move_it() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        let mut file = File::create_new(folder.path().join("file")).unwrap();
        assert_eq!(
            file.write_vectored(&[IoSlice::new(b"abc"), IoSlice::new(b"def")])
                .unwrap(),
            6
        );
        assert_eq!(file.stream_position().unwrap(), 6);
        assert_eq!(file.seek(SeekFrom::End(-4)).unwrap(), 2);
        let (mut one, mut two) = ([0; 1], [0; 2]);
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(file.read_vectored(&mut bufs).unwrap(), 3);
        assert_eq!((&one, &two), (b"c", b"de"));
        assert_eq!(file.seek(SeekFrom::Current(-1)).unwrap(), 4);
        assert!(file.seek(SeekFrom::Current(-9)).is_err());
        file.write_all(b"X").unwrap();
        file.write_all_at(b"A", 0).unwrap();
        file.rewind().unwrap();
        let mut text = String::from("> ");
        assert_eq!(file.read_to_string(&mut text).unwrap(), 6);
        assert_eq!(text, "> AbcdXf");
        assert_eq!(file.read(&mut one).unwrap(), 0);
    });
}

#[test]
fn whole_files_of_any_size() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        let path = folder.path().join("file");
        for size in [
            0,
            1,
            8 << 10,
            (8 << 10) + 1,
            24 << 10,
            504 << 10,
            (504 << 10) + 1,
            3 << 20,
        ] {
            let bytes: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
            gfs::write(&path, &bytes).unwrap();
            let mut file = File::open(&path).unwrap();
            for cold in [false, true] {
                if cold {
                    file.sync_all().unwrap();
                    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
                }
                file.rewind().unwrap();
                let mut read = b"before".to_vec();
                assert_eq!(file.read_to_end(&mut read).unwrap(), bytes.len());
                assert!(
                    read.strip_prefix(b"before").unwrap() == bytes,
                    "{size} bytes"
                );
            }
        }
    });
}
