//! Files that cannot be read without waiting: those of /proc, devices, folders, and what is not open for it.

mod fixture;

use std::io::{Read, Seek};

use fixture::{company, everywhere, folder};
use gfs::File;
use gfs::unix::FileExt;

#[test]
fn they_are_read_as_std_reads_them() {
    everywhere(|| {
        let _company = company();
        for path in [
            "/proc/version",
            "/proc/self/cmdline",
            "/sys/kernel/mm/transparent_hugepage/enabled",
        ] {
            let Ok(expected) = std::fs::read(path) else {
                continue;
            };
            let mut file = File::open(path).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, expected);
            file.rewind().unwrap();
            let mut first = [0; 4];
            file.read_exact(&mut first).unwrap();
            assert_eq!(first, expected[..4]);
            assert_eq!(file.read_at(&mut first, 1).unwrap(), 4);
            assert_eq!(first, expected[1..5]);
            assert_eq!(gfs::read(path).unwrap(), expected);
        }
    });
}

#[test]
fn devices() {
    everywhere(|| {
        let _company = company();
        let mut bytes = [1; 100];
        assert_eq!(
            File::open("/dev/null").unwrap().read(&mut bytes).unwrap(),
            0
        );
        File::open("/dev/zero")
            .unwrap()
            .read_exact(&mut bytes)
            .unwrap();
        assert_eq!(bytes, [0; 100]);
        File::open("/dev/urandom")
            .unwrap()
            .read_exact(&mut bytes)
            .unwrap();
        assert_ne!(bytes, [0; 100]);
    });
}

#[test]
fn errors_are_those_of_the_plain_call() {
    everywhere(|| {
        let _company = company();
        let folder = folder();
        let error = File::open(folder.path())
            .unwrap()
            .read(&mut [0; 8])
            .unwrap_err();
        assert_eq!(error.raw_os_error(), Some(21));
        let mut unreadable = File::create(folder.path().join("file")).unwrap();
        assert_eq!(
            unreadable.read(&mut [0; 8]).unwrap_err().raw_os_error(),
            Some(9)
        );
        assert_eq!(
            unreadable
                .read_to_end(&mut Vec::new())
                .unwrap_err()
                .raw_os_error(),
            Some(9)
        );
        assert_eq!(
            unreadable
                .read_at(&mut [0; 8], 0)
                .unwrap_err()
                .raw_os_error(),
            Some(9)
        );
    });
}
