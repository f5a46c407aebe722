//! Connections that break while somebody writes: the part that went out is told first, the error
//! after it, to whoever asks next.

mod fixture;

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use fixture::{everywhere, join, pair};
use gnet::TcpStream;
use rustix::net::sockopt;

/// Writes until it has to wait, and has the other end reset the connection then.
fn broken_write() -> TcpStream {
    let (mut client, server) = pair();
    let writer = greenlet::spawn(move || {
        let whole = vec![0; 64 << 20];
        let part = client.write(&whole).unwrap();
        assert!(0 < part && part < whole.len());
        client
    });
    greenlet::yield_now();
    assert!(!writer.is_finished());
    sockopt::set_socket_linger(&server, Some(Duration::ZERO)).unwrap();
    drop(server);
    join(writer.join())
}

#[test]
fn the_next_write_tells_the_error() {
    everywhere(|| {
        let mut client = broken_write();
        let error = client.write(b"more").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(error.raw_os_error(), Some(104));
        let error = client.write(b"more").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn the_next_read_tells_the_error() {
    everywhere(|| {
        let mut client = broken_write();
        let error = client.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn take_error_tells_it_once() {
    everywhere(|| {
        let client = broken_write();
        let error = client.take_error().unwrap().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(client.take_error().unwrap().is_none());
    });
}
