//! A server and clients by `tungstenite`, all of them on one hub.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::{fs, thread};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message};

const CLIENTS: usize = 200;

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    let connected = Arc::new(Barrier::new(CLIENTS + 1));
    let counted = Arc::new(Barrier::new(CLIENTS + 1));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (connected, counted) = (connected.clone(), counted.clone());
            thread::spawn(move || {
                let (mut socket, _) = tungstenite::connect(format!("ws://{address}/")).unwrap();
                if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
                    assert!(std::any::type_name_of_val(stream).starts_with("gnet::"));
                }
                connected.wait();
                counted.wait();
                for round in 0..5 {
                    let message = Message::text(format!("{number} {round}"));
                    socket.send(message.clone()).unwrap();
                    assert_eq!(socket.read().unwrap(), message);
                }
                socket.close(None).unwrap();
                while socket.read().is_ok() {}
            })
        })
        .collect();
    connected.wait();
    println!("OS threads: {}", fs::read_dir("/proc/self/task").unwrap().count());
    counted.wait();
    let ended = clients.into_iter().map(|client| client.join().unwrap()).count();
    println!("{ended} clients");
}

fn serve(stream: TcpStream) {
    let mut socket = tungstenite::accept(stream).unwrap();
    loop {
        match socket.read() {
            Ok(message) if message.is_text() => socket.send(message).unwrap(),
            Ok(_) => (),
            Err(Error::ConnectionClosed) => return,
            Err(error) => panic!("{error}"),
        }
    }
}
