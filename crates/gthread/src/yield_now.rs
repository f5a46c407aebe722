//! `yield_now`: lets the others run.

/// Lets every other greenlet of the caller's hub that can run do so, and goes on after them.
///
/// Mirrors [`std::thread::yield_now`]. It is for long computations: greenlets are not preempted, so
/// one that never waits keeps its hub to itself. To wait for another greenlet, [`park`] or
/// [`join`](crate::JoinHandle::join), which cost nothing while they last. With nobody else to run on the hub, every 16th call
/// yields the thread.
///
/// # Examples
///
/// ```
/// let crunch = gthread::spawn(|| {
///     let mut sum = 0_u64;
///     for n in 0..100_000 {
///         sum += n;
///         if n % 1_000 == 0 {
///             gthread::yield_now();
///         }
///     }
///     sum
/// });
///
/// assert_eq!(crunch.join().unwrap(), 4_999_950_000);
/// ```
///
/// [`park`]: crate::park()
pub fn yield_now() {
    greenlet::yield_now();
}
