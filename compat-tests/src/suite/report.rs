//! What has come of std's tests, or of its examples.

use crate::generate::Exclusion;
use crate::run::{Mode, Outcome, Status};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// The version of std's sources.
    pub(crate) std: String,
    pub(crate) rustc: String,
    pub(crate) modes: Vec<Mode>,
    pub(crate) files: Vec<FileReport>,
    /// Files of std that this is not about: with examples, if it is about tests.
    #[serde(skip)]
    pub(crate) other_files: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileReport {
    pub(crate) source: String,
    /// Whose tests these are.
    pub(crate) module: String,
    /// Whether they were run on a shim, or on std only.
    pub(crate) has_shim: bool,
    /// What is no test, compiles with std, and does not with the shims.
    pub(crate) left_out: Vec<Exclusion>,
    pub(crate) tests: Vec<TestReport>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct TestReport {
    pub(crate) name: String,
    pub(crate) control: Control,
    /// Why it does not compile with the shims, though it does with std.
    pub(crate) gap: Option<Exclusion>,
    pub(crate) outcomes: BTreeMap<Mode, Outcome>,
}

/// What std itself makes of a test.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Control {
    /// It does not compile outside of std.
    Excluded(Exclusion),
    /// It is not there on this target.
    OtherTarget,
    /// It was told not to be run.
    Skipped,
    Ran(Outcome),
}

impl Control {
    /// Whether std passes it, and so the shims should.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Control::Ran(outcome) if outcome.status.is_good())
    }

    pub(crate) fn is_compiled(&self) -> bool {
        matches!(self, Control::Ran(_) | Control::Skipped)
    }

    pub(crate) fn status(&self) -> Option<Status> {
        match self {
            Control::Ran(outcome) => Some(outcome.status),
            _ => None,
        }
    }
}

impl TestReport {
    /// Whether the shims pass it; a test that std ignores may be ignored.
    pub(crate) fn passes(&self, mode: Mode) -> bool {
        self.outcomes
            .get(&mode)
            .is_some_and(|outcome| self.is_good(outcome))
    }

    pub(crate) fn is_good(&self, outcome: &Outcome) -> bool {
        match outcome.status {
            Status::Ignored => self.control.status() == Some(Status::Ignored),
            status => status.is_good(),
        }
    }
}

impl FileReport {
    /// The name of a test in `known.toml` and for readers.
    pub(crate) fn full_name(&self, test: &TestReport) -> String {
        format!("{}::{}", self.source, test.name)
    }
}
