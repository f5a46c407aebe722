//! A run as JSON and back.

use crate::report::Run;
use std::io;

impl Run {
    /// Everything that is known, every round's figure included.
    ///
    /// # Errors
    ///
    /// `InvalidData` for a figure that JSON has no form for.
    pub fn to_json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// What [`Run::to_json`] wrote.
///
/// # Errors
///
/// `InvalidData` when it is something else.
pub fn from_json(text: &str) -> io::Result<Run> {
    Ok(serde_json::from_str(text)?)
}
