//! Clients by `redis`, whose server waits on a channel of `crossbeam_channel`, all of them on one hub.

use crossbeam_channel::{Receiver, Sender};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{fs, thread};

const CLIENTS: usize = 200;

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (arrival, arrivals) = crossbeam_channel::unbounded();
    let (go, gone) = crossbeam_channel::bounded(0);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (arrival, gone) = (arrival.clone(), gone.clone());
            thread::spawn(move || serve(stream.unwrap(), &arrival, &gone).unwrap());
        }
    });
    let client = |number: usize| {
        thread::spawn(move || {
            let client = redis::Client::open(format!("redis://{address}/")).unwrap();
            let mut connection = client.get_connection().unwrap();
            let mut ask = redis::cmd("GET");
            let answer: String = ask.arg(number).query(&mut connection).unwrap();
            assert_eq!(answer, format!("this is {number}"));
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    // All of them wait for an answer, and for each a thread of the server waits on the channel.
    assert_eq!(arrivals.iter().take(CLIENTS).count(), CLIENTS);
    println!("OS threads: {}", fs::read_dir("/proc/self/task").unwrap().count());
    (0..CLIENTS).for_each(|_| go.send(()).unwrap());
    let answered = clients.into_iter().map(|client| client.join().unwrap()).count();
    println!("{answered} answers");
}

/// As much of a server as these clients need.
fn serve(stream: TcpStream, arrival: &Sender<()>, gone: &Receiver<()>) -> io::Result<()> {
    let mut reader = BufReader::new(&stream);
    while let Some(count) = number(&mut reader, b'*')? {
        let mut command = Vec::new();
        for _ in 0..count {
            let length = number(&mut reader, b'$')?.unwrap();
            let mut argument = vec![0; length + 2];
            reader.read_exact(&mut argument)?;
            argument.truncate(length);
            command.push(String::from_utf8(argument).unwrap());
        }
        let answer = if command[0] == "GET" {
            arrival.send(()).unwrap();
            gone.recv().unwrap();
            format!("this is {}", command[1])
        } else {
            "OK".to_owned()
        };
        write!(&stream, "+{answer}\r\n")?;
    }
    Ok(())
}

/// The number of a line such as `*3`, unless the client has gone.
fn number(reader: &mut impl BufRead, kind: u8) -> io::Result<Option<usize>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    assert!(line.is_empty() || line.as_bytes()[0] == kind, "{line:?}");
    Ok(line.get(1..).map(|number| number.trim().parse().unwrap()))
}
