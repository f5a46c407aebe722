//! The same small programs on `std::net` and on this crate: every line of what they note down has
//! to be the same.

#[macro_use]
mod fixture;

use fixture::refusing;

#[allow(unused_imports, reason = "not every program needs every trait")]
mod programs {
    use std::io::{IoSlice, IoSliceMut, Read, Write};
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use super::*;

    const SHORT: Option<Duration> = Some(Duration::from_millis(10));

    fn until_full(mut write: impl FnMut() -> std::io::Result<usize>) -> std::io::Error {
        loop {
            if let Err(error) = write() {
                return error;
            }
        }
    }

    same_as_std! {
        debug: |notes| {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            notes.add(&listener);
            notes.add(listener.incoming());
            let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            notes.add(&client);
            let (server, addr) = listener.accept().unwrap();
            notes.add((&server, addr));
            client.shutdown(net::Shutdown::Both).unwrap();
            notes.add(&client);
            let (fd, _) = refusing();
            notes.add(net::TcpStream::from(fd));
            let not_a_socket = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
            notes.add(net::TcpListener::from(not_a_socket));
        }

        options: |notes| {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            notes.add(listener.ttl());
            notes.add(listener.set_ttl(0));
            notes.add(listener.set_ttl(77));
            notes.add(listener.ttl());
            notes.add(listener.take_error());
            notes.add(client.ttl());
            notes.add(client.set_ttl(256));
            notes.add(client.set_ttl(78));
            notes.add(client.ttl());
            notes.add(client.nodelay());
            notes.add(client.set_nodelay(true));
            notes.add(client.nodelay());
            notes.add(client.set_quickack(true));
            notes.add(client.quickack());
            notes.add(client.take_error());
            #[expect(deprecated, reason = "std has these two still")]
            notes.add((listener.only_v6(), listener.set_only_v6(true)));
            for timeout in [Some(Duration::ZERO), Some(Duration::from_nanos(1)), SHORT, None] {
                notes.add(client.set_read_timeout(timeout));
                notes.add(client.read_timeout());
                notes.add(client.set_write_timeout(timeout));
                notes.add(client.write_timeout());
            }
        }

        errors_of_reads_and_writes: |notes| {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let mut buffer = [0; 8];
            client.set_read_timeout(SHORT).unwrap();
            notes.add(client.read(&mut buffer));
            notes.add(client.peek(&mut buffer));
            notes.add(client.read_vectored(&mut [IoSliceMut::new(&mut buffer)]));
            notes.add(client.read(&mut []));
            notes.add(client.read_vectored(&mut []));
            notes.add(client.peek(&mut []));
            notes.add(client.read_exact(&mut buffer));
            client.set_nonblocking(true).unwrap();
            notes.add(client.read(&mut buffer));
            notes.add(client.peek(&mut buffer));
            notes.add(client.read(&mut []));
            notes.add(client.read_vectored(&mut []));
            notes.add(client.read_vectored(&mut [IoSliceMut::new(&mut [])]));
            notes.add(client.write(b"abc"));
            notes.add(client.write_vectored(&[IoSlice::new(b"def"), IoSlice::new(b"")]));
            client.set_nonblocking(false).unwrap();
            notes.add(client.write(&[]));
            notes.add(client.flush());
            notes.add(server.read(&mut buffer));
            notes.add(client.shutdown(net::Shutdown::Write));
            notes.add(client.shutdown(net::Shutdown::Write));
            notes.add(client.write(b"more"));
            notes.add(client.write(&[]));
            notes.add(client.write_vectored(&[IoSlice::new(b"")]));
            notes.add(server.read(&mut buffer));
            notes.add(server.write(b"answer"));
            notes.add(client.shutdown(net::Shutdown::Read));
            notes.add(client.read(&mut buffer));
            notes.add(client.read(&mut buffer));
            drop(server);
            notes.add(client.shutdown(net::Shutdown::Both));
            notes.add(client.peer_addr());
            notes.add(client.local_addr());
        }

        a_write_that_has_to_stop_half_way: |notes| {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let whole = vec![0; 64 << 20];
            client.set_write_timeout(SHORT).unwrap();
            let slices = [IoSlice::new(&whole), IoSlice::new(&whole)];
            notes.add(client.write(&whole).map(|part| 0 < part && part < whole.len()));
            // The kernel makes room for a little more now and then: each kind of write is tried until there is none.
            notes.add(until_full(|| client.write(&whole)));
            notes.add(until_full(|| client.write_vectored(&slices)));
            notes.add(client.write_all(&whole));
            notes.add(client.write(&[]));
            client.set_nonblocking(true).unwrap();
            notes.add(until_full(|| client.write(&whole)));
            notes.add(until_full(|| client.write_vectored(&slices)));
            notes.add(client.write(&[]));
            drop(client);
            let mut bytes = Vec::new();
            notes.add(server.read_to_end(&mut bytes).map(|length| length < whole.len()));
        }

        sockets_that_are_not_connected: |notes| {
            let (fd, _) = refusing();
            let mut stream = net::TcpStream::from(fd);
            notes.add(stream.read(&mut [0]));
            notes.add(stream.write(&[0]));
            notes.add(stream.write(&[]));
            notes.add(stream.peek(&mut [0]));
            notes.add(stream.peer_addr());
            notes.add(stream.shutdown(net::Shutdown::Both));
            let (fd, _) = refusing();
            let listener = net::TcpListener::from(fd);
            notes.add(listener.accept());
            // None of these can be read from, ever.
            let there = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let stream = std::net::TcpStream::connect(there.local_addr().unwrap()).unwrap();
            let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let (pipe, _writer) = std::io::pipe().unwrap();
            for fd in [OwnedFd::from(stream), OwnedFd::from(datagrams), OwnedFd::from(pipe)] {
                notes.add(net::TcpListener::from(fd).accept());
            }
            let mut no_socket = net::TcpStream::from(OwnedFd::from(std::fs::File::open("/dev/null").unwrap()));
            notes.add(no_socket.read(&mut [0]));
            notes.add(no_socket.write(&[0]));
            notes.add(no_socket.set_read_timeout(SHORT));
            notes.add(no_socket.try_clone());
        }

        binding: |notes| {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            let taken = listener.local_addr().unwrap();
            notes.add(net::TcpListener::bind(taken));
            notes.add(net::TcpListener::bind("192.0.2.1:0"));
            notes.add(net::TcpListener::bind("no port"));
            notes.add(net::TcpListener::bind("host:99999"));
            notes.add(net::TcpListener::bind(&[taken, net::SocketAddr::from(([127, 0, 0, 1], 0))][..]));
            let closed = taken;
            drop(listener);
            notes.add(net::TcpListener::bind(closed));
        }

        connecting: |notes| {
            let (_socket, refused) = refusing();
            notes.add(net::TcpStream::connect(refused));
            notes.add(net::TcpStream::connect_timeout(&refused, Duration::from_secs(9)));
            notes.add(net::TcpStream::connect("0.0.0.0:1"));
            notes.add(net::TcpStream::connect("255.255.255.255:1"));
            notes.add(net::TcpStream::connect_timeout(&refused, Duration::ZERO));
            notes.add(net::TcpStream::connect("no port"));
        }

        a_peer_that_resets: |notes| {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            for reads_first in [true, false] {
                let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let (server, _) = listener.accept().unwrap();
                client.write_all(b"never read").unwrap();
                drop(server);
                if reads_first {
                    notes.add(client.read(&mut [0]));
                    notes.add(client.read(&mut [0]));
                    notes.add(client.write(&[0]));
                } else {
                    notes.add(client.write(&[0]));
                    notes.add(client.write(&[0]));
                    notes.add(client.read(&mut [0]));
                }
                notes.add(client.take_error());
                notes.add(client.shutdown(net::Shutdown::Write));
                notes.add(client.peer_addr());
            }
        }
    }
}
