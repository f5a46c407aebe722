//! A server by `tiny_http`, and clients by `minreq`, all of them on one hub.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{fs, thread};
use tiny_http::{Response, Server};

const CLIENTS: usize = 200;

fn main() {
    let server = Server::http("127.0.0.1:0").unwrap();
    let address = server.server_addr();
    let (tick, ticks) = mpsc::channel();
    let is_over = Arc::new(AtomicBool::new(false));
    let ticker = thread::spawn({
        let is_over = is_over.clone();
        move || {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
                tick.send(()).unwrap();
            }
        }
    });
    let server = thread::spawn(move || {
        // All clients wait at the same time, or this does.
        let requests: Vec<_> = (0..CLIENTS).map(|_| server.recv().unwrap()).collect();
        // They do not keep others from running.
        while ticks.try_recv().is_ok() {}
        assert_eq!(ticks.iter().take(20).count(), 20);
        println!("OS threads: {}", os_threads());
        for request in requests {
            let answer = format!("this is {}", request.url());
            request.respond(Response::from_string(answer)).unwrap();
        }
        ticks
    });
    let client = |number| {
        let url = format!("http://{address}/{number}");
        thread::spawn(move || {
            // With a time-out minreq connects in a thread of its own.
            let request = minreq::get(url);
            let request = if number % 2 == 0 { request.with_timeout(50) } else { request };
            let answer = request.send().unwrap();
            assert_eq!(answer.as_str().unwrap(), format!("this is /{number}"));
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    let answered = clients.into_iter().map(|client| client.join().unwrap()).count();
    println!("{answered} answers");
    let _ticks = server.join().unwrap();
    is_over.store(true, Ordering::Relaxed);
    ticker.join().unwrap();
}

fn os_threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}
