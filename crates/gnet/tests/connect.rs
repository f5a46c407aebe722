//! Opening connections: to the first address that answers, in time, or with the right error.

mod fixture;

use std::io::{ErrorKind, Read, Write};
use std::iter;
use std::time::{Duration, Instant};

use fixture::{deadline, everywhere, join, listen, refusing, silent};
use gnet::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};

#[test]
fn every_address_is_tried_in_turn() {
    everywhere(|| {
        let (_listener, open) = listen();
        let (_sockets, refused) = refusing();
        let stream = TcpStream::connect(&[refused, refused, open, refused][..]).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
    });
}

#[test]
fn the_error_is_that_of_the_last_address() {
    everywhere(|| {
        let (_sockets, refused) = refusing();
        let port_zero = SocketAddr::from(([255, 255, 255, 255], 0));
        let last = TcpStream::connect(&[port_zero, refused][..]).unwrap_err();
        assert_eq!(last.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(last.raw_os_error(), Some(111));
        let error = TcpStream::connect(&[refused, port_zero][..]).unwrap_err();
        let std = std::net::TcpStream::connect(port_zero).unwrap_err();
        assert_eq!(error.raw_os_error(), std.raw_os_error());
    });
}

#[test]
fn addresses_after_the_one_that_answers_are_not_asked_for() {
    struct Endless(SocketAddr);
    impl ToSocketAddrs for Endless {
        type Iter = iter::Repeat<SocketAddr>;
        fn to_socket_addrs(&self) -> std::io::Result<Self::Iter> {
            Ok(iter::repeat(self.0))
        }
    }
    everywhere(|| {
        let (listener, addr) = listen();
        TcpStream::connect(Endless(addr)).unwrap();
        drop(listener);
        TcpListener::bind(Endless(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    });
}

#[test]
fn refused() {
    everywhere(|| {
        let (_sockets, addr) = refusing();
        for error in [
            TcpStream::connect(addr).unwrap_err(),
            TcpStream::connect_timeout(&addr, Duration::from_secs(5)).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert_eq!(error.raw_os_error(), Some(111));
        }
    });
}

#[test]
fn silence_until_the_time_is_up() {
    everywhere(|| {
        const TIMEOUT: Duration = Duration::from_millis(50);
        let (_sockets, addr) = silent();
        let begin = Instant::now();
        let error = TcpStream::connect_timeout(&addr, TIMEOUT).unwrap_err();
        assert!(begin.elapsed() >= TIMEOUT, "never early");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "connection timed out");
        assert_eq!(error.raw_os_error(), None);
    });
}

#[test]
fn no_time_at_all() {
    everywhere(|| {
        let (_listener, addr) = listen();
        let error = TcpStream::connect_timeout(&addr, Duration::ZERO).unwrap_err();
        let std = std::net::TcpStream::connect_timeout(&addr, Duration::ZERO).unwrap_err();
        assert_eq!(format!("{error:?}"), format!("{std:?}"));
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn all_the_time_there_is() {
    everywhere(|| {
        let (listener, addr) = listen();
        let mut client = TcpStream::connect_timeout(&addr, Duration::MAX).unwrap();
        client.write_all(b"x").unwrap();
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
    });
}

#[test]
fn one_that_waits_goes_through_when_there_is_room() {
    let _deadline = deadline();
    let (mut sockets, addr) = silent();
    let waiting = greenlet::spawn(move || TcpStream::connect(addr).unwrap());
    greenlet::yield_now();
    assert!(!waiting.is_finished());
    // The kernel greets again after a second or so; by then the queue is empty.
    let listener = TcpListener::from(sockets.swap_remove(0));
    let acceptor = greenlet::spawn(move || {
        for stream in listener.incoming() {
            drop(stream.unwrap());
        }
    });
    let stream = join(waiting.join());
    assert_eq!(stream.peer_addr().unwrap(), addr);
    acceptor.kill().unwrap();
    acceptor.join().unwrap_err();
}
