//! Many readers or one writer.
//!
//! A word that counts the readers and has a flag for the writer, and a mutex, the *gate*, that whoever cannot go on
//! at once passes through. Readers take the gate to come in, and let it go; a writer keeps it until it has
//! finished.
//!
//! | word | means |
//! | --- | --- |
//! | n readers | n read; others may come in without the gate |
//! | `WRITER` + n readers | the writer that has the gate waits for n readers to leave; nobody comes in |
//! | `WRITER` | it writes |
//!
//! | from | to | by | ordering |
//! | --- | --- | --- | --- |
//! | n | n + 1 | a reader | acquire |
//! | n + 1 | n | a reader that leaves; the last wakes the writer, if there is one | release |
//! | n | `WRITER` + n | the writer that has the gate | acquire |
//! | `WRITER` | 0 | the writer that has finished, which then opens the gate | release |
//! | `WRITER` | 1 | the same, when it goes on as a reader | release |
//! | `WRITER` + n | n | a writer that was killed while it waited | relaxed: it has written nothing |
//!
//! *No wake-up is lost.* Only the writer that has the gate waits for the word, and the value that the futex compares has the
//! number of readers: the last one changes it, then wakes. All others wait for the gate.
//!
//! *Fairness* is that of the gate (see [`RawMutex`](super::RawMutex)), where readers and writers stand in one queue. A
//! writer at the gate is overtaken by no reader that comes later; readers that wait behind a writer come in one after the
//! other as soon as it opens the gate.

use super::RawMutex;
use super::system::{Acquire, AtomicU32, Relaxed, Release, futex};

const WRITER: u32 = 1 << 31;
/// More would soon be as many as there is room for.
const MOST_READERS: u32 = 1 << 30;

pub(crate) struct RawRwLock {
    state: AtomicU32,
    gate: RawMutex,
}

impl RawRwLock {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> RawRwLock {
        RawRwLock {
            state: AtomicU32::new(0),
            gate: RawMutex::new(),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> RawRwLock {
        RawRwLock {
            state: AtomicU32::new(0),
            gate: RawMutex::new(),
        }
    }

    #[inline]
    pub(crate) fn try_read(&self) -> bool {
        let mut state = self.state.load(Relaxed);
        while state < MOST_READERS {
            match self
                .state
                .compare_exchange_weak(state, state + 1, Acquire, Relaxed)
            {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    #[inline]
    pub(crate) fn read(&self) {
        if !self.try_read() {
            self.read_through_the_gate();
        }
    }

    #[cold]
    fn read_through_the_gate(&self) {
        self.gate.lock();
        // No writer is there, since it would have the gate.
        let came_in = self.try_read();
        // SAFETY: locked above.
        unsafe { self.gate.unlock() };
        assert!(came_in, "too many active read locks on RwLock");
    }

    /// # Safety
    ///
    /// The caller has read access.
    #[inline]
    pub(crate) unsafe fn end_read(&self) {
        if self.state.fetch_sub(1, Release) == WRITER + 1 {
            futex::wake(&raw const self.state, 1);
        }
    }

    #[inline]
    pub(crate) fn try_write(&self) -> bool {
        if !self.gate.try_lock() {
            return false;
        }
        if self
            .state
            .compare_exchange(0, WRITER, Acquire, Relaxed)
            .is_ok()
        {
            return true;
        }
        // SAFETY: locked above.
        unsafe { self.gate.unlock() };
        false
    }

    #[inline]
    pub(crate) fn write(&self) {
        self.gate.lock();
        if self
            .state
            .compare_exchange(0, WRITER, Acquire, Relaxed)
            .is_err()
        {
            self.wait_for_readers();
        }
    }

    #[cold]
    fn wait_for_readers(&self) {
        let leaving = Leaving(self);
        self.state.fetch_or(WRITER, Relaxed);
        loop {
            let state = self.state.load(Acquire);
            if state == WRITER {
                break;
            }
            futex::wait(&self.state, state);
        }
        std::mem::forget(leaving);
    }

    /// # Safety
    ///
    /// The caller has write access.
    #[inline]
    pub(crate) unsafe fn end_write(&self) {
        self.state.store(0, Release);
        // SAFETY: a writer has the gate.
        unsafe { self.gate.unlock() };
    }

    /// Goes on as a reader, before anybody else.
    ///
    /// # Safety
    ///
    /// The caller has write access.
    #[inline]
    pub(crate) unsafe fn downgrade(&self) {
        self.state.store(1, Release);
        // SAFETY: a writer has the gate.
        unsafe { self.gate.unlock() };
    }
}

/// A writer that is killed before it can write.
struct Leaving<'a>(&'a RawRwLock);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_and(!WRITER, Relaxed);
        // SAFETY: it has the gate.
        unsafe { self.0.gate.unlock() };
    }
}
