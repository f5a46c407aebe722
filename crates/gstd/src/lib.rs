#![doc = include_str!("../README.md")]

pub mod os;
pub mod prelude;

// An item that is named goes before those of `*`: what is replaced stands below, all else is std's.
pub use std::*;

pub use gfs as fs;
pub use gio as io;
pub use gio::{dbg, eprint, eprintln, print, println};
pub use gnet as net;
pub use gprocess as process;
pub use gsync as sync;
pub use gthread as thread;
pub use gthread::thread_local;
pub use gtime as time;
