//! Listing folders: large ones, and those that change meanwhile.

mod fixture;

use std::collections::BTreeSet;
use std::ffi::OsString;

use fixture::{company, everywhere, folder};
use gfs::unix::DirEntryExt;
use gfs::unix::MetadataExt;

fn fill(folder: &std::path::Path, count: u32) -> BTreeSet<OsString> {
    let names: BTreeSet<_> = (0..count)
        .map(|n| OsString::from(format!("entry-{n}")))
        .collect();
    for name in &names {
        std::fs::File::create(folder.join(name)).unwrap();
    }
    names
}

#[test]
fn five_thousand_entries() {
    everywhere(|| {
        let folder = folder();
        let names = fill(folder.path(), 5000);
        let list = || {
            let entries = gfs::read_dir(folder.path()).unwrap();
            let found: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(found.len(), 5000);
            assert!(found.into_iter().collect::<BTreeSet<_>>() == names);
        };
        list();
        let _company = company();
        list();
    });
}

/// How often the others run is how often the listing has parked.
#[test]
fn most_entries_are_there_already() {
    everywhere(|| {
        let folder = folder();
        fill(folder.path(), 5000);
        let turns = std::rc::Rc::new(std::cell::Cell::new(0));
        let done = std::rc::Rc::new(std::cell::Cell::new(false));
        let other = greenlet::spawn({
            let (turns, done) = (turns.clone(), done.clone());
            move || {
                while !done.get() {
                    turns.set(turns.get() + 1);
                    greenlet::yield_now();
                }
            }
        });
        let mut batches = BTreeSet::new();
        for entry in gfs::read_dir(folder.path()).unwrap() {
            assert!(entry.unwrap().file_type().unwrap().is_file());
            batches.insert(turns.get());
        }
        done.set(true);
        other.join().unwrap();
        assert!(
            (2..=20).contains(&batches.len()),
            "{} batches",
            batches.len()
        );
    });
}

#[test]
fn one_that_is_removed_meanwhile() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        let path = folder.path().join("inner");
        gfs::create_dir(&path).unwrap();
        fill(&path, 3000);
        let mut entries = gfs::read_dir(&path).unwrap();
        let first = entries.next().unwrap().unwrap();
        gfs::remove_dir_all(&path).unwrap();
        assert_eq!(
            first.metadata().unwrap_err().kind(),
            std::io::ErrorKind::NotFound
        );
        // What the file system has told already may come still; then it ends, and stays ended.
        assert!(entries.by_ref().all(|entry| entry.is_ok()));
        assert!(entries.next().is_none());
        assert!(entries.next().is_none());
        assert!(gfs::read_dir(&path).is_err());
    });
}

#[test]
fn removing_what_is_listed() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        fill(folder.path(), 2500);
        for entry in gfs::read_dir(folder.path()).unwrap() {
            gfs::remove_file(entry.unwrap().path()).unwrap();
        }
        assert!(gfs::read_dir(folder.path()).unwrap().next().is_none());
    });
}

/// What comes before the first entry is asked for is in the list, as it is in std's.
#[test]
fn nothing_is_read_before_it_is_asked_for() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        let mut entries = gfs::read_dir(folder.path()).unwrap();
        fill(folder.path(), 1);
        assert_eq!(entries.next().unwrap().unwrap().file_name(), "entry-0");
        assert!(entries.next().is_none());
    });
}

#[test]
fn entries_know_what_they_are() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        gfs::write(folder.path().join("file"), "abc").unwrap();
        gfs::create_dir(folder.path().join("folder")).unwrap();
        gfs::unix::symlink("/nowhere", folder.path().join("link")).unwrap();
        let mut seen = 0;
        for entry in gfs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let known = gfs::symlink_metadata(entry.path()).unwrap();
            assert_eq!(entry.ino(), known.ino());
            assert_eq!(entry.file_type().unwrap(), known.file_type());
            assert_eq!(entry.metadata().unwrap().ino(), known.ino());
            assert_eq!(entry.path(), folder.path().join(entry.file_name()));
            seen += 1;
        }
        assert_eq!(seen, 3);
    });
}
