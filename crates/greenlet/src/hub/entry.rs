//! The life of a greenlet, on its own stack.

use super::{Hub, fork};
use crate::switch::{Arrival, Transfer, begin_again};
use crate::task::Core;

/// Runs greenlets one after the other on this stack, until the next one to run has a stack already.
///
/// A greenlet that ends and finds another one next that has not begun lets it have the stack at once, without a switch.
pub(crate) extern "C" fn greenlet_main(transfer: Transfer) -> ! {
    let hub = Hub::get();
    hub.arrive(Arrival::first(transfer));
    loop {
        let core = hub.current_ptr();
        // SAFETY: the current greenlet is alive; it is new, or its context would be another one.
        unsafe { Core::run(core.as_ptr()) };
        hub.end(core);
    }
}

impl Hub {
    /// Ends the current greenlet, whose closure has returned. Returns when another new one may run on this stack.
    fn end(&self, core: std::ptr::NonNull<Core>) {
        // SAFETY: alive until the release below.
        let this = unsafe { core.as_ref() };
        let class = this.class;
        let stack = this.stack.take();
        this.unwinding.set(false);
        if !this.locals.is_empty() {
            // SAFETY: the closure has returned, so the outcome is stored.
            unsafe { Core::drop_outcome_before_locals(core.as_ptr()) };
            this.destroy_locals();
        }
        // SAFETY: as above.
        unsafe { Core::finish(core.as_ptr(), self) };
        if !this.locals.is_empty() {
            this.destroy_locals();
            this.locals.free();
        }
        // Only now: the outcome's destructor may have parked, and until it has returned the hub must not go.
        self.live.set(self.live.get() - 1);
        if let Some(stack) = &stack {
            this.disown(stack);
        }
        if !self.process.is_current() {
            fork::end_of_child();
        }
        // Between two greenlets the scheduler must not see one that is gone.
        self.current.set(self.root);
        // SAFETY: the hub's count; the greenlet is in no queue and parked nowhere.
        unsafe { Core::release_owner(core.as_ptr()) };
        let next = self.next_runnable();
        // SAFETY: taken from the run queue.
        let new = unsafe { next.as_ref() };
        if new.has_not_begun() && new.class == class {
            if let Some(stack) = &stack {
                new.own(stack);
                // The one that has ended gives its right to a stack back, the other one has its own.
                self.stacks.borrow_mut().unreserve(stack.class());
            }
            new.stack.set(stack);
            // Of many that have been spawned none is in the cache, and the one behind it has not begun either, as a rule.
            Core::prefetch_block(new.next.get());
            self.current.set(next);
            begin_again();
            return;
        }
        self.dying.set(stack);
        self.switch_away(next);
    }
}
