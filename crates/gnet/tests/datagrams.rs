//! Datagrams arrive whole, one a call, and waiting for one lets the others run.

mod fixture;

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use fixture::{deadline, everywhere, join, loopbacks, on_worker, udp, udp_pair};
use gnet::UdpSocket;

#[test]
fn to_an_address_and_back_to_where_it_came_from() {
    everywhere(|| {
        for addr in loopbacks() {
            let server = UdpSocket::bind(addr).unwrap();
            let addr = server.local_addr().unwrap();
            let echo = greenlet::spawn(move || {
                let mut buffer = [0; 100];
                for _ in 0..100 {
                    let (count, from) = server.recv_from(&mut buffer).unwrap();
                    assert_eq!(server.send_to(&buffer[..count], from).unwrap(), count);
                }
            });
            let client = UdpSocket::bind((addr.ip(), 0)).unwrap();
            let mut buffer = [0; 100];
            for round in 0..100 {
                client.send_to(&[round; 50], addr).unwrap();
                assert_eq!(client.recv_from(&mut buffer).unwrap(), (50, addr));
                assert_eq!(buffer[..50], [round; 50]);
            }
            join(echo.join());
        }
    });
}

#[test]
fn one_who_waits_lets_the_others_run() {
    everywhere(|| {
        type Call = fn(&UdpSocket, &mut [u8]) -> usize;
        let calls: [Call; 4] = [
            |socket, buffer| socket.recv(buffer).unwrap(),
            |socket, buffer| socket.recv_from(buffer).unwrap().0,
            |socket, buffer| socket.peek(buffer).unwrap(),
            |socket, buffer| socket.peek_from(buffer).unwrap().0,
        ];
        for call in calls {
            let (here, there) = udp_pair();
            let ticks = Rc::new(Cell::new(0));
            let ticker = greenlet::spawn({
                let ticks = Rc::clone(&ticks);
                move || {
                    for _ in 0..10 {
                        ticks.set(ticks.get() + 1);
                        greenlet::yield_now();
                    }
                    here.send(b"abc").unwrap();
                }
            });
            assert_eq!(call(&there, &mut [0; 8]), 3);
            assert_eq!(ticks.get(), 10);
            join(ticker.join());
        }
    });
}

#[test]
fn a_short_one_does_not_hide_those_behind_it() {
    everywhere(|| {
        let (here, there) = udp_pair();
        let mut buffer = [0; 100];
        // Parked once, so that the hub knows the socket from here on.
        let sender = greenlet::spawn(move || {
            here.send(b"first").unwrap();
            here
        });
        assert_eq!(there.recv(&mut buffer).unwrap(), 5);
        let here = join(sender.join());
        for round in 1..=20 {
            for length in 0..round {
                here.send(&vec![round; length.into()]).unwrap();
            }
            for length in 0..round {
                assert_eq!(there.recv(&mut buffer).unwrap(), usize::from(length));
            }
        }
    });
}

#[test]
fn one_of_no_bytes_wakes_who_waits_for_it() {
    everywhere(|| {
        let (here, there) = udp_pair();
        let addr = here.local_addr().unwrap();
        let receiver = greenlet::spawn(move || {
            let mut buffer = [7; 4];
            assert_eq!(there.recv(&mut buffer).unwrap(), 0);
            assert_eq!(there.recv_from(&mut buffer).unwrap(), (0, addr));
            assert_eq!(buffer, [7; 4]);
            there
        });
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        assert_eq!(here.send(b"").unwrap(), 0);
        assert_eq!(here.send(b"").unwrap(), 0);
        let there = join(receiver.join());
        // Nothing is left of them.
        there.set_nonblocking(true).unwrap();
        there.recv(&mut [0; 4]).unwrap_err();
    });
}

#[test]
fn what_does_not_fit_is_lost_and_the_next_one_is_not() {
    everywhere(|| {
        let (here, there) = udp_pair();
        for text in [&b"abcdef"[..], b"gh", b"ijkl", b"m"] {
            here.send(text).unwrap();
        }
        let mut buffer = [0; 3];
        assert_eq!(there.recv(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer, b"abc");
        assert_eq!(there.recv(&mut buffer).unwrap(), 2);
        assert_eq!(&buffer[..2], b"gh");
        // Into no room at all: that takes it too.
        assert_eq!(there.recv(&mut []).unwrap(), 0);
        assert_eq!(there.recv(&mut buffer).unwrap(), 1);
        assert_eq!(buffer[0], b'm');
    });
}

#[test]
fn the_longest_there_are() {
    everywhere(|| {
        const LONGEST: usize = 65_507;
        let (here, there) = udp_pair();
        let bytes: Vec<u8> = (0..LONGEST).map(|byte| byte as u8).collect();
        assert_eq!(here.send(&bytes).unwrap(), LONGEST);
        let mut buffer = vec![0; LONGEST + 1];
        assert_eq!(there.recv(&mut buffer).unwrap(), LONGEST);
        assert_eq!(buffer[..LONGEST], bytes);
    });
}

#[test]
fn only_those_of_the_connected_address_are_received() {
    everywhere(|| {
        let (here, there) = udp_pair();
        let (stranger, _) = udp();
        stranger
            .send_to(b"stranger", there.local_addr().unwrap())
            .unwrap();
        here.send(b"abc").unwrap();
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 3);
        assert_eq!(there.peer_addr().unwrap(), here.local_addr().unwrap());
    });
}

#[test]
fn a_refusal_wakes_who_waits() {
    everywhere(|| {
        let (socket, _) = udp();
        let gone = udp().1;
        socket.connect(gone).unwrap();
        let socket = Rc::new(socket);
        let receiver = greenlet::spawn({
            let socket = Rc::clone(&socket);
            move || socket.recv(&mut [0; 8]).unwrap_err().kind()
        });
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        socket.send(b"anyone?").unwrap();
        assert_eq!(join(receiver.join()), std::io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn receivers_on_many_hubs_get_each_one_once() {
    let _deadline = deadline();
    const RECEIVERS: u32 = 8;
    const EACH: u32 = 50;
    let (receiver, addr) = udp();
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let receivers: Vec<_> = (0..RECEIVERS)
        .map(|_| {
            let socket = receiver.try_clone().unwrap();
            let seen = Arc::clone(&seen);
            let sender = udp().0;
            on_worker(move || {
                let mut buffer = [0; 8];
                for _ in 0..EACH {
                    assert_eq!(socket.recv(&mut buffer).unwrap(), 4);
                    let one = u32::from_ne_bytes(buffer[..4].try_into().unwrap());
                    assert!(seen.lock().unwrap().insert(one), "received twice");
                    // The next one is sent when there is room for it: none is lost.
                    if one + RECEIVERS < RECEIVERS * EACH {
                        let next = (one + RECEIVERS).to_ne_bytes();
                        sender.send_to(&next, addr).unwrap();
                    }
                }
            })
        })
        .collect();
    let (sender, _) = udp();
    for one in 0..RECEIVERS {
        sender.send_to(&one.to_ne_bytes(), addr).unwrap();
    }
    for receiver in receivers {
        join(receiver.join());
    }
    assert_eq!(seen.lock().unwrap().len() as u32, RECEIVERS * EACH);
}

#[test]
fn a_group_gets_what_is_sent_to_it() {
    everywhere(|| {
        let group = gnet::Ipv4Addr::new(224, 0, 0, 251);
        let local = gnet::Ipv4Addr::LOCALHOST;
        let receiver = UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = receiver.local_addr().unwrap().port();
        receiver.join_multicast_v4(&group, &local).unwrap();
        // Bound to the interface that the group was joined on.
        let sender = udp().0;
        let sent = greenlet::spawn(move || sender.send_to(b"all", (group, port)));
        match join(sent.join()) {
            Ok(count) => {
                assert_eq!(count, 3);
                assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 3);
            }
            // A machine may have no route for it, std's sockets neither.
            Err(error) => {
                let plain = std::net::UdpSocket::bind((local, 0)).unwrap();
                let same = plain.send_to(b"all", (group, port)).unwrap_err();
                assert_eq!(error.raw_os_error(), same.raw_os_error());
            }
        }
    });
}

/// As who has the number of a descriptor may do to wake those who receive from it.
#[test]
fn a_shutdown_through_a_duplicate_ends_it() {
    everywhere(|| {
        let (_here, there) = udp_pair();
        let duplicate = rustix::io::dup(&there).unwrap();
        let receiver = greenlet::spawn(move || {
            assert_eq!(there.recv(&mut [0; 8]).unwrap(), 0);
            there
        });
        greenlet::yield_now();
        assert!(!receiver.is_finished());
        rustix::net::shutdown(&duplicate, rustix::net::Shutdown::Read).unwrap();
        let there = join(receiver.join());
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 0);
    });
}
