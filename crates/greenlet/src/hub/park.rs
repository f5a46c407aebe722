//! Parking and unparking.

use super::Hub;
use super::run_queue::RunQueue;
use crate::task::{self, Core, TIMED_OUT, WOKEN};
use crate::timer;
use std::cell::Cell;
use std::ptr::NonNull;
use std::time::Instant;

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// Somebody unparked it.
    Woken,
    /// The deadline passed.
    TimedOut,
    /// A kill is due: the caller unlinks what it has linked and throws it.
    Killed,
}

/// Whether a kill may end a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kills {
    /// It may.
    Deliver,
    /// The wait goes on; the kill stays pending.
    HoldBack,
}

/// A timer that is out of the wheel again when it goes, however that is.
struct Timer<'a> {
    hub: &'a Hub,
    core: &'a Core,
    key: timer::Key,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        // It has fired, or it is still there.
        if self.core.wake.get() & TIMED_OUT == 0 {
            self.hub.timers.borrow_mut().remove(self.key);
        }
    }
}

impl Hub {
    /// Parks the calling greenlet until it is [unparked](Hub::unpark), the deadline passes, or a kill is due.
    ///
    /// The caller has linked a waiter by which it will be found, and unlinks it whatever the answer is. An
    /// answer of `Woken` that belongs to another wait does not occur: every waker has unlinked the waiter first, and one whose
    /// greenlet is busy taking it back does not unpark it.
    pub(crate) fn park(&self, deadline: Option<Instant>, kills: Kills) -> Wake {
        if !self.process.is_current() {
            self.refuse();
        }
        let core = self.current();
        let interruptible = kills == Kills::Deliver && core.shields.get() == 0;
        let unwinding = task::unwinding(core);
        if interruptible && !unwinding && core.kill_pending.get() {
            return Wake::Killed;
        }
        core.wake.set(0);
        core.interruptible.set(interruptible && !unwinding);
        core.parked.set(true);
        // The others get their turn now.
        self.breaths.set(0);
        match deadline {
            None => self.wait_unwinding(core, unwinding),
            Some(deadline) => {
                let payload = self.current_ptr().as_ptr().cast_const().cast();
                let at = crate::time::at(deadline);
                let _timer = Timer {
                    hub: self,
                    core,
                    key: self.timers.borrow_mut().insert(payload, at),
                };
                self.wait_unwinding(core, unwinding);
            }
        }
        let wake = core.wake.get();
        if wake & WOKEN != 0 {
            Wake::Woken
        } else if wake & TIMED_OUT != 0 {
            Wake::TimedOut
        } else {
            Wake::Killed
        }
    }

    /// Parks until `delivered`, whatever happens: somebody else is about to write into the caller's frame, so it must not go.
    pub(crate) fn park_until_delivered(&self, delivered: &Cell<bool>) {
        /// An unwind out of here would leave that somebody a dangling pointer.
        struct NoWayOut;
        impl Drop for NoWayOut {
            fn drop(&mut self) {
                std::process::abort();
            }
        }
        let guard = NoWayOut;
        while !delivered.get() {
            self.park(None, Kills::HoldBack);
        }
        std::mem::forget(guard);
    }

    #[inline]
    fn wait_unwinding(&self, core: &Core, unwinding: bool) {
        if unwinding || self.inside_hook.get() != 0 {
            self.wait_in_a_panic(core, unwinding);
        } else {
            self.schedule();
        }
    }

    /// Parks while the thread's panic count is this greenlet's doing, or inside the panic hook.
    #[cold]
    fn wait_in_a_panic(&self, core: &Core, unwinding: bool) {
        if self.inside_hook.get() != 0 {
            // A second panic on this thread, whoever's, would abort now: run nobody else.
            core.in_place.set(true);
            while core.parked.get() {
                self.wait_for_events();
            }
            core.in_place.set(false);
            return;
        }
        self.parked_unwinding
            .set(self.parked_unwinding.get() + usize::from(unwinding));
        self.schedule();
        self.parked_unwinding
            .set(self.parked_unwinding.get() - usize::from(unwinding));
    }

    /// Makes a parked greenlet runnable, for `reason` (`WOKEN`, `TIMED_OUT`, or 0 for a kill). A greenlet that is
    /// runnable already only learns the reason.
    ///
    /// # Safety
    ///
    /// `core` is alive and belongs to this hub; this is the hub's thread.
    #[inline]
    pub(crate) unsafe fn unpark(&self, core: NonNull<Core>, reason: u8) {
        // SAFETY: as the caller promises.
        unsafe { Hub::unpark_into(&self.run_queue, core, reason) };
    }

    /// The same, but the greenlet goes to the end of `queue`.
    ///
    /// # Safety
    ///
    /// As for [`unpark`](Hub::unpark), and `queue` is one of the hub's.
    #[inline]
    pub(super) unsafe fn unpark_into(queue: &RunQueue, core: NonNull<Core>, reason: u8) {
        // SAFETY: alive.
        let this = unsafe { core.as_ref() };
        this.wake.set(this.wake.get() | reason);
        if this.parked.replace(false) && !this.in_place.get() {
            // SAFETY: a parked greenlet is in no queue, and stays alive at least until it has run.
            unsafe { queue.push(core) };
        }
    }

    /// Runs every other runnable greenlet once.
    ///
    /// Inlined whole: a processor predicts a `ret` by the `call` that went before it on the same stack, so each frame that is
    /// left after a switch costs as much as the switch.
    #[inline(always)]
    pub(crate) fn yield_now(&self) {
        if !self.process.is_current() {
            self.refuse();
        }
        let core = self.current();
        if core.kill_pending.get() || self.inside_hook.get() != 0 || std::thread::panicking() {
            return self.yield_with_care();
        }
        core.unwinding.set(false);
        // SAFETY: running, so in no queue.
        unsafe { self.run_queue.push(self.current_ptr()) };
        if self.schedule_was_alone() {
            self.yield_thread();
        }
        if core.kill_pending.get() {
            self.throw_if_due();
        }
    }

    /// Nobody else here; but another thread may be what the caller waits for. To ask the system takes as long as many yields, so
    /// that is not done each time.
    #[cold]
    fn yield_thread(&self) {
        const SO_OFTEN: u32 = 16;
        let alone = (self.alone.get() + 1) % SO_OFTEN;
        self.alone.set(alone);
        if alone == 0 {
            std::thread::yield_now();
        }
    }

    /// The same with a kill pending, inside the panic hook, or while somebody on this thread unwinds.
    #[cold]
    fn yield_with_care(&self) {
        self.throw_if_due();
        if self.inside_hook.get() != 0 {
            return std::thread::yield_now();
        }
        let unwinding = usize::from(task::unwinding(self.current()));
        self.parked_unwinding
            .set(self.parked_unwinding.get() + unwinding);
        // SAFETY: running, so in no queue.
        unsafe { self.run_queue.push(self.current_ptr()) };
        if self.schedule_was_alone() {
            self.yield_thread();
        }
        self.parked_unwinding
            .set(self.parked_unwinding.get() - unwinding);
        self.throw_if_due();
    }

    /// Lets the others run every so often, with kills held back.
    #[inline]
    pub(crate) fn breathe(&self) {
        if self.has_drawn_breath() {
            self.breathe_out();
        }
    }

    /// The same at a parking point: a kill is thrown, and at once.
    #[inline]
    pub(crate) fn take_turns(&self) {
        if self.current().kill_pending.get() {
            self.throw_if_due();
        }
        if self.has_drawn_breath() {
            self.let_others();
        }
    }

    /// Counts, and tells whether it is time for the others.
    #[inline]
    fn has_drawn_breath(&self) -> bool {
        const SO_OFTEN: u32 = 64;
        let breaths = (self.breaths.get() + 1) % SO_OFTEN;
        self.breaths.set(breaths);
        breaths == 0
    }

    #[cold]
    fn let_others(&self) {
        // In a forked child there are none.
        if self.process.is_current() {
            // So many calls take long enough to have a look at timers, descriptors and other threads, too.
            self.look_around_next();
            self.yield_now();
        }
    }

    #[cold]
    fn breathe_out(&self) {
        task::shield(|| self.let_others());
    }

    /// Throws the calling greenlet's kill if there is one and it is not held back.
    #[cold]
    pub(crate) fn throw_if_due(&self) {
        if self.current().kill_is_due() {
            self.throw_kill();
        }
    }

    /// Throws the calling greenlet's kill.
    #[cold]
    pub(crate) fn throw_kill(&self) -> ! {
        task::throw_kill(self.current())
    }

    #[cold]
    fn refuse(&self) -> ! {
        match self.check_fork() {
            Err(error) => panic!("{error}"),
            Ok(()) => unreachable!("the hub belongs to this process"),
        }
    }
}
