//! Unix streams and their listeners: what waits lets the others run, whatever the address is.

mod fixture;

use std::cell::Cell;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixture::{deadline, everywhere, join, on_worker};
use gnet::Shutdown;
use gnet::unix::{UnixListener, UnixStream};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

const SHORT: Duration = Duration::from_millis(20);
const EAGAIN: Option<i32> = Some(11);

/// A greenlet that counts how often it has had the thread.
fn ticker(rounds: u32) -> (Rc<Cell<u32>>, greenlet::Greenlet<()>) {
    let ticks = Rc::new(Cell::new(0));
    let ticker = greenlet::spawn({
        let ticks = Rc::clone(&ticks);
        move || {
            for _ in 0..rounds {
                ticks.set(ticks.get() + 1);
                greenlet::yield_now();
            }
        }
    });
    (ticks, ticker)
}

#[test]
fn an_echo_at_each_kind_of_address() {
    everywhere(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = SocketAddr::from_pathname(folder.path().join("socket")).unwrap();
        let name = folder.path().to_str().unwrap().as_bytes();
        let name = SocketAddr::from_abstract_name(name).unwrap();
        for addr in [path, name] {
            let listener = UnixListener::bind_addr(&addr).unwrap();
            let echo = greenlet::spawn(move || {
                let (mut stream, from) = listener.accept().unwrap();
                assert!(from.is_unnamed());
                std::io::copy(&mut stream.try_clone().unwrap(), &mut stream).unwrap()
            });
            let mut client = UnixStream::connect_addr(&addr).unwrap();
            let whole: Vec<u8> = (0..1 << 20).map(|byte: u32| byte as u8).collect();
            let writer = greenlet::spawn({
                let (mut client, whole) = (client.try_clone().unwrap(), whole.clone());
                move || {
                    client.write_all(&whole).unwrap();
                    client.shutdown(Shutdown::Write).unwrap();
                }
            });
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            assert!(answer == whole);
            join(writer.join());
            assert_eq!(join(echo.join()), whole.len() as u64);
        }
    });
}

#[test]
fn readers_and_acceptors_let_the_others_run() {
    everywhere(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let (ticks, ticking) = ticker(10);
        let client = greenlet::spawn(move || {
            join(ticking.join());
            let mut stream = UnixStream::connect(path).unwrap();
            let (ticks, ticking) = ticker(10);
            join(ticking.join());
            stream.write_all(b"abc").unwrap();
            ticks
        });
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(ticks.get(), 10);
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 3);
        assert_eq!(join(client.join()).get(), 10);
    });
}

/// The kernel ends a read behind a message that descriptors come with, whatever follows.
#[test]
fn a_short_read_does_not_hide_what_is_behind_it() {
    everywhere(|| {
        let (here, mut there) = UnixStream::pair().unwrap();
        let mut buffer = [0; 8];
        // Parked once, so that the hub knows the socket from here on.
        let writer = greenlet::spawn(move || {
            (&here).write_all(b"a").unwrap();
            here
        });
        assert_eq!(there.read(&mut buffer).unwrap(), 1);
        let mut here = join(writer.join());
        for _ in 0..3 {
            let descriptors = [here.as_fd()];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
            let text = [IoSlice::new(b"bc")];
            sendmsg(&here, &text, &mut control, SendFlags::empty()).unwrap();
            here.write_all(b"def").unwrap();
            assert_eq!(there.read(&mut buffer).unwrap(), 2);
            assert_eq!(there.read(&mut buffer).unwrap(), 3);
            assert_eq!(&buffer[..3], b"def");
        }
    });
}

#[test]
fn a_write_takes_everything_and_a_vectored_one_too() {
    everywhere(|| {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        let whole = vec![7; 4 << 20];
        let writer = greenlet::spawn(move || {
            let slices = [IoSlice::new(&whole), IoSlice::new(b"end")];
            assert_eq!(here.write(&whole).unwrap(), whole.len());
            assert_eq!(here.write_vectored(&slices).unwrap(), whole.len() + 3);
        });
        let mut bytes = vec![0; (8 << 20) + 3];
        let mut count = 0;
        while count < bytes.len() {
            let (one, other) = bytes[count..].split_at_mut(1);
            let slices = &mut [IoSliceMut::new(one), IoSliceMut::new(other)];
            count += there.read_vectored(slices).unwrap();
        }
        assert!(bytes.ends_with(b"\x07end"));
        assert_eq!(there.read(&mut [0]).unwrap(), 0);
        join(writer.join());
    });
}

#[test]
fn a_connect_waits_for_room_in_the_queue() {
    everywhere(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        // A queue of one, which the first two fill.
        rustix::net::listen(&listener, 0).unwrap();
        let first = UnixStream::connect(&path).unwrap();
        let waiting = greenlet::spawn({
            let path = path.clone();
            move || UnixStream::connect(path).unwrap()
        });
        let victim = greenlet::spawn(move || UnixStream::connect(path).unwrap());
        greenlet::time::sleep_until(Instant::now() + SHORT);
        assert!(!waiting.is_finished());
        victim.kill().unwrap();
        assert!(victim.join().unwrap_err().is::<greenlet::Killed>());

        let (mut accepted, _) = listener.accept().unwrap();
        drop(first);
        assert_eq!(accepted.read(&mut [0]).unwrap(), 0);
        let mut client = join(waiting.join());
        let (mut accepted, _) = listener.accept().unwrap();
        client.write_all(b"abc").unwrap();
        assert_eq!(accepted.read(&mut [0; 8]).unwrap(), 3);
        // It is in blocking mode: this one waits.
        let reader = greenlet::spawn(move || client.read(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished());
        accepted.write_all(b"de").unwrap();
        assert_eq!(join(reader.join()), 2);
    });
}

#[test]
fn a_shutdown_and_a_close_wake_who_waits() {
    everywhere(|| {
        let (here, there) = UnixStream::pair().unwrap();
        let here = Arc::new(here);
        let reader = greenlet::spawn({
            let here = Arc::clone(&here);
            move || (&*here).read(&mut [0; 8]).unwrap()
        });
        let writer = greenlet::spawn({
            let here = Arc::clone(&here);
            move || (&*here).write_all(&vec![0; 4 << 20]).unwrap_err().kind()
        });
        greenlet::yield_now();
        assert!(!reader.is_finished() && !writer.is_finished());
        here.shutdown(Shutdown::Read).unwrap();
        assert_eq!(join(reader.join()), 0);
        assert!(!writer.is_finished());
        drop(there);
        assert_eq!(join(writer.join()), ErrorKind::BrokenPipe);
    });
}

#[test]
fn waits_of_each_kind_end_in_time() {
    everywhere(|| {
        let (mut here, _there) = UnixStream::pair().unwrap();
        here.set_read_timeout(Some(SHORT)).unwrap();
        here.set_write_timeout(Some(SHORT)).unwrap();
        let mut clone = here.try_clone().unwrap();
        let begin = Instant::now();
        assert_eq!(here.read(&mut [0]).unwrap_err().raw_os_error(), EAGAIN);
        assert_eq!(clone.read(&mut [0]).unwrap_err().raw_os_error(), EAGAIN);
        let whole = vec![0; 4 << 20];
        let part = here.write(&whole).unwrap();
        assert!(0 < part && part < whole.len());
        let full = loop {
            if let Err(error) = clone.write(&whole) {
                break error;
            }
        };
        assert_eq!(full.raw_os_error(), EAGAIN);
        assert!(begin.elapsed() >= 4 * SHORT, "never early");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let plain = std::os::unix::net::UnixListener::bind(&path).unwrap();
        set_socket_timeout(&plain, Timeout::Recv, Some(SHORT)).unwrap();
        let listener = UnixListener::from(plain);
        assert_eq!(listener.accept().unwrap_err().raw_os_error(), EAGAIN);
        // Of a listener's time-out the streams inherit nothing, unlike TCP's.
        let mut client = UnixStream::connect(path).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(server.read_timeout().unwrap(), None);
        let reader = greenlet::spawn(move || server.read(&mut [0; 8]).unwrap());
        greenlet::time::sleep_until(Instant::now() + 2 * SHORT);
        assert!(!reader.is_finished());
        client.write_all(b"abc").unwrap();
        assert_eq!(join(reader.join()), 3);
    });
}

#[test]
fn nonblocking_ones_do_not_wait() {
    everywhere(|| {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        let mut clone = here.try_clone().unwrap();
        clone.set_nonblocking(true).unwrap();
        let error = here.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let whole = vec![0; 4 << 20];
        assert!(here.write(&whole).unwrap() < whole.len());
        here.set_nonblocking(false).unwrap();
        let reader = greenlet::spawn(move || clone.read(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished());
        there.write_all(b"abc").unwrap();
        assert_eq!(join(reader.join()), 3);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let clone = listener.try_clone().unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(clone.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        let client = UnixStream::connect(path).unwrap();
        let (mut server, _) = clone.accept().unwrap();
        let reader = greenlet::spawn(move || server.read(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished(), "a stream does not inherit it");
        drop(client);
        assert_eq!(join(reader.join()), 0);
    });
}

#[test]
fn who_waits_can_be_killed() {
    everywhere(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = Arc::new(UnixListener::bind(&path).unwrap());
        let (here, mut there) = UnixStream::pair().unwrap();
        let here = Arc::new(here);
        let calls: [Box<dyn FnOnce()>; 3] = [
            Box::new({
                let here = Arc::clone(&here);
                move || drop((&*here).read(&mut [0; 8]))
            }),
            Box::new({
                let here = Arc::clone(&here);
                move || drop((&*here).write_all(&vec![0; 4 << 20]))
            }),
            Box::new({
                let listener = Arc::clone(&listener);
                move || drop(listener.accept())
            }),
        ];
        for call in calls {
            let victim = greenlet::spawn(call);
            greenlet::yield_now();
            assert!(!victim.is_finished());
            victim.kill().unwrap();
            assert!(victim.join().unwrap_err().is::<greenlet::Killed>());
        }
        there.write_all(b"abc").unwrap();
        assert_eq!((&*here).read(&mut [0; 8]).unwrap(), 3);
        let _client = UnixStream::connect(path).unwrap();
        listener.accept().unwrap();
    });
}

#[test]
fn acceptors_on_many_hubs_get_one_each() {
    let _deadline = deadline();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let acceptors: Vec<_> = (0..30)
        .map(|_| {
            let listener = listener.try_clone().unwrap();
            on_worker(move || {
                let mut stream = (&listener).into_iter().next().unwrap().unwrap();
                let mut number = [0];
                stream.read_exact(&mut number).unwrap();
                number[0]
            })
        })
        .collect();
    for number in 0..30 {
        let mut client = UnixStream::connect(&path).unwrap();
        client.write_all(&[number]).unwrap();
    }
    let mut numbers: Vec<_> = acceptors.into_iter().map(|one| join(one.join())).collect();
    numbers.sort();
    assert!(numbers.into_iter().eq(0..30));
}
