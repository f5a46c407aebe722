//! The functions of `std::fs`: one call of `std`'s each, made where it holds up nobody.

mod attributes;
mod contents;
mod folders;
mod links;
mod names;

pub use attributes::{exists, metadata, set_permissions, symlink_metadata};
pub use contents::{copy, read, read_to_string, write};
pub use folders::{create_dir, create_dir_all, read_dir, remove_dir, remove_dir_all};
#[expect(deprecated, reason = "std has it still")]
pub use links::soft_link;
pub use links::{canonicalize, hard_link, read_link};
pub use names::{remove_file, rename};
