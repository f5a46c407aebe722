//! A TCP proxy, two threads a connection: `proxy [OPTIONS] LISTEN TARGET`.
//!
//! What a client sends goes to the target, and what the target sends goes to the client. The end of one direction is passed
//! on without ending the other, so protocols that close one half first work through it.

mod acceptor;
mod options;

use std::fmt::Display;
use std::io;
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use acceptor::{Acceptor, Connection, text, wait_for_quit};
use options::Options;

const USAGE: &str = "\
usage: proxy [OPTIONS] LISTEN TARGET
Passes each connection to the address LISTEN on to the address TARGET.
  --connections N   how many at once, by default 1000: others wait
  --connect N       seconds that TARGET may take to answer, by default 10
  --grace N         seconds that open connections have at the end, by default 10
It ends when the standard input does, or says quit.
";

/// How many connections there may be, and are.
struct Slots {
    limit: u64,
    state: Mutex<SlotState>,
    changed: Condvar,
}

#[derive(Default)]
struct SlotState {
    taken: u64,
    closed: bool,
}

/// A connection's place, given back when it is dropped.
struct Slot(Arc<Slots>);

impl Slots {
    /// Waits for a free one. There is none any more after `close`.
    fn take(self: &Arc<Self>) -> Option<Slot> {
        let state = self.state.lock().unwrap();
        let full = |state: &mut SlotState| state.taken == self.limit && !state.closed;
        let mut state = self.changed.wait_while(state, full).unwrap();
        if state.closed {
            return None;
        }
        state.taken += 1;
        Some(Slot(Arc::clone(self)))
    }

    /// Gives out no more, and waits until all are given back. Says how many were not.
    fn close(&self, patience: Duration) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.closed = true;
        self.changed.notify_all();
        let taken = |state: &mut SlotState| state.taken > 0;
        let waited = self.changed.wait_timeout_while(state, patience, taken);
        waited.unwrap().0.taken
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().taken -= 1;
        self.0.changed.notify_all();
    }
}

/// Connects to the first address of `target` that answers.
fn connect(target: &str, patience: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for address in target.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Copies until `from` ends, and then ends `to`. An error ends both directions of both.
fn copy(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<u64> {
    let copied = io::copy(&mut from, &mut to);
    // Errors: it has ended by itself.
    if copied.is_ok() {
        let _ = to.shutdown(Shutdown::Write);
    } else {
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
    copied
}

/// Copies both ways until both have ended.
fn relay(client: &TcpStream, upstream: &TcpStream) -> (io::Result<u64>, io::Result<u64>) {
    thread::scope(|scope| {
        let up = scope.spawn(|| copy(client, upstream));
        let down = copy(upstream, client);
        (up.join().unwrap(), down)
    })
}

fn serve(connection: &Connection, target: &str, patience: Duration) {
    let number = connection.number;
    let client = &*connection.stream;
    let upstream = match connect(target, patience) {
        Ok(upstream) => upstream,
        Err(error) => return eprintln!("{number}: cannot connect to {target}: {error}"),
    };
    // It goes out as it comes in.
    let undelayed = client.set_nodelay(true).and(upstream.set_nodelay(true));
    if let Err(error) = undelayed {
        eprintln!("{number}: {error}");
    }
    let direction = |name: &str, copied: io::Result<u64>| match copied {
        Ok(count) => format!("{count} bytes {name}"),
        Err(error) => format!("{name}: {error}"),
    };
    let (up, down) = relay(client, &upstream);
    println!(
        "{number}: {}, {}",
        direction("up", up),
        direction("down", down)
    );
}

fn fail(what: impl Display) -> ExitCode {
    eprintln!("{what}");
    ExitCode::FAILURE
}

fn main() -> ExitCode {
    let options = Options::read(USAGE, &["--connections", "--connect", "--grace"]);
    let [listen, target] = options.operands() else {
        options.refuse("two addresses are wanted");
    };
    let target: Arc<str> = match text(target) {
        Ok(target) => target.into(),
        Err(error) => {
            return fail(format_args!(
                "cannot connect to {}: {error}",
                target.display()
            ));
        }
    };
    let patience = Duration::from_secs(options.number("--connect", 10));
    let grace = Duration::from_secs(options.number("--grace", 10));
    let slots = Arc::new(Slots {
        limit: options.number("--connections", 1000),
        state: Mutex::default(),
        changed: Condvar::new(),
    });
    let acceptor = match Acceptor::bind(listen) {
        Ok(acceptor) => acceptor,
        Err(error) => {
            return fail(format_args!(
                "cannot listen on {}: {error}",
                listen.display()
            ));
        }
    };

    let accepting = thread::spawn({
        let acceptor = Arc::clone(&acceptor);
        let slots = Arc::clone(&slots);
        move || {
            // The place first: who waits for one waits in the queue of the listener.
            while let Some(slot) = slots.take() {
                let Some(connection) = acceptor.accept() else {
                    return;
                };
                let target = Arc::clone(&target);
                let spawned = thread::Builder::new().spawn(move || {
                    serve(&connection, &target, patience);
                    // The connection is closed before the next takes its place.
                    drop(connection);
                    drop(slot);
                });
                if let Err(error) = spawned {
                    eprintln!("no thread for a connection: {error}");
                }
            }
        }
    });

    wait_for_quit(|line| println!("no command: {line}"));
    acceptor.stop();
    let left = slots.close(grace);
    if left > 0 {
        return fail(format_args!("{left} connections were cut off"));
    }
    if accepting.join().is_err() {
        return fail("accepting has failed");
    }
    println!("the end");
    ExitCode::SUCCESS
}
