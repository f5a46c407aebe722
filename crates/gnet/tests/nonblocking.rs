//! `set_nonblocking` means what it means in std: return at once, for every handle of the socket.

mod fixture;

use std::io::{ErrorKind, IoSliceMut, Read, Write};

use fixture::{everywhere, join, listen, pair, udp_pair};
use gnet::TcpStream;

#[test]
fn calls_that_would_wait_say_so() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.set_nonblocking(true).unwrap();
        let mut buffer = [0; 8];
        for error in [
            client.read(&mut buffer).unwrap_err(),
            client.peek(&mut buffer).unwrap_err(),
            client
                .read_vectored(&mut [IoSliceMut::new(&mut buffer)])
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            assert_eq!(error.raw_os_error(), Some(11));
        }
        let whole = vec![0; 64 << 20];
        let part = client.write(&whole).unwrap();
        assert!(part < whole.len());
        let full = loop {
            if let Err(error) = client.write(&whole) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);

        server.write_all(b"now").unwrap();
        client.set_nonblocking(false).unwrap();
        assert_eq!(client.peek(&mut buffer).unwrap(), 3);
        client.set_nonblocking(true).unwrap();
        assert_eq!(client.read(&mut buffer).unwrap(), 3);
        assert_eq!(
            client.read(&mut buffer).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn clones_share_it_both_ways() {
    everywhere(|| {
        let (client, _server) = pair();
        let clone = client.try_clone().unwrap();
        let would_block = |mut stream: &TcpStream| {
            stream.read(&mut [0]).unwrap_err().kind() == ErrorKind::WouldBlock
        };
        client.set_nonblocking(true).unwrap();
        assert!(would_block(&clone));
        clone.set_nonblocking(false).unwrap();
        let reader = greenlet::spawn(move || (&client).read(&mut [0]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished());
        clone.shutdown(gnet::Shutdown::Both).unwrap();
        assert_eq!(join(reader.join()), 0);
    });
}

#[test]
fn one_who_waits_already_goes_on_waiting() {
    everywhere(|| {
        let (mut client, server) = pair();
        let mut clone = server.try_clone().unwrap();
        let reader = greenlet::spawn(move || clone.read(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        server.set_nonblocking(true).unwrap();
        greenlet::yield_now();
        assert!(!reader.is_finished());
        client.write_all(b"abc").unwrap();
        assert_eq!(join(reader.join()), 3);
    });
}

#[test]
fn a_listener_has_it_and_its_streams_do_not_inherit_it() {
    everywhere(|| {
        let (listener, addr) = listen();
        let clone = listener.try_clone().unwrap();
        listener.set_nonblocking(true).unwrap();
        for listener in [&listener, &clone] {
            let error = listener.accept().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(11));
        }
        let mut client = TcpStream::connect(addr).unwrap();
        clone.set_nonblocking(false).unwrap();
        let (stream, _) = listener.accept().unwrap();
        drop(stream);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);

        let client = TcpStream::connect(addr).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut accepted = loop {
            // The handshake on the loopback is over before connect returns, but that is no promise.
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        };
        let reader = greenlet::spawn(move || accepted.read(&mut [0]).unwrap());
        greenlet::yield_now();
        assert!(!reader.is_finished());
        drop(client);
        assert_eq!(join(reader.join()), 0);
    });
}

#[test]
fn a_udp_socket_has_it_and_shares_it_with_its_clones() {
    everywhere(|| {
        let (here, there) = udp_pair();
        let clone = there.try_clone().unwrap();
        clone.set_nonblocking(true).unwrap();
        let mut buffer = [0; 8];
        for error in [
            there.recv(&mut buffer).unwrap_err(),
            there.recv_from(&mut buffer).unwrap_err(),
            there.peek(&mut buffer).unwrap_err(),
            there.peek_from(&mut buffer).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            assert_eq!(error.raw_os_error(), Some(11));
        }
        here.send(b"abc").unwrap();
        assert_eq!(there.peek(&mut buffer).unwrap(), 3);
        assert_eq!(there.recv(&mut buffer).unwrap(), 3);

        there.set_nonblocking(false).unwrap();
        let receiver = greenlet::spawn(move || clone.recv(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        there.set_nonblocking(true).unwrap();
        greenlet::yield_now();
        assert!(!receiver.is_finished(), "one who waits already waits on");
        here.send(b"ab").unwrap();
        assert_eq!(join(receiver.join()), 2);
    });
}
