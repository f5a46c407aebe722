//! The clients: a greenlet each, on the sockets of `gnet`.
//!
//! They go through two phases together. In the *calm* one each sends a message a second, at times
//! spread evenly over all clients, and it is measured how long after its time each is answered, so
//! that a message which could not even be sent in time counts as late. In the *busy* one each sends
//! as fast as it is answered, and it is counted how much comes through.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use examples::process_status::{ProcessStatus, processor_time};
use gthread::JoinHandle;
use hdrhistogram::Histogram;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::connection::Connection;
use crate::gate::{Count, Gate, Permits};
use crate::outcome::{Errors, Outcome, Phase};
use crate::server::{Kind, Server};

/// Clients that may be connecting at the same time: fewer than the backlog of a listener of std.
const CONNECTING: u32 = 100;
/// Time between two messages of a client in the calm phase.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often the progress bar moves.
const TICK: Duration = Duration::from_millis(100);

pub(crate) struct Load {
    pub(crate) connections: u32,
    /// How long each phase is.
    pub(crate) time: Duration,
}

/// What the clients share with each other and with `run`.
struct Shared {
    address: SocketAddr,
    load: Load,
    connecting: Permits,
    /// Clients that have connected or failed to, and those that have connected.
    arrived: Count,
    connected: AtomicU32,
    /// Opens the calm phase, and tells when that was.
    calm: Gate,
    calm_start: OnceLock<Instant>,
    /// Held for the time of an addition only, never across a call that parks.
    latency: Mutex<Histogram<u64>>,
    /// Connected clients that are through the calm phase, one way or the other.
    rested: Count,
    /// Opens and ends the busy phase.
    busy: Gate,
    stop: Gate,
    /// Messages answered so far, in both phases.
    messages: AtomicU64,
    /// Clients that have ended with an error.
    failed: AtomicU32,
}

/// Connects the clients, takes them through both phases, and takes them down.
pub(crate) fn run(server: &Server, load: Load) -> Outcome {
    let kind = server.kind();
    let shared = Arc::new(Shared {
        address: server.address(),
        load,
        connecting: Permits::new(CONNECTING),
        arrived: Count::default(),
        connected: AtomicU32::new(0),
        calm: Gate::default(),
        calm_start: OnceLock::new(),
        latency: Mutex::new(histogram()),
        rested: Count::default(),
        busy: Gate::default(),
        stop: Gate::default(),
        messages: AtomicU64::new(0),
        failed: AtomicU32::new(0),
    });
    let mut errors = Errors::default();

    let clients = connect(kind, &shared, &mut errors);
    let connected = shared.connected.load(Relaxed);

    let calm = measure(server, &shared, || {
        shared.calm_start.get_or_init(Instant::now);
        shared.calm.open();
        watch(kind, "calm", &shared);
        let mut rested = shared.rested.value();
        while rested < connected {
            rested = shared.rested.wait_past(rested, Instant::now() + TICK);
        }
    });
    let busy = measure(server, &shared, || {
        shared.busy.open();
        watch(kind, "busy", &shared);
    });
    let status = ProcessStatus::of(server.process()).ok();
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
        kind,
        connected,
        latency: latency.clone(),
        calm,
        busy,
        fewest: fewest.min(most),
        most,
        status,
        errors,
    }
}

/// Spawns the clients and waits until each has connected or failed to.
fn connect(
    kind: Kind,
    shared: &Arc<Shared>,
    errors: &mut Errors,
) -> Vec<JoinHandle<io::Result<u64>>> {
    let connections = shared.load.connections;
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

/// What happens while `phase` lasts.
fn measure(server: &Server, shared: &Shared, phase: impl FnOnce()) -> Phase {
    let processor_time = || processor_time(server.process()).ok();
    let start = Instant::now();
    let messages_before = shared.messages.load(Relaxed);
    let processor_time_before = processor_time();
    phase();
    Phase {
        processor_time: processor_time()
            .zip(processor_time_before)
            .map(|(after, before)| after.saturating_sub(before)),
        messages: shared.messages.load(Relaxed) - messages_before,
        time: start.elapsed(),
    }
}

/// Shows the messages for as long as a phase is to last, or until no client is left.
fn watch(kind: Kind, phase: &'static str, shared: &Shared) {
    let time = shared.load.time;
    let start = Instant::now();
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let bar = bar(milliseconds(time), "{prefix:>14} {bar:40} {msg}", kind);
    loop {
        let elapsed = start.elapsed();
        let left = time.saturating_sub(elapsed);
        if left.is_zero() || shared.failed.load(Relaxed) == shared.load.connections {
            break;
        }
        gthread::sleep(left.min(TICK));
        bar.set_position(milliseconds(elapsed));
        let messages = HumanCount(shared.messages.load(Relaxed));
        bar.set_message(format!("{phase}: {messages} messages"));
    }
    bar.finish_and_clear();
}

fn bar(length: u64, template: &str, kind: Kind) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(length)
        .with_style(style)
        .with_prefix(kind.title())
}

/// Latencies of up to an hour, to three digits.
fn histogram() -> Histogram<u64> {
    let hour = Duration::from_secs(3600).as_nanos() as u64;
    Histogram::new_with_bounds(1, hour, 3).expect("the bounds are valid")
}

/// One client, from its connection to the end of the stream. How many messages were answered in the
/// busy phase.
fn client(number: u32, shared: &Shared) -> io::Result<u64> {
    let mut connection = {
        let _arrival = OnDrop(|| {
            shared.connecting.give_back();
            shared.arrived.raise();
        });
        let connection = Connection::open(number, shared.address)?;
        shared.connected.fetch_add(1, Relaxed);
        connection
    };

    shared.calm.wait();
    {
        let _rest = OnDrop(|| shared.rested.raise());
        calm(number, &mut connection, shared)?;
    }

    shared.busy.wait();
    let mut exchanged = 0;
    while !shared.stop.is_open() {
        connection.exchange()?;
        shared.messages.fetch_add(1, Relaxed);
        exchanged += 1;
    }
    connection.close()?;
    Ok(exchanged)
}

/// Tells the others on every way out, so that they do not wait for a client that has failed.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}

/// The calm phase of one client.
fn calm(number: u32, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    let start = *shared.calm_start.get().expect("set before the gate opens");
    let end = start + shared.load.time;
    let mut due = start + INTERVAL * number / shared.load.connections;
    while due < end {
        gthread::sleep(due.saturating_duration_since(Instant::now()));
        connection.exchange()?;
        let nanoseconds = u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX);
        shared.messages.fetch_add(1, Relaxed);
        shared
            .latency
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .saturating_record(nanoseconds);
        due += INTERVAL;
    }
    Ok(())
}
