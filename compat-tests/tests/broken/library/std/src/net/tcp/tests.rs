use crate::io::{ErrorKind, Read, Write};
use crate::net::test::an_address;
use crate::net::*;
use crate::{private, thread};

#[test]
fn a_taken_port() {
    let address = an_address();
    let _first = TcpListener::bind(address).unwrap();
    match TcpListener::bind(address) {
        Ok(_) => panic!("twice"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::AddrInUse),
    }
}

#[test]
fn a_free_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_ne!(listener.local_addr().unwrap().port(), 0);
}

#[test]
fn there_and_back() {
    let address = an_address();
    let listener = TcpListener::bind(address).unwrap();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"hello").unwrap();
    });
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    client.join().unwrap();
}

#[test]
fn of_what_only_std_has() {
    private::secret();
}

struct Checked(TcpListener);

impl Drop for Checked {
    fn drop(&mut self) {
        self.0.local_addr().unwrap();
    }
}

#[test]
fn with_a_check_at_the_end() {
    let _checked = Checked(TcpListener::bind("127.0.0.1:0").unwrap());
}
