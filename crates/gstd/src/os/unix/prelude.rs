//! [`std::os::unix::prelude`], with the traits of [`super::fs`] and [`super::process`].

pub use std::os::unix::prelude::*;

// Named, so that they are those which the types of this crate have.
#[doc(no_inline)]
pub use super::fs::{
    DirEntryExt, FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt,
};
#[doc(no_inline)]
pub use super::process::{CommandExt, ExitStatusExt};
