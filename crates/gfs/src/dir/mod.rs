//! Folders: making them, and listing them.

mod builder;
mod entry;
mod read_dir;

pub use builder::DirBuilder;
pub use entry::DirEntry;
pub use read_dir::ReadDir;
