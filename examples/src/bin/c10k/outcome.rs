//! What is measured.

use std::time::Duration;

use examples::process_status::ProcessStatus;
use hdrhistogram::Histogram;

use crate::server::Kind;

/// What one server did.
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    /// Clients that were connected at the same time.
    pub(crate) connected: u32,
    /// While each client sent a message now and then: how long after its time each was answered, in
    /// nanoseconds.
    pub(crate) latency: Histogram<u64>,
    pub(crate) calm: Phase,
    /// While each client sent the next message as soon as the last was answered.
    pub(crate) busy: Phase,
    /// Messages of the client that got the fewest answers in that time, and of the one that got the
    /// most.
    pub(crate) fewest: u64,
    pub(crate) most: u64,
    /// The server at the end of that time; `None` if it was gone.
    pub(crate) status: Option<ProcessStatus>,
    pub(crate) errors: Errors,
}

pub(crate) struct Phase {
    /// Messages that were answered.
    pub(crate) messages: u64,
    pub(crate) time: Duration,
    /// Processor time that the server took; `None` if it was gone.
    pub(crate) processor_time: Option<Duration>,
}

#[derive(Default)]
pub(crate) struct Errors {
    pub(crate) count: u64,
    /// The first few.
    pub(crate) first: Vec<String>,
}

impl Errors {
    pub(crate) fn add(&mut self, error: String) {
        self.count += 1;
        if self.first.len() < 5 {
            self.first.push(error);
        }
    }
}
