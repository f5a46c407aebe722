//! A hub's timer store: a hierarchical timing wheel with intrusive entries.
//!
//! ```text
//!             slot  0     1     2    ...   63        one slot spans
//!   level 0       [   |  E  |     |  ... |    ]      1 tick = 1024 ns
//!   level 1       [   |     |E E E|  ... |    ]      64 ticks = 65.5 us
//!   level 2       [   |     |     |  ... | E  ]      4096 ticks = 4.19 ms
//!   ...
//!   level 9       [   | E |                           the last tick of u64 nanoseconds
//! ```
//!
//! An [`Entry`] lives on the stack of the greenlet that waits, so that parking allocates nothing.
//! Its due tick is its deadline rounded *up* to a tick: it never fires early, and is late by less
//! than a tick because of the rounding.
//!
//! The one invariant that all else follows from: an entry sits at the level of the highest 6-bit
//! digit in which its due tick differs from the wheel's `elapsed` tick, in the slot that this digit
//! of the due tick names. Hence
//!
//! * every entry of a level is due before every entry of a higher level, and within a level a lower
//!   slot is due before a higher one: the first entries due are found with two bit scans;
//! * two entries with the same due tick always sit in the same slot, so a cascade, which takes a
//!   slot's entries in order, keeps their order of insertion;
//! * a cascade moves an entry down by at least one level: that is all the work an entry ever
//!   causes between its insertion and its expiry.

mod entry;
mod slot;
mod wheel;

#[cfg(test)]
mod tests;

pub(crate) use entry::Entry;
pub(crate) use wheel::Wheel;
