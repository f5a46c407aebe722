//! The floor: one thread, one edge-triggered epoll instance, one buffer for all connections.

use super::{BUFFER, Service, announce, http};
use crate::net::epoll::Epoll;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;

const LISTENER: usize = usize::MAX;
const END_OF_REQUEST: &[u8] = b"\r\n\r\n";

pub(crate) fn serve(service: Service) -> io::Result<()> {
    match service {
        Service::Http => run(|mut stream, received| {
            let ends = received.windows(END_OF_REQUEST.len());
            match ends.filter(|&four| four == END_OF_REQUEST).count() {
                1 => stream.write_all(http::ANSWER),
                other => stream.write_all(&http::ANSWER.repeat(other)),
            }
        }),
        _ => run(|mut stream, received| stream.write_all(received)),
    }
}

fn run(answer: impl Fn(&TcpStream, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    announce(listener.local_addr())?;
    let mut epoll = Epoll::new()?;
    epoll.add(&listener, LISTENER)?;
    // By the number of the descriptor, which is small.
    let mut open: Vec<Option<TcpStream>> = Vec::new();
    let mut buffer = [0; BUFFER];
    let mut arrived = false;
    loop {
        for position in 0..epoll.wait(None)? {
            let event = epoll.event(position);
            let Some(slot) = open.get_mut(event.token) else {
                arrived = true;
                continue;
            };
            // An edge, so all that is there is read. A short read says that nothing is left, and
            // saves the read that would say so; but it does not see the end of the stream.
            while let Some(stream) = slot {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) if answer(stream, &buffer[..count]).is_ok() => {
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
                    let token = stream.as_raw_fd() as usize;
                    epoll.add(&stream, token)?;
                    if token >= open.len() {
                        open.resize_with(token + 1, || None);
                    }
                    open[token] = Some(stream);
                }
                Err(_) => arrived = false,
            }
        }
    }
}
