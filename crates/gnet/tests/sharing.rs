//! One socket in the hands of many greenlets, on many hubs.

mod fixture;

use std::collections::HashSet;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use fixture::{Signal, deadline, join, listen, on_worker, pair};
use gnet::{Shutdown, SocketAddr, TcpListener, TcpStream};

#[test]
fn readers_of_one_stream_get_every_byte_once() {
    let _deadline = deadline();
    const READERS: usize = 8;
    const BYTES: usize = 200_000;
    let (mut client, server) = pair();
    let server = Arc::new(server);
    let total = Arc::new(AtomicU32::new(0));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (server, total) = (Arc::clone(&server), Arc::clone(&total));
            on_worker(move || {
                let mut buffer = [0; 100];
                loop {
                    match (&*server).read(&mut buffer).unwrap() {
                        0 => break,
                        count => {
                            let sum: u32 = buffer[..count].iter().map(|b| u32::from(*b)).sum();
                            total.fetch_add(sum, Ordering::Relaxed);
                        }
                    }
                }
            })
        })
        .collect();
    for piece in vec![1; BYTES].chunks(77) {
        client.write_all(piece).unwrap();
    }
    client.shutdown(Shutdown::Write).unwrap();
    for reader in readers {
        join(reader.join());
    }
    assert_eq!(total.load(Ordering::Relaxed) as usize, BYTES);
}

#[test]
fn writers_of_one_stream_send_every_byte_once() {
    let _deadline = deadline();
    const WRITERS: usize = 8;
    const EACH: usize = 300_000;
    let (client, mut server) = pair();
    let client = Arc::new(client);
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let client = Arc::clone(&client);
            on_worker(move || {
                for piece in [7; EACH].chunks(10_000) {
                    (&*client).write_all(piece).unwrap();
                }
            })
        })
        .collect();
    let reader = greenlet::spawn(move || {
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).unwrap();
        bytes
    });
    for writer in writers {
        join(writer.join());
    }
    drop(client);
    let bytes = join(reader.join());
    assert_eq!(bytes.len(), WRITERS * EACH);
    assert!(bytes.iter().all(|byte| *byte == 7));
}

#[test]
fn one_reads_while_another_writes() {
    let _deadline = deadline();
    const ROUNDS: usize = 2_000;
    let (here, there) = pair();
    let (here, there) = (Arc::new(here), Arc::new(there));
    let mut workers = Vec::new();
    for stream in [&here, &there] {
        let stream = Arc::clone(stream);
        workers.push(on_worker(move || {
            for _ in 0..ROUNDS {
                (&*stream).write_all(&[3; 100]).unwrap();
            }
        }));
    }
    for stream in [here, there] {
        workers.push(on_worker(move || {
            let mut buffer = [0; 100];
            for _ in 0..ROUNDS {
                (&*stream).read_exact(&mut buffer).unwrap();
                assert_eq!(buffer, [3; 100]);
            }
        }));
    }
    for worker in workers {
        join(worker.join());
    }
}

fn connect_and_collect(addr: SocketAddr, connections: usize) -> Vec<TcpStream> {
    (0..connections)
        .map(|_| TcpStream::connect(addr).unwrap())
        .collect()
}

/// Lets acceptors that accept once each take connections which all come at one time.
fn each_acceptor_gets_one(listeners: Vec<Arc<TcpListener>>, addr: SocketAddr) {
    let count = listeners.len();
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let acceptors: Vec<_> = listeners
        .into_iter()
        .map(|listener| {
            let seen = Arc::clone(&seen);
            on_worker(move || {
                let (stream, from) = listener.accept().unwrap();
                assert!(seen.lock().unwrap().insert(from), "accepted twice");
                stream
            })
        })
        .collect();
    let clients = connect_and_collect(addr, count);
    let _servers: Vec<_> = acceptors.into_iter().map(|one| join(one.join())).collect();
    let seen = seen.lock().unwrap();
    for client in clients {
        assert!(seen.contains(&client.local_addr().unwrap()));
    }
}

#[test]
fn acceptors_of_one_listener() {
    let _deadline = deadline();
    let (listener, addr) = listen();
    let listener = Arc::new(listener);
    for _ in 0..5 {
        each_acceptor_gets_one(vec![Arc::clone(&listener); 30], addr);
    }
}

#[test]
fn acceptors_of_clones_of_a_listener() {
    let _deadline = deadline();
    let (listener, addr) = listen();
    for _ in 0..5 {
        let clones = (0..30)
            .map(|_| Arc::new(listener.try_clone().unwrap()))
            .collect();
        each_acceptor_gets_one(clones, addr);
    }
}

#[test]
fn acceptors_of_a_listener_whose_descriptor_is_lent_all_the_time() {
    let _deadline = deadline();
    let (listener, addr) = listen();
    let listener = Arc::new(listener);
    let done = Arc::new(Signal::default());
    let lender = thread::spawn({
        let (listener, done) = (Arc::clone(&listener), Arc::clone(&done));
        move || {
            while !done.is_raised() {
                listener.as_raw_fd();
                thread::yield_now();
            }
        }
    });
    each_acceptor_gets_one(vec![listener; 30], addr);
    done.raise();
    join(lender.join());
}

#[test]
fn acceptors_of_one_hub() {
    let _deadline = deadline();
    let (listener, addr) = listen();
    let listener = Arc::new(listener);
    let acceptors: Vec<_> = (0..30)
        .map(|_| {
            let listener = Arc::clone(&listener);
            greenlet::spawn(move || listener.accept().unwrap())
        })
        .collect();
    greenlet::yield_now();
    let _clients = connect_and_collect(addr, 30);
    for acceptor in acceptors {
        join(acceptor.join());
    }
}

#[test]
fn clones_of_a_stream_on_different_hubs() {
    let _deadline = deadline();
    let (client, server) = pair();
    let echo = on_worker(move || {
        let mut reader = server.try_clone().unwrap();
        let mut writer = server;
        let mut buffer = [0; 100];
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => break,
                count => writer.write_all(&buffer[..count]).unwrap(),
            }
        }
    });
    let mut reader = client.try_clone().unwrap();
    let mut writer = client;
    let sender = on_worker(move || {
        for _ in 0..1_000 {
            writer.write_all(&[9; 50]).unwrap();
        }
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert!(bytes.len() == 50_000 && bytes.iter().all(|byte| *byte == 9));
    join(sender.join());
    join(echo.join());
}
