//! Throw-away packages: written, and given to cargo.

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What cargo said of a package.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) errors: Vec<Diagnostic>,
    /// Whether cargo was content.
    pub(crate) success: bool,
    /// The programs that it has built, by the names of their targets.
    pub(crate) executables: BTreeMap<String, PathBuf>,
}

/// Runs `cargo ARGUMENTS` in the folder of a package. That its code does not compile is no failure of this function.
pub(crate) fn cargo(package: &Path, target: &Path, arguments: &[&str]) -> Result<Outcome> {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    // Warnings of code that is not ours, on top of what the user wants.
    let flags = env::var("RUSTFLAGS").unwrap_or_default() + " --cap-lints allow";
    let output = Command::new(program)
        .args(arguments)
        .arg("--message-format=json")
        .current_dir(package)
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTFLAGS", flags.trim())
        .output()
        .context("cargo cannot be run")?;
    let mut outcome = Outcome {
        success: output.status.success(),
        ..Outcome::default()
    };
    let mut is_finished = false;
    for message in Message::parse_stream(&output.stdout[..]) {
        match message? {
            Message::CompilerMessage(message) if is_error(&message.message) => {
                outcome.errors.push(message.message);
            }
            Message::CompilerArtifact(artifact) => {
                if let Some(executable) = artifact.executable {
                    outcome
                        .executables
                        .insert(artifact.target.name, executable.into_std_path_buf());
                }
            }
            Message::BuildFinished(_) => is_finished = true,
            _ => (),
        }
    }
    if !is_finished || (!output.status.success() && outcome.errors.is_empty()) {
        bail!(
            "cargo {} failed in {}:\n{}",
            arguments.join(" "),
            package.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(outcome)
}

fn is_error(message: &Diagnostic) -> bool {
    message.level == DiagnosticLevel::Error || message.level == DiagnosticLevel::Ice
}

impl Outcome {
    /// The errors that are in no place, such as one of the compiler itself.
    pub(crate) fn elsewhere(&self) -> String {
        let errors = self.errors.iter().filter(|error| error.spans.is_empty());
        let texts = errors.map(|error| error.rendered.as_deref().unwrap_or(&error.message));
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// The versions that the workspace is tested with, for a package of ours; cargo drops what it has no use for.
pub(crate) fn write_lock(package: &Path) -> Result<()> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    match fs::read_to_string(&own) {
        Ok(text) => write(&package.join("Cargo.lock"), &text),
        // Outside of the workspace cargo chooses.
        Err(_) => Ok(()),
    }
}

/// Writes `text` unless the file has it already, so that cargo does not compile it again.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| path.display().to_string())
}
