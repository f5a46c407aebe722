//! Whether there is somebody at the other end.

use std::io;
use std::os::fd::AsFd;

/// Whether a descriptor is that of a terminal.
///
/// This mirrors [`std::io::IsTerminal`], which cannot be implemented outside of `std`; so this is a trait of its own.
/// It is there for everything that has a descriptor: the streams and pipes of this crate, and the files, sockets and
/// streams of `std` and of the other shims.
///
/// # Examples
///
/// ```
/// use gio::IsTerminal;
///
/// let (reader, _writer) = gio::pipe()?;
/// assert!(!reader.is_terminal());
/// if gio::stdout().is_terminal() {
///     gio::println!("somebody may be reading this");
/// }
/// # Ok::<(), gio::Error>(())
/// ```
pub trait IsTerminal {
    /// Whether it is a terminal. What cannot be asked is none.
    fn is_terminal(&self) -> bool;
}

impl<T: AsFd + ?Sized> IsTerminal for T {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&self.as_fd())
    }
}
