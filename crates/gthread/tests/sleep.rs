//! `sleep` and `yield_now`.
//! Everything in `both/sleep.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/sleep.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/sleep.rs");
}
