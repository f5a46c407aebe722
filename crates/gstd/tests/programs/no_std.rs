//! A library that needs std only with its feature of that name, as many do.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
#[macro_use]
extern crate std;

use alloc::vec::Vec;

#[cfg(feature = "std")]
thread_local! {
    static LOCAL: u8 = 1;
}

#[cfg(feature = "std")]
pub fn names() -> Vec<&'static str> {
    [
        std::any::type_name::<std::sync::Mutex<u8>>(),
        std::any::type_name_of_val(&LOCAL),
    ]
    .into()
}

#[cfg(not(feature = "std"))]
pub fn names() -> Vec<&'static str> {
    Vec::new()
}
