#![doc = include_str!("../README.md")]

pub mod os;

pub use std::*;

pub use gfs as fs;
pub use gnet as net;
pub use gsync as sync;
pub use gthread as thread;
pub use gthread::thread_local;
pub use gtime as time;
