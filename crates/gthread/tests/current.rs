//! `current`, `Thread`, `ThreadId`.
//! Everything in `both/current.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/current.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/current.rs");
}
