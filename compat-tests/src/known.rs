//! `known.toml`: what is expected to differ from std, and why.

use crate::run::{Mode, Status};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// Tests and examples that std itself does not pass here, or that are not run at all.
    #[serde(default)]
    pub(crate) std: Vec<Test>,
    /// Tests and examples that the shims do not pass.
    #[serde(default)]
    pub(crate) shims: Vec<Test>,
    /// What of the API the shims do not have.
    #[serde(default)]
    pub(crate) missing: Vec<Missing>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    /// `std/src/net/tcp/tests.rs::connect_error`.
    pub(crate) name: String,
    /// The modes that it differs in; all, if none is given.
    #[serde(default)]
    pub(crate) modes: Vec<Mode>,
    /// What may come of it. With `passed` among them it is not settled.
    #[serde(default = "failed")]
    pub(crate) expect: Vec<Status>,
    /// Whether it is run.
    #[serde(default = "yes")]
    pub(crate) run: bool,
    /// Whether it compiles with the shims. If not, modes and outcomes say nothing.
    #[serde(default = "yes")]
    pub(crate) compiles: bool,
    pub(crate) reason: String,
}

fn failed() -> Vec<Status> {
    vec![Status::Failed]
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Missing {
    /// `impl|std::sync|OnceLock|Drop for OnceLock<T>`.
    pub(crate) key: String,
    pub(crate) reason: String,
}

impl Test {
    pub(crate) fn is_for(&self, name: &str, mode: Mode) -> bool {
        self.name == name && self.compiles && (self.modes.is_empty() || self.modes.contains(&mode))
    }

    /// The file that it is in.
    pub(crate) fn file(&self) -> &str {
        self.name.split("::").next().unwrap_or_default()
    }
}

impl Missing {
    /// The module of std.
    pub(crate) fn module(&self) -> Option<&str> {
        self.key.split('|').nth(1)
    }
}

impl Known {
    pub(crate) fn read(path: &Path) -> Result<Known> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// What is known of a test on the shims.
    pub(crate) fn of_shims(&self, name: &str, mode: Mode) -> Option<&Test> {
        self.shims.iter().find(|test| test.is_for(name, mode))
    }

    /// What is known of a test that does not compile with the shims.
    pub(crate) fn gap(&self, name: &str) -> Option<&Test> {
        self.shims
            .iter()
            .find(|test| !test.compiles && test.name == name)
    }

    /// What is known of something that is missing.
    pub(crate) fn missing_for(&self, key: &str) -> Option<&Missing> {
        self.missing.iter().find(|missing| missing.key == key)
    }

    /// What is known of a test on std.
    pub(crate) fn of_std(&self, name: &str) -> Option<&Test> {
        self.std.iter().find(|test| test.name == name)
    }

    /// Whether a test is not run, neither on std nor on the shims.
    pub(crate) fn is_skipped(&self, name: &str) -> bool {
        self.of_std(name).is_some_and(|test| !test.run)
    }
}
