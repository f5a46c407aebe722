//! A hub's timer store: a hierarchical timing wheel.
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
//! The timers lie in one array of the wheel and are linked by their numbers in it. The places of those that have gone are used
//! again, so that parking allocates nothing but when there are more timers than ever before. The
//! due tick of a timer is its deadline rounded *up* to a tick: it never fires early, and is late by less
//! than a tick because of the rounding.
//!
//! The one invariant that all else follows from: a timer sits at the level of the highest 6-bit
//! digit in which its due tick differs from the wheel's `elapsed` tick, in the slot that this digit
//! of the due tick names. Hence
//!
//! * every timer of a level is due before every timer of a higher level, and within a level a lower
//!   slot is due before a higher one: the first timers due are found with two bit scans;
//! * two timers with the same due tick always sit in the same slot, so a cascade, which takes a
//!   slot's timers in order, keeps their order of insertion;
//! * a cascade moves a timer down by at least one level: that is all the work a timer ever
//!   causes between its insertion and its expiry.

mod node;
mod slot;
mod wheel;

#[cfg(test)]
mod tests;

pub(crate) use wheel::{Key, Wheel};
