//! A process without free descriptors refuses to accept, serves on what it has, and accepts again
//! when there are some.

mod fixture;

use std::io::{self, Read, Write};
use std::sync::Arc;

use fixture::own_process::{EMFILE, exhaust, in_a_child};
use fixture::{Signal, join, listen, pair};
use gnet::{SocketAddr, TcpStream};
use greenlet::Greenlet;

/// A connection that is served by a greenlet of its own.
fn served() -> (TcpStream, Greenlet<u64>) {
    let (client, server) = pair();
    let echo = greenlet::spawn(move || io::copy(&mut &server, &mut &server).unwrap());
    (client, echo)
}

fn say_and_hear(stream: &mut TcpStream) {
    let mut echo = [0; 5];
    stream.write_all(b"hello").unwrap();
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"hello");
}

#[test]
fn accept_says_so_and_recovers() {
    in_a_child("accept_says_so_and_recovers", || {
        let (mut other, echo) = served();
        say_and_hear(&mut other);
        let (listener, addr) = listen();

        let files = exhaust(1);
        let client = TcpStream::connect(addr).unwrap();
        for _ in 0..3 {
            assert_eq!(listener.accept().unwrap_err().raw_os_error(), EMFILE);
            assert_eq!(listener.try_clone().unwrap_err().raw_os_error(), EMFILE);
            say_and_hear(&mut other);
        }
        drop(files);
        let (_stream, from) = listener.accept().unwrap();
        assert_eq!(from, client.local_addr().unwrap());
        say_and_hear(&mut other);
        drop(other);
        join(echo.join());
    });
}

#[test]
fn an_acceptor_that_was_parked_says_so_and_recovers() {
    in_a_child("an_acceptor_that_was_parked_says_so_and_recovers", || {
        let (mut other, echo) = served();
        say_and_hear(&mut other);
        let (listener, addr) = listen();
        let (failed, freed) = (Arc::new(Signal::default()), Arc::new(Signal::default()));
        let acceptor = greenlet::spawn({
            let (failed, freed) = (Arc::clone(&failed), Arc::clone(&freed));
            move || -> SocketAddr {
                assert_eq!(listener.accept().unwrap_err().raw_os_error(), EMFILE);
                failed.raise();
                freed.wait();
                listener.accept().unwrap().1
            }
        });
        greenlet::yield_now();
        assert!(!acceptor.is_finished());

        let files = exhaust(1);
        let client = TcpStream::connect(addr).unwrap();
        failed.wait();
        say_and_hear(&mut other);
        drop(files);
        freed.raise();
        assert_eq!(join(acceptor.join()), client.local_addr().unwrap());
        say_and_hear(&mut other);
        drop(other);
        join(echo.join());
    });
}

/// Where std's fails at once: what has accepted before asks first whether there is anybody.
#[test]
fn without_descriptors_accept_waits_until_there_is_somebody() {
    in_a_child(
        "without_descriptors_accept_waits_until_there_is_somebody",
        || {
            let (listener, addr) = listen();
            let _first = TcpStream::connect(addr).unwrap();
            listener.accept().unwrap();
            let files = exhaust(1);
            let acceptor =
                greenlet::spawn(move || (listener.accept().map(|(_, addr)| addr), listener));
            greenlet::yield_now();
            assert!(!acceptor.is_finished());
            let client = TcpStream::connect(addr).unwrap();
            let (refused, listener) = join(acceptor.join());
            assert_eq!(refused.unwrap_err().raw_os_error(), EMFILE);
            drop(files);
            let (_, from) = listener.accept().unwrap();
            assert_eq!(from, client.local_addr().unwrap());
        },
    );
}

/// Nothing can be waited for on a thread that has no poller yet and cannot get one: what was sent is told all the same.
#[test]
fn a_write_that_cannot_wait_tells_how_much_it_has_sent() {
    in_a_child(
        "a_write_that_cannot_wait_tells_how_much_it_has_sent",
        || {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut server, _) = listener.accept().unwrap();

            let files = exhaust(0);
            let data = vec![7; 32 << 20];
            let sent = client.write(&data).unwrap();
            assert!(0 < sent && sent < data.len());
            assert_eq!(client.write(&data).unwrap_err().raw_os_error(), EMFILE);
            drop(files);

            drop(client);
            let mut received = Vec::new();
            server.read_to_end(&mut received).unwrap();
            assert_eq!(received.len(), sent);
        },
    );
}
