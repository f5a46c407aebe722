//! `proxy` on std and on gstd.

mod both;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use both::{Both, Outcome, Server, connect};

fn proxy() -> Both {
    Both::of(env!("CARGO_BIN_EXE_proxy-std"))
}

/// A target, each of whose connections runs `serve`. It lasts until the test ends.
fn target(serve: impl Fn(TcpStream) + Copy + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

fn echo(stream: TcpStream) {
    // The other end may be gone.
    let _ = std::io::copy(&mut &stream, &mut &stream);
    let _ = stream.shutdown(Shutdown::Write);
}

/// Answers only when the request has ended.
fn count(mut stream: TcpStream) {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    writeln!(stream, "{} bytes", received.len()).unwrap();
}

fn start(command: &mut Command, target: SocketAddr, options: &[&str]) -> Server {
    Server::start(
        command
            .args(options)
            .args(["127.0.0.1:0", &target.to_string()]),
    )
}

/// Sends text and expects it back.
fn exchange(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
    let mut received = vec![0; text.len()];
    stream.read_exact(&mut received).unwrap();
    assert_eq!(received, text.as_bytes());
}

/// Ends this half of the connection and gives what comes until the other half ends.
fn finish(mut stream: TcpStream) -> String {
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    received
}

#[test]
fn passes_on_what_comes_and_each_end() {
    let (echo, count) = (target(echo), target(count));
    let brief = target(|mut stream| stream.write_all(b"goodbye\n").unwrap());
    proxy().same(|command| {
        let mut server = start(command, echo, &[]);
        let mut stream = server.connect();
        exchange(&mut stream, "hello");
        exchange(&mut stream, "again");
        stream.write_all(b"last words").unwrap();
        assert_eq!(finish(stream), "last words");
        let line = server.program.line();
        server.command("dance");
        (line, server.quit())
    });
    proxy().same(|command| {
        let server = start(command, count, &[]);
        let mut stream = server.connect();
        stream.write_all(&[7; 100_000]).unwrap();
        assert_eq!(finish(stream), "100000 bytes\n");
        assert_eq!(finish(server.connect()), "0 bytes\n");
        server.end().sorted()
    });
    // The end of the other direction comes first.
    proxy().same(|command| {
        let server = start(command, brief, &[]);
        let mut stream = server.connect();
        let mut received = String::new();
        stream.read_to_string(&mut received).unwrap();
        assert_eq!(received, "goodbye\n");
        drop(stream);
        server.end()
    });
}

#[test]
fn a_target_that_refuses_or_resets() {
    // Nobody listens there any more.
    let refusing = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let resetting = target(|stream| {
        // Closed with something unread in it.
        stream.peek(&mut [0]).unwrap();
    });
    let both = proxy();
    let outcome = both.same(|command| {
        let mut server = start(command, refusing, &[]);
        for _ in 0..2 {
            let mut stream = server.connect();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            server.program.wait_for_error("cannot connect");
        }
        server.end()
    });
    assert_eq!(outcome.code, Some(0));
    let outcome = both.same(|command| {
        let mut server = start(command, resetting, &[]);
        let mut stream = server.connect();
        stream.write_all(b"never read").unwrap();
        // An end or a reset.
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
        let line = server.program.line();
        (line, server.end())
    });
    assert!(outcome.0.contains("reset"), "{outcome:?}");
}

#[test]
fn a_hundred_transfers_of_a_mebibyte() {
    const LENGTH: usize = 1 << 20;
    let echo = target(echo);
    let bytes: Vec<u8> = (0..LENGTH + 100)
        .map(|n| (n * 7 + n / 1000) as u8)
        .collect();
    let transfer = |address: SocketAddr, sent: &[u8]| {
        let mut stream = connect(address);
        let mut received = Vec::new();
        thread::scope(|scope| {
            let mut writer = stream.try_clone().unwrap();
            scope.spawn(move || {
                writer.write_all(sent).unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            stream.read_to_end(&mut received).unwrap();
        });
        assert!(received == sent, "wrong bytes");
    };
    let outcome = proxy().same(|command| {
        let server = start(command, echo, &[]);
        thread::scope(|scope| {
            for seed in 0..100 {
                let address = server.address;
                let sent = &bytes[seed..][..LENGTH];
                scope.spawn(move || transfer(address, sent));
            }
        });
        server.end().sorted()
    });
    assert_eq!(outcome.stdout.lines().count(), 101);
}

#[test]
fn two_hundred_connections_are_few_threads() {
    const COUNT: usize = 200;
    let echo = target(echo);
    let scene = |command: &mut Command| {
        let server = start(command, echo, &[]);
        let mut streams: Vec<_> = (0..COUNT).map(|_| server.connect()).collect();
        for stream in &mut streams {
            exchange(stream, "here");
        }
        let threads = server.threads();
        for mut stream in streams {
            exchange(&mut stream, "and there");
            assert_eq!(finish(stream), "");
        }
        (threads, server.end().sorted())
    };
    let both = proxy();
    let (std_threads, std_outcome) = scene(&mut both.std());
    let (threads, outcome) = scene(both.gstd().env("GREENLET_WORKERS", "2"));
    assert_eq!(outcome, std_outcome);
    // Two a connection, that of `main`, and that which accepts.
    assert_eq!(std_threads, 2 * COUNT + 2);
    assert!(threads < 20, "{threads} threads");
}

#[test]
fn no_more_connections_than_allowed() {
    let echo = target(echo);
    proxy().same(|command| {
        let server = start(command, echo, &["--connections", "2"]);
        let mut first = server.connect();
        exchange(&mut first, "first");
        let mut second = server.connect();
        exchange(&mut second, "second");
        // Sent at once, and passed on when there is a place.
        let mut third = server.connect();
        third.write_all(b"third").unwrap();
        exchange(&mut first, "still first");
        third.set_nonblocking(true).unwrap();
        third.read(&mut [0]).unwrap_err();
        third.set_nonblocking(false).unwrap();
        assert_eq!(finish(first), "");
        assert_eq!(finish(third), "third");
        assert_eq!(finish(second), "");
        server.end().sorted()
    });
}

#[test]
fn open_connections_have_time_at_the_end() {
    // It does not end when the other end does.
    let stubborn = target(|mut stream| {
        let mut received = [0; 5];
        stream.read_exact(&mut received).unwrap();
        stream.write_all(&received).unwrap();
        assert_eq!(stream.read(&mut received).unwrap(), 0);
        // Until the proxy is gone.
        while stream.write_all(b".").is_ok() {
            thread::yield_now();
        }
    });
    let outcome = proxy().same(|command| {
        let mut server = start(command, stubborn, &["--grace", "5"]);
        let mut stream = server.connect();
        exchange(&mut stream, "hello");
        server.command("quit");
        // It goes on until it is cut off.
        let mut received = [0];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(received, *b".");
        while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
        server.end()
    });
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn says_what_is_wrong() {
    let both = proxy();
    for arguments in [
        &["--help"][..],
        &[],
        &["a", "b", "c"],
        &["--connections", "many", "a", "b"],
        &["no address", "127.0.0.1:1"],
    ] {
        both.same(|command| Outcome::run(command.args(arguments)));
    }
    both.differ_in_threads(&["127.0.0.1:0", "127.0.0.1:1"]);
}
