//! Every server that is written in Rust answers, and a bad request for one is refused in words.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

const ALONE: [&str; 3] = ["epoll", "greenlet-local", "smol"];
const WITH_WORKERS: [&str; 4] = ["greenlet", "tokio", "may", "threads"];

/// A server that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benches"));
    command
        .args(["--child", "net"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A connection to a server of its own.
fn connect(workers: &str, service: &str, server: &str) -> (Server, TcpStream) {
    let mut child = command(&["any", workers, service, server])
        .env("GREENLET_WORKERS", workers)
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let running = Server(child);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).unwrap();
        sender.send(line).unwrap();
    });
    let line = receiver.recv_timeout(DEADLINE).unwrap();
    let port: u16 = line.trim().parse().unwrap();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    (running, stream)
}

/// Sends `message` and receives as many bytes.
fn exchange(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    stream.write_all(message).unwrap();
    let mut answer = vec![0; message.len()];
    stream.read_exact(&mut answer).unwrap();
    answer
}

#[test]
fn echo_servers_send_back_what_they_are_sent() {
    for server in ALONE.into_iter().chain(WITH_WORKERS) {
        for service in ["echo", "echo-short"] {
            let (_running, mut stream) = connect("1", service, server);
            for message in [&b"x"[..], &[b'y'; 64], &[b'z'; 10_000]] {
                let answer = exchange(&mut stream, message);
                assert!(answer == message, "{service} of {server}");
            }
        }
    }
}

#[test]
fn servers_that_work_compute_the_same() {
    let mut answers = Vec::new();
    for server in WITH_WORKERS {
        for workers in ["1", "2"] {
            let (_running, mut stream) = connect(workers, "work", server);
            let answer = exchange(&mut stream, &[b'x'; 64]);
            assert_eq!(answer[1..], [b'x'; 63], "{server}");
            answers.push(answer[0]);
        }
    }
    assert!(
        answers.iter().all(|&answer| answer == answers[0]),
        "{answers:?}"
    );
}

#[test]
fn http_servers_answer_each_request_of_a_connection() {
    for server in ["epoll", "greenlet", "tokio", "may", "threads"] {
        let (_running, mut stream) = connect("1", "http", server);
        for _ in 0..3 {
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
                .unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"Hello, World!") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                answer.extend(byte);
            }
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{server}: {answer}");
            let head = answer.to_ascii_lowercase();
            assert!(
                head.contains("content-length: 13\r\n"),
                "{server}: {answer}"
            );
        }
    }
}

#[test]
fn our_parser_refuses_what_is_not_http() {
    for server in ["greenlet", "threads"] {
        let (_running, mut stream) = connect("1", "http", server);
        stream.write_all(b"\0\0\0\0").unwrap();
        let mut answer = String::new();
        match stream.read_to_string(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
        assert!(answer.starts_with("HTTP/1.1 400 "), "{server}: {answer}");
    }
}

#[test]
fn what_there_is_not_is_refused_in_words() {
    for (arguments, word) in [
        (&["any", "1", "echo", "netscape"][..], "netscape"),
        (&["any", "1", "gopher", "epoll"], "gopher"),
        (&["any", "many", "echo", "epoll"], "many"),
        (&["first", "1", "echo", "epoll"], "first"),
        (&["any"], "any"),
    ] {
        let output = command(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(word), "{complaint}");
    }
}
