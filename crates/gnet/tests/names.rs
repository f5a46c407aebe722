//! Addresses out of names and digits.

mod fixture;

use std::io::{self, ErrorKind, Read, Write};
use std::net::ToSocketAddrs as StdToSocketAddrs;

use fixture::{deadline, everywhere, join, on_worker};
use gnet::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpListener, TcpStream,
    ToSocketAddrs,
};

/// Both traits on one value: the same addresses, or the same error in the same form.
#[track_caller]
fn same_as_std<A: ToSocketAddrs + StdToSocketAddrs + ?Sized>(addr: &A) {
    let ours = ToSocketAddrs::to_socket_addrs(addr).map(Vec::from_iter);
    let std = StdToSocketAddrs::to_socket_addrs(addr).map(Vec::from_iter);
    assert_eq!(format!("{ours:?}"), format!("{std:?}"));
}

#[test]
fn every_kind_of_address_in_digits() {
    everywhere(|| {
        let v4 = Ipv4Addr::new(192, 0, 2, 1);
        let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
        same_as_std(&SocketAddr::from((v4, 1)));
        same_as_std(&SocketAddrV4::new(v4, 1));
        same_as_std(&SocketAddrV6::new(v6, 1, 2, 3));
        same_as_std(&(IpAddr::V4(v4), 1));
        same_as_std(&(IpAddr::V6(v6), 1));
        same_as_std(&(v4, 1));
        same_as_std(&(v6, 1));
        same_as_std(&("192.0.2.1", 1));
        same_as_std(&("2001:db8::1", 1));
        same_as_std(&("192.0.2.1".to_owned(), 1));
        same_as_std("192.0.2.1:1");
        same_as_std("[2001:db8::1]:1");
        same_as_std("::1:80");
        same_as_std(&"192.0.2.1:+1".to_owned());
        same_as_std(&&&"192.0.2.1:1");
        same_as_std(&&[SocketAddr::from((v4, 1)), SocketAddr::from((v6, 2))][..]);
    });
}

#[test]
fn what_is_no_address() {
    everywhere(|| {
        for text in [
            "",
            ":",
            "192.0.2.1",
            "192.0.2.1:",
            "192.0.2.1:65536",
            "192.0.2.1:-1",
            "localhost",
            "localhost:http",
            "nul\0byte:1",
        ] {
            same_as_std(text);
        }
    });
}

#[test]
fn localhost() {
    everywhere(|| {
        same_as_std("localhost:80");
        same_as_std(&("localhost", 80));
        let listener = TcpListener::bind("localhost:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = on_worker(move || {
            let mut stream = TcpStream::connect(("localhost".to_owned(), port)).unwrap();
            stream.write_all(b"x").unwrap();
        });
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
        join(client.join());
    });
}

#[test]
fn a_name_that_nobody_has() {
    everywhere(|| {
        // Too long for a label of a name, so no server is asked, which could take its time.
        let name = format!("{}.invalid:80", "a".repeat(64));
        let name = name.as_str();
        let error = TcpStream::connect(name).unwrap_err();
        assert_ne!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("failed to lookup address"));
        TcpListener::bind(name).unwrap_err();
    });
}

#[test]
fn others_run_while_one_looks_a_name_up() {
    let _deadline = deadline();
    let looking = greenlet::spawn(|| "localhost:80".to_socket_addrs_here().unwrap());
    let mut steps = 0;
    while !looking.is_finished() {
        steps += 1;
        greenlet::yield_now();
    }
    assert!(steps > 0);
    assert!(!join(looking.join()).is_empty());
}

/// Says which of the two traits is meant.
trait Here {
    fn to_socket_addrs_here(&self) -> io::Result<Vec<SocketAddr>>;
}

impl<A: ToSocketAddrs + ?Sized> Here for A {
    fn to_socket_addrs_here(&self) -> io::Result<Vec<SocketAddr>> {
        self.to_socket_addrs().map(Vec::from_iter)
    }
}

#[test]
fn no_address_at_all() {
    everywhere(|| {
        let none: &[SocketAddr] = &[];
        let std = std::net::TcpStream::connect(none).unwrap_err();
        for error in [
            TcpStream::connect(none).unwrap_err(),
            TcpListener::bind(none).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(format!("{error:?}"), format!("{std:?}"));
        }
    });
}

#[test]
fn a_failure_of_the_users_own_type_comes_through() {
    struct Refuses;
    impl ToSocketAddrs for Refuses {
        type Iter = std::option::IntoIter<SocketAddr>;
        fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
            Err(io::Error::other("not today"))
        }
    }
    everywhere(|| {
        let error = TcpStream::connect(&Refuses).unwrap_err();
        assert_eq!(error.to_string(), "not today");
    });
}
