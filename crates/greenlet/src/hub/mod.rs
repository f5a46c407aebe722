//! The hub: one per thread that blocks, made on first use.
//!
//! There is no hub stack. Whoever parks runs the scheduler ([`schedule`](Hub::schedule)) on its own stack and
//! switches straight to the next runnable greenlet; a greenlet that ends does the same on its dying stack.

mod entry;
pub(crate) mod fork;
pub(crate) mod inbox;
mod park;
mod run_queue;
mod schedule;
mod shared;
mod thread_end;
pub(crate) mod workers;

pub(crate) use entry::greenlet_main;
pub(crate) use park::{Kills, Wake};
pub(crate) use shared::HubShared;

use crate::io::Reactor;
use crate::stack::{AltStack, HubPool, Stack};
use crate::task::{Blocks, Core, Ids};
use crate::timer::Wheel;
use run_queue::RunQueue;
use std::cell::{Cell, RefCell};
use std::io;
use std::ptr::{self, NonNull};

/// What one thread needs to run greenlets. Only that thread touches it; none of its borrows is held
/// across a switch.
pub(crate) struct Hub {
    /// What other threads see of it.
    pub(crate) shared: &'static HubShared,
    /// Which of the hubs that `shared` has served this is.
    pub(crate) epoch: u32,
    /// Started greenlets that may run, and local ones that have not started.
    run_queue: RunQueue,
    /// The greenlet that runs.
    current: Cell<NonNull<Core>>,
    /// The greenlet of the thread's own stack.
    root: NonNull<Core>,
    /// Numbers for the greenlets that are spawned here.
    pub(crate) ids: Ids,
    /// Greenlets whose timers have fired, which run before the others.
    due: RunQueue,
    /// Scheduling steps until the hub looks beyond its run queue. None while there is one in `due`.
    until_look: Cell<u32>,
    /// How many steps that will be when those in `due` are through.
    pace: Cell<u32>,
    /// How many of those have run since the hub has looked.
    unlooked: Cell<u32>,
    /// Calls in vain since the last one that yielded; see [`breathe`](Hub::breathe).
    breaths: Cell<u32>,
    /// Yields in vain; see [`yield_now`](Hub::yield_now).
    alone: Cell<u32>,
    /// The stack of a greenlet that has ended, until whoever runs next takes it.
    dying: Cell<Option<Stack>>,
    /// Memory for greenlets that are spawned here.
    pub(crate) blocks: Blocks,
    /// Stacks, and the right to them.
    pub(crate) stacks: RefCell<HubPool>,
    /// Deadlines of the greenlets that are parked here.
    pub(crate) timers: RefCell<Wheel>,
    /// Made when a worker starts; on another thread, when a greenlet first waits for a descriptor.
    pub(crate) reactor: RefCell<Option<Reactor>>,
    /// Greenlets of this hub, the root aside, that have not ended.
    pub(crate) live: Cell<usize>,
    /// Greenlets that are parked while they unwind.
    pub(crate) parked_unwinding: Cell<usize>,
    /// Depth of panic hooks that are running.
    pub(crate) inside_hook: Cell<usize>,
    /// The stealable queue, on a worker.
    worker: Option<workers::Worker>,
    /// Of which process this is a hub.
    process: fork::Process,
    /// The stack that the overflow handler runs on.
    _alt_stack: AltStack,
}

thread_local! {
    /// Without a destructor, so it can be read as long as the thread runs.
    static HUB: Cell<*const Hub> = const { Cell::new(ptr::null()) };
}

impl Hub {
    /// The calling thread's hub.
    #[inline]
    pub(crate) fn get<'a>() -> &'a Hub {
        match Hub::try_current() {
            Some(hub) => hub,
            None => Hub::create(None, HubShared::acquire()),
        }
    }

    /// The calling thread's hub, if it has one.
    #[inline]
    pub(crate) fn try_current<'a>() -> Option<&'a Hub> {
        // SAFETY: a hub is freed by its own thread only, in `thread_end`, after which nothing of the core is on its
        // stack; the pointer is null from then on.
        unsafe { HUB.get().as_ref() }
    }

    /// The calling thread's hub; `None` when its end has taken it down.
    pub(crate) fn unless_taken_down<'a>() -> Option<&'a Hub> {
        match Hub::try_current() {
            None if thread_end::has_come() => None,
            None => Some(Hub::get()),
            hub => hub,
        }
    }

    #[cold]
    fn create<'a>(worker: Option<workers::Worker>, shared: &'static HubShared) -> &'a Hub {
        fork::watch();
        exact_timers();
        crate::task::install_hook();
        let hub = Box::into_raw(Box::new(Hub {
            shared,
            epoch: shared.epoch(),
            run_queue: RunQueue::new(),
            current: Cell::new(NonNull::dangling()),
            root: NonNull::dangling(),
            ids: Ids::new(),
            due: RunQueue::new(),
            until_look: Cell::new(0),
            pace: Cell::new(0),
            unlooked: Cell::new(0),
            breaths: Cell::new(0),
            alone: Cell::new(0),
            dying: Cell::new(None),
            blocks: Blocks::new(),
            stacks: RefCell::new(HubPool::new()),
            timers: RefCell::new(Wheel::new(crate::time::now())),
            reactor: RefCell::new(None),
            live: Cell::new(0),
            parked_unwinding: Cell::new(0),
            inside_hook: Cell::new(0),
            worker,
            process: fork::Process::current(),
            _alt_stack: crate::stack::ensure_alt_stack(),
        }));
        // SAFETY: just made, and not yet seen by anybody.
        unsafe {
            let root = NonNull::new_unchecked(Core::new_root((*hub).ids.next(), shared).cast_mut());
            (*hub).root = root;
            (*hub).current.set(root);
        }
        HUB.set(hub);
        thread_end::watch();
        // SAFETY: as in `try_current`.
        unsafe { &*hub }
    }

    /// The greenlet that runs.
    #[inline]
    pub(crate) fn current(&self) -> &Core {
        // SAFETY: a running greenlet is alive.
        unsafe { self.current.get().as_ref() }
    }

    /// The same, as the pointer it was made with.
    #[inline]
    pub(crate) fn current_ptr(&self) -> NonNull<Core> {
        self.current.get()
    }

    /// An error in a forked child: the hub's reactor is its parent's.
    pub(crate) fn check_fork(&self) -> io::Result<()> {
        self.process.check()
    }

    /// Queues a greenlet that was just made for this hub.
    ///
    /// # Safety
    ///
    /// The hub's count on `core` goes along, and its stack is reserved here.
    pub(crate) unsafe fn enqueue_new(&self, core: NonNull<Core>) {
        self.live.set(self.live.get() + 1);
        // SAFETY: new, so in no queue; the hub's count keeps it alive.
        unsafe { self.run_queue.push(core) };
    }

    /// Whether no greenlet but the caller can ever run on this hub.
    pub(crate) fn is_alone(&self) -> bool {
        (self.worker.is_none() && self.live.get() == 0) || !self.process.is_current()
    }
}

/// Lets the kernel wake this thread at the time asked for, instead of up to 50 µs later.
fn exact_timers() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: sets a number of the calling thread.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong);
    }
}
