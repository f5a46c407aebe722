//! Greenlets of the calling thread's hub.

use super::packet::Joiner;
use super::{Handle, Id, kill};
use crate::hub::Hub;
use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

/// The handle of a greenlet of this thread's hub; given by [`spawn`](crate::spawn) and
/// [`Builder::spawn`](crate::Builder::spawn).
///
/// It may not leave its thread, as the greenlet may not. Dropping it detaches the greenlet, which runs on.
/// Mirrors gevent's `Greenlet`, in the form of [`std::thread::JoinHandle`].
///
/// ```compile_fail
/// fn send<T: Send>(_: T) {}
/// send(greenlet::spawn(|| ()));
/// ```
pub struct Greenlet<T> {
    joiner: Joiner<T>,
    pinned: PhantomData<*mut ()>,
}

impl<T> Greenlet<T> {
    pub(super) fn new(joiner: Joiner<T>) -> Greenlet<T> {
        Greenlet {
            joiner,
            pinned: PhantomData,
        }
    }
}

join_methods!(Greenlet, wait_here);
