//! The order in which greenlets run. It is gevent's, for which one would write:
//!
//! ```python
//! def task(name, seconds):
//!     print(name, "starts")
//!     gevent.sleep(seconds)
//!     print(name, "goes on")
//!
//! gevent.joinall([gevent.spawn(task, name, seconds) for name, seconds in
//!                 [("foo", 0), ("bar", 0.5), ("coo", 0), ("doo", 0.1)]])
//! ```
//!
//! All four start in the order of their `spawn`. Those that sleep for no time go on in that order,
//! too, after every other greenlet had its turn. The others go on when their time has come.

use gtime::Duration;

fn main() {
    let tasks = [("foo", 0), ("bar", 500), ("coo", 0), ("doo", 100)];
    let greenlets = tasks.map(|(name, milliseconds)| {
        greenlet::spawn(move || {
            println!("{name} starts");
            gthread::sleep(Duration::from_millis(milliseconds));
            println!("{name} goes on");
        })
    });
    println!("main waits");
    for greenlet in greenlets {
        greenlet.join().expect("a greenlet panicked");
    }
    println!("main goes on");
}
