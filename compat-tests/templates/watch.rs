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

/// A hub whose thread sleeps for longer than this in one call of the system is blocked.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// The same for a wait on a futex: that may be for a lock, held for an instant, of a thread that the system does not let run.
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
    let mut sleep: Option<(Sleep, Instant, u32)> = None;
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
        sleep = match (sleep, Sleep::of(thread)) {
            (_, None) => None,
            (Some((old, since, samples)), Some(now)) if old == now => Some((old, since, samples + 1)),
            (_, Some(now)) => Some((now, Instant::now(), 1)),
        };
        if let Some((call, since, samples)) = &sleep {
            if *samples >= FEWEST_SAMPLES && since.elapsed() > call.longest() {
                say(begin, &format!("a call that blocks its thread ({})", call.call));
                is_said = true;
            }
        }
        if cpu_time(thread).saturating_sub(cpu) > LONGEST_RUN {
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

/// A thread that sleeps in the system.
#[derive(PartialEq)]
struct Sleep {
    /// How often it has gone to sleep: another time is another sleep.
    times: u64,
    call: Call,
}

impl Sleep {
    /// That of a thread, if it sleeps.
    fn of(thread: i32) -> Option<Sleep> {
        let read = |name: &str| fs::read_to_string(format!("/proc/self/task/{thread}/{name}")).ok();
        let status = read("status")?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        if !field("State:")?.trim_start().starts_with('S') {
            return None;
        }
        let times = field("voluntary_ctxt_switches:")?.trim().parse().ok()?;
        let call = read("syscall").and_then(|text| text.split(' ').next()?.trim().parse().ok());
        Some(Sleep {
            times,
            call: Call(call),
        })
    }

    fn longest(&self) -> Duration {
        match self.call.0 {
            Some(number) if i64::from(number) != i64::from(libc::SYS_futex) => LONGEST_SLEEP,
            // It is not said everywhere.
            _ => LONGEST_LOCK,
        }
    }
}

/// The number of a system call, if it is known.
#[derive(PartialEq)]
struct Call(Option<i32>);

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
