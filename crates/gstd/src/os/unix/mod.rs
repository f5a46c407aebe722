//! [`std::os::unix`], with the modules that block replaced.

pub mod prelude;

pub use std::os::unix::*;

pub use gfs::unix as fs;
pub use gnet::unix as net;
pub use gprocess::unix as process;
