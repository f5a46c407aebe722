//! Descriptors that go out, in the mode that std would give them, and come in, with theirs.

mod fixture;

use std::io::{ErrorKind, Read, Write};
use std::net;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net as unix;
use std::thread;

use fixture::{everywhere, join, listen, pair, udp_pair};
use gnet::unix::{UnixDatagram, UnixListener, UnixStream};
use gnet::{TcpListener, TcpStream, UdpSocket};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

fn nonblocking(socket: impl AsFd) -> bool {
    fcntl_getfl(socket).unwrap().contains(OFlags::NONBLOCK)
}

#[test]
fn streams_are_in_blocking_mode_however_they_came_to_be() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.write_all(b"x").unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
        assert!(!nonblocking(&client));
        assert!(!nonblocking(&server));
        let addr = listen().1;
        drop(TcpStream::connect_timeout(
            &addr,
            std::time::Duration::from_secs(1),
        ));
        assert!(!nonblocking(OwnedFd::from(client)));
        assert!(!nonblocking(net::TcpStream::from(server)));
    });
}

#[test]
fn streams_take_the_mode_of_the_user_along() {
    everywhere(|| {
        let (client, server) = pair();
        client.set_nonblocking(true).unwrap();
        assert!(nonblocking(&client));
        let mut plain = net::TcpStream::from(client);
        assert_eq!(
            plain.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );

        // And back, in that mode still.
        let mut adopted = TcpStream::from(plain);
        assert_eq!(
            adopted.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert!(nonblocking(&adopted));
        adopted.set_nonblocking(false).unwrap();
        let reader = greenlet::spawn(move || adopted.read(&mut [0]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished());
        drop(server);
        assert_eq!(join(reader.join()), 0);
    });
}

#[test]
fn a_mode_set_through_the_lent_descriptor_counts() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        server.write_all(b"x").unwrap();
        assert_eq!(client.read(&mut [0; 8]).unwrap(), 1);
        let flags = fcntl_getfl(&client).unwrap();
        fcntl_setfl(&client, flags | OFlags::NONBLOCK).unwrap();
        assert_eq!(
            client.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );

        let (listener, _) = listen();
        let flags = fcntl_getfl(&listener).unwrap();
        fcntl_setfl(&listener, flags | OFlags::NONBLOCK).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_stream_goes_through_raw_descriptors() {
    everywhere(|| {
        let (client, mut server) = pair();
        let number = client.as_raw_fd();
        let raw = client.into_raw_fd();
        assert_eq!(raw, number);
        // SAFETY: `into_raw_fd` has just given the descriptor away.
        let mut client = unsafe { TcpStream::from_raw_fd(raw) };
        client.write_all(b"through").unwrap();
        drop(client);
        let mut text = String::new();
        server.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through");
    });
}

#[test]
fn a_stream_of_std_works_here_and_there() {
    everywhere(|| {
        let (client, server) = pair();
        let mut server = net::TcpStream::from(server);
        let echo = thread::spawn(move || {
            let mut buffer = [0; 8];
            let count = server.read(&mut buffer).unwrap();
            server.write_all(&buffer[..count]).unwrap();
        });
        let mut client = TcpStream::from(net::TcpStream::from(client));
        client.write_all(b"abc").unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        join(echo.join());
    });
}

#[test]
fn a_listener_leaves_in_blocking_mode() {
    everywhere(|| {
        let (listener, addr) = listen();
        let client = TcpStream::connect(addr).unwrap();
        let (_server, _) = listener.accept().unwrap();
        assert!(!nonblocking(&listener), "lent");
        let _other = TcpStream::connect(addr).unwrap();
        let (_server, _) = listener.accept().unwrap();
        let plain = net::TcpListener::from(listener);
        assert!(!nonblocking(&plain), "given away");

        // Std waits on it, in a thread of its own.
        let acceptor = thread::spawn(move || {
            let (_stream, addr) = plain.accept().unwrap();
            (plain, addr)
        });
        let third = TcpStream::connect(addr).unwrap();
        let (plain, from) = join(acceptor.join());
        assert_eq!(from, third.local_addr().unwrap());

        let listener = TcpListener::from(OwnedFd::from(plain));
        let acceptor = greenlet::spawn(move || {
            listener.accept().unwrap();
            listener.into_raw_fd()
        });
        greenlet::yield_now();
        assert!(!acceptor.is_finished());
        let _fourth = TcpStream::connect(addr).unwrap();
        let raw = join(acceptor.join());
        // SAFETY: `into_raw_fd` has given the descriptor away.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        assert!(!nonblocking(fd));
        drop(client);
    });
}

#[test]
fn a_listener_takes_the_mode_of_the_user_along() {
    everywhere(|| {
        let (listener, _) = listen();
        listener.set_nonblocking(true).unwrap();
        listener.accept().unwrap_err();
        assert!(nonblocking(&listener));
        let plain = net::TcpListener::from(listener);
        assert!(nonblocking(&plain));
        let listener = TcpListener::from(plain);
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        listener.set_nonblocking(false).unwrap();
        assert!(!nonblocking(OwnedFd::from(listener)));
    });
}

#[test]
fn a_clone_that_stays_works_on_when_its_listener_is_given_away() {
    everywhere(|| {
        let (listener, addr) = listen();
        let clone = listener.try_clone().unwrap();
        let _before = TcpStream::connect(addr).unwrap();
        let acceptor = greenlet::spawn(move || {
            for _ in 0..3 {
                clone.accept().unwrap();
            }
        });
        greenlet::yield_now();
        // The acceptor has accepted one and is parked, with O_NONBLOCK set in the kernel; this takes it away.
        let plain = net::TcpListener::from(listener);
        assert!(!nonblocking(&plain));
        for _ in 0..2 {
            greenlet::yield_now();
            assert!(!acceptor.is_finished());
            let _client = TcpStream::connect(addr).unwrap();
            greenlet::yield_now();
        }
        join(acceptor.join());
    });
}

#[test]
fn sockets_of_other_kinds_can_be_adopted() {
    everywhere(|| {
        let (mut there, here) = unix::UnixStream::pair().unwrap();
        let mut here = TcpStream::from(OwnedFd::from(here));
        there.write_all(b"abc").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(here.read(&mut buffer).unwrap(), 3);
        let reader = greenlet::spawn(move || {
            let count = here.read(&mut buffer).unwrap();
            assert_eq!(here.read(&mut buffer).unwrap(), 0);
            count
        });
        greenlet::yield_now();
        there.write_all(b"d").unwrap();
        drop(there);
        assert_eq!(join(reader.join()), 1);
    });
}

#[test]
fn a_udp_socket_takes_the_mode_of_the_user_along() {
    everywhere(|| {
        let (here, there) = udp_pair();
        here.send(b"abc").unwrap();
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 3);
        assert!(!nonblocking(&there), "lent");
        there.set_nonblocking(true).unwrap();
        assert!(nonblocking(&there));
        let plain = net::UdpSocket::from(there);
        assert_eq!(
            plain.recv(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );

        // And back, in that mode still.
        let adopted = UdpSocket::from(OwnedFd::from(plain));
        assert_eq!(
            adopted.recv(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let flags = fcntl_getfl(&adopted).unwrap();
        fcntl_setfl(&adopted, flags - OFlags::NONBLOCK).unwrap();
        let receiver = greenlet::spawn(move || {
            assert_eq!(adopted.recv(&mut [0; 8]).unwrap(), 2);
            adopted.into_raw_fd()
        });
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        here.send(b"de").unwrap();
        let raw = join(receiver.join());
        // SAFETY: `into_raw_fd` has given the descriptor away.
        let adopted = unsafe { UdpSocket::from_raw_fd(raw) };
        assert_eq!(adopted.as_raw_fd(), raw);
        assert!(!nonblocking(net::UdpSocket::from(adopted)));
    });
}

#[test]
fn a_stream_adopted_as_a_udp_socket_is_one_still() {
    everywhere(|| {
        let (mut client, server) = pair();
        let server = UdpSocket::from(OwnedFd::from(server));
        client.write_all(b"abcdef").unwrap();
        let mut buffer = [0; 4];
        assert_eq!(server.recv(&mut buffer).unwrap(), 4);
        assert_eq!(server.recv(&mut buffer).unwrap(), 2);
        let receiver = greenlet::spawn(move || server.recv(&mut [0; 4]).unwrap());
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        drop(client);
        assert_eq!(join(receiver.join()), 0);
    });
}

#[test]
fn unix_sockets_are_in_blocking_mode_and_take_that_of_the_user_along() {
    everywhere(|| {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(b"abc").unwrap();
        assert!(!nonblocking(&here));
        there.set_nonblocking(true).unwrap();
        let mut plain = unix::UnixStream::from(there);
        assert_eq!(plain.read(&mut [0; 8]).unwrap(), 3);
        assert!(nonblocking(&plain));
        let mut there = UnixStream::from(OwnedFd::from(plain));
        let error = there.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);

        let (here, there) = UnixDatagram::pair().unwrap();
        here.send(b"abc").unwrap();
        there.set_nonblocking(true).unwrap();
        let plain = unix::UnixDatagram::from(there);
        assert_eq!(plain.recv(&mut [0; 8]).unwrap(), 3);
        assert!(nonblocking(&plain));
        let there = UnixDatagram::from(OwnedFd::from(plain));
        let error = there.recv(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let raw = here.into_raw_fd();
        // SAFETY: `into_raw_fd` has given the descriptor away.
        let here = unsafe { UnixDatagram::from_raw_fd(raw) };
        assert_eq!(here.as_raw_fd(), raw);
        assert!(!nonblocking(unix::UnixDatagram::from(here)));
    });
}

#[test]
fn a_unix_listener_and_its_connections_leave_in_blocking_mode() {
    everywhere(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path).unwrap();
        assert!(!nonblocking(&client));
        assert!(!nonblocking(OwnedFd::from(client)));
        let (server, _) = listener.accept().unwrap();
        assert!(!nonblocking(&server));
        assert!(!nonblocking(&listener), "lent");
        let _client = UnixStream::connect(&path).unwrap();
        let (_server, _) = listener.accept().unwrap();
        let plain = unix::UnixListener::from(listener);
        assert!(!nonblocking(&plain), "given away");
        // Std waits on it, in a thread of its own.
        let acceptor = thread::spawn(move || {
            plain.accept().unwrap();
            plain
        });
        let _client = UnixStream::connect(&path).unwrap();
        let listener = UnixListener::from(join(acceptor.join()));
        listener.set_nonblocking(true).unwrap();
        listener.accept().unwrap_err();
        assert!(nonblocking(OwnedFd::from(listener)));
    });
}
