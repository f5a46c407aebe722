//! `park`, `park_timeout`, `unpark`: one token a thread, never lost.
//! Everything in `both/park.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/park.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/park.rs");
}
