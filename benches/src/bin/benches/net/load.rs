//! The load generator: one thread, one epoll instance, every connection always one message ahead.

use crate::net::busy::{Busy, Shares};
use crate::net::epoll::{Epoll, reset_on_close};
use crate::net::exchange::Exchange;
use benches::{process, sample};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A server that does not answer for this long has failed.
const SILENCE: Duration = Duration::from_secs(5);

/// Connections of churn that are under way at a time.
const CHURNING: usize = 16;

/// Connections that are made before those whose memory is measured.
const WARM_UP: usize = 20;

/// The server, as the load knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
}

/// What one run measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Answers a second.
    pub(crate) rate: f64,
    /// CPU time of the server, in microseconds an answer.
    pub(crate) cpu: f64,
    /// Median of the time from sending to having the answer, in microseconds.
    pub(crate) median: f64,
    /// The same at the 99th percentile.
    pub(crate) tail: f64,
    pub(crate) busy: Shares,
}

struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    filled: usize,
    begin: Instant,
}

impl Connection {
    /// It sends a reset when it is closed: so that no port waits for its end, and the next run has them all.
    fn open(address: SocketAddr, exchange: &Exchange) -> io::Result<Connection> {
        let begin = Instant::now();
        let stream = TcpStream::connect_timeout(&address, SILENCE)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        reset_on_close(&stream)?;
        Ok(Connection {
            stream,
            buffer: vec![0; exchange.room()].into(),
            filled: 0,
            begin,
        })
    }

    fn send(&mut self, exchange: &Exchange) -> io::Result<()> {
        // The last answer is there, so there is room for this message.
        match self.stream.write(exchange.request())? {
            all if all == exchange.request().len() => Ok(()),
            _ => Err(io::Error::other("the kernel took a part of a message only")),
        }
    }

    /// Reads what is there; whether the answer is complete.
    fn receive(&mut self, exchange: &mut Exchange) -> io::Result<bool> {
        match self.stream.read(&mut self.buffer[self.filled..]) {
            Ok(0) if self.filled == self.buffer.len() => {
                Err(io::Error::other("an answer is too long"))
            }
            Ok(0) => Err(io::Error::other("the server has closed a connection")),
            Ok(count) => {
                self.filled += count;
                let complete = exchange.is_complete(&self.buffer[..self.filled])?;
                if complete {
                    self.filled = 0;
                }
                Ok(complete)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Connections that are open.
pub(crate) struct Load {
    epoll: Epoll,
    open: Vec<Connection>,
    exchange: Exchange,
    target: Target,
    /// In nanoseconds, of each answer.
    latencies: Vec<u32>,
}

impl Load {
    /// Opens so many connections.
    pub(crate) fn open(target: Target, connections: usize, exchange: Exchange) -> io::Result<Load> {
        let mut load = Load {
            epoll: Epoll::new()?,
            open: Vec::with_capacity(connections),
            exchange,
            target,
            latencies: Vec::with_capacity(1_000_000),
        };
        for _ in 0..connections {
            let connection = Connection::open(target.address, &load.exchange)?;
            load.epoll.add(&connection.stream, load.open.len())?;
            load.open.push(connection);
        }
        Ok(load)
    }

    /// Opens as many connections as are under way when each is closed after its answer.
    pub(crate) fn churning(target: Target) -> io::Result<Load> {
        Load::open(target, CHURNING, Exchange::echo())
    }

    /// Answers every answer with the next message for `duration`, after a warm-up.
    pub(crate) fn busy(&mut self, duration: Duration, cores: [usize; 2]) -> io::Result<Figures> {
        self.measure(duration, cores, |connection, exchange, _, _| {
            connection.begin = Instant::now();
            connection.send(exchange)
        })
    }

    /// Replaces every connection that has its answer for `duration`, after a warm-up.
    pub(crate) fn churn(&mut self, duration: Duration, cores: [usize; 2]) -> io::Result<Figures> {
        let address = self.target.address;
        self.measure(duration, cores, |connection, exchange, epoll, token| {
            *connection = Connection::open(address, exchange)?;
            epoll.add(&connection.stream, token)?;
            connection.send(exchange)
        })
    }

    /// Sends a message on every connection and waits for all the answers, so many times: every message finds a server
    /// that waits for it, however slow the server is.
    pub(crate) fn in_step(&mut self, rounds: usize) -> io::Result<()> {
        for _ in 0..rounds {
            self.send_all()?;
            let mut missing = self.open.len();
            while missing > 0 {
                self.turn(&mut |_, _, _, _| {
                    missing -= 1;
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn send_all(&mut self) -> io::Result<()> {
        for connection in &mut self.open {
            connection.begin = Instant::now();
            connection.send(&self.exchange)?;
        }
        Ok(())
    }

    fn measure(
        &mut self,
        duration: Duration,
        cores: [usize; 2],
        mut next: impl FnMut(&mut Connection, &Exchange, &Epoll, usize) -> io::Result<()>,
    ) -> io::Result<Figures> {
        self.send_all()?;
        let warm = Instant::now() + duration / 4;
        while Instant::now() < warm {
            self.turn(&mut next)?;
        }
        self.latencies.clear();
        let (cpu, busy) = (process::cpu_time(self.target.process)?, Busy::now(cores)?);
        let begin = Instant::now();
        while begin.elapsed() < duration {
            self.turn(&mut next)?;
        }
        let elapsed = begin.elapsed();
        let cpu = process::cpu_time(self.target.process)?.saturating_sub(cpu);
        let busy = Busy::now(cores)?.since(&busy);

        self.latencies.sort_unstable();
        let answers = self.latencies.len().max(1) as f64;
        Ok(Figures {
            rate: answers / elapsed.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / answers,
            median: sample::quantile(&self.latencies, 0.5) / 1e3,
            tail: sample::quantile(&self.latencies, 0.99) / 1e3,
            busy,
        })
    }

    /// Waits for events once, notes the latency of each answer that is complete, and then does what is `next`.
    fn turn(
        &mut self,
        next: &mut impl FnMut(&mut Connection, &Exchange, &Epoll, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let Load {
            epoll,
            open,
            exchange,
            latencies,
            ..
        } = self;
        let events = epoll.wait(Some(SILENCE))?;
        if events == 0 {
            let silent = "the server does not answer";
            return Err(io::Error::new(io::ErrorKind::TimedOut, silent));
        }
        for position in 0..events {
            let event = epoll.event(position);
            let connection = &mut open[event.token];
            if connection.receive(exchange)? {
                let latency = connection.begin.elapsed().as_nanos();
                latencies.push(latency.try_into().unwrap_or(u32::MAX));
                next(connection, exchange, epoll, event.token)?;
            }
        }
        Ok(())
    }
}

/// Bytes of the server's memory that each of so many connections takes which wait for a message, after one was echoed.
pub(crate) fn idle(target: Target, connections: usize) -> io::Result<f64> {
    let mut exchange = Exchange::echo();
    let mut open = Vec::with_capacity(WARM_UP + connections);
    let mut one_more = || -> io::Result<()> {
        let mut connection = Connection::open(target.address, &exchange)?;
        connection.stream.set_nonblocking(false)?;
        connection.stream.set_read_timeout(Some(SILENCE))?;
        connection.send(&exchange)?;
        while !connection.receive(&mut exchange)? {
            if connection.begin.elapsed() > SILENCE {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        open.push(connection);
        Ok(())
    };
    for _ in 0..WARM_UP {
        one_more()?;
    }
    let before = process::resident_of(target.process)?;
    for _ in 0..connections {
        one_more()?;
    }
    let after = process::resident_of(target.process)?;
    Ok(after.saturating_sub(before) as f64 / connections as f64)
}
