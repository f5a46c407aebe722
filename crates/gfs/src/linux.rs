//! What `std` has for files on Linux only: the mirror of [`std::os::linux::fs`].

pub use std::os::linux::fs::MetadataExt;
