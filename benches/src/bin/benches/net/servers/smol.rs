//! smol: a local executor, on the only thread.

use super::{BUFFER, SHORT_BUFFER, Service, announce};
use smol::LocalExecutor;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;

pub(crate) fn serve(service: Service) -> io::Result<()> {
    let executor = Rc::new(LocalExecutor::new());
    let acceptor = executor.spawn(accept(Rc::clone(&executor), service));
    smol::block_on(executor.run(acceptor))
}

async fn accept(executor: Rc<LocalExecutor<'static>>, service: Service) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr())?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        match service {
            Service::EchoShort => executor.spawn(echo::<SHORT_BUFFER>(stream)),
            _ => executor.spawn(echo::<BUFFER>(stream)),
        }
        .detach();
    }
}

async fn echo<const ROOM: usize>(mut stream: TcpStream) {
    let mut buffer = [0; ROOM];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
}
