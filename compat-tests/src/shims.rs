//! Which shims are measured: `shims.toml`, or one like it.

use crate::map::{Paths, path};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a file like `shims.toml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    map: BTreeMap<String, String>,
    #[serde(default)]
    dependencies: toml::Table,
    #[serde(default)]
    wrap: Wrap,
    #[serde(default)]
    inject: Inject,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrap {
    expr: String,
}

impl Default for Wrap {
    fn default() -> Wrap {
        Wrap {
            expr: "match std::thread::spawn(f).join() { \
                   Ok(value) => value, Err(payload) => std::panic::resume_unwind(payload) }"
                .to_owned(),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inject {
    lines: Vec<String>,
}

impl File {
    fn paths(&self) -> Paths<Vec<String>> {
        let map = self.map.iter();
        Paths::new(map.map(|(from, to)| (from.clone(), path(to))))
    }
}

/// The map alone of a text like `shims.toml`.
pub(crate) fn map(text: &str) -> Result<Paths<Vec<String>>, toml::de::Error> {
    Ok(toml::from_str::<File>(text)?.paths())
}

/// The shims that stand for modules of std, or std itself.
#[derive(Debug)]
pub(crate) struct Shims {
    /// From std to the shims.
    pub(crate) map: Paths<Vec<String>>,
    /// What runs the function `f` within a greenlet, and is its value.
    pub(crate) wrap: String,
    /// Imports at the top of every file of tests.
    pub(crate) inject: Vec<String>,
    dependencies: toml::Table,
}

impl Shims {
    /// Those of the file at `path`; the paths of its dependencies are relative to it.
    pub(crate) fn read(path: &Path) -> Result<Shims> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Shims::from_toml(&text, folder).with_context(|| path.display().to_string())
    }

    /// None: std is measured against itself.
    pub(crate) fn none() -> Shims {
        Shims::new(
            File {
                map: BTreeMap::new(),
                dependencies: toml::Table::new(),
                wrap: Wrap::default(),
                inject: Inject::default(),
            },
            toml::Table::new(),
        )
    }

    /// Those of a text; the paths of its dependencies are relative to `folder`.
    pub(crate) fn from_toml(text: &str, folder: &Path) -> Result<Shims> {
        let mut file: File = toml::from_str(text)?;
        let mut dependencies = std::mem::take(&mut file.dependencies);
        for (_, dependency) in &mut dependencies {
            if let Some(toml::Value::String(relative)) = dependency.get_mut("path") {
                let absolute = folder
                    .join(&relative)
                    .canonicalize()
                    .with_context(|| relative.clone())?;
                *relative = absolute
                    .into_os_string()
                    .into_string()
                    .map_err(|path| anyhow::anyhow!("{} is not UTF-8", path.display()))?;
            }
        }
        Ok(Shims::new(file, dependencies))
    }

    fn new(file: File, dependencies: toml::Table) -> Shims {
        Shims {
            map: file.paths(),
            wrap: file.wrap.expr,
            inject: file.inject.lines,
            dependencies,
        }
    }

    /// Where `path` of std leads to.
    pub(crate) fn apply(&self, path: &[String]) -> Vec<String> {
        match self.map.find(path) {
            Some((length, shim)) => [shim, &path[length..]].concat(),
            None => path.to_vec(),
        }
    }

    /// Whether the module `path` of std, or what it is in, has a shim.
    pub(crate) fn has(&self, path: &[String]) -> bool {
        self.map.find(path).is_some()
    }

    /// What `[dependencies]` of a `Cargo.toml` has to say of them.
    pub(crate) fn dependencies(&self) -> &toml::Table {
        &self.dependencies
    }
}
