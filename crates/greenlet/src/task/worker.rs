//! Greenlets of the worker hubs.

use super::packet::Joiner;
use super::{Handle, Id, kill};
use crate::hub::Hub;
use std::any::Any;
use std::fmt;
use std::io;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

/// The handle of a greenlet of the worker hubs; given by [`Builder::spawn_worker`](crate::Builder::spawn_worker).
///
/// It goes to any thread. Dropping it detaches the greenlet, which runs on. `gthread::JoinHandle`, which mirrors
/// [`std::thread::JoinHandle`], is made of it.
pub struct JoinHandle<T> {
    joiner: Joiner<T>,
}

// SAFETY: as for std's: the result moves to the thread that joins, and was made by a greenlet whose closure and
// result are `Send`; nothing but the joiner reaches it.
unsafe impl<T> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives no access to the result.
unsafe impl<T> Sync for JoinHandle<T> {}
impl<T> std::panic::UnwindSafe for JoinHandle<T> {}
impl<T> std::panic::RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(super) fn new(joiner: Joiner<T>) -> JoinHandle<T> {
        JoinHandle { joiner }
    }
}

join_methods!(JoinHandle, wait);
