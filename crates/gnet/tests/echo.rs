//! Bytes go there and come back: between greenlets of one hub, of several, and plain threads.

mod fixture;

use std::io::{self, Read, Write};
use std::thread;

use fixture::{deadline, everywhere, join, loopbacks, on_worker, pair};
use gnet::{Shutdown, SocketAddr, TcpListener, TcpStream};

fn serve(listener: &TcpListener, connections: usize) {
    for stream in listener.incoming().take(connections) {
        let stream = stream.unwrap();
        on_worker(move || io::copy(&mut &stream, &mut &stream).unwrap());
    }
}

fn talk(addr: SocketAddr, messages: u32) {
    let mut stream = TcpStream::connect(addr).unwrap();
    let mut echo = [0; 64];
    for message in 0..messages {
        let question = [message as u8; 64];
        stream.write_all(&question).unwrap();
        stream.read_exact(&mut echo).unwrap();
        assert_eq!(echo, question);
    }
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut echo).unwrap(), 0);
}

#[test]
fn one_connection() {
    everywhere(|| {
        for addr in loopbacks() {
            let listener = TcpListener::bind(addr).unwrap();
            let addr = listener.local_addr().unwrap();
            let server = greenlet::spawn(move || serve(&listener, 1));
            talk(addr, 10);
            join(server.join());
        }
    });
}

#[test]
fn many_connections_from_greenlets_of_every_kind() {
    let _deadline = deadline();
    const CLIENTS: usize = 40;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = on_worker(move || serve(&listener, 3 * CLIENTS));
    let threads: Vec<_> = (0..CLIENTS)
        .map(|_| thread::spawn(move || talk(addr, 20)))
        .collect();
    let locals: Vec<_> = (0..CLIENTS)
        .map(|_| greenlet::spawn(move || talk(addr, 20)))
        .collect();
    let workers: Vec<_> = (0..CLIENTS)
        .map(|_| on_worker(move || talk(addr, 20)))
        .collect();
    for client in locals {
        join(client.join());
    }
    for client in workers {
        join(client.join());
    }
    for client in threads {
        join(client.join());
    }
    join(server.join());
}

#[test]
fn more_than_the_kernel_buffers_goes_through_whole() {
    everywhere(|| {
        const LENGTH: usize = 8 << 20;
        let (mut client, mut server) = pair();
        let writer = on_worker(move || {
            let bytes: Vec<u8> = (0..LENGTH).map(|n| (n % 251) as u8).collect();
            // As with std, one blocking write of Linux takes everything.
            assert_eq!(client.write(&bytes).unwrap(), LENGTH);
        });
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), LENGTH);
        assert!(
            bytes
                .iter()
                .enumerate()
                .all(|(n, byte)| *byte == (n % 251) as u8)
        );
        join(writer.join());
    });
}

#[test]
fn accept_tells_the_address_of_the_client() {
    everywhere(|| {
        let (listener, addr) = fixture::listen();
        let client = on_worker(move || TcpStream::connect(addr).unwrap());
        let (server, from) = listener.accept().unwrap();
        let client = join(client.join());
        assert_eq!(from, client.local_addr().unwrap());
        assert_eq!(server.peer_addr().unwrap(), from);
        assert_eq!(server.local_addr().unwrap(), addr);
        assert_eq!(client.peer_addr().unwrap(), addr);
    });
}
