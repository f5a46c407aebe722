//! `scope`: borrowing, waiting, panics, `Debug`.
//! Everything in `both/scope.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/scope.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/scope.rs");
}
