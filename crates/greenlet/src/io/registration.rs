//! With which hubs a source is registered.

use super::sys::Poller;
use crate::hub::fork::Process;
use crate::hub::inbox::Node;
use crate::hub::{Hub, HubShared};
use std::mem::offset_of;
use std::os::fd::BorrowedFd;
use std::ptr;
use std::sync::Weak;

/// One slot in the reactor of one hub. It ends with [`end`](Registration::end).
pub(super) struct Registration {
    hub: &'static HubShared,
    /// Which of the hubs that the shared part has served.
    epoch: u32,
    pub(super) index: u32,
    generation: u32,
    /// So that another thread can delete the descriptor from it before it closes it. Its hub owns it: when that is gone,
    /// so are all its registrations.
    poller: Weak<Poller>,
    /// A forked child shares the poller, and must leave the registration to its parent.
    process: Process,
}

/// Tells another hub to free a slot.
#[repr(C)]
struct Release {
    node: Node,
    epoch: u32,
    index: u32,
    generation: u32,
}

impl Registration {
    pub(super) fn new(
        hub: &Hub,
        index: u32,
        generation: u32,
        poller: Weak<Poller>,
    ) -> Registration {
        Registration {
            hub: hub.shared,
            epoch: hub.epoch,
            index,
            generation,
            poller,
            process: Process::current(),
        }
    }

    /// Whether it is with this hub.
    #[inline]
    pub(super) fn is_with(&self, hub: &Hub) -> bool {
        ptr::eq(self.hub, hub.shared) && self.epoch == hub.epoch
    }

    /// Whether its hub is still there.
    pub(super) fn is_current(&self) -> bool {
        self.hub.epoch() == self.epoch
    }

    /// Deletes the descriptor from the poller (if told to: closing it does that too, when there is no duplicate), and frees
    /// the slot, by a message when it is another hub's.
    pub(super) fn end(&self, delete: Option<BorrowedFd<'_>>) {
        if !self.process.is_current() {
            return;
        }
        if let Some(fd) = delete
            && let Some(poller) = self.poller.upgrade()
        {
            poller.delete(fd);
        }
        match Hub::try_current() {
            Some(hub) if self.is_with(hub) => {
                if let Some(reactor) = hub.reactor.borrow_mut().as_mut() {
                    reactor.free(self.index, self.generation);
                }
            }
            // A hub that is gone has taken its slots with it.
            _ if !self.is_current() => (),
            _ => {
                let release = Box::new(Release {
                    node: Node::new(release),
                    epoch: self.epoch,
                    index: self.index,
                    generation: self.generation,
                });
                // SAFETY: the message is leaked until its action frees it. No ring: a hub that sleeps does not miss
                // the slot.
                unsafe { self.hub.inbox.push(Box::into_raw(release).cast::<Node>()) };
            }
        }
    }
}

/// # Safety
///
/// `node` is that of a leaked `Release`; on the thread of the hub it was sent to, or of one that came after it.
unsafe fn release(node: *const Node) {
    // SAFETY: a field of a leaked box, pushed by a pointer to the whole.
    let release = unsafe {
        Box::from_raw(
            node.byte_sub(offset_of!(Release, node))
                .cast_mut()
                .cast::<Release>(),
        )
    };
    if let Some(hub) = Hub::try_current()
        && hub.epoch == release.epoch
        && let Some(reactor) = hub.reactor.borrow_mut().as_mut()
    {
        reactor.free(release.index, release.generation);
    }
}
