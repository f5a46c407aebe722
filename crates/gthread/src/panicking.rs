//! `panicking`: whether the calling greenlet unwinds.

/// Whether the calling greenlet is unwinding.
///
/// Mirrors [`std::thread::panicking`], which counts for a whole OS thread: there, a greenlet that
/// waits in a destructor while it unwinds would make all others of its hub look as if they did. The
/// answer of this function belongs to the greenlet.
///
/// # Examples
///
/// ```
/// struct Verdict(std::sync::Arc<std::sync::atomic::AtomicBool>);
///
/// impl Drop for Verdict {
///     fn drop(&mut self) {
///         self.0.store(gthread::panicking(), std::sync::atomic::Ordering::Relaxed);
///     }
/// }
///
/// let panicked = std::sync::Arc::default();
/// let verdict = Verdict(std::sync::Arc::clone(&panicked));
/// let greenlet = gthread::spawn(move || {
///     let _verdict = verdict;
///     panic!("on purpose");
/// });
///
/// assert!(greenlet.join().is_err());
/// assert!(panicked.load(std::sync::atomic::Ordering::Relaxed));
/// assert!(!gthread::panicking());
/// ```
#[must_use]
pub fn panicking() -> bool {
    greenlet::panicking()
}
