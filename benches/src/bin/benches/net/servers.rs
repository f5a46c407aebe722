//! The echo servers. All but the epoll loop are the same blocking code, or its async twin, with a
//! buffer of 4 KiB a connection.

use crate::net::epoll::Epoll;
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;

/// Which server, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Server {
    /// A hand-written edge-triggered epoll loop: the floor.
    Epoll,
    /// `gnet` and `gthread::spawn`: ported code. It runs on the one worker.
    Greenlet,
    /// `gnet` and `greenlet::spawn`: everything on the main thread.
    GreenletLocal,
    /// tokio's current-thread runtime.
    Tokio,
    /// may with one worker.
    May,
    /// A thread of the operating system for each connection.
    Threads,
}

impl Server {
    pub(crate) const ALL: [Server; 6] = [
        Server::Epoll,
        Server::Greenlet,
        Server::GreenletLocal,
        Server::Tokio,
        Server::May,
        Server::Threads,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Server::Epoll => "epoll",
            Server::Greenlet => "greenlet",
            Server::GreenletLocal => "greenlet-local",
            Server::Tokio => "tokio",
            Server::May => "may",
            Server::Threads => "threads",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Server> {
        Server::ALL.into_iter().find(|server| server.name() == name)
    }
}

const BUFFER: usize = 4_096;

/// Serves for ever, after having printed the port.
pub(crate) fn serve(server: Server) -> io::Result<()> {
    match server {
        Server::Epoll => epoll(),
        Server::Greenlet => greenlet(),
        Server::GreenletLocal => greenlet_local(),
        Server::Tokio => tokio(),
        Server::May => may(),
        Server::Threads => threads(),
    }
}

fn announce(address: io::Result<std::net::SocketAddr>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{}", address?.port())?;
    output.flush()
}

/// What every server with a stack a connection does.
fn echo(mut stream: impl Read + Write) {
    let mut buffer = [0; BUFFER];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
}

fn greenlet() -> io::Result<()> {
    use gnet::TcpListener;
    use gthread as thread;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr())?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        thread::spawn(move || echo(stream));
    }
    Ok(())
}

fn greenlet_local() -> io::Result<()> {
    let listener = gnet::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr())?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        greenlet::spawn(move || echo(stream));
    }
    Ok(())
}

fn threads() -> io::Result<()> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr())?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        std::thread::spawn(move || echo(stream));
    }
    Ok(())
}

fn may() -> io::Result<()> {
    may::config().set_workers(1).set_worker_pin(false);
    let listener = may::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr())?;
    let acceptor = may::go!(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("it accepts");
            stream.set_nodelay(true).expect("it is a TCP socket");
            // Its stacks are 32 KiB by default, which is enough.
            may::go!(move || echo(stream));
        }
    });
    acceptor
        .join()
        .map_err(|_| io::Error::other("the acceptor has panicked"))
}

fn tokio() -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn echo(mut stream: tokio::net::TcpStream) {
        let mut buffer = [0; BUFFER];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        announce(listener.local_addr())?;
        // A task, because the future of `block_on` is polled in another way.
        let acceptor = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(echo(stream));
            }
        });
        acceptor.await?
    })
}

fn epoll() -> io::Result<()> {
    const LISTENER: usize = usize::MAX;
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    announce(listener.local_addr())?;
    let mut epoll = Epoll::new()?;
    epoll.add(&listener, LISTENER)?;
    let mut open: Vec<Option<std::net::TcpStream>> = Vec::new();
    let mut buffer = [0; BUFFER];
    let mut arrived = false;
    loop {
        for event in epoll.wait(None)? {
            let Some(slot) = open.get_mut(event.token) else {
                arrived = true;
                continue;
            };
            // An edge, so all that is there is read. A short read says that nothing is left, and
            // saves the read that would say so; but it does not see the end of the stream.
            while let Some(stream) = slot {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) if stream.write_all(&buffer[..count]).is_ok() => {
                        if count < BUFFER && !event.closing {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    _ => *slot = None,
                }
            }
        }
        while arrived {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nodelay(true)?;
                    stream.set_nonblocking(true)?;
                    let token = open.iter().position(Option::is_none).unwrap_or(open.len());
                    epoll.add(&stream, token)?;
                    match open.get_mut(token) {
                        Some(slot) => *slot = Some(stream),
                        None => open.push(Some(stream)),
                    }
                }
                Err(_) => arrived = false,
            }
        }
    }
}
