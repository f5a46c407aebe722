//! Reads, writes and accepts that may wait for so long only.

mod fixture;

use std::io::{ErrorKind, IoSliceMut, Read, Write};
use std::time::{Duration, Instant};

use fixture::{everywhere, join, listen, pair, udp_pair};
use gnet::{TcpListener, TcpStream};
use rustix::net::sockopt::{Timeout, set_socket_timeout};

const SHORT: Duration = Duration::from_millis(20);
const EAGAIN: Option<i32> = Some(11);

#[test]
fn a_read_of_every_kind_fails_as_the_kernel_would_have_it() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        server.set_read_timeout(Some(SHORT)).unwrap();
        let silent = |server: &mut TcpStream| {
            let mut buffer = [0; 8];
            let begin = Instant::now();
            for error in [
                server.read(&mut buffer).unwrap_err(),
                server.peek(&mut buffer).unwrap_err(),
                server
                    .read_vectored(&mut [IoSliceMut::new(&mut buffer)])
                    .unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                assert_eq!(error.raw_os_error(), EAGAIN);
            }
            assert!(begin.elapsed() >= 3 * SHORT, "never early");
        };
        silent(&mut server);
        // The stream is as good as before.
        client.write_all(b"abc").unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 3);
        silent(&mut server);
    });
}

#[test]
fn a_write_tells_what_it_could_send_and_then_fails() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.set_write_timeout(Some(SHORT)).unwrap();
        let whole = vec![1; 64 << 20];
        let mut sent = client.write(&whole).unwrap();
        assert!(0 < sent && sent < whole.len());
        let error = loop {
            // The kernel may have made room for a little more by now.
            match client.write(&whole) {
                Ok(part) => sent += part,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(error.raw_os_error(), EAGAIN);
        assert_eq!(client.write(&[]).unwrap(), 0);
        // Everything that was counted arrives, and nothing else.
        drop(client);
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), sent);
    });
}

#[test]
fn none_waits_again() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        server.set_read_timeout(Some(SHORT)).unwrap();
        server.read(&mut [0]).unwrap_err();
        server.set_read_timeout(None).unwrap();
        assert_eq!(server.read_timeout().unwrap(), None);
        let reader = greenlet::spawn(move || server.read(&mut [0; 8]).unwrap());
        greenlet::time::sleep_until(Instant::now() + 3 * SHORT);
        assert!(!reader.is_finished());
        client.write_all(b"x").unwrap();
        assert_eq!(join(reader.join()), 1);
    });
}

#[test]
fn clones_share_them() {
    everywhere(|| {
        let (_client, server) = pair();
        let mut clone = server.try_clone().unwrap();
        server.set_read_timeout(Some(SHORT)).unwrap();
        assert_eq!(clone.read_timeout().unwrap(), Some(SHORT));
        assert_eq!(
            clone.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn what_the_kernel_stored_is_what_is_told() {
    everywhere(|| {
        let (stream, _other) = pair();
        let reference = std::net::TcpStream::connect(listen().1).unwrap();
        for timeout in [
            Some(Duration::from_nanos(1)),
            Some(Duration::from_micros(1_234_567)),
            Some(Duration::from_secs(1 << 40)),
            Some(Duration::MAX),
            None,
        ] {
            stream.set_read_timeout(timeout).unwrap();
            reference.set_read_timeout(timeout).unwrap();
            assert_eq!(
                stream.read_timeout().unwrap(),
                reference.read_timeout().unwrap()
            );
            stream.set_write_timeout(timeout).unwrap();
            reference.set_write_timeout(timeout).unwrap();
            assert_eq!(
                stream.write_timeout().unwrap(),
                reference.write_timeout().unwrap()
            );
        }
    });
}

#[test]
fn one_that_no_clock_reaches_is_none() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        server.set_read_timeout(Some(Duration::MAX)).unwrap();
        let writer = greenlet::spawn(move || client.write_all(b"x").unwrap());
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
        join(writer.join());
    });
}

#[test]
fn adopted_sockets_keep_theirs() {
    everywhere(|| {
        let (stream, _other) = pair();
        let plain = std::net::TcpStream::from(stream);
        plain.set_read_timeout(Some(SHORT)).unwrap();
        let mut adopted = TcpStream::from(plain);
        assert_eq!(
            adopted.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let plain = std::net::TcpStream::from(adopted);
        assert_eq!(plain.read_timeout().unwrap(), Some(SHORT));
    });
}

#[test]
fn one_set_through_the_lent_descriptor_counts() {
    everywhere(|| {
        let (mut stream, mut other) = pair();
        other.write_all(b"x").unwrap();
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
        set_socket_timeout(&stream, Timeout::Recv, Some(SHORT)).unwrap();
        assert_eq!(
            stream.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn a_listener_has_one_too_and_hands_it_on() {
    everywhere(|| {
        let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        set_socket_timeout(&plain, Timeout::Recv, Some(SHORT)).unwrap();
        let listener = TcpListener::from(plain);
        let error = listener.accept().unwrap_err();
        assert_eq!(error.raw_os_error(), EAGAIN);

        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(server.read_timeout().unwrap(), Some(SHORT));
        assert_eq!(server.read(&mut [0]).unwrap_err().raw_os_error(), EAGAIN);
    });
}

/// Keeps the thread to itself until the time-outs of the others are over.
fn hog() {
    let begin = Instant::now();
    while begin.elapsed() < 2 * SHORT {
        std::hint::spin_loop();
    }
}

#[test]
fn what_came_in_time_counts_however_late_the_hub_is() {
    everywhere(|| {
        let (mut client, server) = pair();
        server.set_read_timeout(Some(SHORT)).unwrap();
        for _ in 0..2 {
            // The second time, the hub knows the descriptor and that it was drained.
            let mut reader = server.try_clone().unwrap();
            let reader = greenlet::spawn(move || reader.read(&mut [0; 8]).unwrap());
            greenlet::yield_now();
            client.write_all(b"abc").unwrap();
            hog();
            assert_eq!(join(reader.join()), 3);
        }
    });
}

#[test]
fn a_connection_that_came_in_time_counts_however_late_the_hub_is() {
    everywhere(|| {
        let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        set_socket_timeout(&plain, Timeout::Recv, Some(SHORT)).unwrap();
        let listener = TcpListener::from(plain);
        let addr = listener.local_addr().unwrap();
        let acceptor = greenlet::spawn(move || listener.accept().unwrap());
        greenlet::yield_now();
        let _client = TcpStream::connect(addr).unwrap();
        hog();
        join(acceptor.join());
    });
}

#[test]
fn a_datagram_that_does_not_come() {
    everywhere(|| {
        let (here, there) = udp_pair();
        there.set_read_timeout(Some(SHORT)).unwrap();
        let clone = there.try_clone().unwrap();
        assert_eq!(clone.read_timeout().unwrap(), Some(SHORT));
        let mut buffer = [0; 8];
        for socket in [&there, &clone] {
            let begin = Instant::now();
            for error in [
                socket.recv(&mut buffer).unwrap_err(),
                socket.recv_from(&mut buffer).unwrap_err(),
                socket.peek(&mut buffer).unwrap_err(),
                socket.peek_from(&mut buffer).unwrap_err(),
                socket.recv(&mut []).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                assert_eq!(error.raw_os_error(), EAGAIN);
            }
            assert!(begin.elapsed() >= 5 * SHORT, "never early");
        }
        here.send(b"abc").unwrap();
        assert_eq!(there.recv(&mut buffer).unwrap(), 3);
        // None waits again.
        there.set_read_timeout(None).unwrap();
        let receiver = greenlet::spawn(move || clone.recv(&mut [0; 8]).unwrap());
        greenlet::time::sleep_until(Instant::now() + 3 * SHORT);
        assert!(!receiver.is_finished());
        here.send(b"").unwrap();
        assert_eq!(join(receiver.join()), 0);
    });
}

#[test]
fn a_datagram_that_came_in_time_counts_however_late_the_hub_is() {
    everywhere(|| {
        let (here, there) = udp_pair();
        there.set_read_timeout(Some(SHORT)).unwrap();
        let receiver = greenlet::spawn(move || there.recv(&mut [0; 8]).unwrap());
        greenlet::yield_now();
        here.send(b"abc").unwrap();
        hog();
        assert_eq!(join(receiver.join()), 3);
    });
}

#[test]
fn an_adopted_udp_socket_keeps_its_own() {
    everywhere(|| {
        let plain = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        plain.set_read_timeout(Some(SHORT)).unwrap();
        let socket = gnet::UdpSocket::from(plain);
        assert_eq!(socket.recv(&mut [0]).unwrap_err().raw_os_error(), EAGAIN);
        let plain = std::net::UdpSocket::from(socket);
        assert_eq!(plain.read_timeout().unwrap(), Some(SHORT));
    });
}
