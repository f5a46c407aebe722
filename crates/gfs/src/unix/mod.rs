//! What `std` has for files on Unix only: the mirror of [`std::os::unix::fs`].
//!
//! The traits are `std`'s own: they can be imported from there as well.

mod file_ext;
mod functions;

pub use functions::{chown, chroot, fchown, lchown, symlink};

pub use std::os::unix::fs::{
    DirBuilderExt, DirEntryExt, FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt,
};
