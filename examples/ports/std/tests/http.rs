//! `http` on std and on gstd.

mod both;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use both::{Both, Outcome, Server};
use tempfile::TempDir;

const LARGE: usize = 3 << 20;

fn http() -> Both {
    Both::of(env!("CARGO_BIN_EXE_http-std"))
}

/// A folder with something of everything. The root that is served is `site` in it.
fn files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("sub folder/empty")).unwrap();
    let write = |name: &str, contents: &[u8]| {
        let path = site.join(name);
        fs::write(&path, contents).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        // A leap day.
        let time = UNIX_EPOCH + Duration::from_secs(1_709_210_096);
        file.set_modified(time).unwrap();
    };
    write("index.html", b"<p>Hello\n");
    write("sub folder/index.html", b"<p>Below\n");
    write("sub folder/n\u{f6}tes.txt", b"some text\n");
    write("style.CSS", b"p {}\n");
    write("nothing", b"");
    write("large.png", &large());
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    symlink("../secret.txt", site.join("way-out.txt")).unwrap();
    symlink("style.CSS", site.join("inside.css")).unwrap();
    folder
}

fn large() -> Vec<u8> {
    (0..LARGE).map(|n| (n * 31 + n / 4096) as u8).collect()
}

fn start(command: &mut Command, folder: &Path, options: &[&str]) -> Server {
    Server::start(command.args(options).arg(folder.join("site")))
}

/// The head of a response, its date replaced when it looks like one.
fn head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(
            reader.read_line(&mut line).unwrap(),
            0,
            "the end after {head}"
        );
        if let Some(date) = line.strip_prefix("Date: ") {
            assert!(date.ends_with(" GMT\r\n") && date.len() == 31, "{date}");
            line = "Date: a date\r\n".into();
        }
        let done = line == "\r\n";
        head += &line;
        if done {
            return head;
        }
    }
}

/// A response with its body.
fn response(reader: &mut impl BufRead) -> (String, Vec<u8>) {
    let head = head(reader);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (head, body)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n")
}

/// All that comes back on a connection of its own for what is sent, or for its beginning.
fn ask(server: &Server, sent: &[u8]) -> (String, Vec<u8>) {
    let mut stream = server.connect();
    stream.write_all(sent).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut reader = BufReader::new(stream);
    let head = head(&mut reader);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    (head, rest)
}

#[test]
fn every_status() {
    let folder = files();
    let large = large();
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000));
    let requests = [
        &get("/")[..],
        &get("/index.html?query#fragment"),
        &get("/style.CSS"),
        &get("/inside.css"),
        &get("/nothing"),
        &get("/large.png"),
        &get("/sub%20folder/"),
        &get("/sub%20folder/n%C3%B6tes.txt"),
        &get("/sub%20folder"),
        &get("//sub%20folder/./index.html"),
        "HEAD /index.html HTTP/1.1\r\nHost: here\r\nConnection: Close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        // Line feeds alone will do.
        "GET / HTTP/1.1\nHost: here\n\n",
        // Not there.
        &get("/missing"),
        &get("/sub%20folder/empty/"),
        &get("/index.html/more"),
        &get(&format!("/{}", "x".repeat(300))),
        // Out of the folder.
        &get("/../secret.txt"),
        &get("/%2e%2e/secret.txt"),
        &get("/sub%20folder/../../secret.txt"),
        &get("/..%2fsecret.txt"),
        &get("/way-out.txt"),
        &get("//etc/passwd"),
        // Other methods, and what comes with them.
        "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody",
        "DELETE / HTTP/1.1\r\nHost: here\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody",
        "GET / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        // Nonsense.
        "hello\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: here\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: here\r\n\r\n",
        "GET / SMTP\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : here\r\n\r\n",
        "GET / HTTP/1.1\r\nno field\r\n\r\n",
        "GET index.html HTTP/1.1\r\nHost: here\r\n\r\n",
        &get("/%zz"),
        &get("/%f6"),
        &get("/a%00b"),
        "GET / HTTP/1.1\r\nHost: he",
        &long,
    ];
    let outcome = http().same(|command| {
        let server = start(command, folder.path(), &["--threads", "2"]);
        let answers: Vec<_> = requests
            .iter()
            .map(|request| {
                let (head, body) = ask(&server, request.as_bytes());
                let body = match body == large {
                    true => "the large file".into(),
                    false => String::from_utf8(body).unwrap(),
                };
                (*request, head, body)
            })
            .collect();
        (answers, server.quit())
    });
    // What the statuses are, as no twin can tell.
    let statuses: Vec<_> = outcome.0.iter().map(|(_, head, _)| &head[9..12]).collect();
    let expected = "200 200 200 200 200 200 200 200 301 200 200 200 200 200 404 404 404 404 403 403 403 403 403 404 \
                    405 405 413 501 400 400 505 400 400 400 400 400 400 400 400 400 400 431";
    assert_eq!(statuses.join(" "), expected);
    let secret = |(_, _, body): &(&str, String, String)| body.contains("secret");
    assert!(!outcome.0.iter().any(secret));
    assert!(
        outcome.0[0]
            .1
            .contains("Last-Modified: Thu, 29 Feb 2024 12:34:56 GMT\r\n")
    );
}

#[test]
fn a_connection_that_is_kept() {
    let folder = files();
    http().same(|command| {
        let server = start(command, folder.path(), &[]);
        let mut reader = BufReader::new(server.connect());
        let mut said = Vec::new();
        for path in ["/", "/missing", "/large.png", "/style.CSS"] {
            reader.get_mut().write_all(get(path).as_bytes()).unwrap();
            said.push(response(&mut reader));
        }
        // Two at once, the last of them the last at all.
        let both = get("/nothing") + "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
        reader.get_mut().write_all(both.as_bytes()).unwrap();
        said.push(response(&mut reader));
        said.push(response(&mut reader));
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
        (said, server.end())
    });
}

#[test]
fn a_client_that_takes_its_time() {
    let folder = files();
    http().same(|command| {
        let server = start(command, folder.path(), &["--idle", "1"]);
        // It says nothing at all, or half of it.
        let mut silent = server.connect();
        assert_eq!(silent.read(&mut [0]).unwrap(), 0);
        let mut half = server.connect();
        half.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        let mut answer = response(&mut BufReader::new(half));
        assert!(answer.0.starts_with("HTTP/1.1 408 "), "{answer:?}");
        answer.1.clear();
        (answer, server.end())
    });
}

#[test]
fn ends_with_connections_open() {
    let folder = files();
    http().same(|command| {
        let server = start(command, folder.path(), &["--idle", "3600"]);
        let mut silent = server.connect();
        let mut kept = BufReader::new(server.connect());
        kept.get_mut().write_all(get("/").as_bytes()).unwrap();
        let answer = response(&mut kept);
        let outcome = server.quit();
        assert_eq!(kept.read(&mut [0]).unwrap(), 0);
        assert_eq!(silent.read(&mut [0]).unwrap(), 0);
        (answer, outcome)
    });
}

#[test]
fn five_hundred_requests_fifty_at_a_time() {
    let folder = files();
    let large = large();
    let request = |stream: TcpStream, number: usize| {
        let mut reader = BufReader::new(stream);
        let path = ["/", "/large.png", "/missing", "/nothing"][number % 4];
        let ask = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
        reader.get_mut().write_all(ask.as_bytes()).unwrap();
        let (head, body) = response(&mut reader);
        let expected = match number % 4 {
            0 => b"<p>Hello\n",
            1 => &large[..],
            2 => b"404 Not Found\n",
            _ => b"",
        };
        assert!(body == expected, "{head}");
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    };
    let outcome = http().same(|command| {
        let server = start(command, folder.path(), &["--threads", "50"]);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= 500 {
                            return;
                        }
                        request(server.connect(), number);
                    }
                });
            }
        });
        server.quit().sorted()
    });
    // With the last line.
    assert_eq!(outcome.stdout.lines().count(), 501);
}

#[test]
fn two_hundred_connections_are_few_threads() {
    const COUNT: usize = 200;
    let folder = files();
    let scene = |command: &mut Command| {
        let count = COUNT.to_string();
        let server = start(
            command,
            folder.path(),
            &["--threads", &count, "--idle", "60"],
        );
        let mut readers: Vec<_> = (0..COUNT)
            .map(|_| BufReader::new(server.connect()))
            .collect();
        let mut said = Vec::new();
        for reader in &mut readers {
            reader.get_mut().write_all(get("/").as_bytes()).unwrap();
        }
        for reader in &mut readers {
            said.push(response(reader));
        }
        let threads = server.threads();
        (threads, said, server.end().sorted())
    };
    let both = http();
    let (std_threads, std_said, std_outcome) = scene(&mut both.std());
    let (threads, said, outcome) = scene(both.gstd().env("GREENLET_WORKERS", "2"));
    assert_eq!((said, outcome), (std_said, std_outcome));
    // The pool, that of `main`, and that which accepts.
    assert_eq!(std_threads, COUNT + 2);
    // Files are read on threads beside the hubs.
    assert!(threads < 100, "{threads} threads");
}

#[test]
fn says_what_is_wrong() {
    let both = http();
    for arguments in [
        &["--help"][..],
        &[],
        &["--idle", "-1", "."],
        &["no folder"],
        &["/proc/self/status"],
        &[".", "no address"],
    ] {
        both.same(|command| Outcome::run(command.args(arguments)));
    }
    both.differ_in_threads(&["."]);
}
