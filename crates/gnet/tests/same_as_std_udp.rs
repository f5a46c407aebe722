//! The same small programs on `std::net`'s UDP sockets and on this crate's: every line of what they
//! note down has to be the same.

#[macro_use]
mod fixture;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use fixture::refusing;

const SHORT: Option<Duration> = Some(Duration::from_millis(10));
const NOWHERE: &[SocketAddr] = &[];

same_as_std! {
    debug: |notes| {
        let socket = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        notes.add(&socket);
        socket.connect("127.0.0.1:9").unwrap();
        notes.add(&socket);
        let not_a_socket = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        notes.add(net::UdpSocket::from(not_a_socket));
    }

    options: |notes| {
        let socket = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        notes.add((socket.ttl(), socket.set_ttl(0), socket.set_ttl(256), socket.set_ttl(77), socket.ttl()));
        notes.add((socket.broadcast(), socket.set_broadcast(true), socket.broadcast()));
        notes.add((socket.multicast_loop_v4(), socket.set_multicast_loop_v4(false), socket.multicast_loop_v4()));
        notes.add((socket.multicast_ttl_v4(), socket.set_multicast_ttl_v4(7), socket.multicast_ttl_v4()));
        notes.add(socket.set_multicast_ttl_v4(256));
        notes.add((socket.multicast_loop_v6(), socket.set_multicast_loop_v6(false)));
        notes.add((socket.take_error(), socket.peer_addr(), socket.local_addr()));
        for timeout in [Some(Duration::ZERO), Some(Duration::from_nanos(1)), SHORT, Some(Duration::MAX), None] {
            notes.add((socket.set_read_timeout(timeout), socket.read_timeout()));
            notes.add((socket.set_write_timeout(timeout), socket.write_timeout()));
        }
    }

    groups: |notes| {
        let group = Ipv4Addr::new(224, 0, 0, 251);
        let local = Ipv4Addr::LOCALHOST;
        let socket = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        notes.add(socket.leave_multicast_v4(&group, &local));
        notes.add(socket.join_multicast_v4(&group, &local));
        notes.add(socket.join_multicast_v4(&group, &local));
        notes.add(socket.leave_multicast_v4(&group, &local));
        notes.add(socket.join_multicast_v4(&Ipv4Addr::LOCALHOST, &local));
        notes.add(socket.join_multicast_v4(&group, &Ipv4Addr::new(192, 0, 2, 1)));
        notes.add(socket.join_multicast_v6(&Ipv6Addr::LOCALHOST, 0));
        if let Ok(socket) = net::UdpSocket::bind("[::1]:0") {
            let group = "ff01::fb".parse().unwrap();
            notes.add((socket.multicast_loop_v6(), socket.set_multicast_loop_v6(false), socket.multicast_loop_v6()));
            notes.add(socket.join_multicast_v6(&group, 1));
            notes.add(socket.leave_multicast_v6(&group, 1));
            notes.add(socket.leave_multicast_v6(&group, 1));
            notes.add(socket.join_multicast_v6(&group, 9_999));
            notes.add((socket.ttl(), socket.set_ttl(7)));
        }
    }

    addresses: |notes| {
        let socket = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let taken = socket.local_addr().unwrap();
        notes.add(net::UdpSocket::bind(taken));
        notes.add(net::UdpSocket::bind("192.0.2.1:0"));
        notes.add(net::UdpSocket::bind("no port"));
        notes.add(net::UdpSocket::bind(NOWHERE));
        notes.add(net::UdpSocket::bind(&[taken, SocketAddr::from(([127, 0, 0, 1], 0))][..]));
        notes.add(socket.connect("no port"));
        notes.add(socket.connect(NOWHERE));
        notes.add(socket.connect("[::1]:9"));
        notes.add(socket.connect("255.255.255.255:9"));
        notes.add(socket.connect(&["255.255.255.255:9".parse().unwrap(), taken][..]));
        notes.add(socket.peer_addr());
        notes.add(socket.send_to(b"abc", "no port"));
        notes.add(socket.send_to(b"abc", NOWHERE));
        notes.add(socket.send_to(b"abc", "[::1]:9"));
        notes.add(socket.send_to(b"abc", "127.0.0.1:0"));
        // Only the first is tried.
        notes.add(socket.send_to(b"abc", &["255.255.255.255:9".parse().unwrap(), taken][..]));
        notes.add(socket.send_to(&[0; 70_000], taken));
    }

    datagrams: |notes| {
        let here = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let there = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = there.local_addr().unwrap();
        let mut buffer = [0; 4];
        notes.add(here.send(b"abc"));
        notes.add(here.send_to(b"abcdef", to));
        notes.add(here.send_to(b"", to));
        notes.add(here.send_to(b"gh", to));
        notes.add(there.peek(&mut buffer));
        notes.add(there.peek_from(&mut buffer));
        notes.add((there.recv_from(&mut buffer), buffer));
        notes.add((there.recv_from(&mut buffer), buffer));
        notes.add((there.recv(&mut []), buffer));
        for nonblocking in [true, false] {
            there.set_nonblocking(nonblocking).unwrap();
            there.set_read_timeout(SHORT).unwrap();
            notes.add(there.recv_from(&mut buffer));
            notes.add(there.recv(&mut buffer));
            notes.add(there.peek_from(&mut buffer));
            notes.add(there.peek(&mut buffer));
            notes.add(there.recv(&mut []));
            notes.add(there.recv_from(&mut []));
        }
    }

    nobody_there: |notes| {
        let socket = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let gone = net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        socket.connect(gone).unwrap();
        let mut buffer = [0; 4];
        notes.add(socket.send(b"a"));
        notes.add(socket.recv(&mut buffer));
        notes.add(socket.send(b"a"));
        notes.add(socket.recv_from(&mut buffer));
        notes.add(socket.send(b"a"));
        notes.add(socket.send(b"a"));
        notes.add(socket.send(b"a"));
        notes.add(socket.take_error());
        notes.add(socket.take_error());
        notes.add((socket.peer_addr(), socket.set_read_timeout(SHORT)));
        notes.add(socket.recv(&mut buffer));
    }

    ipv6: |notes| {
        if let Ok(here) = net::UdpSocket::bind("[::1]:0") {
            let there = net::UdpSocket::bind("[::1]:0").unwrap();
            notes.add(here.send_to(b"abc", there.local_addr().unwrap()));
            notes.add(there.recv_from(&mut [0; 8]));
            notes.add((&here, here.local_addr(), here.send_to(b"a", "127.0.0.1:9")));
        }
        notes.add("done");
    }

    sockets_of_other_kinds: |notes| {
        let (here, there) = UnixDatagram::pair().unwrap();
        let socket = net::UdpSocket::from(OwnedFd::from(here));
        there.send(b"abc").unwrap();
        there.send(b"def").unwrap();
        notes.add(socket.recv_from(&mut [0; 8]));
        notes.add(socket.recv(&mut [0; 8]));
        notes.add((socket.local_addr(), socket.peer_addr()));
        notes.add(socket.send(b"abc"));
        let (fd, _) = refusing();
        let stream = net::UdpSocket::from(fd);
        notes.add(stream.recv(&mut [0; 8]));
        notes.add(stream.send(b"abc"));
        let no_socket = net::UdpSocket::from(OwnedFd::from(std::fs::File::open("/dev/null").unwrap()));
        notes.add(no_socket.send(b"abc"));
        notes.add(no_socket.recv_from(&mut [0; 8]));
        notes.add(no_socket.set_read_timeout(SHORT));
        notes.add(no_socket.try_clone());
    }
}
