//! What a run ran on, and with which versions.

use crate::external::Language;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::process::Command;
use std::{env, fmt, fs};

/// The crates whose versions are told.
const CRATES: [&str; 7] = [
    "context",
    "hyper",
    "may",
    "may_minihttp",
    "parking_lot",
    "smol",
    "tokio",
];

/// A description of the machine and of the programs that were compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// When the run began, in UTC.
    pub date: String,
    /// The model of the processor.
    pub processor: String,
    /// How many cores the program may use.
    pub cores: usize,
    /// The version of the kernel.
    pub kernel: String,
    /// The compiler of this program.
    pub compiler: String,
    /// The versions of the peers: of crates, and of what is not written in Rust.
    pub peers: BTreeMap<String, String>,
}

impl Machine {
    /// This machine, now. What is no crate has a version if it is installed.
    #[must_use]
    pub fn here() -> Machine {
        let others = Language::ALL.into_iter().filter_map(|language| {
            let version = language.version().ok()?;
            Some((language.name().to_owned(), version))
        });
        let unknown = || "unknown".to_owned();
        let first_line = |path| {
            let text = fs::read_to_string(path).ok()?;
            text.lines().next().map(ToOwned::to_owned)
        };
        let date = Command::new("date").args(["-u", "+%FT%TZ"]).output();
        Machine {
            date: date.map_or_else(
                |_| unknown(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            ),
            processor: processor().unwrap_or_else(unknown),
            cores: crate::affinity::cores().map_or(0, |cores| cores.len()),
            kernel: first_line("/proc/sys/kernel/osrelease").unwrap_or_else(unknown),
            compiler: match cfg!(debug_assertions) {
                true => concat!(env!("RUSTC_VERSION"), ", NOT A RELEASE BUILD").to_owned(),
                false => env!("RUSTC_VERSION").to_owned(),
            },
            peers: crates().chain(others).collect(),
        }
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The versions that this program was built with. Of two versions of a crate, the last: what others need is older.
fn crates() -> impl Iterator<Item = (String, String)> {
    let quoted = |line: &str, key| {
        let value = line.strip_prefix(key)?.strip_prefix(" = ")?;
        Some(value.trim_matches('"').to_owned())
    };
    let packages = include_str!("../../Cargo.lock").split("[[package]]");
    packages.filter_map(move |package| {
        let name = package.lines().find_map(|line| quoted(line, "name"))?;
        let version = package.lines().find_map(|line| quoted(line, "version"))?;
        CRATES.contains(&name.as_str()).then_some((name, version))
    })
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine {
            date,
            processor,
            cores,
            kernel,
            compiler,
            peers,
        } = self;
        let peers: Vec<String> = peers
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        write!(
            formatter,
            "{date}; {processor}, {cores} cores, Linux {kernel}; {compiler}; {}.",
            peers.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_peers_are_known() {
        let versions: BTreeMap<String, String> = crates().collect();
        assert!(versions["tokio"].starts_with("1."));
        assert!(versions["may"].starts_with("0."));
        assert!(env!("RUSTC_VERSION").starts_with("rustc "));
    }
}
