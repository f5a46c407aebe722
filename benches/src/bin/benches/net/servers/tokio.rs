//! tokio, and hyper on it.

use super::{BUFFER, SHORT_BUFFER, Service, announce, http, work};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

pub(crate) fn serve(service: Service, workers: usize) -> io::Result<()> {
    let mut builder = match workers {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 1 {
        builder.worker_threads(workers);
    }
    builder.enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        announce(listener.local_addr())?;
        // A task, because the future of `block_on` is polled in another way.
        tokio::spawn(accept(listener, service)).await?
    })
}

async fn accept(listener: TcpListener, service: Service) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A task of each service is as large as that needs.
        match service {
            Service::Echo => tokio::spawn(echo::<BUFFER>(stream, |_| {})),
            Service::EchoShort => tokio::spawn(echo::<SHORT_BUFFER>(stream, |_| {})),
            Service::Work => tokio::spawn(echo::<BUFFER>(stream, work)),
            Service::Http => tokio::spawn(hyper(stream)),
        };
    }
}

async fn echo<const ROOM: usize>(mut stream: TcpStream, prepare: fn(&mut [u8])) {
    let mut buffer = [0; ROOM];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        prepare(&mut buffer[..count]);
        if stream.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
}

async fn hyper(stream: TcpStream) {
    let answer = service_fn(|_| async {
        let mut answer = hyper::Response::new(Full::new(Bytes::from_static(http::BODY.as_bytes())));
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        Ok::<_, Infallible>(answer)
    });
    // An error is the end of a connection, as the end of the stream is.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
