//! A hub's table of registered descriptors, and who waits for them.

use super::sys::{Event, Events, Poller};
use crate::hub::Hub;
use crate::task::{Core, WOKEN};
use std::cell::Cell;
use std::io;
use std::os::fd::RawFd;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// Which of the two things a descriptor can be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// A greenlet that waits for a descriptor; on its stack.
pub(crate) struct Waiter {
    core: NonNull<Core>,
    linked: Cell<bool>,
    next: Cell<*const Waiter>,
    previous: Cell<*const Waiter>,
}

impl Waiter {
    pub(crate) fn new(core: NonNull<Core>) -> Waiter {
        Waiter {
            core,
            linked: Cell::new(false),
            next: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
        }
    }
}

/// What is known of one direction of a descriptor.
struct Side {
    /// Something has happened since an operation last found nothing. Whoever waits tries first.
    ready: bool,
    /// A short operation proves nothing any more: the end, or urgent data, is near.
    to_the_end: bool,
    /// Counts events, so that what an operation found is not believed when something came in between.
    events: u32,
    first: *const Waiter,
}

const IDLE: Side = Side {
    ready: false,
    to_the_end: false,
    events: 0,
    first: ptr::null(),
};

/// One registration.
struct Slot {
    /// Changes when the slot is freed, so that a late event finds nobody.
    generation: u32,
    /// -1 while the slot is free.
    fd: RawFd,
    /// The next free slot, while this one is free.
    next_free: u32,
    read: Side,
    write: Side,
}

const NO_SLOT: u32 = u32::MAX;

/// The descriptors that greenlets of this hub have waited for.
pub(crate) struct Reactor {
    poller: Arc<Poller>,
    events: Events,
    slots: Vec<Slot>,
    free: u32,
}

fn key(index: u32, generation: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(index)
}

impl Reactor {
    pub(crate) fn new(poller: Poller) -> Reactor {
        Reactor {
            poller: Arc::new(poller),
            events: Events::new(),
            slots: Vec::new(),
            free: NO_SLOT,
        }
    }

    /// Whether a descriptor has ever been registered. There is nothing to poll for before.
    pub(crate) fn is_used(&self) -> bool {
        !self.slots.is_empty()
    }

    pub(crate) fn poller(&self) -> &Arc<Poller> {
        &self.poller
    }

    /// Registers a descriptor; gives the slot's index and generation.
    pub(crate) fn add(&mut self, fd: RawFd) -> io::Result<(u32, u32)> {
        if self.free == NO_SLOT {
            self.free = u32::try_from(self.slots.len())
                .ok()
                .filter(|&index| index != NO_SLOT)
                .ok_or_else(|| {
                    io::Error::new(
                        io::ErrorKind::OutOfMemory,
                        "too many descriptors for one hub",
                    )
                })?;
            self.slots.push(Slot {
                generation: 0,
                fd: -1,
                next_free: NO_SLOT,
                read: IDLE,
                write: IDLE,
            });
        }
        let index = self.free;
        let slot = &self.slots[index as usize];
        let (generation, next_free) = (slot.generation, slot.next_free);
        if let Err(error) = self.poller.add(fd, key(index, generation)) {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
            if self.slots.iter().any(|slot| slot.fd == fd) {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    format!(
                        "descriptor {fd} belongs to another source that waits on this hub: share that one, or duplicate the descriptor"
                    ),
                ));
            }
            // Left behind by a source whose descriptor lives on in a duplicate: only the key is wrong with it.
            self.poller.change(fd, key(index, generation))?;
        }
        self.free = next_free;
        self.slots[index as usize].fd = fd;
        Ok((index, generation))
    }

    /// Frees a slot whose descriptor is registered no more. One of an earlier generation is left alone.
    pub(crate) fn free(&mut self, index: u32, generation: u32) {
        let Some(slot) = self.slots.get_mut(index as usize) else {
            return;
        };
        if slot.generation != generation {
            return;
        }
        debug_assert!(
            slot.read.first.is_null() && slot.write.first.is_null(),
            "a waiter borrows the source"
        );
        *slot = Slot {
            generation: generation.wrapping_add(1),
            fd: -1,
            next_free: self.free,
            read: IDLE,
            write: IDLE,
        };
        self.free = index;
    }

    fn side(&mut self, index: u32, direction: Direction) -> &mut Side {
        let slot = &mut self.slots[index as usize];
        match direction {
            Direction::Read => &mut slot.read,
            Direction::Write => &mut slot.write,
        }
    }

    /// Whether an operation may find something, and the count of events at this time.
    pub(crate) fn look(&mut self, index: u32, direction: Direction) -> (bool, u32) {
        let side = self.side(index, direction);
        (side.ready, side.events)
    }

    /// An operation that was begun when `events` had been counted found nothing, or (`short`) took less than it asked for.
    pub(crate) fn emptied(&mut self, index: u32, direction: Direction, events: u32, short: bool) {
        let side = self.side(index, direction);
        if side.events == events && !(short && side.to_the_end) {
            side.ready = false;
        }
    }

    /// Links a waiter.
    ///
    /// # Safety
    ///
    /// The waiter stays where it is until [`unlink`](Reactor::unlink) has been called for it.
    pub(crate) unsafe fn link(&mut self, index: u32, direction: Direction, waiter: *const Waiter) {
        let side = self.side(index, direction);
        // SAFETY: the new one is alive as the caller promises, the others because they are linked.
        unsafe {
            (*waiter).linked.set(true);
            (*waiter).previous.set(ptr::null());
            (*waiter).next.set(side.first);
            if let Some(next) = side.first.as_ref() {
                next.previous.set(waiter);
            }
        }
        side.first = waiter;
    }

    /// Takes a waiter out, unless an event has done so.
    ///
    /// # Safety
    ///
    /// It was linked in this slot and direction.
    pub(crate) unsafe fn unlink(
        &mut self,
        index: u32,
        direction: Direction,
        waiter: *const Waiter,
    ) {
        let side = self.side(index, direction);
        // SAFETY: all that are linked are alive.
        unsafe {
            if !(*waiter).linked.replace(false) {
                return;
            }
            let (previous, next) = ((*waiter).previous.get(), (*waiter).next.get());
            match previous.as_ref() {
                Some(previous) => previous.next.set(next),
                None => side.first = next,
            }
            if let Some(next) = next.as_ref() {
                next.previous.set(previous);
            }
        }
    }

    /// Waits at most `timeout` nanoseconds for events, and makes the greenlets that waited for them runnable.
    pub(crate) fn poll(&mut self, hub: &Hub, timeout: Option<u64>) {
        let slots = &mut self.slots;
        let polled = self.poller.wait(&mut self.events, timeout, |event| {
            // The cast keeps the index, the low half of the key.
            let index = event.key as u32;
            if let Some(slot) = slots.get_mut(index as usize)
                && key(index, slot.generation) == event.key
            {
                slot.take(hub, event);
            }
        });
        if let Err(error) = polled {
            // Only a descriptor that is none of ours any more can do this: somebody has closed it. Nobody waits for the
            // answer here, and no greenlet that waits for a descriptor could ever go on.
            eprintln!("fatal: a hub's poller failed, was its descriptor closed? {error}");
            std::process::abort();
        }
    }
}

impl Slot {
    fn take(&mut self, hub: &Hub, event: Event) {
        self.read.to_the_end |= event.read_to_the_end;
        self.write.to_the_end |= event.write_to_the_end;
        if event.readable {
            self.read.wake(hub);
        }
        if event.writable {
            self.write.wake(hub);
        }
    }
}

impl Side {
    /// Everybody who waits may try; in the order in which they came.
    fn wake(&mut self, hub: &Hub) {
        self.ready = true;
        self.events = self.events.wrapping_add(1);
        let mut last = self.first;
        self.first = ptr::null();
        // SAFETY: what is linked is alive, and stays so until its greenlet runs, which is not now.
        unsafe {
            while let Some(next) = last
                .as_ref()
                .map(|waiter| waiter.next.get())
                .filter(|next| !next.is_null())
            {
                last = next;
            }
            while let Some(waiter) = last.as_ref() {
                waiter.linked.set(false);
                last = waiter.previous.get();
                hub.unpark(waiter.core, WOKEN);
            }
        }
    }
}
