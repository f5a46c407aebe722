//! Anonymous pipes: the greenlet waits, the hub goes on.

mod fixture;

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;

use fixture::{deadline, everywhere, in_company, is_nonblocking, join, on_worker, ticks_beside};
use gio::{PipeReader, PipeWriter, pipe};
use greenlet::Killed;

#[test]
fn a_read_waits_and_the_hub_goes_on() {
    let _deadline = deadline();
    ticks_beside(|after_a_while| {
        let (mut reader, mut writer) = pipe().unwrap();
        after_a_while(Box::new(move || writer.write_all(b"abc").unwrap()));
        let mut bytes = [0; 8];
        assert_eq!(reader.read(&mut bytes).unwrap(), 3);
        assert_eq!(reader.read(&mut bytes).unwrap(), 0);
    });
}

#[test]
fn a_write_waits_and_the_hub_goes_on() {
    let _deadline = deadline();
    ticks_beside(|after_a_while| {
        let (mut reader, mut writer) = pipe().unwrap();
        after_a_while(Box::new(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len(), 1 << 20);
        }));
        assert_eq!(writer.write(&vec![1; 1 << 20]).unwrap(), 1 << 20);
    });
}

#[test]
fn all_ways_to_read_and_write() {
    everywhere(|| {
        let (mut reader, mut writer) = pipe().unwrap();
        assert_eq!((&writer).write(b"one").unwrap(), 3);
        writer.write_all(b"two").unwrap();
        let pieces = [IoSlice::new(b"three"), IoSlice::new(b"four")];
        assert_eq!(writer.write_vectored(&pieces).unwrap(), 9);
        assert_eq!((&writer).write_vectored(&pieces[1..]).unwrap(), 4);
        writer.flush().unwrap();
        write!(&writer, "{}", 5).unwrap();
        drop(writer);
        let mut bytes = [0; 3];
        reader.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"one");
        assert_eq!((&reader).read(&mut bytes).unwrap(), 3);
        let (mut left, mut right) = ([0; 2], [0; 3]);
        let mut bufs = [IoSliceMut::new(&mut left), IoSliceMut::new(&mut right)];
        assert_eq!(reader.read_vectored(&mut bufs).unwrap(), 5);
        let mut bufs = [IoSliceMut::new(&mut left)];
        assert_eq!((&reader).read_vectored(&mut bufs).unwrap(), 2);
        let mut rest = String::new();
        assert_eq!(reader.read_to_string(&mut rest).unwrap(), 7);
        assert_eq!(rest, "urfour5");
    });
}

#[test]
fn copies_go_through() {
    everywhere(|| {
        let (mut reader, mut first) = pipe().unwrap();
        let (mut second, mut writer) = pipe().unwrap();
        let relay = greenlet::spawn(move || io::copy(&mut second, &mut first).unwrap());
        let sender = greenlet::spawn(move || writer.write_all(&vec![3; 300_000]).unwrap());
        let mut bytes = Vec::new();
        io::copy(&mut reader, &mut bytes).unwrap();
        assert_eq!(bytes, vec![3; 300_000]);
        join(sender.join());
        assert_eq!(join(relay.join()), 300_000);
    });
}

#[test]
fn hubs_may_share_one() {
    everywhere(|| {
        let (reader, writer) = pipe().unwrap();
        let (reader, writer) = (Arc::new(reader), Arc::new(writer));
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let reader = reader.clone();
                on_worker(move || {
                    let mut sum = 0;
                    let mut bytes = [0; 16];
                    loop {
                        match (&*reader).read(&mut bytes).unwrap() {
                            0 => return sum,
                            count => sum += count,
                        }
                    }
                })
            })
            .collect();
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let writer = writer.clone();
                on_worker(move || {
                    for _ in 0..500 {
                        (&*writer).write_all(b"0123456789").unwrap();
                    }
                })
            })
            .collect();
        drop((reader, writer));
        for writer in writers {
            join(writer.join());
        }
        let sums = readers.into_iter().map(|reader| join(reader.join()));
        assert_eq!(sums.sum::<usize>(), 4 * 500 * 10);
    });
}

#[test]
fn a_reader_that_is_gone_breaks_the_pipe() {
    everywhere(|| {
        let (reader, mut writer) = pipe().unwrap();
        drop(reader);
        let error = in_company(|| writer.write(b"x").unwrap_err());
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(
            writer.write(b"x").unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    });
}

#[test]
fn who_waits_can_be_killed() {
    everywhere(|| {
        let (reader, mut writer) = pipe().unwrap();
        let reader = Rc::new(reader);
        let victim = greenlet::spawn({
            let reader = reader.clone();
            move || (&*reader).read(&mut [0; 8]).map(drop)
        });
        greenlet::yield_now();
        victim.kill().unwrap();
        assert!(victim.join().unwrap_err().is::<Killed>());
        writer.write_all(b"abc").unwrap();
        assert_eq!((&*reader).read(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn the_mode_stays_blocking() {
    everywhere(|| {
        let (mut reader, mut writer) = pipe().unwrap();
        let sender = greenlet::spawn(move || {
            writer.write_all(&vec![1; 1 << 18]).unwrap();
            writer
        });
        let mut bytes = vec![0; 1 << 18];
        reader.read_exact(&mut bytes).unwrap();
        let writer = join(sender.join());
        assert!(!is_nonblocking(&reader) && !is_nonblocking(&writer));
        for fd in [reader.as_raw_fd(), writer.as_raw_fd()] {
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap();
            let flags = info
                .lines()
                .find_map(|line| line.strip_prefix("flags:"))
                .unwrap();
            let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
            assert_ne!(
                flags & 0o2_000_000,
                0,
                "closed in other programs: {flags:o}"
            );
        }
    });
}

#[test]
fn ends_become_those_of_std_and_back() {
    everywhere(|| {
        let (reader, writer) = pipe().unwrap();
        let debug = format!("{reader:?} {writer:?}");
        let (reader, writer): (io::PipeReader, io::PipeWriter) = (reader.into(), writer.into());
        assert_eq!(debug, format!("{reader:?} {writer:?}"));
        let (reader, writer) = (PipeReader::from(reader), PipeWriter::from(writer));
        let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
        let (reader, writer) = (PipeReader::from(reader), PipeWriter::from(writer));
        let (reader, writer) = (reader.into_raw_fd(), writer.into_raw_fd());
        // SAFETY: both were just given up.
        let (mut reader, mut writer) = unsafe {
            (
                PipeReader::from_raw_fd(reader),
                PipeWriter::from_raw_fd(writer),
            )
        };
        let sender = greenlet::spawn(move || writer.write_all(b"still open").unwrap());
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "still open");
        join(sender.join());
    });
}

/// One that was waited for, and then becomes somebody else's, leaves nothing behind with the hub.
#[test]
fn an_end_that_was_waited_for_becomes_anothers() {
    everywhere(|| {
        let (mut reader, mut writer) = pipe().unwrap();
        for round in 0..3 {
            let receiver = greenlet::spawn(move || {
                let mut byte = [0];
                reader.read_exact(&mut byte).unwrap();
                (reader, byte[0])
            });
            greenlet::yield_now();
            writer.write_all(&[round]).unwrap();
            let (back, byte) = join(receiver.join());
            assert_eq!(byte, round);
            reader = PipeReader::from(io::PipeReader::from(back));
        }
    });
}
