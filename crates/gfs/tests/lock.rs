//! Locks between two that have opened a file.

mod fixture;

use std::cell::Cell;
use std::io::{Read, Seek, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use fixture::{company, deadline, everywhere, folder, join, on_worker};
use gfs::{File, TryLockError};

fn opened_twice() -> (tempfile::TempDir, File, File) {
    let folder = folder();
    let path = folder.path().join("lock");
    let first = File::create(&path).unwrap();
    let second = File::open(&path).unwrap();
    (folder, first, second)
}

fn is_locked(result: Result<(), TryLockError>) -> bool {
    match result {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

#[test]
fn who_may_lock_beside_whom() {
    everywhere(|| {
        let _company = company();
        let (_folder, first, second) = opened_twice();
        first.lock().unwrap();
        assert!(is_locked(second.try_lock()));
        assert!(is_locked(second.try_lock_shared()));
        first.unlock().unwrap();
        first.unlock().unwrap();
        first.lock_shared().unwrap();
        assert!(is_locked(second.try_lock()));
        assert!(!is_locked(second.try_lock_shared()));
        assert!(is_locked(first.try_lock()));
        drop(first);
        assert!(!is_locked(second.try_lock()));
    });
}

#[test]
fn a_clone_has_the_same_lock() {
    everywhere(|| {
        let (_folder, first, second) = opened_twice();
        let clone = first.try_clone().unwrap();
        first.lock().unwrap();
        assert!(!is_locked(clone.try_lock()));
        drop(first);
        assert!(is_locked(second.try_lock()));
        drop(clone);
        assert!(!is_locked(second.try_lock()));
    });
}

#[test]
fn waiting_lets_the_others_run() {
    everywhere(|| {
        let (_folder, first, second) = opened_twice();
        first.lock().unwrap();
        let has_it = Rc::new(Cell::new(false));
        let waiters = [second.try_clone().unwrap(), second].map(|file| {
            let has_it = has_it.clone();
            greenlet::spawn(move || {
                file.lock_shared().unwrap();
                has_it.set(true);
            })
        });
        for _ in 0..20 {
            greenlet::time::sleep_until(Instant::now() + Duration::from_millis(1));
            assert!(!has_it.get());
        }
        first.unlock().unwrap();
        for waiter in waiters {
            join(waiter.join());
        }
        assert!(has_it.get());
    });
}

/// As many as there are threads to wait on, and more: whoever has the lock needs one of them to write.
#[test]
fn a_crowd_takes_turns() {
    let _deadline = deadline();
    let folder = folder();
    let path = folder.path().join("count");
    gfs::write(&path, "0").unwrap();
    let crowd: Vec<_> = (0..600)
        .map(|_| {
            let path = path.clone();
            on_worker(move || {
                let mut file = File::options().read(true).write(true).open(path).unwrap();
                file.lock().unwrap();
                let mut count = String::new();
                file.read_to_string(&mut count).unwrap();
                file.rewind().unwrap();
                write!(file, "{}", count.parse::<u32>().unwrap() + 1).unwrap();
                file.unlock().unwrap();
            })
        })
        .collect();
    for one in crowd {
        join(one.join());
    }
    assert_eq!(gfs::read_to_string(&path).unwrap(), "600");
}
