//! Looking at what has arrived without taking it.

mod fixture;

use std::io::{Read, Write};

use fixture::{everywhere, join, pair, udp_pair};

#[test]
fn gives_the_same_bytes_until_they_are_read() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.write_all(b"abc").unwrap();
        let mut buffer = [0; 8];
        for _ in 0..3 {
            assert_eq!(server.peek(&mut buffer).unwrap(), 3);
            assert_eq!(&buffer[..3], b"abc");
        }
        assert_eq!(server.peek(&mut buffer[..1]).unwrap(), 1);
        assert_eq!(server.read(&mut buffer).unwrap(), 3);
    });
}

#[test]
fn waits_for_the_first_byte_also_after_a_short_read() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        let mut buffer = [0; 8];
        client.write_all(b"a").unwrap();
        assert_eq!(server.read(&mut buffer).unwrap(), 1);
        let writer = greenlet::spawn(move || {
            client.write_all(b"b").unwrap();
            client
        });
        assert_eq!(server.peek(&mut buffer).unwrap(), 1);
        assert_eq!(buffer[0], b'b');
        drop(join(writer.join()));
        assert_eq!(server.read(&mut buffer).unwrap(), 1);
        assert_eq!(server.peek(&mut buffer).unwrap(), 0);
    });
}

#[test]
fn gives_the_same_datagram_until_it_is_received() {
    everywhere(|| {
        let (here, there) = udp_pair();
        let from = here.local_addr().unwrap();
        let mut buffer = [0; 8];
        for text in [&b"abc"[..], b"", b"de"] {
            let sender = greenlet::spawn({
                let here = here.try_clone().unwrap();
                move || here.send(text).unwrap()
            });
            for _ in 0..2 {
                assert_eq!(there.peek(&mut buffer).unwrap(), text.len());
                assert_eq!(there.peek_from(&mut buffer).unwrap(), (text.len(), from));
                assert_eq!(&buffer[..text.len()], text);
            }
            assert_eq!(there.peek(&mut buffer[..1]).unwrap(), text.len().min(1));
            assert_eq!(there.recv_from(&mut buffer).unwrap(), (text.len(), from));
            join(sender.join());
        }
    });
}
