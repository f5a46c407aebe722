//! A socket that is always ready does not keep the other greenlets of the hub from running, nor a kill from arriving.

mod fixture;

use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fixture::{everywhere, join, listen, pair, udp, udp_pair};
use gnet::TcpStream;
use greenlet::Killed;

/// A stream to which another thread writes as fast as it can, until the last of both is dropped.
fn flooded() -> (TcpStream, Flood) {
    let (near, far) = pair();
    let mut far = std::net::TcpStream::from(std::os::fd::OwnedFd::from(far));
    let thread = thread::spawn(move || while far.write_all(&[7; 1 << 16]).is_ok() {});
    (near, Flood(Some(thread)))
}

struct Flood(Option<thread::JoinHandle<()>>);

impl Drop for Flood {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.join().unwrap();
        }
    }
}

/// Runs `call` until another greenlet of the hub has run a thousand times.
fn until_others_have_run(mut call: impl FnMut()) {
    let turns = Rc::new(Cell::new(0));
    let other = greenlet::spawn({
        let turns = turns.clone();
        move || {
            for turn in 1..=1000 {
                greenlet::yield_now();
                turns.set(turn);
            }
        }
    });
    while turns.get() < 1000 {
        call();
    }
    join(other.join());
}

#[test]
fn others_run_beside_one_that_always_has_something_to_read() {
    everywhere(|| {
        let (mut near, flood) = flooded();
        until_others_have_run(|| near.read_exact(&mut [0]).unwrap());
        drop(near);
        drop(flood);
    });
}

#[test]
fn others_run_beside_one_that_can_always_write() {
    everywhere(|| {
        let (socket, _) = udp();
        let (_nobody, addr) = udp();
        until_others_have_run(|| {
            socket.send_to(b"x", addr).unwrap();
        });
    });
}

#[test]
fn others_run_beside_one_that_is_told_not_to_wait() {
    everywhere(|| {
        let (here, _there) = udp_pair();
        here.set_nonblocking(true).unwrap();
        until_others_have_run(|| assert!(here.recv(&mut [0]).is_err()));
    });
}

/// What a connection was handed to begins before the next one is there, however many wait.
#[test]
fn each_accepted_connection_lets_the_others_run() {
    everywhere(|| {
        let (listener, addr) = listen();
        let clients: Vec<_> = (0..50)
            .map(|_| std::net::TcpStream::connect(addr).unwrap())
            .collect();
        let begun = Rc::new(Cell::new(0));
        let served: Vec<_> = (0..clients.len())
            .map(|number| {
                let (stream, _) = listener.accept().unwrap();
                assert_eq!(begun.get(), number);
                let begun = begun.clone();
                greenlet::spawn(move || {
                    begun.set(begun.get() + 1);
                    drop(stream);
                })
            })
            .collect();
        for one in served {
            join(one.join());
        }
    });
}

#[test]
fn one_that_always_has_something_to_read_can_be_killed() {
    everywhere(|| {
        let (mut near, flood) = flooded();
        let dropped = Arc::new(AtomicBool::new(false));
        struct Says(Arc<AtomicBool>);
        impl Drop for Says {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let says = Says(dropped.clone());
        let greedy = greenlet::spawn(move || {
            let _says = says;
            loop {
                near.read_exact(&mut [0]).unwrap();
            }
        });
        greenlet::yield_now();
        greedy.kill().unwrap();
        assert!(greedy.join().unwrap_err().is::<Killed>());
        assert!(dropped.load(Ordering::Relaxed));
        drop(flood);
    });
}
