//! [`std::prelude`], with the macros that are replaced.
//!
//! In a package that has this crate as its `std`, the compiler imports the one of these modules that is for the package's
//! edition into every module. That is where macros such as `thread_local!` come from without a `use`.

/// Defines a prelude: std's, in which the names of macros that are replaced are those of this crate.
macro_rules! prelude {
    ($($(#[$about:meta])* $name:ident)*) => {
        $($(#[$about])* pub mod $name {
            #[doc(no_inline)]
            pub use std::prelude::$name::*;
            // Named, so that they go before those of `*`.
            #[doc(no_inline)]
            pub use crate::{dbg, eprint, eprintln, print, println, thread_local};
        })*
    };
}

prelude! {
    /// [`std::prelude::v1`].
    v1
    /// [`std::prelude::rust_2015`].
    rust_2015
    /// [`std::prelude::rust_2018`].
    rust_2018
    /// [`std::prelude::rust_2021`].
    rust_2021
    /// [`std::prelude::rust_2024`].
    rust_2024
}

// The preludes of editions to come: they are std's until they are listed above.
pub use std::prelude::*;
