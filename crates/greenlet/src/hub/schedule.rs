//! Choosing who runs, and sleeping when nobody can.

use super::Hub;
use super::inbox::Bed;
use super::workers::Worker;
use crate::switch::{Arrival, Suspended};
use crate::task::{Core, TIMED_OUT};
use crate::time;
use std::hint;
use std::ptr::NonNull;

/// After so many scheduling steps the hub looks at its inbox, timers and reactor even though greenlets
/// are runnable.
const FAIRNESS: u32 = 61;

/// With greenlets waiting to be started it looks again after so many.
const BACKLOG: u32 = 8;

impl Hub {
    /// Runs others until the calling greenlet, which is parked or queued, is chosen again.
    #[inline]
    pub(crate) fn schedule(&self) {
        let next = self.next_runnable();
        if next != self.current.get() {
            self.switch_to(next);
        }
    }

    /// The same; tells whether there was nobody else to run.
    #[inline]
    pub(super) fn schedule_was_alone(&self) -> bool {
        let next = self.next_runnable();
        if next == self.current.get() {
            return true;
        }
        self.switch_to(next);
        false
    }

    /// The next greenlet to run; sleeps until there is one.
    #[inline]
    pub(super) fn next_runnable(&self) -> NonNull<Core> {
        match self.until_look.get().checked_sub(1) {
            Some(left) => self.until_look.set(left),
            None => {
                if let Some(core) = self.next_apart() {
                    return core;
                }
            }
        }
        match self.run_queue.pop() {
            Some(core) => core,
            None => self.wait_for_runnable(),
        }
    }

    /// Switches to `next`; returns when somebody switches back to the calling greenlet.
    #[inline]
    fn switch_to(&self, next: NonNull<Core>) {
        let me = self.current.replace(next);
        // SAFETY: `next` was in the run queue, so it is alive and belongs to this thread.
        let suspended = match unsafe { next.as_ref() }.suspended.take() {
            Some(suspended) => suspended,
            None => self.new_context(next),
        };
        // SAFETY: suspended by this function, on this thread, or new. A suspended greenlet's stack is alive.
        let arrival = unsafe { suspended.resume(me.as_ptr() as usize) };
        self.arrive(arrival);
    }

    /// Switches away for the last time, from a greenlet that has ended, whose stack is in `dying`.
    pub(super) fn switch_away(&self, next: NonNull<Core>) -> ! {
        self.current.set(next);
        // SAFETY: as in `switch_to`.
        let suspended = match unsafe { next.as_ref() }.suspended.take() {
            Some(suspended) => suspended,
            None => self.new_context(next),
        };
        // SAFETY: as in `switch_to`. Nobody keeps this greenlet's registers, so nobody resumes it.
        unsafe { suspended.resume(0) };
        unreachable!("a greenlet that has ended was resumed");
    }

    /// A context for a greenlet that runs for the first time, on a stack of its own.
    #[inline(never)]
    fn new_context(&self, core: NonNull<Core>) -> Suspended {
        // SAFETY: alive, see the callers.
        let this = unsafe { core.as_ref() };
        let Some(class) = this.class else {
            unreachable!("a root greenlet has started")
        };
        // Of many that have been spawned none is in the cache, and the one behind it has not begun either, as a rule.
        Core::prefetch_block(this.next.get());
        let stack = self.stacks.borrow_mut().take(class);
        this.own(&stack);
        // SAFETY: the control block keeps the stack until the greenlet has ended, and gives it to whoever runs next.
        let suspended = unsafe { Suspended::new(&stack) };
        this.stack.set(Some(stack));
        suspended
    }

    /// First thing after every switch: keep what the one before left.
    #[inline]
    pub(super) fn arrive(&self, arrival: Arrival) {
        match NonNull::new(arrival.data as *mut Core) {
            // SAFETY: it has just parked or queued itself, so it is alive.
            Some(before) => unsafe { before.as_ref() }.suspended.set(Some(arrival.from)),
            None => self.bury(),
        }
    }

    /// Takes back the stack of the greenlet that has just switched away for ever.
    fn bury(&self) {
        if let Some(stack) = self.dying.take() {
            let class = stack.class();
            let mut stacks = self.stacks.borrow_mut();
            stacks.give(stack);
            stacks.unreserve(class);
        }
    }

    /// Has the next step take in what the run queue does not know of.
    pub(super) fn look_around_next(&self) {
        self.until_look.set(0);
    }

    /// Those whose time has come, one after the other, and then what the run queue does not know of.
    #[cold]
    fn next_apart(&self) -> Option<NonNull<Core>> {
        self.next_due().or_else(|| self.look_around())
    }

    /// The next of those whose time has come. When they are through, the others have their turn.
    fn next_due(&self) -> Option<NonNull<Core>> {
        let core = self.due.pop()?;
        self.unlooked.set(self.unlooked.get() + 1);
        if self.due.is_empty() {
            self.until_look.set(self.pace.get());
        }
        Some(core)
    }

    /// Takes in what the run queue does not know of. A worker gets a greenlet to start, which must run next: in the run
    /// queue nobody could take it away again from behind one that never parks.
    #[cold]
    fn look_around(&self) -> Option<NonNull<Core>> {
        self.unlooked.set(0);
        self.pace.set(FAIRNESS);
        self.until_look.set(FAIRNESS);
        self.take_in();
        let mut reactor = self.reactor.borrow_mut();
        if let Some(reactor) = reactor.as_mut().filter(|reactor| reactor.is_used()) {
            reactor.poll(self, Some(0));
        }
        drop(reactor);
        if let Some(worker) = &self.worker {
            worker.take_turns();
            if let Some(core) = worker.find() {
                self.pace.set(BACKLOG);
                if self.due.is_empty() {
                    self.until_look.set(BACKLOG);
                }
                worker.pass_on();
                self.adopt(core);
                return Some(core);
            }
        }
        self.next_due()
    }

    /// Wake-ups of other threads, and timers that are due.
    #[inline]
    fn take_in(&self) {
        self.take_messages();
        if !self.timers.borrow().is_empty() {
            self.fire_timers();
        }
    }

    /// What other threads have pushed.
    #[inline]
    pub(crate) fn take_messages(&self) {
        if !self.shared.inbox.is_empty() {
            // SAFETY: this is the hub's thread.
            unsafe { self.shared.inbox.deliver() };
        }
    }

    /// Those whose time has come go before all others that are runnable, or they would be late by a whole round. So that this
    /// keeps nobody from running, only so many do at a time, and then others have their turn.
    fn fire_timers(&self) {
        let most = if self.inside_hook.get() != 0 {
            // One that waits in place runs nobody, and its own may be the last.
            usize::MAX
        } else if self.due.is_empty() {
            FAIRNESS as usize
        } else {
            return;
        };
        let mut timers = self.timers.borrow_mut();
        timers.expire(time::now(), most, |payload| {
            // SAFETY: inserted by `park`, whose greenlet has not run since, so it is alive, and nobody changes where its
            // registers are.
            unsafe {
                let core = NonNull::new_unchecked(payload.cast::<Core>().cast_mut());
                Hub::unpark_into(&self.due, core, TIMED_OUT);
                // Of many that sleep none is in the cache.
                core.as_ref().prefetch();
            }
        });
        if !self.due.is_empty() {
            self.until_look.set(0);
        }
    }

    /// A worker makes an unstarted greenlet of the stealable queues its own.
    fn adopt(&self, core: NonNull<Core>) {
        self.live.set(self.live.get() + 1);
        // SAFETY: the queue's count keeps it alive.
        unsafe { core.as_ref() }.hub.store(
            std::ptr::from_ref(self.shared).cast_mut(),
            std::sync::atomic::Ordering::Relaxed,
        );
    }

    #[cold]
    #[inline(never)]
    fn wait_for_runnable(&self) -> NonNull<Core> {
        let mut slept = false;
        loop {
            // Timers that are always due must not keep the hub from looking at the rest.
            if self.unlooked.get() >= FAIRNESS
                && let Some(core) = self.look_around()
            {
                return core;
            }
            self.take_in();
            if let Some(core) = self.next_due().or_else(|| self.run_queue.pop()) {
                if slept && let Some(worker) = &self.worker {
                    worker.pass_on();
                }
                return core;
            }
            if let Some(worker) = &self.worker
                && let Some(core) = worker.find()
            {
                worker.pass_on();
                self.adopt(core);
                return core;
            }
            self.sleep(true);
            slept = true;
        }
    }

    /// One round of sleeping and taking in what came, without running anybody: inside a panic hook.
    pub(super) fn wait_for_events(&self) {
        self.take_in();
        if self.current().parked.get() {
            self.sleep(false);
        }
    }

    /// Waits for another thread without sleeping, if that has been of use of late; tells whether something has come.
    ///
    /// Of two workers whose greenlets wait for each other, each is woken by the system every time otherwise, which takes many
    /// times as long as the other's answer. It is not longer than a sleep and a wake-up cost together. What is there to be started
    /// meanwhile is left to others, who are quicker if it is little, or until this is over.
    fn wait_awake(&self, worker: &Worker) -> bool {
        const NANOSECONDS: u64 = 5_000;
        if !worker.waits_awake() {
            return false;
        }
        let latest = time::now() + NANOSECONDS;
        let end = self.next_deadline().map_or(latest, |at| at.min(latest));
        loop {
            if !self.shared.inbox.is_empty() {
                worker.waited_awake(true);
                // Descriptors must not wait for the end of a long talk.
                self.until_look.set(BACKLOG.min(self.until_look.get()));
                return true;
            }
            if time::now() >= end {
                break;
            }
            hint::spin_loop();
        }
        // If a timer has cut it short, that tells nothing.
        if end == latest {
            worker.waited_awake(false);
        }
        false
    }

    /// When to wake for the first timer. With many of them that is a little later, so that one wake-up serves some.
    fn next_deadline(&self) -> Option<u64> {
        const MANY: usize = 1_000;
        const LATER: u64 = 8_000;
        let mut timers = self.timers.borrow_mut();
        let deadline = timers.next_deadline()?;
        Some(deadline.saturating_add(if timers.len() > MANY { LATER } else { 0 }))
    }

    /// Sleeps until rung, until a descriptor is ready, or until the next timer is due; takes in descriptors' events.
    ///
    /// A worker that may run greenlets does not fall asleep while there are some to take.
    fn sleep(&self, may_run: bool) {
        let worker = if may_run { self.worker.as_ref() } else { None };
        if worker.is_some_and(|worker| self.wait_awake(worker)) {
            return;
        }
        let mut reactor = self.reactor.borrow_mut();
        let mut reactor = reactor.as_mut().filter(|reactor| reactor.is_used());
        self.shared.bell.arm(if reactor.is_some() {
            Bed::Reactor
        } else {
            Bed::Condvar
        });
        let idle = worker.map(|worker| worker.idle());
        // The last look: whoever pushes from here on sees the bell armed.
        if self.shared.inbox.is_empty() && !worker.is_some_and(|worker| worker.has_work()) {
            let deadline = self.next_deadline();
            match &mut reactor {
                Some(reactor) => {
                    if self.due.is_empty() {
                        self.until_look.set(FAIRNESS);
                    }
                    let timeout = deadline.map(|at| at.saturating_sub(time::now()));
                    reactor.poll(self, timeout);
                }
                None => self.shared.sleep(deadline.map(time::instant)),
            }
        }
        drop(idle);
        self.shared.bell.disarm();
    }
}
