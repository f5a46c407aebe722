//! Where things are: the shims, what is known of them, and where to put what is made.

use crate::known::Known;
use crate::shims::Shims;
use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of this crate.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Place {
    /// Other shims than those of this workspace: a file like `shims.toml`.
    #[arg(long)]
    shims: Option<PathBuf>,
    /// What is known to differ; without it `known.toml`, or nothing if `--shims` is given.
    #[arg(long)]
    known: Option<PathBuf>,
    /// Where the generated packages and the reports go; without it a folder of cargo's target.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Place {
    pub(crate) fn shims(&self) -> Result<Shims> {
        match &self.shims {
            Some(path) => Shims::read(path),
            None => Shims::read(&Path::new(HERE).join("shims.toml")),
        }
    }

    pub(crate) fn known(&self) -> Result<Known> {
        match (&self.known, &self.shims) {
            (Some(path), _) => Known::read(path),
            (None, Some(_)) => Ok(Known::default()),
            (None, None) => Known::read(&Path::new(HERE).join("known.toml")),
        }
    }

    /// The folder for everything that is made, which is there afterwards.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => {
                let manifest = Path::new(HERE).join("Cargo.toml");
                let metadata = MetadataCommand::new()
                    .manifest_path(manifest)
                    .no_deps()
                    .exec()?;
                metadata.target_directory.into_std_path_buf().join("compat")
            }
        };
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder.canonicalize()?)
    }

    /// The page that `report` writes.
    pub(crate) fn page(&self) -> PathBuf {
        Path::new(HERE).join("../docs/compatibility.md")
    }
}
