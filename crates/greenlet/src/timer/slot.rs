//! The list of timers in one slot of the wheel.

use super::node::{NONE, Nodes};

/// How many timers an insertion by deadline passes at most on its way from the back.
pub(super) const SORT_STEPS: usize = 16;

/// How far one that walks through a list looks ahead.
const AHEAD: usize = 16;

/// A doubly linked list of nodes of one wheel.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    head: u32,
    tail: u32,
    len: u32,
    /// The next node to learn of one that is appended, or `NONE`. It is in the list.
    behind: u32,
}

impl Slot {
    pub(super) const EMPTY: Slot = Slot {
        head: NONE,
        tail: NONE,
        len: 0,
        behind: NONE,
    };

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The first node, or `NONE`.
    pub(super) fn head(&self) -> u32 {
        self.head
    }

    /// The deadlines from front to back.
    pub(super) fn deadlines<'a>(&self, nodes: &'a Nodes) -> impl Iterator<Item = u64> + use<'a> {
        let mut next = self.head;
        std::iter::from_fn(move || {
            let node = nodes.get(next)?;
            next = node.next;
            Some(node.deadline)
        })
    }

    /// Appends a node that is in no list.
    ///
    /// One that was appended about [`AHEAD`] nodes before learns of it: so one that walks through the list can have the processor
    /// fetch a node well before its turn, or each would be a miss of the cache that has to wait for the miss before it. When
    /// nodes have been taken out, or have come from another list, what a node knows may be any other, and is only not of use.
    pub(super) fn push_back(&mut self, nodes: &mut Nodes, node: u32) {
        if self.len as usize >= AHEAD
            && let Some(behind) = nodes.get_mut(self.behind)
        {
            behind.ahead = node;
            self.behind = behind.next;
        }
        self.link_after(nodes, self.tail, node);
        if self.behind == NONE {
            self.behind = node;
        }
    }

    /// Inserts a node, which is in no list, behind those that are due no later, but passes at most [`SORT_STEPS`] of them. A
    /// node never overtakes one of the same deadline.
    pub(super) fn insert_by_deadline(&mut self, nodes: &mut Nodes, node: u32) {
        let deadline = nodes[node].deadline;
        let mut previous = self.tail;
        for _ in 0..SORT_STEPS {
            match nodes.get(previous) {
                Some(passed) if passed.deadline > deadline => previous = passed.previous,
                _ => break,
            }
        }
        self.link_after(nodes, previous, node);
    }

    /// Inserts `node` behind `previous`, or at the front if that is `NONE`.
    fn link_after(&mut self, nodes: &mut Nodes, previous: u32, node: u32) {
        let next = match nodes.get_mut(previous) {
            Some(previous) => std::mem::replace(&mut previous.next, node),
            None => std::mem::replace(&mut self.head, node),
        };
        nodes[node].previous = previous;
        nodes[node].next = next;
        match nodes.get_mut(next) {
            Some(next) => next.previous = node,
            None => self.tail = node,
        }
        self.len += 1;
    }

    /// Takes a node of this list out.
    pub(super) fn unlink(&mut self, nodes: &mut Nodes, node: u32) {
        let (previous, next) = (nodes[node].previous, nodes[node].next);
        if self.behind == node {
            self.behind = next;
        }
        match nodes.get_mut(previous) {
            Some(previous) => previous.next = next,
            None => self.head = next,
        }
        match nodes.get_mut(next) {
            Some(next) => next.previous = previous,
            None => self.tail = previous,
        }
        self.len -= 1;
    }
}
