//! [`std::os::unix`], with the modules that block replaced.

pub use gfs::unix as fs;
pub use gnet::unix as net;
pub use std::os::unix::*;
