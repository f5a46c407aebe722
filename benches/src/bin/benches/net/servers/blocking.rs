//! Blocking code, a task a connection: the listeners and how they spawn differ, what a task does is the same.

use super::{BUFFER, SHORT_BUFFER, Service, announce, http, work};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// What one connection is given.
fn converse(service: Service, stream: impl Read + Write) {
    match service {
        Service::Echo => echo::<BUFFER>(stream, |_| {}),
        Service::EchoShort => echo::<SHORT_BUFFER>(stream, |_| {}),
        Service::Work => echo::<BUFFER>(stream, work),
        Service::Http => http::converse(stream),
    }
}

/// Not inlined: else a task without the large buffer has its place on the stack, too.
#[inline(never)]
fn echo<const ROOM: usize>(mut stream: impl Read + Write, prepare: fn(&mut [u8])) {
    let mut buffer = [0; ROOM];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        prepare(&mut buffer[..count]);
        if stream.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
}

/// The server of these types: nothing else differs.
macro_rules! server {
    ($(#[$about:meta])* $name:ident, $listener:ty, $spawn:path) => {
        $(#[$about])*
        pub(crate) fn $name(service: Service) -> io::Result<()> {
            let listener = <$listener>::bind(ANY_PORT)?;
            announce(listener.local_addr())?;
            for stream in listener.incoming() {
                let stream = stream?;
                stream.set_nodelay(true)?;
                $spawn(move || converse(service, stream));
            }
            Ok(())
        }
    };
}

server!(
    /// Greenlets of the workers.
    greenlet,
    gnet::TcpListener,
    gthread::spawn
);

server!(
    /// Greenlets of the main thread.
    greenlet_local,
    gnet::TcpListener,
    greenlet::spawn
);

server!(
    /// Threads of the operating system.
    threads,
    std::net::TcpListener,
    std::thread::spawn
);

pub(crate) fn may(service: Service, workers: usize) -> io::Result<()> {
    may::config().set_workers(workers).set_worker_pin(false);
    if service == Service::Http {
        return may_minihttp();
    }
    let listener = may::net::TcpListener::bind(ANY_PORT)?;
    announce(listener.local_addr())?;
    let acceptor = may::go!(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("it accepts");
            stream.set_nodelay(true).expect("it is a TCP socket");
            // Its stacks are 32 KiB by default, which is enough.
            may::go!(move || converse(service, stream));
        }
    });
    acceptor.join().map_err(|_| panicked())
}

/// may's own HTTP server.
fn may_minihttp() -> io::Result<()> {
    use may_minihttp::{HttpServer, HttpService, Request, Response};

    #[derive(Clone)]
    struct Plaintext;

    impl HttpService for Plaintext {
        fn call(&mut self, _: Request<'_, '_, '_>, response: &mut Response<'_>) -> io::Result<()> {
            response.header("Content-Type: text/plain");
            response.body(http::BODY);
            Ok(())
        }
    }

    // It does not say which port it was given, so it is given one that was free.
    let address: SocketAddr = std::net::TcpListener::bind(ANY_PORT)?.local_addr()?;
    let server = HttpServer(Plaintext).start(address)?;
    announce(Ok(address))?;
    server.join().map_err(|_| panicked())
}

fn panicked() -> io::Error {
    io::Error::other("the acceptor has panicked")
}
