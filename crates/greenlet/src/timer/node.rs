//! Where the timers of a wheel are kept.

use std::ops::{Index, IndexMut};

/// The index of no node.
pub(super) const NONE: u32 = u32::MAX;

/// A store that has become empty keeps room for so many. One that has not keeps the room that it has needed at most.
const KEPT: usize = 4_096;

/// One timer.
///
/// Two of them share a cache line. On the stacks of the greenlets that wait, each would take a line of its own on a page of
/// its own, and with many of them a slot could not be looked through without a miss of both for each.
pub(super) struct Node {
    /// The neighbour towards the front of the slot's list, or `NONE`.
    pub(super) previous: u32,
    /// The neighbour towards the back of the slot's list, or `NONE`. Of a node that is free, the next that is.
    pub(super) next: u32,
    /// In nanoseconds since the wheel's epoch, as the caller gave it.
    pub(super) deadline: u64,
    pub(super) payload: *const (),
    /// A node some way further back in the list, as a rule; see [`Slot::push_back`](super::slot::Slot::push_back).
    pub(super) ahead: u32,
    /// Index into the wheel's slots.
    pub(super) position: u16,
}

const _: () = assert!(size_of::<Node>() == 32);

/// The nodes of a wheel, those that are free included.
pub(super) struct Nodes {
    all: Vec<Node>,
    /// The first free node, or `NONE`.
    free: u32,
}

impl Nodes {
    pub(super) const fn new() -> Nodes {
        Nodes {
            all: Vec::new(),
            free: NONE,
        }
    }

    /// Makes a node, which is in no list.
    pub(super) fn add(&mut self, deadline: u64, payload: *const ()) -> u32 {
        let node = Node {
            previous: NONE,
            next: NONE,
            deadline,
            payload,
            ahead: NONE,
            position: 0,
        };
        let index = self.free;
        if let Some(free) = self.get_mut(index) {
            let next = std::mem::replace(free, node).next;
            self.free = next;
            return index;
        }
        let index = self.all.len();
        self.all.push(node);
        match u32::try_from(index) {
            Ok(index) if index != NONE => index,
            _ => unreachable!("so many timers do not fit the address space, stacks and all"),
        }
    }

    /// Frees a node, which is in no list.
    pub(super) fn free(&mut self, index: u32) {
        self[index].next = self.free;
        self.free = index;
    }

    /// When all are free: gives back what is not needed to keep.
    pub(super) fn trim(&mut self) {
        if self.all.len() > KEPT {
            *self = Nodes::new();
        }
    }

    pub(super) fn get(&self, index: u32) -> Option<&Node> {
        self.all.get(index as usize)
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Node> {
        self.all.get_mut(index as usize)
    }
}

impl Index<u32> for Nodes {
    type Output = Node;

    fn index(&self, index: u32) -> &Node {
        &self.all[index as usize]
    }
}

impl IndexMut<u32> for Nodes {
    fn index_mut(&mut self, index: u32) -> &mut Node {
        &mut self.all[index as usize]
    }
}
