//! An address in digits is no reason to leave the thread. One test only, so that no other one starts
//! threads meanwhile.

mod fixture;

use std::fs;

use fixture::{deadline, join};
use gnet::{TcpListener, TcpStream, ToSocketAddrs};

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn no_thread_is_started_for_digits_and_for_what_cannot_be_looked_up() {
    let _deadline = deadline();
    // Two greenlets, because one that is alone would not gain by another thread.
    join(greenlet::spawn(count_threads).join());
}

fn count_threads() {
    let before = threads();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    TcpStream::connect(addr.to_string()).unwrap();
    TcpStream::connect(("127.0.0.1", addr.port())).unwrap();
    assert_eq!("[::1]:80".to_socket_addrs().unwrap().len(), 1);
    assert_eq!("::1:80".to_socket_addrs().unwrap().len(), 1);
    assert_eq!(("::1", 80).to_socket_addrs().unwrap().len(), 1);
    "localhost".to_socket_addrs().unwrap_err();
    "localhost:http".to_socket_addrs().unwrap_err();
    assert_eq!(threads(), before);

    "localhost:80".to_socket_addrs().unwrap();
    assert!(threads() > before, "a name does");
}
