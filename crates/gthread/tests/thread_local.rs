//! `thread_local!` and `LocalKey`: initialisation, destruction, the methods of cells.
//! Everything in `both/thread_local.rs` holds for std and for this crate.

#![allow(
    clippy::missing_const_for_thread_local,
    clippy::let_and_return,
    reason = "both forms of initialisers are what is tested"
)]

mod deadline;

mod on_std {
    use std::thread;
    use std::thread_local;

    include!("both/thread_local.rs");
}

mod on_greenlets {
    use gthread as thread;
    use gthread::thread_local;

    include!("both/thread_local.rs");
}
