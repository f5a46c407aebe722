//! Finds greenlets that hold their hub: that block its thread, or do not let others run for long.
//!
//! On each worker hub stands a greenlet, the pulse, that does nothing but answer. A thread of the system asks all of them, again
//! and again. While a pulse has been asked and has not answered, others of its hub are runnable: it is. If the hub's
//! thread is seen asleep in all of that time, the greenlet that runs there blocks it, as a hub that has something to run does
//! not sleep.

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use core::time::Duration;
use real_std::sync::Arc;
use real_std::time::Instant;
use real_std::{env, fs, hint, thread as os_thread};
use std::thread;

/// How often the pulses are asked, and how often a thread is looked at that has not answered.
const INTERVAL: Duration = Duration::from_millis(4);

/// A hub whose thread sleeps for longer than this is blocked.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// The same for waits on a futex: one may be for a lock, held for an instant, of a thread that the system does not let run.
const LONGEST_LOCK: Duration = Duration::from_millis(250);

/// How often it must have been seen asleep, if the watching thread is late itself.
const FEWEST_SAMPLES: u32 = 5;

/// A hub whose thread computes for longer than this is held, too.
const LONGEST_RUN: Duration = Duration::from_secs(2);

/// How long it may take until every worker has a pulse.
const LONGEST_START: Duration = Duration::from_secs(10);

/// Watches while it lives.
pub struct Watch {
    stop: Arc<AtomicBool>,
    watcher: Option<os_thread::JoinHandle<()>>,
}

struct Pulse {
    greenlet: thread::Thread,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The thread of the system that it runs on; 0 until it runs.
    thread: AtomicI32,
    /// How often it was asked, and what it has answered.
    asked: AtomicUsize,
    answered: AtomicUsize,
}

impl Watch {
    pub fn begin() -> Watch {
        let own = this_thread();
        let is_there = |name: &str| fs::read_to_string(format!("/proc/self/task/{own}/{name}")).is_ok();
        if !is_there("stat") || !is_there("schedstat") {
            eprintln!("compat-tests: the watch needs /proc, with the scheduler's statistics");
            real_std::process::exit(3);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let pulses = pulses(&stop);
        let watcher = os_thread::spawn({
            let stop = stop.clone();
            move || watch(&pulses, &stop)
        });
        Watch {
            stop,
            watcher: Some(watcher),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.take() {
            // It does not panic, and waits for nobody.
            let _ = watcher.join();
        }
    }
}

/// How many worker hubs there are.
fn workers() -> usize {
    let asked = env::var("GREENLET_WORKERS").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or_else(|| os_thread::available_parallelism().map_or(1, |n| n.get()))
}

/// One for each worker: none goes on before all have begun, so that each has a worker of its own.
fn pulses(stop: &Arc<AtomicBool>) -> real_std::vec::Vec<Pulse> {
    let count = workers();
    let begun = Arc::new(AtomicUsize::new(0));
    let deadline = Instant::now() + LONGEST_START;
    let pulses: real_std::vec::Vec<Pulse> = (0..count)
        .map(|_| {
            let state = Arc::new(State::default());
            let handle = thread::spawn({
                let (state, begun, stop) = (state.clone(), begun.clone(), stop.clone());
                move || {
                    begun.fetch_add(1, Ordering::SeqCst);
                    while begun.load(Ordering::SeqCst) < count && Instant::now() < deadline {
                        hint::spin_loop();
                        os_thread::yield_now();
                    }
                    state.thread.store(this_thread(), Ordering::SeqCst);
                    while !stop.load(Ordering::SeqCst) {
                        state.answered.store(state.asked.load(Ordering::SeqCst), Ordering::SeqCst);
                        thread::park();
                    }
                }
            });
            Pulse {
                greenlet: handle.thread().clone(),
                state,
            }
        })
        .collect();
    for pulse in &pulses {
        while pulse.state.thread.load(Ordering::SeqCst) == 0 {
            if Instant::now() > deadline {
                eprintln!("compat-tests: the watch could not begin: not every worker runs");
                real_std::process::exit(3);
            }
            os_thread::sleep(Duration::from_micros(50));
        }
    }
    pulses
}

/// The number of this thread of the system.
fn this_thread() -> i32 {
    let link = fs::read_link("/proc/thread-self").expect("/proc is not mounted");
    let number = link.file_name().and_then(|name| name.to_str()).map(str::parse);
    number.expect("not a name").expect("not a number")
}

fn watch(pulses: &[Pulse], stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        for pulse in pulses {
            pulse.state.asked.fetch_add(1, Ordering::SeqCst);
            pulse.greenlet.unpark();
        }
        for pulse in pulses {
            wait_for(pulse, stop);
        }
        os_thread::sleep(INTERVAL);
    }
    // So that they end.
    for pulse in pulses {
        pulse.greenlet.unpark();
    }
}

/// Until the pulse has answered; says so if something holds its hub.
fn wait_for(pulse: &Pulse, stop: &AtomicBool) {
    let begin = Instant::now();
    let thread = pulse.state.thread.load(Ordering::SeqCst);
    let cpu = cpu_time(thread);
    // A call may be short, and followed by the next: all of them count.
    let (mut slept, mut in_locks) = (Duration::ZERO, Duration::ZERO);
    let mut last: Option<Instant> = None;
    let mut samples = 0;
    let mut is_said = false;
    while pulse.state.answered.load(Ordering::SeqCst) != pulse.state.asked.load(Ordering::SeqCst) {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        os_thread::sleep(if begin.elapsed() < INTERVAL {
            Duration::from_micros(200)
        } else {
            INTERVAL
        });
        if is_said {
            continue;
        }
        let now = Instant::now();
        let call = sleeps_in(thread);
        if let (Some(call), Some(last)) = (&call, last) {
            samples += 1;
            let time = if call.may_be_a_lock() {
                &mut in_locks
            } else {
                &mut slept
            };
            // Samples that are late say little of the time between them.
            *time += now.duration_since(last).min(2 * INTERVAL);
        }
        last = call.as_ref().map(|_| now);
        let is_asleep = slept > LONGEST_SLEEP || in_locks > LONGEST_LOCK;
        if let (Some(call), true) = (&call, is_asleep && samples >= FEWEST_SAMPLES) {
            say(begin, &format!("a call that blocks its thread ({call})"));
            is_said = true;
        } else if cpu_time(thread).saturating_sub(cpu) > LONGEST_RUN {
            say(begin, "a greenlet that computes");
            is_said = true;
        }
    }
}

/// What the runner of the tests looks for.
fn say(begin: Instant, what: &str) {
    let time = begin.elapsed().as_millis();
    eprintln!("compat-tests: held: {what}, for {time} ms and on");
}

/// The system call that a thread sleeps in, if it sleeps.
fn sleeps_in(thread: i32) -> Option<Call> {
    let read = |name: &str| fs::read_to_string(format!("/proc/self/task/{thread}/{name}")).ok();
    let stat = read("stat")?;
    // Behind the name, which may contain anything.
    if !stat.rsplit_once(") ")?.1.starts_with('S') {
        return None;
    }
    let call = read("syscall").and_then(|text| text.split(' ').next()?.trim().parse().ok());
    Some(Call(call))
}

/// The number of a system call, if it is known.
struct Call(Option<i32>);

impl Call {
    fn may_be_a_lock(&self) -> bool {
        // It is not told everywhere which call it is.
        self.0.is_none_or(|number| i64::from(number) == i64::from(libc::SYS_futex))
    }
}

impl real_std::fmt::Display for Call {
    fn fmt(&self, f: &mut real_std::fmt::Formatter<'_>) -> real_std::fmt::Result {
        match self.0 {
            Some(number) => write!(f, "system call {number}"),
            None => write!(f, "which is not known"),
        }
    }
}

/// How long a thread has run.
fn cpu_time(thread: i32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
