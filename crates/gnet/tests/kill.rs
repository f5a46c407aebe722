//! A greenlet that is killed while a socket has it parked: its destructors run, and the socket
//! serves the others on.

mod fixture;

use std::io::{Read, Write};
use std::sync::Arc;

use fixture::{Signal, everywhere, join, listen, on_worker, pair, silent, udp_pair};
use gnet::TcpStream;
use greenlet::Killed;

struct Raise(Arc<Signal>);

impl Drop for Raise {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Runs `call` in a greenlet until it parks, kills it, and sees the destructors done.
fn kill_in(call: impl FnOnce() + 'static) {
    let unwound = Arc::new(Signal::default());
    let guard = Raise(Arc::clone(&unwound));
    let victim = greenlet::spawn(move || {
        let _guard = guard;
        call();
        unreachable!("the call has not parked");
    });
    greenlet::yield_now();
    assert!(!victim.is_finished());
    assert!(!unwound.is_raised());
    victim.kill().unwrap();
    let payload = victim.join().unwrap_err();
    assert!(payload.is::<Killed>());
    assert!(unwound.is_raised());
}

#[test]
fn in_a_read() {
    everywhere(|| {
        let (mut client, server) = pair();
        let server = Arc::new(server);
        let victim = Arc::clone(&server);
        kill_in(move || drop((&*victim).read(&mut [0; 8])));
        client.write_all(b"abc").unwrap();
        assert_eq!((&*server).read(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn in_a_read_beside_another_reader() {
    everywhere(|| {
        let (mut client, server) = pair();
        let server = Arc::new(server);
        let reader = greenlet::spawn({
            let server = Arc::clone(&server);
            move || (&*server).read(&mut [0; 8]).unwrap()
        });
        kill_in(move || drop((&*server).read(&mut [0; 8])));
        client.write_all(b"abc").unwrap();
        assert_eq!(join(reader.join()), 3);
    });
}

#[test]
fn in_a_write() {
    everywhere(|| {
        let (client, mut server) = pair();
        let client = Arc::new(client);
        let victim = Arc::clone(&client);
        kill_in(move || drop((&*victim).write_all(&vec![1; 64 << 20])));
        let reader = greenlet::spawn(move || {
            let mut bytes = Vec::new();
            server.read_to_end(&mut bytes).unwrap();
            bytes
        });
        (&*client).write_all(&[2; 100]).unwrap();
        drop(client);
        assert!(join(reader.join()).ends_with(&[2; 100]));
    });
}

#[test]
fn in_an_accept() {
    everywhere(|| {
        let (listener, addr) = listen();
        let listener = Arc::new(listener);
        let victim = Arc::clone(&listener);
        kill_in(move || drop(victim.accept()));
        let client = TcpStream::connect(addr).unwrap();
        let (_stream, from) = listener.accept().unwrap();
        assert_eq!(from, client.local_addr().unwrap());
    });
}

#[test]
fn in_a_connect() {
    everywhere(|| {
        let (_sockets, addr) = silent();
        kill_in(move || drop(TcpStream::connect(addr)));
        // The next socket takes the number of the one that was being connected, most likely.
        let (mut client, mut server) = pair();
        client.write_all(b"abc").unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn on_another_hub() {
    everywhere(|| {
        let (mut client, server) = pair();
        let (server, started) = (Arc::new(server), Arc::new(Signal::default()));
        let unwound = Arc::new(Signal::default());
        let victim = on_worker({
            let (server, started) = (Arc::clone(&server), Arc::clone(&started));
            let guard = Raise(Arc::clone(&unwound));
            move || {
                let _guard = guard;
                started.raise();
                let _ = (&*server).read(&mut [0; 8]);
            }
        });
        started.wait();
        victim.kill().unwrap();
        assert!(victim.join().unwrap_err().is::<Killed>());
        assert!(unwound.is_raised());
        client.write_all(b"abc").unwrap();
        assert_eq!((&*server).read(&mut [0; 8]).unwrap(), 3);
    });
}

#[test]
fn in_a_receive() {
    everywhere(|| {
        let (here, there) = udp_pair();
        let there = Arc::new(there);
        let calls: [fn(&gnet::UdpSocket); 2] = [
            |socket| drop(socket.recv(&mut [0; 8])),
            |socket| drop(socket.peek_from(&mut [0; 8])),
        ];
        for call in calls {
            let victim = Arc::clone(&there);
            kill_in(move || call(&victim));
        }
        here.send(b"abc").unwrap();
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 3);
    });
}
