//! Files that may have nothing to give for as long as they like: the hub goes on.

mod fixture;

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use fixture::{Signal, company, deadline, everywhere, fifo, folder, join, open_fifo, ticks_beside};
use gfs::unix::OpenOptionsExt;
use gfs::{File, OpenOptions};
use greenlet::Killed;
use rustix::io::Errno;

#[test]
fn a_read_lets_the_others_run() {
    let _deadline = deadline();
    ticks_beside(|after_a_while| {
        let folder = folder();
        let (mut reader, mut writer) = open_fifo(folder.path(), "fifo");
        after_a_while(Box::new(move || writer.write_all(b"abc").unwrap()));
        let mut bytes = [0; 8];
        assert_eq!(reader.read(&mut bytes).unwrap(), 3);
        assert_eq!(&bytes[..3], b"abc");
    });
}

#[test]
fn opening_lets_the_others_run() {
    let _deadline = deadline();
    ticks_beside(|after_a_while| {
        let folder = folder();
        let path = fifo(folder.path(), "fifo");
        let other = path.clone();
        after_a_while(Box::new(move || {
            drop(OpenOptions::new().write(true).open(other).unwrap())
        }));
        let mut reader = File::open(path).unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
    });
}

/// Those that open pipes and read terminals have threads of their own.
#[test]
fn more_may_open_than_there_are_threads_for() {
    let _deadline = deadline();
    let folder = folder();
    let paths: Vec<_> = (0..100)
        .map(|n| fifo(folder.path(), &n.to_string()))
        .collect();
    let opening = |path: PathBuf| {
        greenlet::spawn(move || {
            if path.ends_with("0") {
                gfs::read_to_string(path).unwrap()
            } else {
                let mut text = String::new();
                File::open(path).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        })
    };
    let readers: Vec<_> = paths.iter().cloned().map(opening).collect();
    greenlet::yield_now();
    // Were all threads taken, nothing else could be opened.
    for (number, path) in paths.into_iter().enumerate() {
        gfs::write(path, number.to_string()).unwrap();
    }
    for (number, reader) in readers.into_iter().enumerate() {
        assert_eq!(join(reader.join()), number.to_string());
    }
}

#[test]
fn a_terminal_lets_the_others_run() {
    let _deadline = deadline();
    ticks_beside(|after_a_while| {
        let Ok(pair) = terminal() else { return };
        let (mut keyboard, mut shell) = pair;
        after_a_while(Box::new(move || {
            keyboard.write_all(b"x\n").unwrap();
            // Its end is an error for whoever reads.
            std::thread::sleep(Duration::from_secs(1));
        }));
        let mut bytes = [0; 8];
        assert_eq!(shell.read(&mut bytes).unwrap(), 2);
        assert_eq!(&bytes[..2], b"x\n");
    });
}

/// Both ends of a terminal.
fn terminal() -> std::io::Result<(std::fs::File, File)> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&keyboard)?;
    unlockpt(&keyboard)?;
    let name = ptsname(&keyboard, Vec::new())?.into_string().unwrap();
    let shell = File::options().read(true).write(true).open(name)?;
    Ok((keyboard.into(), shell))
}

#[test]
fn a_write_to_a_full_pipe_waits_for_room() {
    everywhere(|| {
        let folder = folder();
        let (mut reader, mut writer) = open_fifo(folder.path(), "fifo");
        let sender = greenlet::spawn(move || writer.write_all(&vec![7; 1 << 20]));
        let mut bytes = Vec::new();
        assert_eq!(reader.read_to_end(&mut bytes).unwrap(), 1 << 20);
        assert!(bytes.iter().all(|&byte| byte == 7));
        join(sender.join()).unwrap();
    });
}

#[test]
fn more_may_wait_than_there_are_threads_for() {
    everywhere(|| {
        let folder = folder();
        let pipes: Vec<_> = (0..100)
            .map(|n| open_fifo(folder.path(), &n.to_string()))
            .collect();
        let (readers, writers): (Vec<_>, Vec<_>) = pipes.into_iter().unzip();
        let waiting: Vec<_> = readers
            .into_iter()
            .map(|mut reader| {
                greenlet::spawn(move || {
                    let mut text = String::new();
                    reader.read_to_string(&mut text).unwrap();
                    text
                })
            })
            .collect();
        greenlet::yield_now();
        for (number, mut writer) in writers.into_iter().enumerate() {
            write!(writer, "{number}").unwrap();
        }
        for (number, reader) in waiting.into_iter().enumerate() {
            assert_eq!(join(reader.join()), number.to_string());
        }
    });
}

#[test]
fn one_that_does_not_wait_says_so() {
    const O_NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    everywhere(|| {
        let _company = company();
        let folder = folder();
        let path = fifo(folder.path(), "fifo");
        let mut options = OpenOptions::new();
        options.custom_flags(O_NONBLOCK);
        assert_eq!(
            options
                .clone()
                .write(true)
                .open(&path)
                .unwrap_err()
                .raw_os_error(),
            Some(6)
        );
        let mut reader = options.clone().read(true).open(&path).unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
        let mut writer = options.write(true).open(&path).unwrap();
        assert_eq!(
            reader.read(&mut [0; 8]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        loop {
            match writer.write(&[1; 1000]) {
                Ok(count) => assert!(count > 0),
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 8);
    });
}

#[test]
fn one_that_waits_to_read_can_be_killed() {
    everywhere(|| {
        let folder = folder();
        let (reader, mut writer) = open_fifo(folder.path(), "fifo");
        let reader = Rc::new(reader);
        let victim = greenlet::spawn({
            let reader = reader.clone();
            move || (&*reader).read(&mut [0; 8]).map(drop)
        });
        greenlet::yield_now();
        assert!(!victim.is_finished());
        victim.kill().unwrap();
        assert!(victim.join().unwrap_err().is::<Killed>());
        // It has taken nothing along.
        writer.write_all(b"abc").unwrap();
        assert_eq!((&*reader).read(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn one_that_opens_can_be_killed() {
    everywhere(|| {
        let folder = folder();
        let path = fifo(folder.path(), "fifo");
        let opened = Rc::new(Signal::default());
        let victim = greenlet::spawn({
            let (path, opened) = (path.clone(), opened.clone());
            move || {
                let file = File::open(path).unwrap();
                opened.raise();
                greenlet::yield_now();
                unreachable!("{file:?} was opened by one that is killed");
            }
        });
        greenlet::yield_now();
        victim.kill().unwrap();
        // Whether it waits for this already or has not begun: both ends, so that this waits for nobody.
        let both = OpenOptions::new().read(true).write(true).open(path);
        assert!(victim.join().unwrap_err().is::<Killed>());
        assert!(!opened.is_raised() || both.is_ok());
    });
}

/// Not open for it: there is nothing to wait for.
#[test]
fn the_wrong_end_is_an_error_at_once() {
    everywhere(|| {
        let _company = company();
        let (reader, writer) = std::io::pipe().unwrap();
        let mut reader = File::from(OwnedFd::from(reader));
        let mut writer = File::from(OwnedFd::from(writer));
        for error in [
            reader.write(b"x").unwrap_err(),
            writer.read(&mut [0]).unwrap_err(),
        ] {
            assert_eq!(error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
        }
    });
}

/// A device, or a file that grows, may be read for ever.
#[test]
fn one_that_never_has_to_wait_lets_the_others_run_and_can_be_killed() {
    everywhere(|| {
        let reading = greenlet::spawn(|| {
            let mut zeros = File::open("/dev/zero").unwrap();
            loop {
                zeros.read_exact(&mut [0; 64]).unwrap();
            }
        });
        for _ in 0..10 {
            greenlet::yield_now();
        }
        reading.kill().unwrap();
        assert!(reading.join().unwrap_err().is::<Killed>());
    });
}
