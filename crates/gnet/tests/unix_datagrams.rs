//! Unix datagrams: whole, in order, none lost, and who waits for one, or for room for one, lets the
//! others run.

mod fixture;

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixture::{deadline, everywhere, join, on_worker};
use gnet::Shutdown;
use gnet::unix::UnixDatagram;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tempfile::TempDir;

const SHORT: Duration = Duration::from_millis(20);
const EAGAIN: Option<i32> = Some(11);

/// A socket that receives at a path, for as long as the folder is kept.
fn receiver() -> (UnixDatagram, PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receiver");
    (UnixDatagram::bind(&path).unwrap(), path, folder)
}

type Send = fn(&UnixDatagram, &[u8], &PathBuf) -> std::io::Result<usize>;

/// The ways to send to a receiver whose queue may be full.
const SENDS: [Send; 3] = [
    |sender, bytes, path| {
        if sender.peer_addr().is_err() {
            sender.connect(path).unwrap();
        }
        sender.send(bytes)
    },
    |sender, bytes, path| sender.send_to(bytes, path),
    |sender, bytes, path| {
        let addr = SocketAddr::from_pathname(path).unwrap();
        sender.send_to_addr(bytes, &addr)
    },
];

#[test]
fn whole_and_in_order_whatever_their_length() {
    everywhere(|| {
        let (here, there) = UnixDatagram::pair().unwrap();
        let sender = greenlet::spawn(move || {
            for length in (0..200).rev() {
                assert_eq!(
                    here.send(&vec![length; length.into()]).unwrap(),
                    length.into()
                );
            }
        });
        let mut buffer = [0; 100];
        for length in (0..200).rev() {
            // What does not fit is lost.
            let count = usize::from(length).min(buffer.len());
            assert_eq!(there.recv(&mut buffer).unwrap(), count);
            assert!(buffer[..count].iter().all(|byte| *byte == length));
        }
        join(sender.join());
    });
}

#[test]
fn senders_are_told_by_every_kind_of_address() {
    everywhere(|| {
        let (receiver, path, folder) = receiver();
        let name = folder.path().to_str().unwrap().as_bytes();
        let name = SocketAddr::from_abstract_name(name).unwrap();
        let named = UnixDatagram::bind_addr(&name).unwrap();
        named.send_to(b"abc", &path).unwrap();
        let (count, from) = receiver.recv_from(&mut [0; 8]).unwrap();
        assert_eq!(
            (count, from.as_abstract_name()),
            (3, name.as_abstract_name())
        );
        // And that is where an answer goes.
        receiver.send_to_addr(b"answer", &from).unwrap();
        let (count, from) = named.recv_from(&mut [0; 8]).unwrap();
        assert_eq!((count, from.as_pathname()), (6, Some(&*path)));
        UnixDatagram::unbound()
            .unwrap()
            .send_to(b"", &path)
            .unwrap();
        let (count, from) = receiver.recv_from(&mut [0; 8]).unwrap();
        assert!(count == 0 && from.is_unnamed());
    });
}

/// The kernel takes a path that std does not, and tells of it in a form that does not fit.
#[test]
fn a_sender_with_a_path_that_is_too_long_for_std_has_no_name() {
    everywhere(|| {
        let (receiver, path, folder) = receiver();
        let short = folder.path().join("").as_os_str().len();
        let long = folder.path().join("x".repeat(108 - short));
        let sender = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        rustix::net::bind(&sender, &SocketAddrUnix::new(&long).unwrap()).unwrap();
        assert!(long.exists());
        UnixDatagram::from(sender).send_to(b"abc", path).unwrap();
        let (count, from) = receiver.recv_from(&mut [0; 8]).unwrap();
        assert!(count == 3 && from.is_unnamed());
    });
}

#[test]
fn receivers_and_senders_that_wait_let_the_others_run() {
    everywhere(|| {
        for send in SENDS {
            let (receiver, path, _folder) = receiver();
            let sender = greenlet::spawn(move || {
                let sender = UnixDatagram::unbound().unwrap();
                // More than any queue has room for.
                for number in 0..2_000_u32 {
                    assert_eq!(send(&sender, &number.to_ne_bytes(), &path).unwrap(), 4);
                }
            });
            let mut buffer = [0; 8];
            for number in 0..2_000_u32 {
                let (count, _) = receiver.recv_from(&mut buffer).unwrap();
                assert_eq!(buffer[..count], number.to_ne_bytes());
            }
            join(sender.join());
        }
    });
}

#[test]
fn a_pair_waits_for_room_too() {
    everywhere(|| {
        let (here, there) = UnixDatagram::pair().unwrap();
        let sender = greenlet::spawn(move || {
            for _ in 0..1_000 {
                here.send(&[0; 1_000]).unwrap();
            }
        });
        for _ in 0..1_000 {
            assert_eq!(there.recv(&mut [0; 1_000]).unwrap(), 1_000);
        }
        join(sender.join());
    });
}

/// Sends until there is no room.
fn fill(sender: &UnixDatagram, path: &PathBuf, send: Send) -> usize {
    sender.set_nonblocking(true).unwrap();
    let mut count = 0;
    let full = loop {
        match send(sender, b"full", path) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full.raw_os_error(), EAGAIN);
    sender.set_nonblocking(false).unwrap();
    count
}

#[test]
fn a_send_ends_in_time_and_can_be_killed() {
    everywhere(|| {
        for send in SENDS {
            let (receiver, path, _folder) = receiver();
            let sender = Rc::new(UnixDatagram::unbound().unwrap());
            let count = fill(&sender, &path, send);
            assert!(count > 0);
            sender.set_write_timeout(Some(SHORT)).unwrap();
            let begin = Instant::now();
            let error = send(&sender, b"late", &path).unwrap_err();
            assert_eq!(error.raw_os_error(), EAGAIN);
            assert!(begin.elapsed() >= SHORT, "never early");

            sender.set_write_timeout(None).unwrap();
            let victim = greenlet::spawn({
                let (sender, path) = (Rc::clone(&sender), path.clone());
                move || send(&sender, b"dead", &path)
            });
            let waiting = greenlet::spawn({
                let (sender, path) = (Rc::clone(&sender), path.clone());
                move || send(&sender, b"last", &path).unwrap()
            });
            greenlet::time::sleep_until(Instant::now() + SHORT);
            assert!(!victim.is_finished() && !waiting.is_finished());
            victim.kill().unwrap();
            assert!(victim.join().unwrap_err().is::<greenlet::Killed>());
            let mut buffer = [0; 8];
            for _ in 0..count {
                assert_eq!(receiver.recv(&mut buffer).unwrap(), 4);
                assert_eq!(&buffer[..4], b"full");
            }
            assert_eq!(receiver.recv(&mut buffer).unwrap(), 4);
            assert_eq!(&buffer[..4], b"last");
            assert_eq!(join(waiting.join()), 4);
        }
    });
}

#[test]
fn who_waits_for_a_receiver_that_goes_is_told() {
    everywhere(|| {
        for send in SENDS {
            let (receiver, path, _folder) = receiver();
            let sender = UnixDatagram::unbound().unwrap();
            fill(&sender, &path, send);
            let waiting = greenlet::spawn({
                let path = path.clone();
                move || send(&sender, b"late", &path).unwrap_err().kind()
            });
            greenlet::yield_now();
            assert!(!waiting.is_finished());
            drop(receiver);
            assert_eq!(join(waiting.join()), ErrorKind::ConnectionRefused);
        }
    });
}

/// Its queue has room always: what is full is the sender's buffer.
#[test]
fn a_receiver_that_is_connected_to_the_sender_is_waited_for_as_well() {
    everywhere(|| {
        let (receiver, path, folder) = receiver();
        let sender = UnixDatagram::bind(folder.path().join("sender")).unwrap();
        receiver.connect(folder.path().join("sender")).unwrap();
        let sending = greenlet::spawn(move || {
            for _ in 0..1_000 {
                sender.send_to(&[0; 1_000], &path).unwrap();
            }
        });
        for _ in 0..1_000 {
            assert_eq!(receiver.recv(&mut [0; 1_000]).unwrap(), 1_000);
        }
        join(sending.join());
    });
}

#[test]
fn receives_end_in_time() {
    everywhere(|| {
        let (here, there) = UnixDatagram::pair().unwrap();
        there.set_read_timeout(Some(SHORT)).unwrap();
        let clone = there.try_clone().unwrap();
        let begin = Instant::now();
        for error in [
            there.recv(&mut [0]).unwrap_err(),
            clone.recv(&mut [0]).unwrap_err(),
            there.recv_from(&mut [0]).unwrap_err(),
        ] {
            assert_eq!(error.raw_os_error(), EAGAIN);
        }
        assert!(begin.elapsed() >= 3 * SHORT, "never early");
        here.send(b"abc").unwrap();
        assert_eq!(clone.recv(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn nonblocking_ones_do_not_wait() {
    everywhere(|| {
        let (here, there) = UnixDatagram::pair().unwrap();
        let clone = there.try_clone().unwrap();
        clone.set_nonblocking(true).unwrap();
        for error in [
            there.recv(&mut [0]).unwrap_err(),
            there.recv_from(&mut [0]).unwrap_err(),
        ] {
            assert_eq!(error.raw_os_error(), EAGAIN);
        }
        there.set_nonblocking(false).unwrap();
        let receiver = greenlet::spawn(move || clone.recv(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        here.send(b"").unwrap();
        assert_eq!(join(receiver.join()), 0);
    });
}

#[test]
fn a_receive_can_be_killed() {
    everywhere(|| {
        let (here, there) = UnixDatagram::pair().unwrap();
        let there = Rc::new(there);
        let victim = greenlet::spawn({
            let there = Rc::clone(&there);
            move || there.recv_from(&mut [0; 8])
        });
        greenlet::yield_now();
        assert!(!victim.is_finished());
        victim.kill().unwrap();
        assert!(victim.join().unwrap_err().is::<greenlet::Killed>());
        here.send(b"abc").unwrap();
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn a_shutdown_wakes_receivers_and_keeps_later_ones_from_waiting() {
    everywhere(|| {
        let (here, there) = UnixDatagram::pair().unwrap();
        let there = Rc::new(there);
        let receiver = greenlet::spawn({
            let there = Rc::clone(&there);
            move || there.recv(&mut [0; 8]).unwrap()
        });
        here.send(b"abc").unwrap();
        assert_eq!(join(receiver.join()), 3);
        let receiver = greenlet::spawn({
            let there = Rc::clone(&there);
            move || there.recv(&mut [0; 8]).unwrap()
        });
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        there.shutdown(Shutdown::Read).unwrap();
        assert_eq!(join(receiver.join()), 0);
        for _ in 0..2 {
            assert_eq!(there.recv(&mut [0; 8]).unwrap(), 0);
            let (count, from) = there.recv_from(&mut [0; 8]).unwrap();
            assert!(count == 0 && from.is_unnamed());
        }
        assert_eq!(here.send(b"abc").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

/// As who has the number of a descriptor may do to wake those who receive from it.
#[test]
fn a_shutdown_through_a_duplicate_counts() {
    everywhere(|| {
        let (_here, there) = UnixDatagram::pair().unwrap();
        let duplicate = rustix::io::dup(&there).unwrap();
        let receiver = greenlet::spawn(move || {
            assert_eq!(there.recv(&mut [0; 8]).unwrap(), 0);
            there
        });
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        rustix::net::shutdown(&duplicate, rustix::net::Shutdown::Read).unwrap();
        let there = join(receiver.join());
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn senders_on_many_hubs_to_one_receiver() {
    let _deadline = deadline();
    const SENDERS: usize = 8;
    const EACH: usize = 500;
    for send in SENDS {
        let (receiver, path, _folder) = receiver();
        let path = Arc::new(path);
        let senders: Vec<_> = (0..SENDERS)
            .map(|number| {
                let path = Arc::clone(&path);
                on_worker(move || {
                    let sender = UnixDatagram::unbound().unwrap();
                    for _ in 0..EACH {
                        send(&sender, &[number as u8], &path).unwrap();
                    }
                })
            })
            .collect();
        let mut counts = [0; SENDERS];
        for _ in 0..SENDERS * EACH {
            let mut number = [0];
            receiver.recv(&mut number).unwrap();
            counts[usize::from(number[0])] += 1;
        }
        assert_eq!(counts, [EACH; SENDERS]);
        for sender in senders {
            join(sender.join());
        }
    }
}
