//! What both kinds of handle can do.

/// The methods of a handle with a `joiner`, and the way in which it waits.
macro_rules! join_methods {
    ($Handle:ident, $wait:ident) => {
        impl<T> $Handle<T> {
            /// Parks until the greenlet has ended, and gives its result.
            ///
            /// # Errors
            ///
            /// The payload of the panic that ended it; [`Killed`](crate::Killed) when it was killed.
            ///
            /// # Examples
            ///
            /// ```
            /// assert_eq!(greenlet::spawn(|| 6 * 7).join().unwrap(), 42);
            /// ```
            pub fn join(self) -> Result<T, Box<dyn Any + Send + 'static>> {
                self.joiner.$wait(None);
                self.joiner.take()
            }

            /// Parks until the greenlet has ended, but at most for `timeout`.
            ///
            /// # Errors
            ///
            /// The handle itself, when the greenlet has not ended by then.
            ///
            /// # Examples
            ///
            /// ```
            /// use std::time::Duration;
            /// let word = std::sync::atomic::AtomicU32::new(0);
            /// let parked = greenlet::spawn(move || greenlet::futex::wait(&word, 0));
            /// let parked = parked.join_timeout(Duration::from_millis(1)).unwrap_err();
            /// assert!(!parked.is_finished());
            /// ```
            pub fn join_timeout(
                self,
                timeout: Duration,
            ) -> Result<Result<T, Box<dyn Any + Send + 'static>>, Self> {
                // A deadline past the end of time is none.
                if self.joiner.$wait(Instant::now().checked_add(timeout)) {
                    Ok(self.joiner.take())
                } else {
                    Err(self)
                }
            }

            /// Asks the greenlet to end, and returns at once; see [`Handle::kill`].
            ///
            /// # Errors
            ///
            /// [`Unsupported`](io::ErrorKind::Unsupported) in a program built with `panic = "abort"`.
            pub fn kill(&self) -> io::Result<()> {
                // SAFETY: the joiner keeps it alive, and its pointer is the original one.
                unsafe { kill::request(self.joiner.as_ptr()) }
            }

            /// Whether the greenlet has ended, so that `join` would not park.
            pub fn is_finished(&self) -> bool {
                self.joiner.core().is_finished()
            }

            /// Whether it is the handle of the calling greenlet, which could never join itself.
            ///
            /// # Examples
            ///
            /// ```
            /// assert!(!greenlet::spawn(|| ()).is_current());
            /// ```
            pub fn is_current(&self) -> bool {
                Hub::try_current()
                    .is_some_and(|hub| ptr::eq(hub.current_ptr().as_ptr(), self.joiner.as_ptr()))
            }

            /// The name given with [`Builder::name`](crate::Builder::name).
            pub fn name(&self) -> Option<&str> {
                self.joiner.core().name()
            }

            /// The greenlet's number.
            pub fn id(&self) -> Id {
                self.joiner.core().id()
            }

            /// A handle that only names the greenlet, for any thread.
            pub fn handle(&self) -> Handle {
                // SAFETY: the joiner keeps it alive, and its pointer, which is not null, is the original one.
                unsafe { Handle::of(NonNull::new_unchecked(self.joiner.as_ptr().cast_mut())) }
            }
        }

        impl<T> fmt::Debug for $Handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Handle))
                    .field("id", &self.id())
                    .field("name", &self.name())
                    .field("finished", &self.is_finished())
                    .finish_non_exhaustive()
            }
        }
    };
}
