//! Control blocks: what the hub and the handles know of a greenlet.

#[macro_use]
mod join_methods;

mod block;
mod builder;
mod current;
mod handle;
mod kill;
mod local;
mod packet;
mod panic_message;
mod panicking;
mod worker;

pub use builder::{Builder, spawn};
pub use current::{breathe, current, shield, take_turns, yield_now};
pub(crate) use handle::Ids;
pub use handle::{Handle, Id};
pub use kill::{Killed, is_kill, killing};
pub use local::Greenlet;
pub use panicking::{catch_unwind, panicking, resume_unwind};
pub use worker::JoinHandle;

pub(crate) use block::Blocks;
pub(crate) use kill::throw_kill;
pub(crate) use panicking::{install_hook, of as unwinding};

use crate::cache::prefetch_lines;
use crate::futex::Waker;
use crate::hub::{Hub, HubShared, inbox};
use crate::local::Slots;
use crate::stack::{Class, Stack};
use crate::switch::Suspended;
use std::cell::{Cell, UnsafeCell};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// The greenlet has begun to run, on the hub that [`Core::hub`] names.
pub(crate) const STARTED: u32 = 1;
/// Somebody asked for the end of a greenlet of a worker.
pub(crate) const KILL: u32 = 2;
/// It has ended and its outcome is stored.
pub(crate) const FINISHED: u32 = 4;
/// Its handle is gone: nobody will take the outcome.
pub(crate) const DETACHED: u32 = 8;
/// Somebody waits for its end and has left a waker.
pub(crate) const JOINING: u32 = 16;

/// Why a parked greenlet was made runnable.
pub(crate) const WOKEN: u8 = 1;
/// Its timer fired.
pub(crate) const TIMED_OUT: u8 = 2;

/// The control block of a greenlet, at the head of its [`packet`]: one allocation holds it, the closure and later the
/// outcome.
///
/// The first group of fields belongs to the thread of the greenlet's hub. The second is for all.
/// The block lives as long as somebody counts on it: the hub until the greenlet has ended, and every handle.
#[repr(C)]
pub(crate) struct Core {
    /// Link in the run queue.
    pub(crate) next: Cell<*const Core>,
    /// Its registers, while it is suspended.
    pub(crate) suspended: Cell<Option<Suspended>>,
    /// Whether it waits to be unparked.
    pub(crate) parked: Cell<bool>,
    /// Whether a kill may end the wait it is in.
    pub(crate) interruptible: Cell<bool>,
    /// Parked inside the panic hook: it polls by itself and must not be queued.
    pub(crate) in_place: Cell<bool>,
    /// `WOKEN` and `TIMED_OUT`, since it parked.
    pub(crate) wake: Cell<u8>,
    /// A kill has arrived.
    pub(crate) kill_pending: Cell<bool>,
    /// This greenlet is known to be unwinding; see [`panicking`].
    pub(crate) unwinding: Cell<bool>,
    /// It does so because of a kill.
    killing: Cell<bool>,
    /// Depth of [`shield`]s that hold kills back.
    pub(crate) shields: Cell<u32>,
    /// The greenlet of the same hub that is parked until this one has ended.
    pub(crate) joiner: Cell<*const Core>,
    /// The stack it runs on, from its first run to its end.
    pub(crate) stack: Cell<Option<Stack>>,
    /// The size of that stack; none for a root greenlet, which runs on its thread's.
    pub(crate) class: Option<Class>,
    /// Its own values of the program's [`Local`](crate::Local)s.
    pub(crate) locals: Slots,

    /// If hub and joiner are of one thread: whether both still count on it. Together they are one of `refs`.
    has_both_owners: Cell<bool>,

    /// Of the joiner that waits on another thread's hub, or of a greenlet of a worker; see [`packet`].
    waker: UnsafeCell<Option<Waker>>,
    /// Flags above.
    pub(crate) status: AtomicU32,
    /// Somebody has asked for the end of a greenlet whose [`status`](Core::status) is its thread's alone.
    killed: AtomicBool,
    /// `gthread`'s park token.
    pub(crate) token: AtomicU32,
    refs: AtomicUsize,
    /// The hub that it runs on; set before `STARTED` is.
    pub(crate) hub: AtomicPtr<HubShared>,
    /// Carries a kill from another thread. `KILL`, or `killed`, is set once, so it is pushed at most once.
    pub(crate) kill_node: inbox::Node,
    id: Id,
    name: Option<Arc<str>>,
    /// Whether hub and joiner are of one thread, which alone writes the status then.
    is_of_one_thread: bool,
    methods: &'static Methods,
}

/// Who counts on a new control block.
#[derive(Clone, Copy)]
pub(crate) enum Owners {
    /// Its hub and its joiner, which stay on the thread that spawns it.
    OfOneThread,
    /// Its hub and its joiner, whatever threads they will be of.
    OfTwo,
    /// The hub whose root it is.
    HubAlone,
}

/// What depends on the types of closure and outcome.
pub(crate) struct Methods {
    /// Runs the closure (or drops it, when the argument says so) and stores the outcome. On the greenlet's stack.
    run: unsafe fn(*const Core, bool),
    /// Drops the stored outcome.
    drop_outcome: unsafe fn(*const Core),
    /// Frees the allocation. Closure and outcome are gone already.
    free: unsafe fn(*const Core),
}

impl Core {
    /// Has the processor fetch what a parked greenlet will go on with: the control block, with the outcome behind it, and the
    /// frames on its stack.
    pub(crate) fn prefetch(&self) {
        Core::prefetch_block(self);
        // SAFETY: nobody changes it now: the greenlet is parked.
        if let Some(suspended) = unsafe { &*self.suspended.as_ptr() } {
            suspended.prefetch();
        }
    }

    /// The control block alone, of a greenlet that has not begun; `core` may be null.
    pub(crate) fn prefetch_block(core: *const Core) {
        prefetch_lines::<4, _>(core);
    }

    fn new(
        id: Id,
        name: Option<Arc<str>>,
        class: Option<Class>,
        hub: *const HubShared,
        owners: Owners,
        methods: &'static Methods,
    ) -> Core {
        let (is_of_one_thread, refs) = match owners {
            Owners::OfOneThread => (true, 1),
            Owners::OfTwo => (false, 2),
            Owners::HubAlone => (false, 1),
        };
        Core {
            next: Cell::new(ptr::null()),
            suspended: Cell::new(None),
            parked: Cell::new(false),
            interruptible: Cell::new(false),
            in_place: Cell::new(false),
            wake: Cell::new(0),
            kill_pending: Cell::new(false),
            unwinding: Cell::new(false),
            killing: Cell::new(false),
            shields: Cell::new(0),
            joiner: Cell::new(ptr::null()),
            stack: Cell::new(None),
            class,
            locals: Slots::new(),
            has_both_owners: Cell::new(is_of_one_thread),
            waker: UnsafeCell::new(None),
            status: AtomicU32::new(0),
            killed: AtomicBool::new(false),
            token: AtomicU32::new(0),
            refs: AtomicUsize::new(refs),
            hub: AtomicPtr::new(hub.cast_mut()),
            kill_node: inbox::Node::new(kill::deliver),
            id,
            name,
            is_of_one_thread,
            methods,
        }
    }

    /// The control block of a thread's own stack, counted once: by its hub.
    pub(crate) fn new_root(id: Id, hub: &'static HubShared) -> *const Core {
        /// A root greenlet has no closure and no outcome.
        const ROOT: Methods = Methods {
            run: |_, _| (),
            drop_outcome: |_| (),
            // SAFETY: made by the box below, and freed by the last reference.
            free: |core| drop(unsafe { Box::from_raw(core.cast_mut()) }),
        };
        let name = std::thread::current().name().map(Arc::from);
        let core = Core::new(id, name, None, hub, Owners::HubAlone, &ROOT);
        core.status.store(STARTED, Ordering::Relaxed);
        Box::into_raw(Box::new(core))
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether this is a thread's own greenlet.
    pub(crate) fn is_root(&self) -> bool {
        self.class.is_none()
    }

    #[inline]
    pub(crate) fn is_finished(&self) -> bool {
        self.status.load(Ordering::Acquire) & FINISHED != 0
    }

    /// Whether the greenlet has yet to run for the first time.
    #[inline]
    pub(crate) fn has_not_begun(&self) -> bool {
        self.status.load(Ordering::Relaxed) & STARTED == 0
    }

    /// Sets a flag of the status, and gives those that were set before. By the hub, or by the joiner.
    ///
    /// An atomic exchange takes longer than the switches of a short greenlet together: without need there is none.
    #[inline]
    fn set(&self, flag: u32) -> u32 {
        if !self.is_of_one_thread {
            return self.status.fetch_or(flag, Ordering::AcqRel);
        }
        let before = self.status.load(Ordering::Relaxed);
        self.status.store(before | flag, Ordering::Release);
        before
    }

    /// Writes on `stack` whose it is, for the report of an overflow. Nobody else's name is there.
    #[inline]
    pub(crate) fn own(&self, stack: &Stack) {
        if let Some(name) = &self.name {
            // SAFETY: the name lives as long as the block, and the hub clears the record before it gives its count up.
            unsafe { stack.set_owner(name.as_ptr(), name.len()) };
        }
    }

    /// Takes the name off the stack again.
    #[inline]
    pub(crate) fn disown(&self, stack: &Stack) {
        if self.name.is_some() {
            stack.clear_owner();
        }
    }

    /// Whether a kill may be thrown here and now.
    #[inline]
    pub(crate) fn kill_is_due(&self) -> bool {
        self.kill_pending.get() && self.shields.get() == 0 && !panicking::of(self)
    }

    /// Runs the greenlet's closure on the calling stack, which is its own.
    ///
    /// # Safety
    ///
    /// `core` is alive, was never run, and is the hub's current greenlet.
    pub(crate) unsafe fn run(core: *const Core) {
        // SAFETY: alive.
        let this = unsafe { &*core };
        let before = this.set(STARTED);
        let drop_only = before & KILL != 0 || this.killed.load(Ordering::Acquire);
        // SAFETY: first and only run.
        unsafe { (this.methods.run)(core, drop_only) };
    }

    /// Destroys the greenlet's local values, of which a destructor of the outcome may make more later: then this is
    /// called again.
    #[cold]
    pub(crate) fn destroy_locals(&self) {
        self.shields.set(self.shields.get() + 1);
        self.locals.destroy();
        self.shields.set(self.shields.get() - 1);
    }

    /// Drops the outcome of a greenlet that has local values if its handle is gone already: as in std, its
    /// destructor still finds them.
    ///
    /// # Safety
    ///
    /// The outcome is stored and not published, and this is the thread of the greenlet's hub.
    pub(crate) unsafe fn drop_outcome_before_locals(core: *const Core) {
        // SAFETY: alive, by the hub's own count.
        let this = unsafe { &*core };
        if this.status.load(Ordering::Acquire) & DETACHED != 0 {
            // SAFETY: detached before it has finished, so the outcome is the hub's.
            unsafe { (this.methods.drop_outcome)(core) };
        }
    }

    /// Publishes the outcome: wakes the joiner, or drops it when there is nobody to take it.
    ///
    /// # Safety
    ///
    /// The outcome is stored, and this is the thread of the greenlet's hub.
    pub(crate) unsafe fn finish(core: *const Core, hub: &Hub) {
        // SAFETY: alive: the hub's own count is released after this.
        let this = unsafe { &*core };
        this.unwinding.set(false);
        let before = this.set(FINISHED);
        if before & DETACHED != 0 {
            // SAFETY: the handle is gone, so the outcome is ours.
            unsafe { (this.methods.drop_outcome)(core) };
        } else if let Some(joiner) = NonNull::new(this.joiner.replace(ptr::null()).cast_mut()) {
            // SAFETY: parked on this hub, or it would have cleared the field.
            unsafe { hub.unpark(joiner, WOKEN) };
        } else if before & JOINING != 0 {
            // SAFETY: the flag was set and the end is known now, so the place is ours.
            if let Some(waker) = unsafe { (*this.waker.get()).take() } {
                waker.wake();
            }
        }
    }

    /// Counts one more.
    ///
    /// # Safety
    ///
    /// `core` is alive.
    pub(crate) unsafe fn retain(core: *const Core) {
        // SAFETY: alive.
        unsafe { (*core).refs.fetch_add(1, Ordering::Relaxed) };
    }

    /// Gives up the count of the hub, or that of the joiner.
    ///
    /// # Safety
    ///
    /// The caller is one of the two, and uses `core` no more.
    #[inline]
    pub(crate) unsafe fn release_owner(core: *const Core) {
        // SAFETY: alive until the count is given up; the cell is touched by owners of one thread only.
        unsafe {
            if !(*core).is_of_one_thread || !(*core).has_both_owners.replace(false) {
                Core::release(core);
            }
        }
    }

    /// Counts one less; the last frees the block.
    ///
    /// # Safety
    ///
    /// The caller owns one count and uses `core` no more.
    #[inline]
    pub(crate) unsafe fn release(core: *const Core) {
        // SAFETY: alive until the count is given up. A count of one is the caller's: nobody else can change it.
        unsafe {
            if (*core).refs.load(Ordering::Acquire) == 1
                || (*core).refs.fetch_sub(1, Ordering::AcqRel) == 1
            {
                ((*core).methods.free)(core);
            }
        }
    }
}
