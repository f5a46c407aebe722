//! Two workers whose greenlets wait for each other all the time, and what else they have to do meanwhile.

#![cfg(target_os = "linux")]

mod child;
mod watchdog;

use greenlet::io::{Progress, Source};
use greenlet::{Builder, futex};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Whose turn it is, 0 or 1.
#[derive(Default)]
struct Talk {
    turn: AtomicU32,
    said: AtomicU32,
    is_over: AtomicBool,
}

impl Talk {
    fn take_part(&self, me: u32) {
        while !self.is_over.load(Ordering::Relaxed) {
            while self.turn.load(Ordering::Acquire) != me {
                futex::wait(&self.turn, 1 - me);
            }
            self.said.fetch_add(1, Ordering::Relaxed);
            self.hand_over(me);
        }
        // It may have got the turn before it has seen that this is over, and the other not.
        self.hand_over(me);
    }

    fn hand_over(&self, me: u32) {
        self.turn.store(1 - me, Ordering::Release);
        futex::wake(&self.turn, 1);
    }

    fn said(&self) -> u32 {
        self.said.load(Ordering::Relaxed)
    }

    fn wait_for(&self, words: u32) {
        while self.said() < words {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Two greenlets talk, each on a worker of its own, where `aside` has begun before; then `meanwhile` runs here.
fn while_two_talk(
    test: &'static str,
    aside: impl Fn(u32) + Send + Sync + 'static,
    meanwhile: impl FnOnce(&Talk),
) {
    let _deadline = watchdog::within(60, test);
    child::run(test, &[("GREENLET_WORKERS", "2")], || {
        let talk = Arc::new(Talk::default());
        let aside = Arc::new(aside);
        let both = Arc::new(Barrier::new(2));
        let parties: Vec<_> = (0..2)
            .map(|me| {
                let (talk, aside, both) = (talk.clone(), aside.clone(), both.clone());
                let party = move || {
                    // Blocks the worker, so that the other party is on the other.
                    both.wait();
                    let aside = greenlet::spawn(move || aside(me));
                    talk.take_part(me);
                    aside.join().unwrap();
                };
                Builder::new().spawn_worker(party).unwrap()
            })
            .collect();
        talk.wait_for(1);
        meanwhile(&talk);
        talk.is_over.store(true, Ordering::Relaxed);
        for party in parties {
            party.join().unwrap();
        }
    });
}

#[test]
fn each_word_is_heard() {
    while_two_talk("each_word_is_heard", |_| (), |talk| talk.wait_for(50_000));
}

#[test]
fn timers_fire() {
    let (slept, sleepers) = mpsc::channel();
    while_two_talk(
        "timers_fire",
        move |_| {
            for _ in 0..20 {
                greenlet::time::sleep_until(Instant::now() + Duration::from_millis(1));
            }
            slept.send(()).unwrap();
        },
        |_| sleepers.iter().take(2).for_each(drop),
    );
}

#[test]
fn descriptors_are_served() {
    let (mut one, far) = UnixStream::pair().unwrap();
    let (mut other, further) = UnixStream::pair().unwrap();
    let sources = [far, further].map(|end| {
        end.set_nonblocking(true).unwrap();
        Source::new(end)
    });
    while_two_talk(
        "descriptors_are_served",
        move |me| {
            let source = &sources[me as usize];
            loop {
                let mut byte = [0];
                let count = source
                    .read_with(None, |mut end| end.read(&mut byte).map(Progress::More))
                    .unwrap();
                if count == 0 {
                    return;
                }
                source.get_ref().write_all(&byte).unwrap();
            }
        },
        |_| {
            for number in 0..200 {
                for end in [&mut one, &mut other] {
                    let mut echo = [0];
                    end.write_all(&[number]).unwrap();
                    end.read_exact(&mut echo).unwrap();
                    assert_eq!(echo, [number]);
                }
            }
            for end in [&one, &other] {
                end.shutdown(std::net::Shutdown::Write).unwrap();
            }
        },
    );
}

#[test]
fn what_others_spawn_begins() {
    while_two_talk(
        "what_others_spawn_begins",
        |_| (),
        |talk| {
            for number in 0..200 {
                let newcomer = Builder::new().spawn_worker(move || number).unwrap();
                assert_eq!(newcomer.join().unwrap(), number);
            }
            // Those two go on.
            talk.wait_for(talk.said() + 100);
        },
    );
}
