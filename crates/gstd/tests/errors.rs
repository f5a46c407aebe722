//! Dead peers, exhausted limits, vanished files and signals: the same errors as those of `std`, case by case.
//!
//! Each case is compiled twice, once with `std` and once with `gstd` under the name `lib`, and notes down what it gets. Each
//! runs in a process of its own.
#![cfg(target_os = "linux")]

#[path = "../../greenlet/tests/child/mod.rs"]
mod child;
#[path = "../../gnet/tests/fixture/places.rs"]
mod places;

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::rc::Rc;

use places::{Signal, deadline, join, on_worker};

/// What a case has seen: for an error, its kind, number and text.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add<T: Debug>(&mut self, what: &str, result: io::Result<T>) {
        self.0.push(format!("{what}: {result:?}"));
    }

    /// The same, of a result whose value tells nothing.
    fn error<T>(&mut self, what: &str, result: io::Result<T>) {
        self.add(what, result.map(drop));
    }
}

mod std_cases {
    use std as lib;
    include!("errors/cases.rs");
}

mod gstd_cases {
    use gstd as lib;
    include!("errors/cases.rs");
}

/// Runs a case in each of the places where a shim can be used, and compares it with `std`'s.
fn compare(with_std: fn(&mut Notes), with_gstd: fn(&mut Notes)) {
    let noted = |case: fn(&mut Notes)| {
        let mut notes = Notes::default();
        case(&mut notes);
        assert!(!notes.0.is_empty());
        notes.0
    };
    let expected = noted(with_std);
    assert_eq!(noted(with_gstd), expected, "alone");
    assert_eq!(
        join(greenlet::spawn(move || noted(with_gstd)).join()),
        expected,
        "on a greenlet"
    );

    let leave = Rc::new(Signal::default());
    let company = greenlet::spawn({
        let leave = leave.clone();
        move || leave.wait()
    });
    assert_eq!(noted(with_gstd), expected, "beside a greenlet");
    leave.raise();
    join(company.join());
    assert_eq!(
        join(on_worker(move || noted(with_gstd)).join()),
        expected,
        "on a worker"
    );
}

/// Each in a process of its own: some change it, and a child that another one starts would hold open what this one closes.
macro_rules! compare_in_a_process {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let _deadline = deadline();
            child::run(stringify!($name), &[], || {
                compare(std_cases::$name, gstd_cases::$name);
            });
        }
    )*};
}

compare_in_a_process! {
    a_peer_that_resets
    a_peer_that_has_gone
    nobody_listens
    a_closed_pipe
    a_child_that_does_not_read
    vanished_files
    a_full_device
    programs_that_cannot_be_run
    no_descriptor_left
    a_file_that_may_not_grow
    a_full_file_system
    signals
    a_folder_that_one_is_in
}

/// Lowers a limit of the process until it is dropped.
struct Limited(rustix::process::Resource, rustix::process::Rlimit);

impl Limited {
    fn to(resource: rustix::process::Resource, most: u64) -> Limited {
        let before = rustix::process::getrlimit(resource);
        let mut lower = before;
        lower.current = Some(most);
        rustix::process::setrlimit(resource, lower).unwrap();
        Limited(resource, before)
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        rustix::process::setrlimit(self.0, self.1).unwrap();
    }
}

/// Takes all descriptors that are left.
fn take_descriptors() -> Vec<File> {
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    taken
}

/// Has the process ignore a signal, or do nothing in a handler that does not have system calls start again.
fn on_signal(signal: libc::c_int, ignore: bool) {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: a handler that does nothing may run at any time.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = if ignore {
            libc::SIG_IGN
        } else {
            nothing as *const () as usize
        };
        assert_eq!(
            libc::sigaction(signal, &raw const action, std::ptr::null_mut()),
            0
        );
    }
}

/// Sends the calling thread a signal again and again until it is dropped.
struct Interrupted {
    stop: std::sync::mpsc::Sender<()>,
    sender: Option<std::thread::JoinHandle<()>>,
}

impl Interrupted {
    fn often() -> Interrupted {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        on_signal(libc::SIGUSR1, false);
        // SAFETY: always there.
        let thread = unsafe { libc::pthread_self() };
        let (stop, stopped) = std::sync::mpsc::channel();
        let sender = std::thread::spawn(move || {
            while stopped.recv_timeout(std::time::Duration::from_millis(1)) == Err(Timeout) {
                // SAFETY: the thread waits for this one before it goes on, let alone ends.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
            }
        });
        Interrupted {
            stop,
            sender: Some(sender),
        }
    }
}

impl Drop for Interrupted {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(sender) = self.sender.take() {
            sender.join().unwrap();
        }
    }
}
