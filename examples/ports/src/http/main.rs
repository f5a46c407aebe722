//! A server of static files over HTTP/1.1, on a pool of threads: `http [OPTIONS] FOLDER [ADDR]`.
//!
//! A thread of the pool serves a connection to its end, so no more of them are served at once than there are threads.

#[path = "../acceptor.rs"]
mod acceptor;
mod files;
#[path = "../options.rs"]
mod options;
mod pool;
mod request;
mod response;

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::Shutdown;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use acceptor::{Acceptor, Connection, wait_for_quit};
use files::Files;
use options::Options;
use pool::ThreadPool;
use request::{Refusal, Request};
use response::Response;

const USAGE: &str = "\
usage: http [OPTIONS] FOLDER [ADDR]
Serves the files in FOLDER on ADDR, by default on a free port of 127.0.0.1.
  --threads N   how many connections are served at once, by default 16
  --idle N      seconds that a client may send nothing of a request, by default 5
It ends when the standard input does, or says quit.
";

/// How long a client may take nothing of a response.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// What is read of a request that was refused before the connection is closed.
const LINGER: u64 = 1 << 20;

/// Serves the requests of a connection, one after the other.
fn serve(connection: &Connection, files: &Files, idle: Duration) -> io::Result<()> {
    let stream = &*connection.stream;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(idle))?;
    stream.set_write_timeout(Some(WRITE_TIME))?;
    let peer = stream.peer_addr()?.ip();
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        match reader.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(_) => {}
            Err(error) if is_timeout(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
        let (line, mut response, goes_on, head_only) = match Request::read(&mut reader) {
            Ok(request) => {
                let goes_on = request.keeps_alive;
                let response = files.answer(&request);
                (request.line, response, goes_on, request.head_only)
            }
            Err(Refusal::Status(status)) => ("-".into(), Response::of_status(status), false, false),
            Err(Refusal::Io(error)) if is_timeout(&error) => {
                ("-".into(), Response::of_status(408), false, false)
            }
            Err(Refusal::Io(error)) => return Err(error),
        };
        let (status, length) = (response.status, response.length);
        response.send(stream, goes_on, head_only)?;
        println!("{peer} \"{line}\" {status} {length}");
        if !goes_on {
            // Closed with something unread in it, the connection would be reset, and the response lost.
            stream.shutdown(Shutdown::Write)?;
            return match io::copy(&mut reader.take(LINGER), &mut io::sink()) {
                Err(error) if !is_timeout(&error) => Err(error),
                _ => Ok(()),
            };
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn main() -> ExitCode {
    let options = Options::read(USAGE, &["--threads", "--idle"]);
    let (folder, address) = match options.operands() {
        [folder] => (folder, OsStr::new("127.0.0.1:0")),
        [folder, address] => (folder, address.as_os_str()),
        _ => options.refuse("a folder is wanted, and perhaps an address"),
    };
    let folder = PathBuf::from(folder);
    let files = match Files::new(&folder) {
        Ok(files) => Arc::new(files),
        Err(error) => {
            eprintln!("cannot serve {}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    let acceptor = match Acceptor::bind(address) {
        Ok(acceptor) => acceptor,
        Err(error) => {
            eprintln!("cannot listen on {}: {error}", address.display());
            return ExitCode::FAILURE;
        }
    };
    let idle = Duration::from_secs(options.number("--idle", 5));
    let pool = ThreadPool::new(options.number("--threads", 16) as usize);

    let accepting = thread::spawn({
        let acceptor = Arc::clone(&acceptor);
        move || {
            while let Some(connection) = acceptor.accept() {
                let files = Arc::clone(&files);
                pool.execute(move || {
                    if let Err(error) = serve(&connection, &files, idle) {
                        eprintln!("connection {}: {error}", connection.number);
                    }
                });
            }
            // Here the pool is dropped: all that it has been given is done first.
        }
    });

    wait_for_quit(|line| println!("no command: {line}"));
    acceptor.stop();
    if accepting.join().is_err() {
        eprintln!("accepting has failed");
        return ExitCode::FAILURE;
    }
    println!("the end");
    ExitCode::SUCCESS
}
