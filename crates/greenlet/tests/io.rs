//! Door 2: any number of waiters, no lost data, and descriptors that come and go.

#![cfg(target_os = "linux")]

mod child;
mod process;
mod random;
mod watchdog;

use greenlet::Builder;
use greenlet::io::{Progress, Source};
use random::Random;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// More in a release build.
const fn many(debug: usize, release: usize) -> usize {
    if cfg!(debug_assertions) {
        debug
    } else {
        release
    }
}

/// Two connected streams that do not block.
fn pair() -> (UnixStream, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    other.set_nonblocking(true).unwrap();
    (one, other)
}

fn nonblocking(fd: impl Into<OwnedFd>) -> File {
    let fd = fd.into();
    // SAFETY: the descriptor is open; only its flags are changed.
    unsafe {
        let flags = libc::fcntl(fd.as_raw_fd(), libc::F_GETFL);
        assert!(libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) >= 0);
    }
    File::from(fd)
}

/// Reads once, giving the hint if `hint` says so.
fn read<T: AsFd>(source: &Source<T>, buffer: &mut [u8], hint: bool) -> io::Result<usize>
where
    for<'a> &'a T: Read,
{
    source.read_with(None, |mut io| {
        let count = io.read(buffer)?;
        Ok(if hint && count < buffer.len() {
            Progress::Drained(count)
        } else {
            Progress::More(count)
        })
    })
}

fn write_all<T: AsFd>(source: &Source<T>, mut bytes: &[u8], hint: bool) -> io::Result<()>
where
    for<'a> &'a T: Write,
{
    while !bytes.is_empty() {
        let count = source.write_with(None, |mut io| {
            let count = io.write(bytes)?;
            Ok(if hint && count < bytes.len() {
                Progress::Drained(count)
            } else {
                Progress::More(count)
            })
        })?;
        bytes = &bytes[count..];
    }
    Ok(())
}

fn soon() -> Option<Instant> {
    Some(Instant::now() + Duration::from_millis(2))
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn any_number_may_wait_in_both_directions() {
    let _deadline = watchdog::within(60, "any_number_may_wait_in_both_directions");
    const EACH: usize = 50;
    const BYTES: usize = 20_000;
    for hint in [false, true] {
        let (near, far) = pair();
        let (near, far) = (Rc::new(Source::new(near)), Rc::new(Source::new(far)));
        let sent: Rc<std::cell::Cell<usize>> = Rc::default();
        // All readers of both ends wait first, then the writers fill both sides and wait.
        let readers: Vec<_> = (0..2 * EACH)
            .map(|number| {
                let end = [&near, &far][number % 2].clone();
                greenlet::spawn(move || {
                    let mut buffer = [0; 777];
                    let mut sum = 0;
                    loop {
                        match read(&end, &mut buffer, hint).unwrap() {
                            0 => return sum,
                            count => sum += count,
                        }
                    }
                })
            })
            .collect();
        greenlet::yield_now();
        let writers: Vec<_> = (0..2 * EACH)
            .map(|number| {
                let end = [&near, &far][number % 2].clone();
                let sent = sent.clone();
                greenlet::spawn(move || {
                    write_all(&end, &[7; BYTES], hint).unwrap();
                    sent.set(sent.get() + BYTES);
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        near.get_ref().shutdown(Shutdown::Write).unwrap();
        far.get_ref().shutdown(Shutdown::Write).unwrap();
        let received: usize = readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .sum();
        assert_eq!(sent.get(), 2 * EACH * BYTES);
        assert_eq!(received, sent.get());
    }
}

/// Threads, their greenlets and the workers' all wait for one descriptor: each byte is read once, and all see the end.
fn read_from_several_hubs(hint: bool) {
    const READERS: usize = 12;
    let total = many(20_000, 60_000);
    let (reader, mut writer) = pair();
    writer.set_nonblocking(false).unwrap();
    let reader = Arc::new(Source::new(reader));
    let received = Arc::new(AtomicUsize::new(0));
    let count = move |reader: &Source<UnixStream>, received: &AtomicUsize| {
        let mut buffer = [0; 5];
        loop {
            match read(reader, &mut buffer, hint).unwrap() {
                0 => return,
                count => received.fetch_add(count, Ordering::Relaxed),
            };
        }
    };
    let workers: Vec<_> = (0..READERS)
        .map(|_| {
            let (reader, received) = (reader.clone(), received.clone());
            Builder::new()
                .spawn_worker(move || count(&reader, &received))
                .unwrap()
        })
        .collect();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (reader, received) = (reader.clone(), received.clone());
            thread::spawn(move || {
                let local: Vec<_> = (0..2)
                    .map(|_| {
                        let (reader, received) = (reader.clone(), received.clone());
                        greenlet::spawn(move || count(&reader, &received))
                    })
                    .collect();
                count(&reader, &received);
                for greenlet in local {
                    greenlet.join().unwrap();
                }
            })
        })
        .collect();
    let mut random = Random::new(11);
    let mut left = total;
    while left > 0 {
        let burst = (1 + random.below(20)).min(left);
        writer.write_all(&[1; 20][..burst]).unwrap();
        left -= burst;
    }
    drop(writer);
    for thread in threads {
        thread.join().unwrap();
    }
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(received.load(Ordering::Relaxed), total);
}

#[test]
fn several_hubs_wait_for_one_source() {
    const NAME: &str = "several_hubs_wait_for_one_source";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[("GREENLET_WORKERS", "2")], || {
        read_from_several_hubs(false);
        read_from_several_hubs(true);
    });
}

/// The sizes of the writes of one connection, and whether the end comes together with the last of them.
struct Script {
    sizes: Vec<usize>,
    pauses: u64,
}

impl Script {
    fn new(random: &mut Random) -> Script {
        let writes = random.below(5);
        Script {
            sizes: (0..writes)
                .map(|_| match random.below(4) {
                    0 => 1 + random.below(8),
                    1 => 64,
                    2 => 1 + random.below(300),
                    _ => 1 + random.below(5_000),
                })
                .collect(),
            pauses: random.next(),
        }
    }

    fn total(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// Whether to let others run before the write of this number (or the end).
    fn pauses_before(&self, write: usize) -> bool {
        self.pauses >> write & 1 != 0
    }
}

/// Reads to the end with buffers of random sizes, giving the hint whenever it may be given.
fn read_to_the_end<T: AsFd>(source: &Source<T>, random: &mut Random) -> usize
where
    for<'a> &'a T: Read,
{
    let mut buffer = [0; 512];
    let mut total = 0;
    loop {
        let size = if random.below(2) == 0 {
            64
        } else {
            1 + random.below(512)
        };
        match read(source, &mut buffer[..size], true).unwrap() {
            0 => return total,
            count => total += count,
        }
    }
}

/// Thousands of short connections: `connect` gives the two ends. The writer is a greenlet of the same hub, which makes
/// every order of reads, writes and polls, or another thread, which makes races.
fn hints<R, W>(rounds: usize, seed: u64, mut connect: impl FnMut() -> (R, W))
where
    R: AsFd + 'static,
    for<'a> &'a R: Read,
    W: AsFd + Send + 'static,
    for<'a> &'a W: Write,
{
    let mut random = Random::new(seed);
    let (to_writer, scripts) = mpsc::channel::<(W, Script)>();
    let far = thread::spawn(move || {
        for (writer, script) in scripts {
            let writer = Source::new(writer);
            for (number, &size) in script.sizes.iter().enumerate() {
                if script.pauses_before(number) {
                    thread::yield_now();
                }
                write_all(&writer, &vec![3; size], true).unwrap();
            }
        }
    });
    for round in 0..rounds {
        let (reader, writer) = connect();
        let script = Script::new(&mut random);
        let total = script.total();
        let seed = random.next();
        let reader =
            greenlet::spawn(move || read_to_the_end(&Source::new(reader), &mut Random::new(seed)));
        if round % 2 == 0 {
            to_writer.send((writer, script)).unwrap();
        } else {
            greenlet::spawn(move || {
                let writer = Source::new(writer);
                for (number, &size) in script.sizes.iter().enumerate() {
                    if script.pauses_before(number) {
                        greenlet::yield_now();
                    }
                    write_all(&writer, &vec![3; size], true).unwrap();
                }
                if script.pauses_before(script.sizes.len()) {
                    greenlet::yield_now();
                }
            });
        }
        assert_eq!(reader.join().unwrap(), total, "round {round}");
    }
    drop(to_writer);
    far.join().unwrap();
}

#[test]
fn the_hint_loses_nothing_of_a_unix_stream() {
    let _deadline = watchdog::within(60, "the_hint_loses_nothing_of_a_unix_stream");
    hints(many(1_500, 6_000), 21, pair);
}

#[test]
fn the_hint_loses_nothing_of_a_pipe() {
    let _deadline = watchdog::within(60, "the_hint_loses_nothing_of_a_pipe");
    hints(many(1_500, 6_000), 22, || {
        let (reader, writer) = io::pipe().unwrap();
        (nonblocking(reader), nonblocking(writer))
    });
}

#[test]
fn the_hint_loses_nothing_of_a_tcp_stream() {
    let _deadline = watchdog::within(60, "the_hint_loses_nothing_of_a_tcp_stream");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    hints(many(800, 3_000), 23, || {
        let writer = TcpStream::connect(address).unwrap();
        let (reader, _) = listener.accept().unwrap();
        reader.set_nonblocking(true).unwrap();
        writer.set_nonblocking(true).unwrap();
        (reader, writer)
    });
}

/// A long stream through a full buffer, both ends on one hub, and then on two.
#[test]
fn the_hint_loses_nothing_when_the_buffer_is_full() {
    let _deadline = watchdog::within(60, "the_hint_loses_nothing_when_the_buffer_is_full");
    const BYTES: usize = 6_000_000;
    let send = |writer: UnixStream| {
        let bytes: Vec<u8> = (0..BYTES).map(|at| (at % 251) as u8).collect();
        write_all(&Source::new(writer), &bytes, true).unwrap();
    };
    let receive = |reader: UnixStream| {
        let reader = Source::new(reader);
        let mut buffer = vec![0; 70_000];
        let mut at = 0;
        let mut random = Random::new(31);
        loop {
            let size = 1 + random.below(buffer.len());
            let count = read(&reader, &mut buffer[..size], true).unwrap();
            if count == 0 {
                assert_eq!(at, BYTES);
                return;
            }
            for byte in &buffer[..count] {
                assert_eq!(*byte, (at % 251) as u8);
                at += 1;
            }
        }
    };
    let (reader, writer) = pair();
    let sender = greenlet::spawn(move || send(writer));
    receive(reader);
    sender.join().unwrap();
    let (reader, writer) = pair();
    let sender = Builder::new().spawn_worker(move || send(writer)).unwrap();
    receive(reader);
    sender.join().unwrap();
}

#[test]
fn deadlines_are_timed_out_errors() {
    let _deadline = watchdog::within(30, "deadlines_are_timed_out_errors");
    let (near, far) = pair();
    let source = Source::new(near);
    assert_eq!(kind(source.readable(soon())), ErrorKind::TimedOut);
    assert_eq!(
        kind(source.readable(Some(Instant::now()))),
        ErrorKind::TimedOut
    );
    let timeout = Some(Duration::from_millis(1));
    let before = Instant::now();
    let result = source.read_with(timeout, |mut io| io.read(&mut [0]).map(Progress::More));
    assert_eq!(kind(result), ErrorKind::TimedOut);
    assert!(before.elapsed() >= Duration::from_millis(1));
    // Ready beats the deadline.
    source.writable(Some(Instant::now())).unwrap();
    // Full: the other direction times out as well.
    let mut stream = source.get_ref();
    while stream.write(&[0; 10_000]).is_ok() {}
    assert_eq!(kind(source.writable(soon())), ErrorKind::TimedOut);
    let result = source.write_with(timeout, |mut io| io.write(&[0]).map(Progress::More));
    assert_eq!(kind(result), ErrorKind::TimedOut);
    // It all works on.
    (&far).write_all(b"x").unwrap();
    source.readable(Some(Instant::now())).unwrap();
    while (&far).read(&mut [0; 100_000]).is_ok() {}
    source.writable(None).unwrap();
    // Dropped here, with no greenlet waiting.
}

#[test]
fn a_kill_of_one_waiter_leaves_the_event_to_the_others() {
    let _deadline = watchdog::within(30, "a_kill_of_one_waiter_leaves_the_event_to_the_others");
    for victim in 0..3 {
        let (near, far) = pair();
        let source = Rc::new(Source::new(near));
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let source = source.clone();
                greenlet::spawn(move || read(&source, &mut [0], false).unwrap())
            })
            .collect();
        greenlet::yield_now();
        (&far).write_all(&[1, 2]).unwrap();
        waiters[victim].kill().unwrap();
        let mut ended = 0;
        for waiter in waiters {
            ended += usize::from(waiter.join().is_ok());
        }
        assert_eq!(ended, 2);
    }
}

/// The same descriptor number and the same slot, while the kernel still has an event for the old owner of both.
#[test]
fn a_late_event_finds_nobody() {
    let _deadline = watchdog::within(30, "a_late_event_finds_nobody");
    for duplicate in [false, true] {
        for told in [false, true] {
            let (old, old_peer) = pair();
            let number = old.as_raw_fd();
            let old = Source::new(old);
            assert_eq!(kind(old.readable(soon())), ErrorKind::TimedOut);
            let kept = duplicate.then(|| old.get_ref().try_clone().unwrap());
            if told {
                old.mark_shared();
            }
            (&old_peer).write_all(b"late").unwrap();
            drop(old);
            // The new one takes the number, and the slot.
            let (new, new_peer) = pair();
            // SAFETY: the number was closed above, and no other thread of this process opens descriptors that
            // this could replace: if one did, `number` is taken by `pair` already or the assertion below fails.
            let new = if new.as_raw_fd() == number {
                new
            } else {
                return;
            };
            let new = Source::new(new);
            let mut calls = 0;
            let result = new.read_with(Some(Duration::from_millis(2)), |mut io| {
                calls += 1;
                io.read(&mut [0]).map(Progress::More)
            });
            assert_eq!(kind(result), ErrorKind::TimedOut);
            assert_eq!(calls, 1, "woken by an event that was not its own");
            (&new_peer).write_all(b"!").unwrap();
            assert_eq!(read(&new, &mut [0; 4], true).unwrap(), 1);
            // The duplicate is the old stream still.
            if let Some(kept) = kept {
                let kept = Source::new(kept);
                let mut buffer = [0; 8];
                assert_eq!(read(&kept, &mut buffer, true).unwrap(), 4);
                (&old_peer).write_all(b"again").unwrap();
                assert_eq!(read(&kept, &mut buffer, true).unwrap(), 5);
                drop(old_peer);
                assert_eq!(read(&kept, &mut buffer, true).unwrap(), 0);
            }
        }
    }
}

/// A source goes without a word about its duplicate, which then gets its number: the kernel's registration is there
/// already, under a key that is no more.
#[test]
fn a_duplicate_may_come_back_under_the_old_number() {
    let _deadline = watchdog::within(30, "a_duplicate_may_come_back_under_the_old_number");
    let (old, peer) = pair();
    let duplicate = old.try_clone().unwrap();
    let number = old.as_raw_fd();
    let old = Source::new(old);
    assert_eq!(kind(old.readable(soon())), ErrorKind::TimedOut);
    drop(old);
    let again = duplicate.try_clone().unwrap();
    if again.as_raw_fd() != number {
        // Another test of this process was faster.
        return;
    }
    let again = Source::new(again);
    let waiter = greenlet::spawn(move || read(&again, &mut [0; 8], true).unwrap());
    greenlet::yield_now();
    (&peer).write_all(b"abc").unwrap();
    assert_eq!(waiter.join().unwrap(), 3);
}

#[test]
fn a_thing_may_be_taken_out_and_wrapped_again() {
    let _deadline = watchdog::within(30, "a_thing_may_be_taken_out_and_wrapped_again");
    let (mut near, far) = pair();
    for round in 0..1_000_u32 {
        let source = Source::new(near);
        let far = far.try_clone().unwrap();
        let writer = greenlet::spawn(move || (&far).write_all(&round.to_le_bytes()).unwrap());
        let mut buffer = [0; 4];
        assert_eq!(read(&source, &mut buffer, round % 2 == 0).unwrap(), 4);
        assert_eq!(u32::from_le_bytes(buffer), round);
        writer.join().unwrap();
        near = source.into_inner();
    }
}

/// Registered here, dropped there: nothing grows.
#[test]
fn sources_may_be_dropped_on_another_thread() {
    const NAME: &str = "sources_may_be_dropped_on_another_thread";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let (send, receive) = mpsc::sync_channel::<Source<UnixStream>>(4);
        let dropper = thread::spawn(move || {
            for (number, source) in receive.into_iter().enumerate() {
                if number % 3 == 0 {
                    source.mark_shared();
                }
                if number % 5 == 0 {
                    drop(source.into_inner());
                }
            }
        });
        let round = || {
            let (near, far) = pair();
            let source = Source::new(near);
            let waiter = greenlet::spawn(move || {
                read(&source, &mut [0; 2], true).unwrap();
                source
            });
            greenlet::yield_now();
            (&far).write_all(b"x").unwrap();
            send.send(waiter.join().unwrap()).unwrap();
        };
        for _ in 0..2_000 {
            round();
        }
        let (memory, descriptors) = (process::resident(), process::descriptors());
        for _ in 0..many(20_000, 60_000) {
            round();
        }
        let grown = process::resident().saturating_sub(memory);
        assert!(grown < 400_000, "{grown} bytes more than before");
        drop(send);
        dropper.join().unwrap();
        assert!(process::descriptors() <= descriptors);
        // What polling and the hub register for themselves.
        assert!(
            process::registrations() <= 4,
            "{}",
            process::registrations()
        );
    });
}

/// Many threads that end, one source that stays: what their hubs had is given back.
#[test]
fn a_source_outlives_the_hubs_that_waited_for_it() {
    const NAME: &str = "a_source_outlives_the_hubs_that_waited_for_it";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let (near, far) = pair();
        let source = Arc::new(Source::new(near));
        let round = || {
            let source = source.clone();
            thread::spawn(move || assert_eq!(kind(source.readable(soon())), ErrorKind::TimedOut))
                .join()
                .unwrap();
        };
        for _ in 0..5 {
            round();
        }
        let before = process::descriptors();
        for _ in 0..100 {
            round();
        }
        let after = process::descriptors();
        assert!(after <= before + 4, "{before} descriptors, then {after}");
        (&far).write_all(b"x").unwrap();
        assert_eq!(read(&source, &mut [0; 2], true).unwrap(), 1);
    });
}

/// The same with a source for each thread, as when a thread connects and hands the connection on.
#[test]
fn sources_outlive_the_hub_that_waited_for_them() {
    const NAME: &str = "sources_outlive_the_hub_that_waited_for_them";
    let _deadline = watchdog::within(60, NAME);
    child::run(NAME, &[], || {
        let before = process::descriptors();
        let sources: Vec<_> = (0..100)
            .map(|_| {
                let (near, far) = pair();
                let source = Source::new(near);
                let source = thread::spawn(move || {
                    assert_eq!(kind(source.readable(soon())), ErrorKind::TimedOut);
                    source
                });
                (source.join().unwrap(), far)
            })
            .collect();
        let after = process::descriptors();
        assert!(
            after <= before + 2 * sources.len() + 10,
            "{before} descriptors, then {after}"
        );
        for (source, far) in sources {
            (&far).write_all(b"x").unwrap();
            assert_eq!(read(&source, &mut [0; 2], true).unwrap(), 1);
        }
    });
}

#[test]
fn a_regular_file_is_refused() {
    let _deadline = watchdog::within(30, "a_regular_file_is_refused");
    let never = |_: &File| -> io::Result<Progress<()>> { Err(ErrorKind::WouldBlock.into()) };
    let file = Source::new(File::open(std::env::current_exe().unwrap()).unwrap());
    for _ in 0..3 {
        let error = file.read_with(None, never).unwrap_err();
        assert!(error.to_string().contains("regular file"), "{error}");
        let error = file.write_with(None, never).unwrap_err();
        assert!(error.to_string().contains("regular file"), "{error}");
    }
    // It is always ready, says the kernel.
    file.readable(None).unwrap();
    drop(file);
    let (near, far) = pair();
    let near = Source::new(near);
    let waiter = greenlet::spawn(move || read(&near, &mut [0; 2], true).unwrap());
    greenlet::yield_now();
    (&far).write_all(b"x").unwrap();
    assert_eq!(waiter.join().unwrap(), 1);
}

#[test]
fn without_descriptors_the_hub_says_so_and_goes_on() {
    const NAME: &str = "without_descriptors_the_hub_says_so_and_goes_on";
    let _deadline = watchdog::within(30, NAME);
    child::run(NAME, &[], || {
        let (near, far) = pair();
        process::limit(libc::RLIMIT_NOFILE, 40);
        let mut hoard = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            hoard.push(file);
        }
        let near = Source::new(near);
        // One after the other is to be had, until there are enough for a reactor.
        let mut refused = 0;
        loop {
            let waiter = near.readable(soon());
            match waiter.unwrap_err() {
                error if error.kind() == ErrorKind::TimedOut => break,
                error => assert!(
                    error.raw_os_error() == Some(libc::EMFILE)
                        || error.to_string().contains("Too many open files"),
                    "{error}"
                ),
            }
            refused += 1;
            // Timers, futexes and greenlets need none.
            let deadline = Instant::now() + Duration::from_millis(1);
            greenlet::time::sleep_until(deadline);
            assert!(Instant::now() >= deadline);
            let word = Arc::new(std::sync::atomic::AtomicU32::new(0));
            let waiter = greenlet::spawn({
                let word = word.clone();
                move || greenlet::futex::wait(&word, 0)
            });
            greenlet::yield_now();
            thread::spawn(move || assert_eq!(greenlet::futex::wake(&*word, 1), 1));
            waiter.join().unwrap();
            hoard
                .pop()
                .expect("the hub wants more descriptors than there are");
        }
        assert!((1..8).contains(&refused), "{refused}");
        (&far).write_all(b"x").unwrap();
        near.readable(None).unwrap();
    });
}
