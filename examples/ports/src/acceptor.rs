//! A listener that can be stopped, and knows the connections that are open.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, BufRead};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long to rest when no connection can be taken, most likely because the process has as many descriptors as
/// it may: one of them has to be closed first.
const REST: Duration = Duration::from_millis(50);

/// Listens, until it is stopped.
pub(crate) struct Acceptor {
    listener: TcpListener,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stopped: bool,
    /// How many connections there have been.
    count: u64,
    open: HashMap<u64, Arc<TcpStream>>,
}

/// A connection. It is forgotten, and closed, when the last of it is dropped.
pub(crate) struct Connection {
    acceptor: Arc<Acceptor>,
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) stream: Arc<TcpStream>,
}

impl Acceptor {
    /// Listens on `address`, and prints where that is: port 0 stands for any that is free.
    pub(crate) fn bind(address: &OsStr) -> io::Result<Arc<Acceptor>> {
        let listener = TcpListener::bind(text(address)?)?;
        println!("listening on {}", listener.local_addr()?);
        Ok(Arc::new(Acceptor {
            listener,
            state: Mutex::default(),
        }))
    }

    /// Waits for the next connection. There is none once the acceptor was stopped.
    pub(crate) fn accept(self: &Arc<Self>) -> Option<Connection> {
        loop {
            let accepted = self.listener.accept();
            let mut state = self.state.lock().unwrap();
            if state.stopped {
                return None;
            }
            match accepted {
                Ok((stream, _)) => {
                    let stream = Arc::new(stream);
                    state.count += 1;
                    let number = state.count;
                    state.open.insert(number, Arc::clone(&stream));
                    return Some(Connection {
                        acceptor: Arc::clone(self),
                        number,
                        stream,
                    });
                }
                Err(error) => {
                    drop(state);
                    eprintln!("accept: {error}");
                    thread::sleep(REST);
                }
            }
        }
    }

    /// Makes `accept` return `None`, and nothing more come in from the connections that are open. They can still be
    /// written to.
    pub(crate) fn stop(&self) {
        let mut state = self.state.lock().unwrap();
        state.stopped = true;
        for stream in state.open.values() {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Read);
        }
        drop(state);
        // Nothing but a connection makes `accept` return.
        if let Ok(mut address) = self.listener.local_addr() {
            if address.ip().is_unspecified() {
                address.set_ip(match address.ip() {
                    IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                });
            }
            if let Err(error) = TcpStream::connect_timeout(&address, Duration::from_secs(10)) {
                eprintln!("cannot wake who accepts on {address}: {error}");
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut state = self.acceptor.state.lock().unwrap();
        state.open.remove(&self.number);
    }
}

/// An address, which has to be text.
pub(crate) fn text(address: &OsStr) -> io::Result<&str> {
    let not_text = || io::Error::new(io::ErrorKind::InvalidInput, "it is not UTF-8");
    address.to_str().ok_or_else(not_text)
}

/// Returns when the standard input ends, or when a line of it says `quit`. Each other line goes to `command`.
pub(crate) fn wait_for_quit(mut command: impl FnMut(&str)) {
    for line in io::stdin().lock().lines() {
        match line.as_deref().map(str::trim) {
            Ok("quit") => return,
            Ok(line) => command(line),
            Err(error) => return eprintln!("standard input: {error}"),
        }
    }
}
