//! Single operations, each as often as asked for and nothing else, for counting their instructions; see `benches/README.md`.

mod clock;

use gnet::{TcpListener, TcpStream};
use greenlet::{Local, futex};
use gsync::{Condvar, Mutex, mpsc};
use std::cell::Cell;
use std::env;
use std::hint::black_box;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const USAGE: &str = "\
usage: instructions OPERATION TIMES
       instructions --list
";

/// How many are spawned before the first of them is joined.
const BATCH: usize = 1_000;

/// How many take turns with a lock.
const LOCKERS: usize = 8;

/// A name, and what does it so many times.
type Operation = (&'static str, fn(usize));

const OPERATIONS: [Operation; 16] = [
    ("yield, there and back", yields),
    ("futex, there and back", hand_over),
    ("spawn and join, one at a time", |times| spawns(times, 1)),
    ("spawn and join, batches of 1,000", |times| {
        spawns(times, BATCH)
    }),
    ("gthread: spawn and join, one at a time", |times| {
        on_worker(move || worker_spawns(times, 1))
    }),
    ("gthread: spawn and join, batches of 1,000", |times| {
        on_worker(move || worker_spawns(times, BATCH))
    }),
    ("mutex, nobody else", |times| {
        on_worker(move || lock_alone(times))
    }),
    ("mutex, 8 tasks, yield while holding", |times| {
        on_worker(move || lock_and_yield(times))
    }),
    ("condvar, there and back", |times| {
        on_worker(move || condvar(times))
    }),
    ("channel, a message", |times| {
        on_worker(move || stream(times))
    }),
    ("channel, there and back", |times| {
        on_worker(move || ping(times))
    }),
    ("rendezvous channel, there and back", |times| {
        on_worker(move || ping_rendezvous(times))
    }),
    ("wait with a deadline, woken before", waits_with_deadline),
    ("greenlet-local value", locals),
    ("gthread: thread_local! value", |times| {
        on_worker(move || thread_locals(times))
    }),
    ("TCP echo, a message", echo),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--list"] => {
            for (name, _) in OPERATIONS {
                println!("{name}");
            }
            return ExitCode::SUCCESS;
        }
        [name, times] => {
            let operation = OPERATIONS.iter().find(|operation| operation.0 == name);
            if let (Some((_, run)), Ok(times)) = (operation, times.parse()) {
                run(times);
                return ExitCode::SUCCESS;
            }
        }
        _ => {}
    }
    eprint!("{USAGE}");
    ExitCode::from(2)
}

/// Runs `f` as code that was ported runs, in a greenlet of a worker hub: the only one, as GREENLET_WORKERS says.
fn on_worker(f: impl FnOnce() + Send + 'static) {
    gthread::spawn(f).join().expect("it does not panic");
}

fn yields(times: usize) {
    let other = greenlet::spawn(move || (0..times).for_each(|_| greenlet::yield_now()));
    (0..times).for_each(|_| greenlet::yield_now());
    other.join().expect("it does not panic");
}

fn hand_over(times: usize) {
    let wait_for = |turn: &AtomicU32, mine: u32| {
        while turn.load(Ordering::Acquire) != mine {
            futex::wait(turn, 1 - mine);
        }
    };
    let give_to = |turn: &AtomicU32, other: u32| {
        turn.store(other, Ordering::Release);
        futex::wake(turn, 1);
    };
    let turn = Rc::new(AtomicU32::new(0));
    let other = greenlet::spawn({
        let turn = Rc::clone(&turn);
        move || {
            for _ in 0..times {
                wait_for(&turn, 1);
                give_to(&turn, 0);
            }
        }
    });
    for _ in 0..times {
        give_to(&turn, 1);
        wait_for(&turn, 0);
    }
    other.join().expect("it does not panic");
}

fn spawns(times: usize, batch: usize) {
    let mut handles = Vec::with_capacity(batch);
    for _ in 0..times / batch {
        handles.extend((0..batch).map(|_| greenlet::spawn(|| {})));
        for handle in handles.drain(..) {
            handle.join().expect("it does not panic");
        }
    }
}

fn worker_spawns(times: usize, batch: usize) {
    let mut handles = Vec::with_capacity(batch);
    for _ in 0..times / batch {
        handles.extend((0..batch).map(|_| gthread::spawn(|| {})));
        for handle in handles.drain(..) {
            handle.join().expect("it does not panic");
        }
    }
}

fn lock_alone(times: usize) {
    let lock = Mutex::new(0);
    for _ in 0..times {
        *black_box(&lock).lock().unwrap() += 1;
    }
}

fn lock_and_yield(times: usize) {
    let sum = Arc::new(Mutex::new(0));
    let adders = [(); LOCKERS].map(|()| {
        let sum = Arc::clone(&sum);
        gthread::spawn(move || {
            for _ in 0..times / LOCKERS {
                let mut sum = sum.lock().unwrap();
                *sum += 1;
                gthread::yield_now();
            }
        })
    });
    for adder in adders {
        adder.join().expect("it does not panic");
    }
}

fn condvar(times: usize) {
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let take_turns = move |shared: &(Mutex<usize>, Condvar), mine| {
        for _ in 0..times {
            let mut turn = shared.0.lock().unwrap();
            while *turn % 2 != mine {
                turn = shared.1.wait(turn).unwrap();
            }
            *turn += 1;
            drop(turn);
            shared.1.notify_one();
        }
    };
    let other = gthread::spawn({
        let shared = Arc::clone(&shared);
        move || take_turns(&shared, 1)
    });
    take_turns(&shared, 0);
    other.join().expect("it does not panic");
}

fn stream(times: usize) {
    let (sender, receiver) = mpsc::channel();
    let producer = gthread::spawn(move || {
        for number in 0..times {
            sender.send(number).expect("there is a receiver");
        }
    });
    assert_eq!(receiver.iter().count(), times);
    producer.join().expect("it does not panic");
}

fn ping(times: usize) {
    let (there, at_other) = mpsc::channel();
    let (back, at_me) = mpsc::channel();
    there_and_back(
        times,
        move |number| there.send(number).is_ok(),
        at_other,
        move |number| back.send(number).is_ok(),
        at_me,
    );
}

fn ping_rendezvous(times: usize) {
    let (there, at_other) = mpsc::sync_channel(0);
    let (back, at_me) = mpsc::sync_channel(0);
    there_and_back(
        times,
        move |number| there.send(number).is_ok(),
        at_other,
        move |number| back.send(number).is_ok(),
        at_me,
    );
}

/// `there` and `back` send to the two receivers, and tell whether those are there.
fn there_and_back(
    times: usize,
    there: impl Fn(usize) -> bool,
    at_other: mpsc::Receiver<usize>,
    back: impl Fn(usize) -> bool + Send + 'static,
    at_me: mpsc::Receiver<usize>,
) {
    let other = gthread::spawn(move || {
        for number in at_other {
            assert!(back(number), "there is a receiver");
        }
    });
    for number in 0..times {
        assert!(there(number), "there is a receiver");
        assert_eq!(at_me.recv(), Ok(number));
    }
    drop(there);
    other.join().expect("it does not panic");
}

/// Far from now, so it does not pass.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

fn waits_with_deadline(times: usize) {
    let word = Rc::new(AtomicU32::new(0));
    let waker = greenlet::spawn({
        let word = Rc::clone(&word);
        move || {
            for _ in 0..times {
                futex::wake(&*word, 1);
                greenlet::yield_now();
            }
        }
    });
    let deadline = far();
    for _ in 0..times {
        assert!(futex::wait_until(&word, 0, Some(deadline)));
    }
    waker.join().expect("it does not panic");
}

fn locals(times: usize) {
    static COUNT: Local<Cell<usize>> = Local::new();
    for _ in 0..times {
        let counted = COUNT.with(Cell::default, |count| count.set(count.get() + 1));
        black_box(counted).expect("it is not destroyed");
    }
}

fn thread_locals(times: usize) {
    gthread::thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }
    for _ in 0..times {
        black_box(&COUNT).with(|count| count.set(count.get() + 1));
    }
}

fn echo(times: usize) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is to be had");
    let address = listener.local_addr().expect("it is bound");
    let server = greenlet::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client comes");
        stream.set_nodelay(true).expect("it is connected");
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            stream
                .write_all(&buffer[..count])
                .expect("the client reads");
        }
    });
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("it is connected");
    let message = [b'x'; 64];
    let mut answer = [0; 64];
    for _ in 0..times {
        stream.write_all(&message).expect("the server reads");
        stream.read_exact(&mut answer).expect("the server answers");
    }
    drop(stream);
    server.join().expect("it does not panic");
}
