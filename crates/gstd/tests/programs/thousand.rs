use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::prelude::*;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

const THREADS: u32 = 1000;

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

mod inner {
    use std::any::type_name;

    ::std::thread_local! {
        pub static NESTED: u8 = 1;
    }

    pub fn names() -> [&'static str; 3] {
        assert_eq!(vec![1, 2].len(), 2);
        [
            type_name::<::std::sync::Mutex<u8>>(),
            type_name::<::std::os::unix::net::UnixStream>(),
            ::std::any::type_name_of_val(&NESTED),
        ]
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Total {
    echoed: u32,
}

fn echo(stream: TcpStream) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    (&stream).write_all(line.as_bytes())
}

fn ask(number: u32, address: std::net::SocketAddr) -> io::Result<u32> {
    let mut stream = TcpStream::connect(address)?;
    writeln!(stream, "{}", number)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim().parse().unwrap())
}

fn os_threads() -> io::Result<u32> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("Threads:"));
    Ok(line.unwrap()[8..].trim().parse().unwrap())
}

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).unwrap();
    let file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    let log = Arc::new(Mutex::new((file, HashMap::new())));

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || echo(stream.unwrap()).unwrap());
        }
    });

    let all_wait = Arc::new(Barrier::new(THREADS as usize + 1));
    let counted = Arc::new(Barrier::new(THREADS as usize + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            let (log, all_wait, counted) = (log.clone(), all_wait.clone(), counted.clone());
            thread::spawn(move || {
                all_wait.wait();
                counted.wait();
                let echoed = if number % 10 == 0 { ask(number, address).unwrap() } else { number };
                let mut log = log.lock().unwrap();
                writeln!(log.0, "{}", echoed).unwrap();
                log.1.insert(number, echoed);
                CALLS.with(|calls| calls.set(calls.get() + 1));
                CALLS.with(Cell::get)
            })
        })
        .collect();
    all_wait.wait();
    let waiting = os_threads()?;
    counted.wait();
    let calls: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();

    let log = log.lock().unwrap();
    let total = Total { echoed: log.1.values().sum() };
    println!("{:?}, {} lines, {} calls", total.clone(), fs::read_to_string(&path)?.lines().count(), calls);
    println!("OS threads: {}", waiting);
    println!("{:o}", log.0.metadata()?.mode() & 0o777);
    println!("{}", std::any::type_name_of_val(&log.0));
    println!("{}", std::any::type_name::<thread::JoinHandle<()>>());
    println!("{}", std::any::type_name::<std::time::Instant>());
    println!("{}", std::any::type_name_of_val(&CALLS));
    for name in &inner::names() {
        println!("{}", name);
    }
    Ok(())
}
