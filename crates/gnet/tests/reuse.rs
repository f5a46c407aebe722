//! Numbers of descriptors come back, and duplicates live on. Neither may wake the wrong greenlet.
//! One test only, so that nothing else takes the numbers.

mod fixture;

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use fixture::{deadline, join, on_worker, pair};
use gnet::TcpStream;

const SHORT: Option<Duration> = Some(Duration::from_millis(2));

/// Parks in a read of `receiver` until a greenlet has sent something by `sender`: the hub that
/// runs this knows the receiver's descriptor afterwards.
fn park_on(mut receiver: &TcpStream, sender: &TcpStream) {
    let mut sender = sender.try_clone().unwrap();
    let sending = greenlet::spawn(move || sender.write_all(b".").unwrap());
    assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 1);
    join(sending.join());
}

/// A stream that has nothing to read says so, and reads what comes.
fn is_sound(mut receiver: &TcpStream, mut sender: &TcpStream) {
    receiver.set_read_timeout(SHORT).unwrap();
    let nothing = receiver.read(&mut [0; 8]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    sender.write_all(b"abc").unwrap();
    assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 3);
}

/// Drops a registered stream, and looks at the one that gets its number.
fn number_comes_back(leave: impl Fn(TcpStream) -> Option<OwnedFd>) -> usize {
    let mut reused = 0;
    for _ in 0..5 {
        let (client, server) = pair();
        park_on(&server, &client);
        park_on(&client, &server);
        (&client).write_all(b"never read").unwrap();
        let numbers: [RawFd; 2] = [client.as_raw_fd(), server.as_raw_fd()];
        let left = leave(server);
        drop(client);

        let (client, server) = pair();
        for stream in [&client, &server] {
            reused += usize::from(numbers.contains(&stream.as_raw_fd()));
        }
        is_sound(&server, &client);
        is_sound(&client, &server);
        drop(left);
        is_sound(&server, &client);
    }
    reused
}

fn duplicate_lives_on() {
    let (mut client, server) = pair();
    park_on(&server, &client);
    let duplicate = server.as_fd().try_clone_to_owned().unwrap();
    drop(server);
    let (other_client, other_server) = pair();
    // An event for a socket whose owner here is gone: nobody may take it for his.
    client.write_all(b"for the duplicate").unwrap();
    is_sound(&other_server, &other_client);
    is_sound(&other_client, &other_server);

    let mut adopted = TcpStream::from(duplicate);
    let mut buffer = [0; 64];
    assert_eq!(adopted.read(&mut buffer).unwrap(), 17);
    park_on(&adopted, &client);
    drop(client);
    assert_eq!(adopted.read(&mut buffer).unwrap(), 0);
}

fn both() {
    let dropped = number_comes_back(|stream| {
        drop(stream);
        None
    });
    let duplicated = number_comes_back(|stream| Some(stream.as_fd().try_clone_to_owned().unwrap()));
    let given_away = number_comes_back(|stream| Some(OwnedFd::from(stream)));
    assert!(
        dropped > 0 && duplicated > 0,
        "{dropped} {duplicated} {given_away}"
    );
    duplicate_lives_on();
}

#[test]
fn a_number_that_comes_back_and_a_duplicate_that_lives_on() {
    let _deadline = deadline();
    both();
    join(greenlet::spawn(both).join());
    join(on_worker(both).join());
}
