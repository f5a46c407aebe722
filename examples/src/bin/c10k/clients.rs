//! The clients: a greenlet each, on the sockets of `gnet`.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use examples::process_status::{ProcessStatus, processor_time};
use gnet::TcpStream;
use gthread::JoinHandle;
use hdrhistogram::Histogram;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::gate::{Count, Gate, Permits};
use crate::server::{Kind, Server};

/// Clients that may be connecting at the same time: fewer than the backlog of a listener of std.
const CONNECTING: u32 = 100;
/// A server that does not answer for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the progress bar moves.
const TICK: Duration = Duration::from_millis(100);
/// Errors that are reported one by one.
const FIRST_ERRORS: usize = 5;

/// Bytes of a message.
const MESSAGE: usize = 64;

pub(crate) struct Load {
    pub(crate) connections: u32,
    /// How long they echo once all are connected.
    pub(crate) time: Duration,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    /// Clients that were connected at the same time.
    pub(crate) connected: u32,
    /// Messages that came back while all echoed, and how long that was.
    pub(crate) messages: u64,
    pub(crate) time: Duration,
    /// Messages of the connection that had the fewest, and of the one that had the most.
    pub(crate) fewest: u64,
    pub(crate) most: u64,
    /// Round trips, in nanoseconds. Each message counts once, so a connection that is served more
    /// often counts more often.
    pub(crate) latency: Histogram<u64>,
    /// The server at the end of that time, and the processor time that it took; `None` if it was gone.
    pub(crate) status: Option<ProcessStatus>,
    pub(crate) processor_time: Option<Duration>,
    pub(crate) errors: Errors,
}

#[derive(Default)]
pub(crate) struct Errors {
    pub(crate) count: u64,
    /// The first few.
    pub(crate) first: Vec<String>,
}

impl Errors {
    fn add(&mut self, error: String) {
        self.count += 1;
        if self.first.len() < FIRST_ERRORS {
            self.first.push(error);
        }
    }
}

/// What the clients share with each other and with `run`.
struct Shared {
    address: SocketAddr,
    connecting: Permits,
    /// Clients that have connected or failed to.
    arrived: Count,
    /// Those that have connected.
    connected: AtomicU32,
    /// Those that have ended with an error.
    failed: AtomicU32,
    start: Gate,
    stop: Gate,
    messages: AtomicU64,
    /// Held for the time of an addition only, never across a call that parks.
    latency: Mutex<Histogram<u64>>,
}

/// Round trips of up to an hour, to three digits.
fn histogram() -> Histogram<u64> {
    let hour = Duration::from_secs(3600).as_nanos() as u64;
    Histogram::new_with_bounds(1, hour, 3).expect("the bounds are valid")
}

/// Connects the clients, lets them echo for the time, and takes them down.
pub(crate) fn run(server: &Server, load: &Load) -> Outcome {
    let shared = Arc::new(Shared {
        address: server.address(),
        connecting: Permits::new(CONNECTING),
        arrived: Count::default(),
        connected: AtomicU32::new(0),
        failed: AtomicU32::new(0),
        start: Gate::default(),
        stop: Gate::default(),
        messages: AtomicU64::new(0),
        latency: Mutex::new(histogram()),
    });
    let mut errors = Errors::default();

    let clients = connect(server.kind(), load.connections, &shared, &mut errors);

    let processor_time_before = processor_time(server.process()).ok();
    let start = Instant::now();
    shared.start.open();
    watch(server.kind(), load, start, &shared);
    let processor_time_after = processor_time(server.process()).ok();
    let status = ProcessStatus::of(server.process()).ok();
    let messages = shared.messages.load(Relaxed);
    let time = start.elapsed();
    shared.stop.open();

    let (mut fewest, mut most) = (u64::MAX, 0);
    for (number, client) in clients.into_iter().enumerate() {
        match client.join() {
            Ok(Ok(exchanged)) => {
                fewest = fewest.min(exchanged);
                most = most.max(exchanged);
            }
            Ok(Err(error)) => errors.add(format!("client {number}: {error}")),
            Err(_) => errors.add(format!("client {number} panicked")),
        }
    }
    let latency = shared
        .latency
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    Outcome {
        kind: server.kind(),
        connected: shared.connected.load(Relaxed),
        messages,
        time,
        fewest: fewest.min(most),
        most,
        latency: latency.clone(),
        status,
        processor_time: processor_time_after
            .zip(processor_time_before)
            .map(|(after, before)| after.saturating_sub(before)),
        errors,
    }
}

/// Spawns the clients and waits until each has connected or failed to.
fn connect(
    kind: Kind,
    connections: u32,
    shared: &Arc<Shared>,
    errors: &mut Errors,
) -> Vec<JoinHandle<io::Result<u64>>> {
    let bar = bar(
        u64::from(connections),
        "{prefix:>14} {bar:40} {pos} of {len} connected",
        kind,
    );
    let mut clients = Vec::new();
    let mut arrived = 0;
    for number in 0..connections {
        shared.connecting.take();
        let spawned = gthread::Builder::new().spawn({
            let shared = Arc::clone(shared);
            move || {
                let outcome = client(number, &shared);
                if outcome.is_err() {
                    shared.failed.fetch_add(1, Relaxed);
                }
                outcome
            }
        });
        match spawned {
            Ok(client) => clients.push(client),
            Err(error) => {
                errors.add(format!("no greenlet for client {number}: {error}"));
                shared.connecting.give_back();
            }
        }
        arrived = shared.arrived.value();
        bar.set_position(arrived.into());
    }
    while (arrived as usize) < clients.len() {
        arrived = shared.arrived.wait_past(arrived, Instant::now() + TICK);
        bar.set_position(arrived.into());
    }
    bar.finish_and_clear();
    clients
}

/// Shows the messages for as long as the clients are to echo, or until none of them is left.
fn watch(kind: Kind, load: &Load, start: Instant, shared: &Shared) {
    let milliseconds = u64::try_from(load.time.as_millis()).unwrap_or(u64::MAX);
    let bar = bar(milliseconds, "{prefix:>14} {bar:40} {msg}", kind);
    loop {
        let elapsed = start.elapsed();
        let left = load.time.saturating_sub(elapsed);
        if left.is_zero() || shared.failed.load(Relaxed) == load.connections {
            break;
        }
        gthread::sleep(left.min(TICK));
        bar.set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        let messages = HumanCount(shared.messages.load(Relaxed));
        bar.set_message(format!("{messages} messages"));
    }
    bar.finish_and_clear();
}

fn bar(length: u64, template: &str, kind: Kind) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(length)
        .with_style(style)
        .with_prefix(kind.title())
}

/// One client, from its connection to the end of the stream. How many messages it has exchanged
/// between start and stop.
fn client(number: u32, shared: &Shared) -> io::Result<u64> {
    let connection = Connection::open(number, shared.address);
    shared.connecting.give_back();
    if connection.is_ok() {
        shared.connected.fetch_add(1, Relaxed);
    }
    shared.arrived.raise();
    let mut connection = connection?;

    shared.start.wait();
    let mut exchanged = 0;
    while !shared.stop.is_open() {
        let sent = Instant::now();
        connection.exchange()?;
        let nanoseconds = u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX);
        shared.messages.fetch_add(1, Relaxed);
        shared
            .latency
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .saturating_record(nanoseconds);
        exchanged += 1;
    }
    connection.close()?;
    Ok(exchanged)
}

struct Connection {
    number: u32,
    stream: TcpStream,
    round: u64,
}

impl Connection {
    /// Connects, and exchanges a first message: only the answer tells that the server has taken the
    /// connection, and not just the kernel.
    fn open(number: u32, address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Connection {
            number,
            stream,
            round: 0,
        };
        connection.exchange()?;
        Ok(connection)
    }

    /// Sends a message that no other client and no other round has, and compares what comes back.
    fn exchange(&mut self) -> io::Result<()> {
        let sent = message(self.number, self.round);
        let mut received = [0; MESSAGE];
        self.stream.write_all(&sent)?;
        self.stream.read_exact(&mut received)?;
        if received != sent {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("wrong bytes in message {}", self.round),
            ));
        }
        self.round += 1;
        Ok(())
    }

    /// Says that nothing more will come, and expects the server to say the same.
    fn close(mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        match self.stream.read(&mut [0; MESSAGE])? {
            0 => Ok(()),
            surplus => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{surplus} bytes after the last message"),
            )),
        }
    }
}

/// Number and round in plain, and then bytes that follow from both.
fn message(number: u32, round: u64) -> [u8; MESSAGE] {
    let mut message = [0; MESSAGE];
    message[..4].copy_from_slice(&number.to_le_bytes());
    message[4..12].copy_from_slice(&round.to_le_bytes());
    let mut state = round ^ u64::from(number) << 32;
    for byte in &mut message[12..] {
        // The multiplier of Knuth's MMIX generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = state.to_le_bytes()[7];
    }
    message
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::message;

    #[test]
    fn messages_differ() {
        let messages: HashSet<_> = (0..50)
            .flat_map(|number| (0..50).map(move |round| message(number, round)))
            .collect();
        assert_eq!(messages.len(), 2500);
    }
}
