//! An echo server, one thread a connection: `echo [ADDR]`.
//!
//! It listens on `ADDR`, by default on a free port of 127.0.0.1, and prints on which. An error of a
//! connection ends that connection only.
//!
//! There are two of this program. `echo_std.rs` runs on the threads and sockets of std, `echo.rs` on
//! greenlets. They differ in their `use` lines, and in which `println!` is called.

use std::env;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// How long `main` rests when it cannot take a connection, most likely because the process has as
/// many descriptors or threads as it may: one of them has to end first.
const REST: Duration = Duration::from_millis(50);

// Not only an entry point: `c10k` has both servers as modules and calls their `main`.
pub(crate) fn main() -> io::Result<()> {
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    println!("listening on {}", listener.local_addr()?);
    io::stdout().flush()?;

    loop {
        let (stream, peer) = match listener.accept() {
            Ok(connection) => connection,
            Err(error) => {
                eprintln!("accept: {error}");
                thread::sleep(REST);
                continue;
            }
        };
        let spawned = thread::Builder::new().spawn(move || {
            if let Err(error) = echo(stream) {
                eprintln!("{peer}: {error}");
            }
        });
        if let Err(error) = spawned {
            eprintln!("{peer}: no thread for it: {error}");
            thread::sleep(REST);
        }
    }
}

/// Sends back what comes in, until the peer has sent its last.
fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => stream.write_all(&buffer[..length])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
