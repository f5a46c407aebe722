//! The same small programs on `std::os::unix::net` and on `gnet::unix`: every line of what they note
//! down has to be the same.

#[macro_use]
mod fixture;

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::time::Duration;

const SHORT: Option<Duration> = Some(Duration::from_millis(10));
const TIMEOUTS: [Option<Duration>; 5] = [
    Some(Duration::ZERO),
    Some(Duration::from_nanos(1)),
    SHORT,
    Some(Duration::MAX),
    None,
];

fn until_full(mut write: impl FnMut() -> std::io::Result<usize>) -> std::io::Error {
    loop {
        if let Err(error) = write() {
            return error;
        }
    }
}

fn not_a_socket() -> OwnedFd {
    OwnedFd::from(std::fs::File::open("/dev/null").unwrap())
}

fn abstract_addr(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(format!("gnet-{}-{name}", std::process::id())).unwrap()
}

same_as_std! {
    debug: |notes| {
        let path = notes.path("socket");
        let listener = unix::UnixListener::bind(&path).unwrap();
        notes.add((&listener, listener.incoming()));
        let client = unix::UnixStream::connect(&path).unwrap();
        let (server, addr) = listener.accept().unwrap();
        notes.add((&client, &server, addr));
        notes.add(unix::UnixStream::pair().unwrap());
        let socket = unix::UnixDatagram::bind(notes.path("other")).unwrap();
        notes.add(&socket);
        notes.add(unix::UnixDatagram::unbound());
        notes.add(unix::UnixDatagram::pair());
        notes.add(unix::UnixStream::from(not_a_socket()));
        notes.add(unix::UnixListener::from(not_a_socket()));
        notes.add(unix::UnixDatagram::from(not_a_socket()));
    }

    sizes_of_iterators: |notes| {
        let listener = unix::UnixListener::bind(notes.path("socket")).unwrap();
        notes.add((listener.incoming().size_hint(), (&listener).into_iter().size_hint()));
    }

    bad_addresses: |notes| {
        let free = notes.path("free");
        let taken = notes.path("taken");
        let nobody = notes.path("nobody");
        let _listener = unix::UnixListener::bind(&taken).unwrap();
        drop(unix::UnixListener::bind(&nobody).unwrap());
        let socket = unix::UnixDatagram::unbound().unwrap();
        let long = "x".repeat(108);
        let longest = "x".repeat(107);
        for path in ["", "\0", "a\0b", &long, &longest, "/no/such/folder", "/dev/null"]
            .map(std::path::PathBuf::from)
            .into_iter()
            .chain([free, taken, nobody])
        {
            notes.add(unix::UnixStream::connect(&path).map(drop));
            notes.add(socket.connect(&path));
            notes.add(socket.send_to(b"abc", &path));
            if let Ok(addr) = SocketAddr::from_pathname(&path) {
                notes.add(unix::UnixStream::connect_addr(&addr).map(drop));
                notes.add(socket.connect_addr(&addr));
                notes.add(socket.send_to_addr(b"abc", &addr));
            }
        }
        let taken = notes.path("taken");
        for path in ["a\0b", &long, "/no/such/folder/socket", taken.to_str().unwrap()] {
            notes.add(unix::UnixListener::bind(path).map(drop));
            notes.add(unix::UnixDatagram::bind(path).map(drop));
        }
        notes.add(socket.peer_addr());
        notes.add(socket.send(b"abc"));
    }

    names: |notes| {
        let addr = abstract_addr("names");
        let listener = unix::UnixListener::bind_addr(&addr).unwrap();
        notes.add(listener.local_addr());
        notes.add(unix::UnixListener::bind_addr(&addr).map(drop));
        let client = unix::UnixStream::connect_addr(&addr).unwrap();
        let (server, from) = listener.accept().unwrap();
        notes.add((from, client.local_addr(), client.peer_addr(), server.local_addr(), server.peer_addr()));
        let receiver = unix::UnixDatagram::bind_addr(&abstract_addr("receiver")).unwrap();
        let to = receiver.local_addr().unwrap();
        let path = "x".repeat(100 - notes.path("").as_os_str().len());
        let mut senders = vec![
            unix::UnixDatagram::unbound().unwrap(),
            unix::UnixDatagram::bind_addr(&abstract_addr("sender")).unwrap(),
            unix::UnixDatagram::bind_addr(&SocketAddr::from_abstract_name([]).unwrap()).unwrap(),
        ];
        // To the last byte that there is room for.
        for more in 0..=7 {
            let path = notes.path(&format!("{path}{}", "y".repeat(more)));
            senders.push(unix::UnixDatagram::bind(path).unwrap());
        }
        for sender in senders {
            notes.add((sender.send_to_addr(b"abc", &to), receiver.recv_from(&mut [0; 8])));
        }
    }

    timeouts: |notes| {
        let (stream, _other) = unix::UnixStream::pair().unwrap();
        let (socket, _other) = unix::UnixDatagram::pair().unwrap();
        for timeout in TIMEOUTS {
            notes.add((stream.set_read_timeout(timeout), stream.read_timeout()));
            notes.add((stream.set_write_timeout(timeout), stream.write_timeout()));
            notes.add((socket.set_read_timeout(timeout), socket.read_timeout()));
            notes.add((socket.set_write_timeout(timeout), socket.write_timeout()));
        }
        notes.add((stream.take_error(), socket.take_error()));
    }

    reads_and_writes: |notes| {
        let (mut here, mut there) = unix::UnixStream::pair().unwrap();
        let mut buffer = [0; 8];
        here.set_read_timeout(SHORT).unwrap();
        there.set_read_timeout(SHORT).unwrap();
        for nonblocking in [false, true] {
            here.set_nonblocking(nonblocking).unwrap();
            notes.add(here.read(&mut buffer));
            notes.add(here.read_vectored(&mut [IoSliceMut::new(&mut buffer)]));
            notes.add(here.read(&mut []));
            notes.add((here.read_vectored(&mut []), here.read_vectored(&mut [IoSliceMut::new(&mut [])])));
            notes.add(here.write(b"abc"));
            notes.add(here.write_vectored(&[IoSlice::new(b"def"), IoSlice::new(b"")]));
            notes.add(here.write(&[]));
            notes.add((there.read(&mut buffer), there.read(&mut []), buffer));
        }
        here.set_nonblocking(false).unwrap();
        notes.add((here.shutdown(Shutdown::Write), here.shutdown(Shutdown::Write)));
        notes.add((here.write(b"more"), here.write(&[]), here.write_vectored(&[IoSlice::new(b"")])));
        notes.add(there.read(&mut buffer));
        notes.add(there.write(b"answer"));
        notes.add(here.shutdown(Shutdown::Read));
        notes.add((here.read(&mut buffer), here.read(&mut buffer)));
        notes.add(there.write(b"answer"));
        drop(there);
        notes.add((here.read(&mut buffer), here.write(b"abc"), here.shutdown(Shutdown::Both)));
        notes.add((here.peer_addr(), here.local_addr(), here.take_error()));
    }

    a_peer_that_goes_with_data_unread: |notes| {
        let (mut here, there) = unix::UnixStream::pair().unwrap();
        here.write_all(b"never read").unwrap();
        drop(there);
        notes.add((here.read(&mut [0]), here.read(&mut [0]), here.write(&[0]), here.take_error()));
    }

    a_write_that_has_to_stop_half_way: |notes| {
        let (mut here, mut there) = unix::UnixStream::pair().unwrap();
        let whole = vec![0; 4 << 20];
        here.set_write_timeout(SHORT).unwrap();
        let slices = [IoSlice::new(&whole), IoSlice::new(&whole)];
        notes.add(here.write(&whole).map(|part| 0 < part && part < whole.len()));
        notes.add(until_full(|| here.write(&whole)));
        notes.add(until_full(|| here.write_vectored(&slices)));
        notes.add(here.write(&[]));
        here.set_nonblocking(true).unwrap();
        notes.add(until_full(|| here.write(&whole)));
        drop(here);
        let mut bytes = Vec::new();
        notes.add(there.read_to_end(&mut bytes).map(|length| length < whole.len()));
    }

    datagrams: |notes| {
        let path = notes.path("socket");
        let there = unix::UnixDatagram::bind(&path).unwrap();
        let here = unix::UnixDatagram::unbound().unwrap();
        let mut buffer = [0; 4];
        notes.add((here.send(b"abc"), here.send_to(b"abcdef", &path), here.send_to(b"", &path)));
        here.connect(&path).unwrap();
        notes.add((here.send(b"gh"), here.send(b""), here.send_to(b"i", &path)));
        for _ in 0..2 {
            notes.add((there.recv_from(&mut buffer), there.recv(&mut buffer), buffer));
        }
        notes.add(there.recv(&mut []));
        for nonblocking in [true, false] {
            there.set_nonblocking(nonblocking).unwrap();
            there.set_read_timeout(SHORT).unwrap();
            notes.add((there.recv_from(&mut buffer), there.recv(&mut buffer), there.recv(&mut [])));
        }
        notes.add(here.send(&[0; 1 << 20]));
        for nonblocking in [true, false] {
            here.set_nonblocking(nonblocking).unwrap();
            here.set_write_timeout(SHORT).unwrap();
            notes.add(until_full(|| here.send(b"abc")));
            notes.add(until_full(|| here.send_to(b"abc", &path)));
            notes.add(here.send(b""));
        }
        notes.add(there.shutdown(Shutdown::Read));
        notes.add((here.send(b"abc"), here.send_to(b"abc", &path)));
        drop(there);
        notes.add((here.send(b"abc"), here.send(b"abc"), here.send_to(b"abc", &path), here.peer_addr()));
        notes.add((here.shutdown(Shutdown::Both), here.recv(&mut buffer), here.recv_from(&mut buffer)));
        notes.add((here.send(b"abc"), here.take_error()));
    }

    receivers_that_are_connected: |notes| {
        let (one, two, three) = (notes.path("one"), notes.path("two"), notes.path("three"));
        let [a, b, c] = [&one, &two, &three].map(|path| unix::UnixDatagram::bind(path).unwrap());
        b.connect(&one).unwrap();
        notes.add((c.send_to(b"abc", &two), c.connect(&two), a.send_to(b"abc", &two)));
        // It has room for as much as the sender's buffer has.
        a.set_write_timeout(SHORT).unwrap();
        notes.add(until_full(|| a.send_to(&[0; 1000], &two)));
    }

    listening: |notes| {
        let path = notes.path("socket");
        let listener = unix::UnixListener::bind(&path).unwrap();
        notes.add((listener.take_error(), listener.local_addr(), listener.set_nonblocking(true)));
        notes.add((listener.accept().map(drop), listener.incoming().next().map(|next| next.map(drop))));
        let client = unix::UnixStream::connect(&path).unwrap();
        notes.add(listener.accept().map(|(_, addr)| addr));
        notes.add(client.shutdown(Shutdown::Both));
        drop(listener);
        notes.add(unix::UnixStream::connect(&path).map(drop));
    }

    sockets_of_other_kinds: |notes| {
        let plain = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = plain.local_addr().unwrap();
        let socket = unix::UnixDatagram::from(OwnedFd::from(plain));
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"abc", to).unwrap();
        notes.add(socket.recv_from(&mut [0; 8]));
        notes.add((socket.local_addr(), socket.peer_addr(), socket.send(b"abc")));
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = tcp.local_addr().unwrap();
        let listener = unix::UnixListener::from(OwnedFd::from(tcp));
        let _client = std::net::TcpStream::connect(to).unwrap();
        notes.add((listener.accept().map(drop), listener.local_addr()));
        let mut stream = unix::UnixStream::from(not_a_socket());
        notes.add((stream.read(&mut [0]), stream.write(&[0]), stream.set_read_timeout(SHORT)));
        let socket = unix::UnixDatagram::from(not_a_socket());
        notes.add((socket.recv_from(&mut [0]), socket.send_to(b"", "/dev/null"), socket.shutdown(Shutdown::Read)));
    }
}
