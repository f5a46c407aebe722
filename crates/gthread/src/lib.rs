#![doc = include_str!("../README.md")]

mod builder;
mod current;
mod join_handle;
mod local_key;
mod panicking;
mod park;
mod scoped;
mod sleep;
mod spawn;
mod thread;
mod thread_id;
mod thread_local;
mod yield_now;

pub use builder::Builder;
pub use current::current;
pub use greenlet::AccessError;
pub use join_handle::JoinHandle;
pub use local_key::LocalKey;
pub use panicking::panicking;
#[allow(deprecated, reason = "std still has it, so a shim of std has it")]
pub use park::park_timeout_ms;
pub use park::{park, park_timeout};
pub use scoped::{Scope, ScopedJoinHandle, scope};
pub use sleep::sleep;
#[allow(deprecated, reason = "std still has it, so a shim of std has it")]
pub use sleep::sleep_ms;
pub use spawn::spawn;
#[doc(no_inline)]
pub use std::thread::{Result, available_parallelism};
pub use thread::Thread;
pub use thread_id::ThreadId;
pub use yield_now::yield_now;

/// What `thread_local!` needs of the core.
#[doc(hidden)]
pub mod local_impl {
    pub use greenlet::Local;
}
