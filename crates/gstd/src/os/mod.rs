//! [`std::os`], with the modules that block replaced.

#[cfg(target_os = "linux")]
pub mod linux;
pub mod unix;

pub use std::os::*;
