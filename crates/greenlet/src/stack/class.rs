//! Size classes of stacks.

use std::io;

use super::{KEPT_PAGES, OwnerRecord, WINDOW_WORDS, page_size};

/// The smallest slot is 32 KiB of address space.
const MIN_SHIFT: u32 = 15;

/// The largest slot is 1 GiB of address space.
const MAX_SHIFT: u32 = 30;

/// Number of different stack tops in a row of neighbours.
pub(super) const COLOURS: usize = 32;

/// Distance between two colours: a cache line.
pub(super) const COLOUR_BYTES: usize = 64;

/// Size of the owner record.
pub(super) const OWNER_BYTES: usize = 16;

const _: () = assert!(size_of::<OwnerRecord>() <= OWNER_BYTES);

/// What a slot loses to colouring and its owner record at worst.
const OVERHEAD: usize = COLOURS * COLOUR_BYTES;

const _: () = assert!((COLOURS - 1) * COLOUR_BYTES + OWNER_BYTES <= OVERHEAD);

/// No stack has less usable memory than this: the scheduler, with what std sets up in it, runs on them too.
const MIN_USABLE: usize = 16 * 1024;

/// A size of stack: slots are powers of two, from 32 KiB to 1 GiB of address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class(u8);

impl Class {
    /// How many classes there are.
    pub(super) const COUNT: usize = (MAX_SHIFT - MIN_SHIFT + 1) as usize;

    /// 256 KiB of address space, guard included: what a greenlet gets that asks for nothing.
    pub(crate) const DEFAULT: Class = Class((18 - MIN_SHIFT) as u8);

    /// The smallest class whose stacks have at least `bytes` usable bytes.
    ///
    /// The guard and the colouring come on top, so a power of two lands in the class above it.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] when `bytes` is more than the largest class has.
    pub(crate) fn for_size(bytes: usize) -> io::Result<Class> {
        let overhead = page_size() + OVERHEAD;
        let largest = 1 << MAX_SHIFT;
        if bytes > largest - overhead {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "a greenlet's stack of {bytes} bytes was asked for; the largest has {} bytes",
                    largest - overhead
                ),
            ));
        }
        let slot = (bytes.max(MIN_USABLE) + overhead).next_power_of_two();
        let shift = slot.trailing_zeros().max(MIN_SHIFT);
        Ok(Class((shift - MIN_SHIFT) as u8))
    }

    /// Every class, the smallest first.
    pub(super) fn all() -> impl Iterator<Item = Class> {
        (0..Class::COUNT).map(|index| Class(index as u8))
    }

    /// Position among the classes, below [`Class::COUNT`].
    #[inline]
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Binary logarithm of the size of a slot.
    #[inline]
    pub(super) fn shift(self) -> u32 {
        u32::from(self.0) + MIN_SHIFT
    }

    /// Bytes of address space of a slot, guard included.
    #[inline]
    pub(crate) fn slot_size(self) -> usize {
        1 << self.shift()
    }

    /// How many warm stacks of this class a hub may keep at first: 64 up to 256 KiB, 8 up to 4 MiB. Also how many reservations it takes from
    /// the global state at once, and how many slots are guarded at once.
    pub(super) fn pool_bound(self) -> usize {
        match self.slot_size() {
            ..=0x4_0000 => 64,
            0x4_0001..=0x40_0000 => 8,
            _ => 0,
        }
    }

    /// Offset in a slot of the window that tells whether a stack grew past the kept pages, 0 if a
    /// slot is too small to have one.
    pub(super) fn window(self) -> usize {
        let kept = KEPT_PAGES * page_size();
        let window = WINDOW_WORDS * size_of::<u64>();
        match self.slot_size().checked_sub(kept + window) {
            Some(offset) if offset >= page_size() => offset,
            _ => 0,
        }
    }
}
