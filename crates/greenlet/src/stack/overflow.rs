//! The report of a stack overflow.
//!
//! A greenlet that runs into the guard of its stack raises SIGSEGV (SIGBUS on some systems). The
//! handler here tells such a fault from all others by the table of slabs, prints what `std` prints
//! for a thread, and aborts. Every other fault goes on to the handler that was installed before,
//! `std`'s own most of the time.
//!
//! The handler runs on the alternate signal stack, see [`ensure_alt_stack`]. Thread-locals are out
//! of bounds in it: their first use may allocate, and on some platforms the overflow may have hit
//! in the middle of that very allocation.
//!
//! [`ensure_alt_stack`]: super::ensure_alt_stack

use std::mem::{self, MaybeUninit};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{ptr, slice};

use libc::{c_int, c_void, siginfo_t};

use super::slab;

/// The handler of a signal that was there before ours.
struct Previous {
    signal: c_int,
    handler: AtomicUsize,
    takes_info: AtomicBool,
}

static PREVIOUS: [Previous; 2] = [Previous::of(libc::SIGSEGV), Previous::of(libc::SIGBUS)];

/// A handler that asks for nothing but the number of the signal.
type Handler = extern "C" fn(c_int);

/// A handler installed with `SA_SIGINFO`.
type InfoHandler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// Installs the handlers, once in the life of the process.
///
/// If the system refuses, overflows are bare SIGSEGVs, and nothing else is lost.
pub(super) fn install() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        for previous in &PREVIOUS {
            previous.replace();
        }
    });
}

impl Previous {
    const fn of(signal: c_int) -> Previous {
        Previous {
            signal,
            handler: AtomicUsize::new(libc::SIG_DFL),
            takes_info: AtomicBool::new(false),
        }
    }

    /// Installs our handler, keeping the one it finds.
    fn replace(&self) {
        let mut found = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: only asks, and writes a whole sigaction when it returns 0.
        let found = unsafe {
            if libc::sigaction(self.signal, ptr::null(), found.as_mut_ptr()) != 0 {
                return;
            }
            found.assume_init()
        };
        // Kept before ours is installed, as another thread may fault at once; the system call
        // orders the two.
        self.handler.store(found.sa_sigaction, Ordering::Relaxed);
        self.takes_info
            .store(found.sa_flags & libc::SA_SIGINFO != 0, Ordering::Relaxed);

        let ours: unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_fault;
        // Not deferred: a handler down the chain may leave by longjmp, or fault itself.
        let flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        // SAFETY: `on_fault` is of the kind that SA_SIGINFO asks for, and async-signal-safe.
        unsafe { set_action(self.signal, ours as *const () as usize, flags) }
    }

    /// Does what would have happened without our handler.
    ///
    /// # Safety
    ///
    /// To be called from our handler, with the arguments it got.
    unsafe fn chain(&self, info: *mut siginfo_t, context: *mut c_void) {
        match self.handler.load(Ordering::Relaxed) {
            // The kernel does not ignore a fault either. The instruction faults again when we
            // return, and ends the process as the default action does.
            libc::SIG_DFL | libc::SIG_IGN => {
                // SAFETY: the default action is always a valid one.
                unsafe { set_action(self.signal, libc::SIG_DFL, 0) }
            }
            handler if self.takes_info.load(Ordering::Relaxed) => {
                // SAFETY: it was installed with SA_SIGINFO, so it is a function of this type.
                let handler = unsafe { mem::transmute::<usize, InfoHandler>(handler) };
                handler(self.signal, info, context);
            }
            handler => {
                // SAFETY: it was installed without SA_SIGINFO, so it is a function of this type.
                let handler = unsafe { mem::transmute::<usize, Handler>(handler) };
                handler(self.signal);
            }
        }
    }
}

/// # Safety
///
/// `handler` is a valid handler for `signal` with these flags.
unsafe fn set_action(signal: c_int, handler: usize, flags: c_int) {
    // SAFETY: a sigaction is plain data, for which zeroes are valid; sigaction and sigemptyset only
    // read and write what they are given, and the caller vouches for the handler.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, ptr::null_mut());
    }
}

/// # Safety
///
/// To be called as a signal handler only.
unsafe extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system passes a valid siginfo, and this signal's has an address.
    let address = unsafe { (*info).si_addr() }.addr();
    if let Some((name, len)) = slab::owner_of_guard(address) {
        if name.is_null() {
            report(b"<unnamed>");
        }
        // SAFETY: whoever named the stack keeps the name valid while the greenlet runs, see
        // `Stack::set_owner`.
        report(unsafe { slice::from_raw_parts(name, len) });
    }
    for previous in &PREVIOUS {
        if previous.signal == signal {
            // SAFETY: this is our handler, and these are its arguments.
            unsafe { previous.chain(info, context) }
        }
    }
}

fn report(name: &[u8]) -> ! {
    write(b"\ngreenlet '");
    write(name);
    write(b"' has overflowed its stack\nfatal runtime error: stack overflow, aborting\n");
    // SAFETY: abort has no preconditions, and is async-signal-safe.
    unsafe { libc::abort() }
}

/// Writes to stderr, without the locks and buffers of `std`.
fn write(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: the pointer and the length are those of a slice; write only reads it.
        let written =
            unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
        // Nobody is left to tell about an error.
        match usize::try_from(written) {
            Ok(written @ 1..) => bytes = &bytes[written..],
            _ => return,
        }
    }
}
