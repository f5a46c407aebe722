//! A short read lets the next one wait without asking the kernel. What must not get lost by that:
//! the end of the stream, an error, what lies behind urgent data.

mod fixture;

use std::io::{ErrorKind, IoSliceMut, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use fixture::{everywhere, join, pair};
use gnet::{Shutdown, TcpStream};
use rustix::net::{SendFlags, send, sockopt};

/// Parks the stream once, so that its descriptor is known to the hub, and reads a byte.
fn park_once(client: &mut TcpStream, server: &mut TcpStream) {
    let mut clone = client.try_clone().unwrap();
    let writer = greenlet::spawn(move || clone.write_all(b".").unwrap());
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
    join(writer.join());
}

#[test]
fn the_end_that_arrives_with_the_data() {
    everywhere(|| {
        for parked_before in [false, true] {
            let (mut client, mut server) = pair();
            if parked_before {
                park_once(&mut client, &mut server);
            }
            client.write_all(b"abc").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(server.read(&mut [0; 8]).unwrap(), 3);
            assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
            assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
        }
    });
}

#[test]
fn the_end_that_arrives_with_the_data_to_one_who_is_parked() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        let reader = greenlet::spawn(move || {
            let first = server.read(&mut [0; 8]).unwrap();
            (first, server.read(&mut [0; 8]).unwrap())
        });
        greenlet::yield_now();
        client.write_all(b"abc").unwrap();
        drop(client);
        assert_eq!(join(reader.join()), (3, 0));
    });
}

#[test]
fn the_reset_that_arrives_with_the_data() {
    everywhere(|| {
        for parked_before in [false, true] {
            let (mut client, mut server) = pair();
            if parked_before {
                park_once(&mut client, &mut server);
            }
            client.write_all(b"abc").unwrap();
            sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
            drop(client);
            assert_eq!(server.read(&mut [0; 8]).unwrap(), 3);
            let error = server.read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
        }
    });
}

#[test]
fn what_arrives_later() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        let reader = greenlet::spawn(move || {
            let mut buffer = [0; 64];
            let mut total = 0;
            loop {
                match server.read(&mut buffer).unwrap() {
                    0 => break total,
                    count => total += count,
                }
            }
        });
        for length in 1..=50 {
            client.write_all(&vec![0; length]).unwrap();
            greenlet::yield_now();
        }
        drop(client);
        assert_eq!(join(reader.join()), 51 * 25);
    });
}

#[test]
fn what_lies_behind_urgent_data() {
    everywhere(|| {
        for parked_before in [false, true] {
            for vectored in [false, true] {
                let (mut client, mut server) = pair();
                if parked_before {
                    park_once(&mut client, &mut server);
                }
                client.write_all(b"abc").unwrap();
                send(&client, b"!", SendFlags::OOB).unwrap();
                client.write_all(b"def").unwrap();
                let mut buffer = [0; 64];
                let mut read = || {
                    if vectored {
                        server.read_vectored(&mut [IoSliceMut::new(&mut buffer)])
                    } else {
                        server.read(&mut buffer)
                    }
                };
                assert_eq!(read().unwrap(), 3, "short at the mark");
                assert_eq!(read().unwrap(), 3, "and then on");
            }
        }
    });
}

#[test]
fn urgent_data_to_one_who_is_parked() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        let reader = greenlet::spawn(move || {
            let mut bytes = Vec::new();
            server.read_to_end(&mut bytes).unwrap();
            // A mark that another one overtakes becomes data like any other.
            bytes.retain(|byte| *byte != b'!');
            bytes
        });
        for _ in 0..5 {
            greenlet::yield_now();
            client.write_all(b"abc").unwrap();
            greenlet::yield_now();
            send(&client, b"!", SendFlags::OOB).unwrap();
            client.write_all(b"def").unwrap();
        }
        drop(client);
        assert_eq!(join(reader.join()), b"abcdef".repeat(5));
    });
}

#[test]
fn records_shorter_than_the_buffer() {
    everywhere(|| {
        let (there, here) = UnixDatagram::pair().unwrap();
        let mut here = TcpStream::from(OwnedFd::from(here));
        for record in [&b"one"[..], b"three", b"seven"] {
            there.send(record).unwrap();
        }
        let mut buffer = [0; 64];
        for length in [3, 5, 5] {
            assert_eq!(here.read(&mut buffer).unwrap(), length);
        }
    });
}
