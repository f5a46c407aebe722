//! Door 4: calls that block the thread.
//!
//! A pool of threads, grown on demand to a bound; idle ones end after a while. Name look-ups have a lane of their own, so that
//! slow ones cannot hold up the rest, and so have calls that wait for somebody else.

use crate::config;
use crate::hub::inbox::Node;
use crate::hub::{Hub, HubShared, fork};
use crate::task::{Core, WOKEN};
use once_cell::sync::OnceCell;
use parking_lot::{Condvar, Mutex};
use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::io;
use std::mem::offset_of;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;
use std::thread;
use std::time::Duration;

/// How many calls run at a time.
const MOST: usize = 64;

/// How many calls that wait for somebody else do.
const MOST_WAITING: usize = 1024;

/// How long a thread waits for more work before it ends.
const IDLE: Duration = Duration::from_secs(10);

static GENERAL: Lane = Lane::new("greenlet-offload", false);
static LOOKUP: Lane = Lane::new("greenlet-lookup", false);
static WAIT: Lane = Lane::new("greenlet-wait", true);

/// Runs `f`, which may block its thread, without blocking the other greenlets of this hub.
///
/// The calling greenlet parks until `f` has returned; `f` runs on a thread of a pool, and may borrow from the caller's
/// stack. A kill that is there already is thrown; one that comes then is held back until `f` has returned. When no other greenlet can ever run on this hub, `f` is called in
/// place. At most 64 calls run at a time; more wait their turn. In a forked child, whose threads have stayed behind with the
/// parent, `f` is called in place as well. Mirrors gevent's `threadpool.apply`.
///
/// # Panics
///
/// A panic of `f` goes on in the caller.
///
/// # Examples
///
/// ```
/// let text = String::from("borrowed");
/// let length = greenlet::offload(|| text.len()); // stands for something slow
/// assert_eq!(length, 8);
/// ```
pub fn offload<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    GENERAL.run(MOST, f)
}

/// [`offload`] in the lane of name look-ups, of which at most 10 run at a time, or as many as the environment variable
/// `GREENLET_LOOKUPS` says. Mirrors the thread pool of gevent's resolver.
///
/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if `GREENLET_LOOKUPS` is no number from 1 to 1,024.
///
/// # Panics
///
/// A panic of `f` goes on in the caller.
///
/// # Examples
///
/// ```
/// use std::net::ToSocketAddrs;
/// let found = greenlet::offload_lookup(|| "localhost:80".to_socket_addrs().map(Iterator::count))??;
/// assert!(found >= 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn offload_lookup<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    Ok(LOOKUP.run(config::lookups()?, f))
}

/// [`offload`] in the lane of calls that wait for somebody else, not for a device: for the other end of a FIFO to be
/// opened, for what is typed at a terminal.
///
/// Whoever is waited for may be a greenlet that needs a thread of the pool to get there. So these calls have a lane of
/// their own, of which at most 1,024 run at a time; more wait their turn, so those must not be the ones that are waited for.
///
/// # Panics
///
/// A panic of `f` goes on in the caller.
///
/// # Examples
///
/// ```
/// use std::io::Read;
/// let (mut reader, writer) = std::io::pipe()?;
/// let reading = greenlet::spawn(move || greenlet::offload_wait(|| reader.read(&mut [0; 1])));
/// greenlet::yield_now(); // it waits for the end of the stream
/// drop(writer);
/// assert_eq!(reading.join().unwrap()?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn offload_wait<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    WAIT.run(MOST_WAITING, f)
}

/// Whether no other greenlet can ever run on this hub: whether [`offload`] would call its closure in place.
///
/// For shims that can ask the system whether a call would block: where nobody waits, asking is a waste. It is true on a
/// thread that has never spawned a greenlet, or whose greenlets have all ended, and in a forked child, where the others are
/// the parent's; never on a worker.
///
/// # Examples
///
/// ```
/// assert!(greenlet::is_alone());
/// let other = greenlet::spawn(|| assert!(!greenlet::is_alone()));
/// assert!(!greenlet::is_alone());
/// other.join().unwrap();
/// assert!(greenlet::is_alone());
/// ```
pub fn is_alone() -> bool {
    Hub::get().is_alone()
}

/// A call on its way; on the stack of the greenlet that waits for it.
#[repr(C)]
struct Job<F, T> {
    ticket: Ticket,
    call: UnsafeCell<Option<F>>,
    outcome: UnsafeCell<Option<thread::Result<T>>>,
}

/// The part of a job that does not depend on its types.
#[repr(C)]
struct Ticket {
    node: Node,
    run: unsafe fn(*const Ticket),
    core: NonNull<Core>,
    hub: &'static HubShared,
    /// The hub's thread only.
    delivered: Cell<bool>,
}

/// A job in a lane's queue.
struct Queued(*const Ticket);

// SAFETY: a job's closure and outcome are `Send`, and its greenlet does not touch it before it is delivered.
unsafe impl Send for Queued {}

/// # Safety
///
/// `ticket` heads a `Job<F, T>` that is not done.
unsafe fn run<F, T>(ticket: *const Ticket)
where
    F: FnOnce() -> T,
{
    let job = ticket.cast::<Job<F, T>>();
    // SAFETY: the greenlet waits; the job is this thread's until it is pushed below.
    unsafe {
        if let Some(call) = (*(*job).call.get()).take() {
            *(*job).outcome.get() = Some(panic::catch_unwind(AssertUnwindSafe(call)));
        }
    }
}

/// # Safety
///
/// `node` is that of a ticket whose job is done; on its hub's thread.
unsafe fn arrive(node: *const Node) {
    // SAFETY: a field of a ticket, pushed by a pointer to the whole; its greenlet waits for this.
    unsafe {
        let ticket = node.byte_sub(offset_of!(Ticket, node)).cast::<Ticket>();
        (*ticket).delivered.set(true);
        Hub::get().unpark((*ticket).core, WOKEN);
    }
}

/// A share of the pool.
struct Lane {
    name: &'static str,
    /// Whether its calls wait for somebody else.
    waits: bool,
    /// The process that the threads belong to.
    process: OnceCell<fork::Process>,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<Queued>,
    threads: usize,
    idle: usize,
}

impl Lane {
    const fn new(name: &'static str, waits: bool) -> Lane {
        Lane {
            name,
            waits,
            process: OnceCell::new(),
            state: Mutex::new(State {
                queue: VecDeque::new(),
                threads: 0,
                idle: 0,
            }),
            work: Condvar::new(),
        }
    }

    fn run<F, T>(&'static self, most: usize, f: F) -> T
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let hub = Hub::get();
        if hub.is_alone() || !self.is_ours() {
            return f();
        }
        // Once the call has begun a kill is held back: a loop of calls could not be killed.
        if hub.current().kill_is_due() {
            hub.throw_kill();
        }
        let job = Job {
            ticket: Ticket {
                node: Node::new(arrive),
                run: run::<F, T>,
                core: hub.current_ptr(),
                hub: hub.shared,
                delivered: Cell::new(false),
            },
            call: UnsafeCell::new(Some(f)),
            outcome: UnsafeCell::new(None),
        };
        // The pointer is made from the whole job.
        if self.submit(most, Queued((&raw const job).cast::<Ticket>())) {
            hub.park_until_delivered(&job.ticket.delivered);
        } else {
            // No thread is to be had: blocking the hub is what is left.
            // SAFETY: the job was not queued, so it is ours.
            unsafe { run::<F, T>((&raw const job).cast::<Ticket>()) };
        }
        match job.outcome.into_inner() {
            Some(Ok(value)) => value,
            Some(Err(payload)) => crate::resume_unwind(payload),
            None => unreachable!("a delivered job has an outcome"),
        }
    }

    /// Whether the threads are, or will be, of this process. In a forked child they have stayed behind with the parent:
    /// what is left is to block the hub.
    fn is_ours(&self) -> bool {
        *self.process.get_or_init(fork::Process::current) == fork::Process::current()
    }

    /// Queues a job for one of at most `most` threads; `false` if there is none to run it and none can be started.
    fn submit(&'static self, most: usize, job: Queued) -> bool {
        let mut state = self.state.lock();
        if state.idle > state.queue.len() || state.threads >= most {
            state.queue.push_back(job);
            drop(state);
            self.work.notify_one();
            return true;
        }
        match thread::Builder::new()
            .name(self.name.into())
            .spawn(|| self.work())
        {
            Ok(_) => state.threads += 1,
            // Those that run take it when they are done. Where they wait for somebody, that may be this one.
            Err(_) if state.threads == 0 || self.waits => return false,
            Err(_) => (),
        }
        state.queue.push_back(job);
        true
    }

    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            while let Some(Queued(ticket)) = state.queue.pop_front() {
                drop(state);
                // SAFETY: the greenlet of a queued job waits for it, so it is alive until it is pushed; what the push needs
                // is read before. Hubs' shared parts are never freed.
                unsafe {
                    let hub = (*ticket).hub;
                    ((*ticket).run)(ticket);
                    hub.inbox.push(&raw const (*ticket).node);
                    hub.ring();
                }
                state = self.state.lock();
            }
            state.idle += 1;
            let waited = self.work.wait_for(&mut state, IDLE);
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}
