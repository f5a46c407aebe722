//! The worker hubs, and the queues of greenlets that have not started.

use super::fork::Process;
use super::{Hub, HubShared};
use crate::config;
use crate::io::Reactor;
use crate::io::sys::Poller;
use crate::task::Core;
use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};
use once_cell::sync::OnceCell;
use parking_lot::Mutex;
use std::cell::Cell;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::thread;

/// A greenlet that has not started: a `Send` closure in its packet.
struct Unstarted(NonNull<Core>);

// SAFETY: closure and outcome are `Send` (`spawn_worker`), and nothing of the packet has run yet.
unsafe impl Send for Unstarted {}

/// All worker hubs.
pub(crate) struct Workers {
    /// Greenlets that threads which are no workers have spawned.
    injector: Injector<Unstarted>,
    seats: Box<[Seat]>,
    /// How many workers sleep or are about to.
    idle: AtomicUsize,
    running: AtomicBool,
    /// The process that has the threads.
    process: Process,
    /// How many threads have been started, and the queues of the others.
    starting: Mutex<Vec<(usize, Deque<Unstarted>)>>,
}

/// What the others know of one worker.
struct Seat {
    shared: &'static HubShared,
    stealer: Stealer<Unstarted>,
    /// It sleeps, or is about to, and takes greenlets when it is rung.
    idle: AtomicBool,
}

static WORKERS: OnceCell<Workers> = OnceCell::new();

/// The number of worker hubs: `GREENLET_WORKERS`, or as many as
/// [`available_parallelism`](std::thread::available_parallelism) says.
///
/// They are threads that start when the first greenlet is spawned on them, and never end.
///
/// # Panics
///
/// When `GREENLET_WORKERS` is no number from 1 to 1024. (Spawning gives an error then.)
///
/// # Examples
///
/// ```
/// assert!(greenlet::workers() >= 1);
/// ```
pub fn workers() -> usize {
    match config::workers() {
        Ok(count) => count,
        Err(error) => panic!("{error}"),
    }
}

/// The workers, all of them running.
pub(crate) fn started() -> io::Result<&'static Workers> {
    let workers = WORKERS.get_or_try_init(|| config::workers().map(Workers::new))?;
    workers.process.check()?;
    if !workers.running.load(Ordering::Acquire) {
        workers.start()?;
    }
    Ok(workers)
}

impl Workers {
    fn new(count: usize) -> Workers {
        let mut deques = Vec::with_capacity(count);
        let seats = (0..count)
            .map(|index| {
                let deque = Deque::new_fifo();
                let stealer = deque.stealer();
                deques.push((index, deque));
                Seat {
                    shared: HubShared::acquire(),
                    stealer,
                    idle: AtomicBool::new(false),
                }
            })
            .collect();
        // Popped from the end: the first is started first.
        deques.reverse();
        Workers {
            injector: Injector::new(),
            seats,
            idle: AtomicUsize::new(0),
            running: AtomicBool::new(false),
            process: Process::current(),
            starting: Mutex::new(deques),
        }
    }

    /// Starts the threads that do not run yet. After an error the next call goes on where this one stopped.
    #[cold]
    fn start(&'static self) -> io::Result<()> {
        let mut starting = self.starting.lock();
        while let Some((index, deque)) = starting.pop() {
            // Made before anything runs there, because a connection that was accepted as the last descriptors went would
            // be lost if there were none left for a poller. If there are none now, the first wait tries again and says so.
            let poller = Poller::new(&self.seats[index].shared.notifier).ok();
            // The deque goes to the thread only once it runs, so that a failure loses nothing.
            let (send, receive) = std::sync::mpsc::channel();
            let spawned = thread::Builder::new()
                .name(format!("greenlet-worker-{index}"))
                .spawn(move || {
                    if let Ok(deque) = receive.recv() {
                        self.work(index, deque, poller);
                    }
                });
            if let Err(error) = spawned {
                starting.push((index, deque));
                return Err(io::Error::new(
                    error.kind(),
                    format!(
                        "cannot start a thread for worker hub {index}: {error} (the limits are RLIMIT_NPROC, kernel.threads-max and the cgroup's pids.max)"
                    ),
                ));
            }
            let _ = send.send(deque);
        }
        self.running.store(true, Ordering::Release);
        Ok(())
    }

    fn work(&'static self, index: usize, deque: Deque<Unstarted>, poller: Option<Poller>) -> ! {
        // What stealing makes for a thread when it is first done takes more room than the smallest stack has: do it here.
        let _ = Deque::<()>::new_fifo().stealer().steal();
        let hub = Hub::create(
            Some(Worker {
                index,
                deque,
                workers: self,
                luck: Cell::new(0),
                sleeps: Cell::new(0),
            }),
            self.seats[index].shared,
        );
        *hub.reactor.borrow_mut() = poller.map(Reactor::new);
        loop {
            // The thread's own greenlet is never unparked: it only lends its stack to the scheduler.
            hub.schedule();
        }
    }

    /// Queues an unstarted greenlet, and sees to it that somebody is awake to run it.
    ///
    /// # Safety
    ///
    /// The scheduler's count on `core` goes along; closure and outcome are `Send`; a stack is reserved.
    pub(crate) unsafe fn submit(&self, hub: &Hub, core: NonNull<Core>) {
        match &hub.worker {
            Some(worker) => worker.deque.push(Unstarted(core)),
            None => self.injector.push(Unstarted(core)),
        }
        // Pairs with the fence in `idle`: either this thread sees the idle worker, or that one sees the greenlet.
        fence(Ordering::SeqCst);
        if self.idle.load(Ordering::Relaxed) > 0 {
            self.wake_one();
        }
    }

    #[cold]
    fn wake_one(&self) {
        for seat in &self.seats {
            // One that sleeps without being idle is stuck in a panic hook, and takes nothing.
            if seat.idle.load(Ordering::Relaxed) && seat.shared.ring() {
                return;
            }
        }
    }
}

/// A worker hub's own part.
pub(super) struct Worker {
    index: usize,
    deque: Deque<Unstarted>,
    workers: &'static Workers,
    /// How often of late it was of use to wait awake.
    luck: Cell<u32>,
    /// How often it was about to sleep, as far as that matters.
    sleeps: Cell<u32>,
}

impl Worker {
    /// An unstarted greenlet of this worker, or of the threads that are no workers.
    fn find_near(&self) -> Option<NonNull<Core>> {
        if let Some(Unstarted(core)) = self.deque.pop() {
            return Some(core);
        }
        loop {
            match self.workers.injector.steal_batch_and_pop(&self.deque) {
                Steal::Success(Unstarted(core)) => return Some(core),
                Steal::Retry => (),
                Steal::Empty => return None,
            }
        }
    }

    /// Puts some of what other threads have spawned behind the greenlets of this worker. One that always has some of its
    /// own would never start the others otherwise.
    pub(super) fn take_turns(&self) {
        if !self.deque.is_empty() {
            // A race that was lost is made good by the next turn.
            let _ = self.workers.injector.steal_batch(&self.deque);
        }
    }

    /// [`find_near`](Worker::find_near), or one of another worker.
    pub(super) fn find(&self) -> Option<NonNull<Core>> {
        loop {
            if let Some(core) = self.find_near() {
                return Some(core);
            }
            let mut again = false;
            let count = self.workers.seats.len();
            for seat in (1..count).map(|step| &self.workers.seats[(self.index + step) % count]) {
                match seat.stealer.steal_batch_and_pop(&self.deque) {
                    Steal::Success(Unstarted(core)) => return Some(core),
                    Steal::Retry => again = true,
                    Steal::Empty => (),
                }
            }
            if !again {
                return None;
            }
        }
    }

    /// Before this worker runs something that may take long: if there is an unstarted greenlet left that it was
    /// perhaps woken for, wakes another. The fence pairs with that of `submit`.
    pub(super) fn pass_on(&self) {
        fence(Ordering::SeqCst);
        if self.workers.idle.load(Ordering::Relaxed) > 0 && self.has_work() {
            self.workers.wake_one();
        }
    }

    /// Whether there may be an unstarted greenlet somewhere.
    pub(super) fn has_work(&self) -> bool {
        !self.deque.is_empty()
            || !self.workers.injector.is_empty()
            || self
                .workers
                .seats
                .iter()
                .any(|seat| !seat.stealer.is_empty())
    }

    /// Whether to look for a moment, before it falls asleep, if another worker has something for it: when that was of use of
    /// late, and with every so-manieth sleep, to see whether that has changed.
    pub(super) fn waits_awake(&self) -> bool {
        const SO_OFTEN: u32 = 64;
        let is_the_only_one = self.workers.seats.len() == 1;
        if is_the_only_one {
            return false;
        }
        let sleeps = (self.sleeps.get() + 1) % SO_OFTEN;
        self.sleeps.set(sleeps);
        self.luck.get() > 0 || sleeps == 0
    }

    /// Keeps whether that was of use.
    pub(super) fn waited_awake(&self, of_use: bool) {
        const MOST_LUCK: u32 = 8;
        let luck = self.luck.get();
        self.luck.set(if of_use {
            MOST_LUCK.min(luck + 2)
        } else {
            luck.saturating_sub(1)
        });
    }

    /// Counts this worker as idle until the guard goes.
    pub(super) fn idle(&self) -> Idle {
        self.workers.seats[self.index]
            .idle
            .store(true, Ordering::Relaxed);
        self.workers.idle.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        Idle(self.workers, self.index)
    }
}

/// See [`Worker::idle`].
pub(super) struct Idle(&'static Workers, usize);

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.idle.fetch_sub(1, Ordering::Relaxed);
        self.0.seats[self.1].idle.store(false, Ordering::Relaxed);
    }
}
