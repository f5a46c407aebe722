//! Pipes, files and terminals in blocking mode, which never block the hub.

mod watchdog;

use greenlet::io::Stream;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, PipeReader, PipeWriter, Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

fn pipe() -> (Stream<PipeReader>, Stream<PipeWriter>) {
    let (reader, writer) = io::pipe().unwrap();
    (Stream::new(reader), Stream::new(writer))
}

/// A greenlet that keeps its hub from being alone until it is killed.
fn company() -> greenlet::Greenlet<()> {
    greenlet::spawn(|| {
        greenlet::time::sleep_until(
            std::time::Instant::now() + std::time::Duration::from_secs(3600),
        )
    })
}

#[test]
fn a_read_waits_beside_others() {
    let _deadline = watchdog::within(60, "a_read_waits_beside_others");
    let (reader, writer) = pipe();
    let reading = greenlet::spawn(move || {
        let mut bytes = [0; 8];
        let count = reader.read(&mut bytes).unwrap();
        let end = reader.read(&mut bytes[count..]).unwrap();
        (bytes[..count].to_vec(), end)
    });
    for _ in 0..100 {
        greenlet::yield_now();
    }
    assert!(!reading.is_finished());
    assert_eq!(writer.write(b"ping").unwrap(), 4);
    drop(writer);
    assert_eq!(reading.join().unwrap(), (b"ping".to_vec(), 0));
}

#[test]
fn a_write_is_a_whole_one() {
    const LENGTH: usize = 1 << 20;
    let _deadline = watchdog::within(60, "a_write_is_a_whole_one");
    for vectored in [false, true] {
        let (reader, writer) = pipe();
        let bytes: Vec<u8> = (0..LENGTH).map(|n| (n % 251) as u8).collect();
        let sent = bytes.clone();
        let writing = greenlet::spawn(move || {
            if vectored {
                let pieces: Vec<_> = sent.chunks(70_001).map(IoSlice::new).collect();
                writer.write_vectored(&pieces).unwrap()
            } else {
                writer.write(&sent).unwrap()
            }
        });
        let mut received = Vec::new();
        let mut chunk = vec![0; 30_011];
        loop {
            let (first, second) = chunk.split_at_mut(11);
            let mut bufs = [IoSliceMut::new(first), IoSliceMut::new(second)];
            match reader.read_vectored(&mut bufs).unwrap() {
                0 => break,
                count => received.extend_from_slice(&chunk[..count]),
            }
        }
        assert!(received == bytes);
        assert_eq!(writing.join().unwrap(), LENGTH);
    }
}

/// As with a plain write: what was taken before the reader went away counts, and the next write gives the error.
#[test]
fn a_reader_that_goes_away_ends_the_write() {
    let _deadline = watchdog::within(60, "a_reader_that_goes_away_ends_the_write");
    let (reader, writer) = pipe();
    let writing = greenlet::spawn(move || {
        let taken = writer.write(&vec![1; 1 << 20]).unwrap();
        (taken, writer.write(b"more").unwrap_err().kind())
    });
    // So the write is under way.
    assert_eq!(reader.read(&mut [0; 1]).unwrap(), 1);
    drop(reader);
    let (taken, error) = writing.join().unwrap();
    assert!((1..1 << 20).contains(&taken), "{taken}");
    assert_eq!(error, ErrorKind::BrokenPipe);
}

#[test]
fn nothing_is_read_and_written_at_once() {
    let _deadline = watchdog::within(60, "nothing_is_read_and_written_at_once");
    let company = company();
    let (reader, writer) = pipe();
    assert_eq!(reader.read(&mut []).unwrap(), 0);
    assert_eq!(reader.read_vectored(&mut []).unwrap(), 0);
    // Until it is full.
    rustix::io::ioctl_fionbio(writer.get_ref(), true).unwrap();
    while writer.write(&[0; 1000]).is_ok() {}
    rustix::io::ioctl_fionbio(writer.get_ref(), false).unwrap();
    assert_eq!(writer.write(&[]).unwrap(), 0);
    assert_eq!(writer.write_vectored(&[]).unwrap(), 0);
    company.kill().unwrap();
    assert!(company.join().is_err());
}

#[test]
fn the_mode_of_the_descriptor_is_left_alone() {
    let _deadline = watchdog::within(60, "the_mode_of_the_descriptor_is_left_alone");
    let nonblocking =
        |fd: &dyn Fn() -> rustix::fs::OFlags| fd().contains(rustix::fs::OFlags::NONBLOCK);
    let (reader, writer) = pipe();
    let flags = || rustix::fs::fcntl_getfl(reader.get_ref()).unwrap();
    assert!(!nonblocking(&flags));
    let writing = greenlet::spawn(move || writer.write(b"x").unwrap());
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
    assert!(!nonblocking(&flags));
    writing.join().unwrap();
}

/// Somebody else has set it: calls do as plain ones would.
#[test]
fn one_that_does_not_wait_says_so() {
    let _deadline = watchdog::within(60, "one_that_does_not_wait_says_so");
    let (reader, writer) = pipe();
    for fd in [reader.get_ref().as_fd(), writer.get_ref().as_fd()] {
        rustix::io::ioctl_fionbio(fd, true).unwrap();
    }
    let company = company();
    greenlet::yield_now();
    assert_eq!(
        reader.read(&mut [0; 8]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    let taken = writer.write(&vec![0; 1 << 20]).unwrap();
    assert!((1..1 << 20).contains(&taken), "{taken}");
    assert_eq!(
        writer.write(&[0; 4096]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    company.kill().unwrap();
    assert!(company.join().is_err());
}

#[test]
fn files_are_read_and_written() {
    let _deadline = watchdog::within(60, "files_are_read_and_written");
    let mut file = tempfile::tempfile().unwrap();
    let stream = Stream::new(file.try_clone().unwrap());
    let company = company();
    greenlet::yield_now();
    let text = vec![b'x'; 300_000];
    assert_eq!(stream.write(&text).unwrap(), text.len());
    // What is not in memory is not read at once.
    rustix::fs::fsync(&file).unwrap();
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    file.rewind().unwrap();
    let mut read = vec![0; text.len()];
    let mut filled = 0;
    loop {
        match stream.read(&mut read[filled..]).unwrap() {
            0 => break,
            count => filled += count,
        }
    }
    assert!(read == text);
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    company.kill().unwrap();
    assert!(company.join().is_err());
}

#[test]
fn folders_and_closed_ends_give_the_error_of_the_system() {
    let _deadline = watchdog::within(60, "folders_and_closed_ends_give_the_error_of_the_system");
    let company = company();
    greenlet::yield_now();
    let folder = File::open("/").unwrap();
    let error = (&folder).read(&mut [0; 1]).unwrap_err();
    let stream = Stream::new(folder);
    let same = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(same.raw_os_error(), error.raw_os_error());
    assert_eq!(same.kind(), ErrorKind::IsADirectory);
    // A reader cannot be written.
    let (reader, _writer) = io::pipe().unwrap();
    let error = Stream::new(OwnedFd::from(reader)).write(b"x").unwrap_err();
    assert_eq!(
        error.raw_os_error(),
        Some(rustix::io::Errno::BADF.raw_os_error())
    );
    company.kill().unwrap();
    assert!(company.join().is_err());
}

/// A greenlet of each of several threads reads; every byte reaches one of them, and each sees the end.
#[test]
fn many_may_read_one() {
    const EACH: usize = 2_000;
    let _deadline = watchdog::within(60, "many_may_read_one");
    let (reader, writer) = pipe();
    let reader = std::sync::Arc::new(reader);
    let (counted, counts) = mpsc::channel();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (reader, counted) = (reader.clone(), counted.clone());
            thread::spawn(move || {
                let reader = Rc::new(reader);
                let greenlets: Vec<_> = (0..3)
                    .map(|_| {
                        let (reader, counted) = (reader.clone(), counted.clone());
                        greenlet::spawn(move || {
                            let mut byte = [0; 3];
                            loop {
                                match reader.read(&mut byte).unwrap() {
                                    0 => break,
                                    count => counted.send(count).unwrap(),
                                }
                            }
                        })
                    })
                    .collect();
                for greenlet in greenlets {
                    greenlet.join().unwrap();
                }
            })
        })
        .collect();
    drop(counted);
    let company = company();
    for _ in 0..EACH {
        assert_eq!(writer.write(b"12345").unwrap(), 5);
        greenlet::yield_now();
    }
    drop(writer);
    assert_eq!(counts.iter().sum::<usize>(), 5 * EACH);
    for thread in threads {
        thread.join().unwrap();
    }
    company.kill().unwrap();
    assert!(company.join().is_err());
}

#[test]
fn one_that_waits_can_be_killed() {
    let _deadline = watchdog::within(60, "one_that_waits_can_be_killed");
    let (reader, writer) = pipe();
    let reader = Rc::new(reader);
    let waiting = greenlet::spawn({
        let reader = reader.clone();
        move || reader.read(&mut [0; 8])
    });
    greenlet::yield_now();
    waiting.kill().unwrap();
    assert!(waiting.join().is_err());
    let mut writer = writer.into_inner();
    writer.write_all(b"x").unwrap();
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
}

/// Calls that hold kills back count as well: whichever of them is the one that lets the others run, the kill arrives.
#[test]
fn one_that_never_waits_can_be_killed() {
    let _deadline = watchdog::within(60, "one_that_never_waits_can_be_killed");
    for extra in 0..2 {
        let zeros = Stream::new(File::open("/dev/zero").unwrap());
        let reading = greenlet::spawn(move || {
            for _ in 0..extra {
                greenlet::breathe();
            }
            loop {
                zeros.read(&mut [0; 8]).unwrap();
                greenlet::breathe();
            }
        });
        for _ in 0..10 {
            greenlet::yield_now();
        }
        reading.kill().unwrap();
        assert!(reading.join().is_err());
    }
}

/// A turn of one that never waits is one of the timers and of the other threads, too.
#[test]
fn time_goes_on_beside_one_that_never_waits() {
    let _deadline = watchdog::within(60, "time_goes_on_beside_one_that_never_waits");
    let soon = std::time::Instant::now() + std::time::Duration::from_millis(1);
    let sleeper = greenlet::spawn(move || greenlet::time::sleep_until(soon));
    let zeros = Stream::new(File::open("/dev/zero").unwrap());
    greenlet::yield_now();
    let mut reads_after = 0;
    while !sleeper.is_finished() {
        zeros.read(&mut [0; 8]).unwrap();
        reads_after += u32::from(std::time::Instant::now() > soon);
    }
    assert!(reads_after < 1000, "{reads_after}");
}
