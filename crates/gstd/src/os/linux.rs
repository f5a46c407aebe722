//! [`std::os::linux`], with the modules that block replaced.

pub use std::os::linux::*;

pub use gfs::linux as fs;
pub use gnet::linux as net;
