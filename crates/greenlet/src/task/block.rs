//! The memory of packets.
//!
//! Nearly every packet fits a block of one size. A hub keeps those that it has freed: an allocator that is asked for many of a
//! size at once, and then given them all back, takes as long as everything else that is done for a short greenlet.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::ptr::NonNull;

/// Size and alignment of a block.
const BLOCK: Layout = match Layout::from_size_align(256, 16) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// A hub keeps so many.
const MOST: usize = 1_024;

/// The free blocks of a hub, each with the address of the next at its beginning.
pub(crate) struct Blocks {
    first: Cell<Option<NonNull<u8>>>,
    count: Cell<usize>,
}

/// Whether a value of type `P` gets a block.
const fn fits<P>() -> bool {
    size_of::<P>() <= BLOCK.size() && align_of::<P>() <= BLOCK.align()
}

/// What is allocated for a value of type `P`.
const fn layout<P>() -> Layout {
    if fits::<P>() {
        BLOCK
    } else {
        Layout::new::<P>()
    }
}

/// Frees what [`Blocks::allocate`] has given. The value in it is gone already.
///
/// # Safety
///
/// It was allocated for a `P`, on whatever thread, and nobody uses it any more.
#[inline]
pub(super) unsafe fn free<P>(hub: Option<&Blocks>, place: NonNull<P>) {
    let place = place.cast::<u8>();
    match hub {
        Some(hub) if const { fits::<P>() } && hub.count.get() < MOST => {
            // SAFETY: a block is large and aligned enough for an address, and it is ours.
            unsafe { place.cast().write(hub.first.get()) };
            hub.first.set(Some(place));
            hub.count.set(hub.count.get() + 1);
        }
        // SAFETY: allocated with this layout.
        _ => unsafe { alloc::dealloc(place.as_ptr(), layout::<P>()) },
    }
}

impl Blocks {
    pub(crate) const fn new() -> Blocks {
        Blocks {
            first: Cell::new(None),
            count: Cell::new(0),
        }
    }

    /// Room for a `P`, not initialised.
    #[inline]
    pub(super) fn allocate<P>(&self) -> NonNull<P> {
        if const { fits::<P>() }
            && let Some(first) = self.first.get()
        {
            // SAFETY: the block is free, so the next one's address is in it.
            self.first.set(unsafe { first.cast().read() });
            self.count.set(self.count.get() - 1);
            return first.cast();
        }
        // SAFETY: a packet has a size.
        match NonNull::new(unsafe { alloc::alloc(layout::<P>()) }) {
            Some(place) => place.cast(),
            None => alloc::handle_alloc_error(layout::<P>()),
        }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        while let Some(first) = self.first.get() {
            // SAFETY: free, and allocated as a block; the address of the next one is read before.
            unsafe {
                self.first.set(first.cast().read());
                alloc::dealloc(first.as_ptr(), BLOCK);
            }
        }
    }
}
