//! The load generator: one thread, one epoll instance, every connection always one message ahead.

use crate::net::epoll::Epoll;
use benches::{process, sample};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Bytes of a message.
const MESSAGE: usize = 64;

/// A server that does not answer for this long has failed.
const SILENCE: Duration = Duration::from_secs(5);

/// What one run measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Messages a second.
    pub(crate) rate: f64,
    /// CPU time of the server, in microseconds a message.
    pub(crate) cpu: f64,
    /// Median of the time from sending to having the answer, in microseconds.
    pub(crate) median: f64,
    /// The same at the 99th percentile.
    pub(crate) tail: f64,
}

struct Connection {
    stream: TcpStream,
    received: usize,
    sent_at: Instant,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Connection {
            stream,
            received: 0,
            sent_at: Instant::now(),
        })
    }

    fn send(&mut self) -> io::Result<()> {
        self.sent_at = Instant::now();
        // The last message has come back, so there is room for this one.
        match self.stream.write(&[b'x'; MESSAGE])? {
            MESSAGE => Ok(()),
            _ => Err(io::Error::other("the kernel took a part of a message only")),
        }
    }

    /// Reads what is there; whether the answer is complete.
    fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; MESSAGE];
        match self.stream.read(&mut buffer[self.received..]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.received = (self.received + count) % MESSAGE;
                Ok(self.received == 0)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Keeps `connections` busy for `duration`, after a warm-up, and watches the process `server`.
pub(crate) fn echo(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    server: u32,
) -> io::Result<Figures> {
    let mut epoll = Epoll::new()?;
    let mut open = Vec::with_capacity(connections);
    for token in 0..connections {
        let connection = Connection::open(address)?;
        epoll.add(&connection.stream, token)?;
        open.push(connection);
    }
    for connection in &mut open {
        connection.send()?;
    }
    let mut latencies = Vec::with_capacity(1_000_000);
    run_until(
        &mut epoll,
        &mut open,
        Instant::now() + duration / 4,
        &mut latencies,
    )?;

    latencies.clear();
    let (cpu, begin) = (process::cpu_time(server)?, Instant::now());
    run_until(&mut epoll, &mut open, begin + duration, &mut latencies)?;
    let (cpu, elapsed) = (
        process::cpu_time(server)?.saturating_sub(cpu),
        begin.elapsed(),
    );

    latencies.sort_unstable();
    let messages = latencies.len().max(1) as f64;
    Ok(Figures {
        rate: messages / elapsed.as_secs_f64(),
        cpu: cpu.as_secs_f64() * 1e6 / messages,
        median: sample::quantile(&latencies, 0.5) / 1e3,
        tail: sample::quantile(&latencies, 0.99) / 1e3,
    })
}

/// Answers every answer with the next message until `end`; notes each latency in nanoseconds.
fn run_until(
    epoll: &mut Epoll,
    open: &mut [Connection],
    end: Instant,
    latencies: &mut Vec<u32>,
) -> io::Result<()> {
    loop {
        let asked = Instant::now();
        if asked >= end {
            return Ok(());
        }
        for event in epoll.wait(Some(SILENCE))? {
            let connection = &mut open[event.token];
            if connection.receive()? {
                let latency = connection.sent_at.elapsed().as_nanos();
                latencies.push(latency.try_into().unwrap_or(u32::MAX));
                connection.send()?;
            }
        }
        if asked.elapsed() >= SILENCE {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the server does not answer",
            ));
        }
    }
}
