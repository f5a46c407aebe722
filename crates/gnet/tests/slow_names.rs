//! Names that take their time: the hub goes on, and so do other look-ups.
//!
//! The resolver of this program is its own: one that does not answer until it is told to.
#![cfg(target_os = "linux")]

mod fixture;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Condvar, Mutex};

use fixture::{deadline, join, ticks_beside};
use gnet::{TcpListener, TcpStream, ToSocketAddrs};

/// What the resolver does with a name that it is to be slow with.
struct Resolver {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    answers: bool,
    asked: usize,
    most: usize,
}

static RESOLVER: Resolver = Resolver {
    state: Mutex::new(State {
        answers: false,
        asked: 0,
        most: 0,
    }),
    changed: Condvar::new(),
};

impl Resolver {
    fn set_answers(&self, answers: bool) {
        self.state.lock().unwrap().answers = answers;
        self.changed.notify_all();
    }

    fn wait_for(&self, is_so: impl Fn(&State) -> bool) {
        let state = self.state.lock().unwrap();
        drop(
            self.changed
                .wait_while(state, |state| !is_so(state))
                .unwrap(),
        );
    }

    /// What is asked meanwhile.
    fn asked(&self) {
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        state.most = state.most.max(state.asked);
        self.changed.notify_all();
        let mut state = self
            .changed
            .wait_while(state, |state| !state.answers)
            .unwrap();
        state.asked -= 1;
        self.changed.notify_all();
    }
}

/// Takes the place of the system's: `slow` is another name for `localhost`, and `unknown` has no address.
///
/// # Safety
///
/// That of `getaddrinfo`.
#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const c_void,
    found: *mut *mut c_void,
) -> c_int {
    type Function = unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        *const c_void,
        *mut *mut c_void,
    ) -> c_int;
    const NO_SUCH_NAME: c_int = -2;
    // SAFETY: std gives a name that ends in a zero; what is looked up is the function that this one stands before, of
    // the same type, and its arguments are passed on.
    unsafe {
        let name = CStr::from_ptr(node).to_bytes();
        if matches!(name, b"slow" | b"unknown") {
            RESOLVER.asked();
        }
        if name == b"unknown" {
            return NO_SUCH_NAME;
        }
        let node = if name == b"slow" {
            c"localhost".as_ptr()
        } else {
            node
        };
        let next = dlsym(RTLD_NEXT, c"getaddrinfo".as_ptr());
        assert!(!next.is_null());
        std::mem::transmute::<*mut c_void, Function>(next)(node, service, hints, found)
    }
}

const RTLD_NEXT: *mut c_void = std::ptr::without_provenance_mut(usize::MAX);

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
}

/// The only test of this file: there is one resolver.
#[test]
fn slow_names_hold_up_nobody() {
    let _deadline = deadline();
    ticks_beside(|after_a_while| {
        RESOLVER.set_answers(false);
        after_a_while(Box::new(|| RESOLVER.set_answers(true)));
        let found: Vec<_> = ("slow", 80).to_socket_addrs().unwrap().collect();
        let expected: Vec<_> = ("localhost", 80).to_socket_addrs().unwrap().collect();
        assert_eq!(found, expected);
        assert!(
            found
                .iter()
                .all(|addr| addr.port() == 80 && addr.ip().is_loopback())
        );
    });

    // The same errors as std's, from whatever asks.
    let error = TcpStream::connect("unknown:80").unwrap_err();
    let same = std::net::TcpStream::connect("unknown:80").unwrap_err();
    assert_eq!(format!("{error:?}"), format!("{same:?}"));

    // More names than are looked up at a time, of which none is lost; files and addresses go on meanwhile.
    RESOLVER.set_answers(false);
    RESOLVER.state.lock().unwrap().most = 0;
    let look_ups: Vec<_> = (0..25)
        .map(|number| {
            greenlet::spawn(move || {
                (if number % 5 == 0 { "unknown" } else { "slow" }, number).to_socket_addrs()
            })
        })
        .collect();
    greenlet::yield_now();
    RESOLVER.wait_for(|state| state.asked == 10);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_eq!(greenlet::offload(|| 1), 1);
    RESOLVER.set_answers(true);
    for (number, look_up) in look_ups.into_iter().enumerate() {
        match join(look_up.join()) {
            Ok(found) => {
                assert_ne!(number % 5, 0);
                let found: Vec<_> = found.collect();
                assert!(!found.is_empty());
                assert!(found.iter().all(|addr| usize::from(addr.port()) == number));
            }
            Err(error) => assert_eq!(number % 5, 0, "{error}"),
        }
    }
    assert_eq!(RESOLVER.state.lock().unwrap().most, 10);
}
