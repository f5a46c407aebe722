//! Door 2: waiting for a descriptor.
//!
//! A [`Source`] owns something with a descriptor and lets greenlets, of any hub, wait until it can be read or written. It
//! registers with a hub's reactor when it first has to wait there, once, for both directions, edge-triggered; from then
//! on a wait makes no system call of its own.
//!
//! [`Stream`] is for descriptors whose mode is not ours to set: it reads and writes them without blocking the hub.
//!
//! # Examples
//!
//! ```
//! use greenlet::io::{Progress, Source};
//! use std::io::{Read, Write};
//! use std::os::unix::net::UnixStream;
//!
//! let (reader, mut writer) = UnixStream::pair()?;
//! reader.set_nonblocking(true)?;
//! let reader = Source::new(reader);
//! let received = greenlet::spawn(move || {
//!     let mut buffer = [0; 8];
//!     let count = reader.read_with(None, |mut stream| stream.read(&mut buffer).map(Progress::More))?;
//!     Ok::<_, std::io::Error>(buffer[..count].to_vec())
//! });
//! greenlet::yield_now(); // it parks: there is nothing to read
//! writer.write_all(b"ping")?;
//! assert_eq!(received.join().unwrap()?, b"ping");
//! # Ok::<(), std::io::Error>(())
//! ```

mod kind;
pub mod nowait;
mod reactor;
mod registration;
mod source;
mod stream;
pub(crate) mod sys;

pub use kind::{can_be_awaited, may_wait_to_read, may_wait_to_write};
pub(crate) use reactor::Reactor;
pub use source::{Progress, Source};
pub use stream::Stream;
