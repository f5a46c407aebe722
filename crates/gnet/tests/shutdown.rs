//! The end of one direction, and of both.

mod fixture;

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use fixture::{everywhere, join, pair};
use gnet::Shutdown;

#[test]
fn the_other_end_reads_what_was_sent_and_then_the_end() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.write_all(b"last").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"last");
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        assert_eq!(
            client.write(b"more").unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    });
}

#[test]
fn the_open_half_goes_on() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        server.write_all(b"still here").unwrap();
        drop(server);
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, "still here");
    });
}

#[test]
fn a_parked_reader_wakes_when_its_own_end_is_shut_down() {
    everywhere(|| {
        for how in [Shutdown::Read, Shutdown::Both] {
            for after_a_short_read in [false, true] {
                let (mut client, server) = pair();
                let server = Arc::new(server);
                if after_a_short_read {
                    client.write_all(b"x").unwrap();
                    assert_eq!((&*server).read(&mut [0; 8]).unwrap(), 1);
                }
                let reader = greenlet::spawn({
                    let server = Arc::clone(&server);
                    move || (&*server).read(&mut [0; 8]).unwrap()
                });
                greenlet::yield_now();
                assert!(!reader.is_finished());
                server.shutdown(how).unwrap();
                assert_eq!(join(reader.join()), 0);
            }
        }
    });
}

#[test]
fn a_parked_writer_wakes_when_its_own_end_is_shut_down() {
    everywhere(|| {
        let (client, _server) = pair();
        let client = Arc::new(client);
        let writer = greenlet::spawn({
            let client = Arc::clone(&client);
            move || {
                let whole = vec![0; 64 << 20];
                let part = (&*client).write(&whole).unwrap();
                assert!(part < whole.len());
                (&*client).write(&whole).unwrap_err().kind()
            }
        });
        greenlet::yield_now();
        assert!(!writer.is_finished());
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(join(writer.join()), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_parked_reader_wakes_when_the_other_end_is_dropped() {
    everywhere(|| {
        let (client, mut server) = pair();
        let reader = greenlet::spawn(move || server.read(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished());
        drop(client);
        assert_eq!(join(reader.join()), 0);
    });
}
