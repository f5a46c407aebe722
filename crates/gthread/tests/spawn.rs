//! Spawning: results, nesting, detaching, what is visible to whom.
//! Everything in `both/spawn.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/spawn.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/spawn.rs");
}
