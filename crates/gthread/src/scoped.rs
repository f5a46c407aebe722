//! `scope`, `Scope` and `ScopedJoinHandle`: greenlets that borrow.
//!
//! A scope counts its children. Each holds a `Member`, first in its closure and then in its outcome,
//! and what counts it out is the drop of that:
//!
//! ```text
//!   spawn: counted in ──> closure runs ──> outcome stored ──> joined, or dropped: counted out
//!                    └──> closure dropped unstarted (a kill, a failed spawn): counted out
//! ```
//!
//! So a child is counted out when nothing of its closure or its result is left, and the scope, which
//! waits for the count to be 0, never returns before. Who brings it to 0 (`Release`) wakes the scope
//! (`Acquire`). The count is a futex word: the scope sleeps on the number that it has seen, and only
//! the step to 0 wakes it, as no other can end its wait.

use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, OnceLock};

use greenlet::futex;

use crate::join_handle::refuse_oneself;
use crate::{Builder, Result, Thread, current};

/// What a scope and its children share.
struct ScopeData {
    running: AtomicU32,
    /// A child has panicked, and nobody has joined it.
    panicked: AtomicBool,
    owner: Thread,
}

/// One child in the count.
struct Member(Arc<ScopeData>);

impl Member {
    fn new(scope: &Arc<ScopeData>) -> Member {
        let member = Member(Arc::clone(scope));
        // Far from wrapping round, however many threads are here at once.
        if scope.running.fetch_add(1, Relaxed) > u32::MAX / 2 {
            drop(member);
            panic!("too many running threads in thread scope");
        }
        member
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Release) == 1 {
            futex::wake(&self.0.running, 1);
        }
    }
}

/// A child that has not begun.
struct Child<F> {
    /// Before `member`, so that it is gone when the child is counted out.
    f: F,
    member: Member,
}

impl<F> Child<F> {
    fn run<T>(self) -> Ended<T>
    where
        F: FnOnce() -> T,
    {
        let Child { f, member } = self;
        let result = match greenlet::catch_unwind(AssertUnwindSafe(f)) {
            Err(payload) if greenlet::is_kill(&*payload) => {
                Err(Box::new(greenlet::Killed) as Box<dyn Any + Send>)
            }
            result => result,
        };
        Ended {
            result: Some(result),
            member,
        }
    }
}

/// The outcome of a child, until somebody takes it.
struct Ended<T> {
    /// Before `member`, for the same reason.
    result: Option<Result<T>>,
    member: Member,
}

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        if let Some(Err(payload)) = &self.result
            && !payload.is::<greenlet::Killed>()
        {
            self.member.0.panicked.store(true, Relaxed);
        }
    }
}

/// A scope, to spawn greenlets in; [`scope()`] makes it.
///
/// Mirrors [`std::thread::Scope`].
///
/// # Examples
///
/// ```
/// let words = vec!["borrowed", "by", "two"];
///
/// gthread::scope(|scope| {
///     scope.spawn(|| assert_eq!(words.len(), 3));
///     scope.spawn(|| assert_eq!(words[0], "borrowed"));
/// });
/// ```
pub struct Scope<'scope, 'env: 'scope> {
    data: Arc<ScopeData>,
    /// Invariant: a `'scope` that could shrink would let a greenlet borrow what goes before the scope
    /// ends.
    scope: PhantomData<&'scope mut &'scope ()>,
    /// Invariant, as in std.
    env: PhantomData<&'env mut &'env ()>,
}

/// Runs `f` with a scope, and returns when all greenlets that were spawned in it have ended.
///
/// Mirrors [`std::thread::scope`]. Because it waits, they may borrow what lives longer than the call. It
/// waits on every way out of `f`, a panic included. The greenlets run on the worker hubs, at the same time as the
/// caller.
///
/// What a greenlet did happens before the return of `scope`. As in std, the destructors of the
/// [thread-local](crate::thread_local!) values of a greenlet that nobody has joined may still run then.
///
/// # Kills
///
/// A kill of the caller does not end this wait: it is thrown at the first call after it that waits.
/// Nor is it passed on to the greenlets of the scope. One of those that is killed has no result, but has
/// not panicked either: the scope does not panic because of it.
///
/// # Panics
///
/// With the panic of `f`, if it has; otherwise, if a greenlet of the scope has panicked that was not
/// [joined](ScopedJoinHandle::join).
///
/// # Examples
///
/// ```
/// let mut numbers = vec![1, 2, 3];
/// let mut sum = 0;
///
/// gthread::scope(|scope| {
///     scope.spawn(|| numbers.push(4));
///     scope.spawn(|| sum = 10);
/// });
///
/// assert_eq!(numbers.iter().sum::<i32>(), sum);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope {
        data: Arc::new(ScopeData {
            running: AtomicU32::new(0),
            panicked: AtomicBool::new(false),
            owner: current(),
        }),
        scope: PhantomData,
        env: PhantomData,
    };
    // Whatever happens from here on, the wait below is reached: nothing in between unwinds.
    let result = greenlet::catch_unwind(AssertUnwindSafe(|| f(&scope)));
    scope.wait();
    match result {
        Err(payload) => greenlet::resume_unwind(payload),
        Ok(_) if scope.data.panicked.load(Relaxed) => panic!("a scoped thread panicked"),
        Ok(value) => value,
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Spawns a greenlet that may borrow what outlives the scope.
    ///
    /// Mirrors [`std::thread::Scope::spawn`]. If the handle is dropped, the end of the scope waits for
    /// the greenlet, and panics if that has panicked. [`Builder::spawn_scoped`] sets a name or a stack size.
    ///
    /// # Panics
    ///
    /// Panics if the greenlet cannot be made; [`Builder::spawn_scoped`] gives an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// let text = String::from("seven");
    ///
    /// let length = gthread::scope(|scope| scope.spawn(|| text.len()).join().unwrap());
    ///
    /// assert_eq!(length, 5);
    /// ```
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new()
            .spawn_scoped(self, f)
            .expect("failed to spawn thread")
    }

    /// Waits until no child is left, and does not unwind.
    fn wait(&self) {
        greenlet::shield(|| {
            loop {
                match self.data.running.load(Acquire) {
                    0 => return,
                    running => futex::wait(&self.data.running, running),
                };
            }
        });
    }
}

impl Builder {
    /// Starts a greenlet of `scope` with this name and stack size.
    ///
    /// Mirrors [`std::thread::Builder::spawn_scoped`]; see [`Scope::spawn`].
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Builder::spawn).
    ///
    /// # Panics
    ///
    /// Panics if the name holds a NUL byte, as std's does.
    ///
    /// # Examples
    ///
    /// ```
    /// let greeting = String::from("hello");
    ///
    /// gthread::scope(|scope| {
    ///     let greenlet = gthread::Builder::new()
    ///         .name("greeter".into())
    ///         .spawn_scoped(scope, || greeting.len())?;
    ///     assert_eq!(greenlet.thread().name(), Some("greeter"));
    ///     assert_eq!(greenlet.join().unwrap(), 5);
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let builder = self.into_core();
        let member = Member::new(&scope.data);
        let child = Child { f, member };
        let run = move || child.run();
        // SAFETY: what `f` and its result borrow outlives `'scope`, and `scope` does not return before the
        // member is dropped, whatever becomes of the greenlet: it is counted by now, is dropped after `f` and after
        // the result, and a handle that is forgotten with it makes the scope wait for ever.
        let inner = unsafe { builder.spawn_worker_unchecked(run) }?;
        Ok(ScopedJoinHandle {
            thread: OnceLock::new(),
            inner,
            _result: PhantomData,
            _not_unwind_safe: PhantomData,
        })
    }
}

/// The right to wait for a greenlet of a scope.
///
/// Mirrors [`std::thread::ScopedJoinHandle`]. Dropping it leaves the wait to the end of the scope.
///
/// # Examples
///
/// ```
/// let data = [1, 2, 3];
///
/// gthread::scope(|scope| {
///     let handle: gthread::ScopedJoinHandle<'_, i32> = scope.spawn(|| data.iter().sum());
///     assert_eq!(handle.join().unwrap(), 6);
/// });
/// ```
pub struct ScopedJoinHandle<'scope, T> {
    inner: greenlet::JoinHandle<Ended<T>>,
    /// Made when it is asked for: each handle counts.
    thread: OnceLock<Thread>,
    /// The auto traits and the variance that std's have: `Send` and `Sync` if the result is `Send`.
    _result: PhantomData<(&'scope (), Mutex<T>)>,
    /// As in [`JoinHandle`](crate::JoinHandle).
    _not_unwind_safe: PhantomData<Box<dyn Any + Send + Sync>>,
}

// As for `JoinHandle`.
impl<T> Unpin for ScopedJoinHandle<'_, T> {}

impl<T> ScopedJoinHandle<'_, T> {
    /// The handle that names the greenlet and can [`unpark`](Thread::unpark) it.
    ///
    /// Mirrors [`std::thread::ScopedJoinHandle::thread`].
    ///
    /// # Examples
    ///
    /// ```
    /// gthread::scope(|scope| {
    ///     let greenlet = scope.spawn(gthread::park);
    ///     greenlet.thread().unpark();
    /// });
    /// ```
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.thread.get_or_init(|| Thread::new(self.inner.handle()))
    }

    /// Parks the caller until the greenlet has ended, and takes its result.
    ///
    /// Mirrors [`std::thread::ScopedJoinHandle::join`]. A panic that is taken here is not reported by
    /// the scope. The end of the greenlet, the destructors of its
    /// [thread-local](crate::thread_local!) values included, happens before the return.
    ///
    /// # Errors
    ///
    /// As [`JoinHandle::join`](crate::JoinHandle::join).
    ///
    /// # Panics
    ///
    /// Panics if a greenlet joins itself, as a thread of std does on this platform.
    ///
    /// # Examples
    ///
    /// ```
    /// gthread::scope(|scope| {
    ///     let failed = scope.spawn(|| std::panic::resume_unwind(Box::new(404)));
    ///     assert_eq!(failed.join().unwrap_err().downcast_ref(), Some(&404));
    /// });
    /// ```
    pub fn join(self) -> Result<T> {
        refuse_oneself(self.inner.is_current());
        // An error here is that of a greenlet which was killed before it began.
        let mut ended = self.inner.join()?;
        match ended.result.take() {
            Some(result) => result,
            None => unreachable!("a result is taken once"),
        }
    }

    /// Whether the greenlet has ended, so that a [`join`](ScopedJoinHandle::join) would not wait.
    ///
    /// Mirrors [`std::thread::ScopedJoinHandle::is_finished`]. It never parks.
    ///
    /// # Examples
    ///
    /// ```
    /// gthread::scope(|scope| {
    ///     let greenlet = scope.spawn(gthread::park);
    ///     assert!(!greenlet.is_finished());
    ///     greenlet.thread().unpark();
    /// });
    /// ```
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("num_running_threads", &self.data.running.load(Relaxed))
            .field("a_thread_panicked", &self.data.panicked.load(Relaxed))
            .field("main_thread", &self.data.owner)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
