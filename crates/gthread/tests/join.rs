//! `JoinHandle`: results, panics, `is_finished`, `Debug`.
//! Everything in `both/join.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/join.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/join.rs");
}
