//! The two echo servers: that they are the same source, and that they do the same.

mod program;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use program::Program;
use rustix::process::{Resource, Rlimit, prlimit};

const SERVERS: [&str; 2] = [env!("CARGO_BIN_EXE_echo"), env!("CARGO_BIN_EXE_echo_std")];

fn start(server: &str) -> (Program, SocketAddr) {
    let mut program = Program::start(&mut Command::new(server));
    let address = program.address();
    (program, address)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// Sends `length` bytes that depend on `seed` and expects them back.
fn exchange(stream: &mut TcpStream, seed: u8, length: usize) {
    let sent: Vec<u8> = (0..length)
        .map(|n| (n as u8).wrapping_mul(7) ^ seed)
        .collect();
    let mut received = vec![0; length];
    // More than the buffers of the kernel hold can only be sent while it is received, too.
    let mut writer = stream.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| writer.write_all(&sent).unwrap());
        stream.read_exact(&mut received).unwrap();
    });
    assert!(received == sent, "wrong bytes");
}

/// Says that no more will come and expects the same.
fn close(mut stream: TcpStream) {
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn the_sources_differ_in_use_lines_and_in_what_prints_only() {
    let greenlets: Vec<_> = include_str!("../src/bin/echo.rs").lines().collect();
    let threads: Vec<_> = include_str!("../src/bin/echo_std.rs").lines().collect();
    assert_eq!(greenlets.len(), threads.len());
    let mut different = Vec::new();
    for (ours, std) in greenlets.into_iter().zip(threads) {
        // `gio::println!` for `println!`, and the same with its kin.
        if ours
            .replace("gio::print", "print")
            .replace("gio::eprint", "eprint")
            != std
        {
            different.push((ours, std));
        }
    }
    assert_eq!(
        different,
        [
            (
                "use gio::{self as io, ErrorKind, Read, Write};",
                "use std::io::{self, ErrorKind, Read, Write};"
            ),
            (
                "use gnet::{TcpListener, TcpStream};",
                "use std::net::{TcpListener, TcpStream};"
            ),
            ("use gthread as thread;", "use std::thread;"),
            ("use gtime::Duration;", "use std::time::Duration;"),
        ]
    );
}

#[test]
fn many_connections() {
    for server in SERVERS {
        let (_program, address) = start(server);
        let mut streams: Vec<_> = (0..200).map(|_| connect(address)).collect();
        for round in 0..5 {
            // All are sent before the first is read.
            for (number, stream) in streams.iter_mut().enumerate() {
                stream.write_all(&[number as u8, round, 1, 2, 3]).unwrap();
            }
            for (number, stream) in streams.iter_mut().enumerate() {
                let mut received = [0; 5];
                stream.read_exact(&mut received).unwrap();
                assert_eq!(received, [number as u8, round, 1, 2, 3]);
            }
        }
        streams.into_iter().for_each(close);
    }
}

#[test]
fn from_many_threads() {
    for server in SERVERS {
        let (_program, address) = start(server);
        thread::scope(|scope| {
            for seed in 0..8 {
                scope.spawn(move || {
                    for length in [1, 2, 4095, 4096, 4097, 100_000] {
                        let mut stream = connect(address);
                        exchange(&mut stream, seed, length);
                        exchange(&mut stream, seed + 1, length / 2 + 1);
                        close(stream);
                    }
                });
            }
        });
    }
}

#[test]
fn more_than_the_buffers_hold() {
    for server in SERVERS {
        let (_program, address) = start(server);
        let mut stream = connect(address);
        exchange(&mut stream, 3, 20_000_000);
        close(stream);
    }
}

#[test]
fn ends_with_the_peer() {
    for server in SERVERS {
        let (_program, address) = start(server);

        // Nothing sent at all.
        close(connect(address));

        // What was sent before the end comes back before the end.
        let mut stream = connect(address);
        stream.write_all(b"the last words").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"the last words");
    }
}

#[test]
fn a_reset_connection_is_reported_and_disturbs_no_other() {
    for server in SERVERS {
        let (mut program, address) = start(server);
        let mut others: Vec<_> = (0..10).map(|_| connect(address)).collect();
        for stream in &mut others {
            exchange(stream, 1, 10);
        }

        // To close a connection with something unread in it resets it.
        let mut bad = connect(address);
        bad.write_all(b"never read").unwrap();
        assert_ne!(bad.peek(&mut [0]).unwrap(), 0);
        let name = bad.local_addr().unwrap().to_string();
        drop(bad);

        program.wait_for_error(&name);
        others.push(connect(address));
        for mut stream in others {
            exchange(&mut stream, 2, 10);
            close(stream);
        }
    }
}

#[test]
fn goes_on_when_descriptors_run_out() {
    for server in SERVERS {
        // Each worker has four of the descriptors.
        let mut program = Program::start(Command::new(server).env("GREENLET_WORKERS", "2"));
        let address = program.address();
        let mut served = connect(address);
        exchange(&mut served, 1, 10);

        // Room for no more than a few connections besides the first.
        let limit = Rlimit {
            current: Some(32),
            maximum: Some(32),
        };
        prlimit(Some(program.pid()), Resource::Nofile, limit).unwrap();
        let mut waiting: Vec<_> = (0..40).map(|_| connect(address)).collect();
        program.wait_for_error("accept: ");
        exchange(&mut served, 2, 10);

        // Each that ends makes room for one that waits.
        for mut stream in waiting.drain(..) {
            exchange(&mut stream, 3, 10);
            close(stream);
        }
        close(served);
    }
}
