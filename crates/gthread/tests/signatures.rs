//! Names, signatures, bounds and auto traits.
//! Everything in `both/signatures.rs` holds for std and for this crate.

mod on_std {
    use std::thread;

    include!("both/signatures.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/signatures.rs");
}
