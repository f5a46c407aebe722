//! A hub's own stock of stacks and reservations.

use std::io;

use super::global::{GLOBAL, Global};
use super::limit::Shortage;
use super::{Class, Stack, advice, slab};

/// How many times as many stacks as at first a hub keeps warm at most.
pub(super) const GROWTH: usize = 2;

/// Of how many stacks that are given back one is looked at, on average.
const ONE_OF: u32 = 16;

/// Of a class with slots above so many bytes all are: what they may have grown by is too much to keep unnoticed.
const ALL_ABOVE: usize = 256 << 10;

/// How many are all looked at after one that has grown.
const CAREFUL: u32 = 256;

/// The stacks that a hub keeps warm, and the reservations it has in stock.
///
/// In the steady state, spawning and ending greenlets touches nothing but this: no lock, no atomic
/// operation, no system call.
pub(crate) struct HubPool {
    classes: [ClassPool; Class::COUNT],
    global: &'static Global,
}

/// One class of a pool. A hub joins a class when it first reserves or takes a stack of it; until
/// then its bounds are 0, and everything passes through to the global state.
struct ClassPool {
    /// Stacks to use next, the one used last at the end. Has the capacity for `bound` of them.
    warm: Vec<Stack>,
    /// How many stacks may be kept warm. The global state is committed to as many.
    bound: usize,
    /// Reservations in stock. The global state is committed to them.
    reserved_cached: usize,
    /// Above this many reservations in stock, some go back.
    reserved_most: usize,
    /// [`Class::window`], here because asking for it takes longer.
    window: usize,
    /// Joining was refused while taking a stack: do not try that again with each one.
    refused: bool,
    /// How many cold stacks to take next time. Doubles until some are given back for good.
    batch: usize,
    /// How many are still looked at one after the other, because one has grown; see [`looks`](ClassPool::looks).
    careful: u32,
    /// How many are still not looked at.
    overlooked: u32,
    /// Whether there are any that are not.
    overlooks: bool,
    /// The state of the random numbers that say how many.
    seed: u32,
}

impl HubPool {
    /// An empty pool, which has joined no class.
    pub(crate) fn new() -> HubPool {
        HubPool::of(&GLOBAL)
    }

    pub(super) fn of(global: &'static Global) -> HubPool {
        HubPool {
            classes: [const { ClassPool::new() }; Class::COUNT],
            global,
        }
    }

    /// Reserves a stack of `class` for a greenlet that is about to be spawned. From now until
    /// [`unreserve`](HubPool::unreserve), on whichever hub, the greenlet may
    /// [`take`](HubPool::take) one stack, on whichever hub.
    ///
    /// # Errors
    ///
    /// The system's error when no more stacks can be mapped; the message names the limit that was
    /// met.
    #[inline]
    pub(crate) fn reserve(&mut self, class: Class) -> io::Result<()> {
        let pool = &mut self.classes[class.index()];
        if pool.reserved_cached == 0 {
            return self.reserve_batch(class);
        }
        pool.reserved_cached -= 1;
        Ok(())
    }

    /// Gives a reservation back. The stack, if one was taken, must have been given back before.
    #[inline]
    pub(crate) fn unreserve(&mut self, class: Class) {
        let pool = &mut self.classes[class.index()];
        pool.reserved_cached += 1;
        if pool.reserved_cached > pool.reserved_most {
            self.return_batch(class);
        }
    }

    /// Takes a stack for a greenlet that has a reservation: the one that was used last, if there is
    /// a warm one.
    ///
    /// # Panics
    ///
    /// If more stacks are taken than are reserved, which is a bug.
    #[inline]
    pub(crate) fn take(&mut self, class: Class) -> Stack {
        match self.classes[class.index()].warm.pop() {
            Some(stack) => stack,
            None => self.take_cold(class),
        }
    }

    /// Takes back the stack of a greenlet that has ended, whose name has been taken off.
    #[inline]
    pub(crate) fn give(&mut self, stack: Stack) {
        let pool = &mut self.classes[stack.class().index()];
        if pool.warm.len() >= pool.bound {
            return self.give_cold(stack);
        }
        if pool.looks() && stack.has_grown(pool.window) {
            pool.trim(&stack);
        }
        pool.warm.push(stack);
    }

    /// A full pool grows, or gives back the half of its stacks that were not used for the longest time, together.
    #[cold]
    #[inline(never)]
    fn give_cold(&mut self, stack: Stack) {
        let class = stack.class();
        let pool = &mut self.classes[class.index()];
        if pool.grow(class, self.global) {
            pool.warm.push(stack);
            return;
        }
        let half = pool.bound / 2;
        if half == 0 {
            return self.global.give(class, [stack]);
        }
        pool.batch = 1;
        self.global.give(class, pool.warm.drain(..half));
        self.give(stack);
    }

    #[cold]
    #[inline(never)]
    fn reserve_batch(&mut self, class: Class) -> io::Result<()> {
        let pool = &mut self.classes[class.index()];
        let batch = class.pool_bound().max(1);
        // A single one is still to be had when a batch is not.
        let _ = pool.join(class, self.global);
        let mut reserved = self.global.reserve(class, batch);
        if reserved.is_err() && pool.shrink(class, self.global) {
            reserved = self.global.reserve(class, batch);
        }
        let taken = match reserved {
            Ok(()) => batch,
            Err(shortage) if batch == 1 => return Err(shortage.into()),
            Err(_) => {
                self.global.reserve(class, 1)?;
                1
            }
        };
        pool.reserved_cached += taken - 1;
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn return_batch(&mut self, class: Class) {
        let pool = &mut self.classes[class.index()];
        let batch = class.pool_bound().clamp(1, pool.reserved_cached);
        pool.reserved_cached -= batch;
        self.global.unreserve(class, batch);
    }

    #[cold]
    #[inline(never)]
    fn take_cold(&mut self, class: Class) -> Stack {
        // A worker that runs what other threads spawn never reserves, but it should keep its stacks
        // warm as well.
        let pool = &mut self.classes[class.index()];
        if !pool.refused {
            pool.refused = pool.join(class, self.global).is_err();
        }
        let batch = pool.batch.min(pool.bound).min(advice::MOST);
        if batch < 2 {
            pool.batch = 2;
            return self.global.take(class);
        }
        // A hub that has taken many takes more. The bound is committed to, so there is enough for all others.
        pool.batch = 2 * batch;
        self.global.take_some(class, batch, &mut pool.warm);
        slab::touch(&pool.warm);
        pool.warm.pop().expect("some were taken")
    }

    /// `(warm stacks, bound, reservations in stock)` of a class.
    #[cfg(test)]
    pub(super) fn account(&self, class: Class) -> (usize, usize, usize) {
        let pool = &self.classes[class.index()];
        (pool.warm.len(), pool.bound, pool.reserved_cached)
    }
}

impl ClassPool {
    const fn new() -> ClassPool {
        ClassPool {
            warm: Vec::new(),
            bound: 0,
            reserved_cached: 0,
            reserved_most: 0,
            window: 0,
            refused: false,
            batch: 1,
            careful: 0,
            overlooked: 0,
            overlooks: false,
            seed: 0,
        }
    }

    /// Joins the class, if that has not been done and the class is one that hubs keep warm.
    fn join(&mut self, class: Class, global: &Global) -> Result<(), Shortage> {
        let bound = class.pool_bound();
        if self.bound >= bound {
            return Ok(());
        }
        self.warm.try_reserve_exact(bound)?;
        global.reserve(class, bound)?;
        self.bound = bound;
        self.reserved_most = 2 * bound;
        self.window = class.window();
        self.overlooks = class.slot_size() <= ALL_ABOVE;
        Ok(())
    }

    /// Whether to look if the stack that is given back has grown: one of [`ONE_OF`] is looked at, and each when one has grown
    /// of late.
    ///
    /// The first look is the first touch of a page as a rule, half as dear as that of the page in use; and of many greenlets
    /// that have waited at once most stacks go back to the system anyway.
    #[inline]
    fn looks(&mut self) -> bool {
        if self.overlooked > 0 {
            self.overlooked -= 1;
            return false;
        }
        match self.careful.checked_sub(1) {
            Some(left) => self.careful = left,
            None if self.overlooks => self.overlooked = self.how_many(),
            None => (),
        }
        true
    }

    /// A random number around `ONE_OF - 1`: that every so-manieth greenlet is another than the rest is common.
    fn how_many(&mut self) -> u32 {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        ONE_OF / 2 + (self.seed >> 16) % ONE_OF
    }

    /// Trims a stack that has grown, and those that have been overlooked.
    #[cold]
    fn trim(&mut self, stack: &Stack) {
        stack.trim();
        if self.overlooks && self.careful == 0 {
            let grown = |other: &&Stack| other.has_grown(self.window);
            self.warm.iter().filter(grown).for_each(Stack::trim);
        }
        self.careful = CAREFUL;
        self.overlooked = 0;
    }

    /// Raises the bound of a hub that has had many greenlets, where that takes no more stacks than there are. It will have
    /// many again, and a stack that goes back to the system has to be touched for the first time again.
    fn grow(&mut self, class: Class, global: &Global) -> bool {
        let bound = GROWTH * class.pool_bound();
        let grows = (1..bound).contains(&self.bound)
            && self.warm.try_reserve_exact(bound - self.warm.len()).is_ok()
            && global.reserve_left(class, bound - self.bound);
        if grows {
            self.bound = bound;
        }
        grows
    }

    /// Takes the growth back when there are no more stacks to be had; tells whether there was any.
    fn shrink(&mut self, class: Class, global: &Global) -> bool {
        let bound = class.pool_bound();
        let Some(surplus @ 1..) = self.bound.checked_sub(bound) else {
            return false;
        };
        let cold = self.warm.len().saturating_sub(bound);
        global.give(class, self.warm.drain(..cold));
        global.unreserve(class, surplus);
        self.bound = bound;
        true
    }
}

impl Drop for HubPool {
    fn drop(&mut self) {
        for (class, pool) in Class::all().zip(&mut self.classes) {
            let committed = pool.bound + pool.reserved_cached;
            if committed > 0 {
                self.global.give_pool(class, &mut pool.warm, committed);
            }
        }
    }
}
