#![doc = include_str!("../README.md")]

mod cache;
mod config;
pub mod futex;
mod hub;
pub mod io;
mod local;
mod offload;
mod stack;
mod switch;
mod task;
pub mod time;
mod timer;

pub use hub::workers::workers;
pub use local::{AccessError, Local};
pub use offload::{is_alone, offload, offload_lookup, offload_wait};
pub use task::{
    Builder, Greenlet, Handle, Id, JoinHandle, Killed, breathe, catch_unwind, current, is_kill,
    killing, panicking, resume_unwind, shield, spawn, take_turns, yield_now,
};
