//! Files to and from descriptors, the files of std, and what child processes get.

mod fixture;

use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::process::{Command, Stdio};

use fixture::{company, everywhere, folder};
use gfs::File;

fn file() -> (tempfile::TempDir, File) {
    let folder = folder();
    let mut file = File::create_new(folder.path().join("file")).unwrap();
    file.write_all(b"abcdef").unwrap();
    file.seek(SeekFrom::Start(1)).unwrap();
    (folder, file)
}

fn next(file: &mut impl Read) -> u8 {
    let mut byte = [0];
    file.read_exact(&mut byte).unwrap();
    byte[0]
}

#[test]
fn the_position_goes_along() {
    everywhere(|| {
        let _company = company();
        let (_folder, file) = file();
        let number = file.as_raw_fd();
        assert_eq!(file.as_fd().as_raw_fd(), number);
        let mut file = std::fs::File::from(file);
        assert_eq!((file.as_raw_fd(), next(&mut file)), (number, b'b'));
        let mut file = File::from(file);
        assert_eq!((file.as_raw_fd(), next(&mut file)), (number, b'c'));
        let mut file = File::from(OwnedFd::from(file));
        assert_eq!((file.as_raw_fd(), next(&mut file)), (number, b'd'));
        // SAFETY: it was just given away.
        let mut file = unsafe { File::from_raw_fd(file.into_raw_fd()) };
        assert_eq!((file.as_raw_fd(), next(&mut file)), (number, b'e'));
    });
}

#[test]
fn children_read_and_write_it() {
    everywhere(|| {
        let (folder, input) = file();
        let path = folder.path().join("output");
        let output = Stdio::from(File::create(&path).unwrap());
        let status = Command::new("cat")
            .stdin(input)
            .stdout(output)
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(gfs::read(&path).unwrap(), b"bcdef");
    });
}

#[test]
fn pipes_without_a_name() {
    everywhere(|| {
        let _company = company();
        let (reader, writer) = std::io::pipe().unwrap();
        let (mut reader, mut writer) = (
            File::from(OwnedFd::from(reader)),
            File::from(OwnedFd::from(writer)),
        );
        let echo = greenlet::spawn(move || next(&mut reader));
        greenlet::yield_now();
        assert!(!echo.is_finished());
        writer.write_all(b"x").unwrap();
        assert_eq!(echo.join().unwrap(), b'x');
    });
}

#[test]
fn debug_is_that_of_std() {
    everywhere(|| {
        let (folder, file) = file();
        let here = format!("{file:?}");
        assert_eq!(here, format!("{:?}", std::fs::File::from(file)));
        let path = folder.path();
        assert_eq!(
            format!("{:?}", gfs::read_dir(path).unwrap()),
            format!("{:?}", std::fs::read_dir(path).unwrap())
        );
        let entry = |n| format!("{n:?}");
        assert_eq!(
            entry(
                gfs::read_dir(path)
                    .unwrap()
                    .next()
                    .map(|e| format!("{:?}", e.unwrap()))
            ),
            entry(
                std::fs::read_dir(path)
                    .unwrap()
                    .next()
                    .map(|e| format!("{:?}", e.unwrap()))
            ),
        );
    });
}
