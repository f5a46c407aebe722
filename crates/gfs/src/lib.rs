#![doc = include_str!("../README.md")]

mod dir;
mod file;
mod functions;
#[cfg(target_os = "linux")]
pub mod linux;
mod open_options;
mod opening;
pub mod unix;

pub use dir::{DirBuilder, DirEntry, ReadDir};
pub use file::File;
#[expect(deprecated, reason = "std has it still")]
pub use functions::soft_link;
pub use functions::{
    canonicalize, copy, create_dir, create_dir_all, exists, hard_link, metadata, read, read_dir,
    read_link, read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions,
    symlink_metadata, write,
};
pub use open_options::OpenOptions;

// The values of `std::fs`, which never block: the same types, not copies of them.
pub use std::fs::{FileTimes, FileType, Metadata, Permissions, TryLockError};
