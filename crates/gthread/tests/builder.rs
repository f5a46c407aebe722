//! `Builder`: names, stack sizes, errors, borrowing closures.
//! Everything in `both/builder.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/builder.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/builder.rs");
}
