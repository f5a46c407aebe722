//! Which probes compile: a package of them all, again and again without those that do not.

use super::probe::Probe;
use super::rewrite::std_paths;
use crate::cargo::{cargo, write, write_lock};
use crate::json;
use crate::library::rustc;
use crate::shims::Shims;
use anyhow::{Context, Result, anyhow, bail};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::Path;

/// Errors of names that are there, but whose types nothing says.
const AMBIGUOUS: &[&str] = &["E0282", "E0283", "E0284", "E0790"];

/// More rounds than errors could ever hide each other in.
const ROUNDS: usize = 30;

/// No crate of a shim has a file of this name, so that its errors are not taken for those of probes.
const FILE: &str = "src/parity_probes.rs";

/// Which probes failed, by their keys, and why.
pub(crate) type Failed = BTreeMap<String, String>;

/// What does not hold for std itself here: items of other systems, and unstable ones.
#[derive(Deserialize, Serialize)]
struct Control {
    rustc: String,
    source: String,
    failed: Failed,
}

/// Checks `probes` with std itself, or tells what an earlier check of the same found.
pub(crate) fn control(probes: &[&Probe], folder: &Path, target: &Path) -> Result<Failed> {
    let kept = folder.join("control.json");
    let (rustc, source) = (rustc(&["-vV"])?, source(probes, &Shims::none())?);
    // A file that is damaged, or of another version, is as good as none.
    if let Ok(known) = json::read::<Control>(&kept)
        && known.rustc == rustc
        && known.source == source
    {
        return Ok(known.failed);
    }
    let control = Control {
        rustc,
        source,
        failed: check(probes, &Shims::none(), &folder.join("control"), target)?,
    };
    json::write(&kept, &control)?;
    Ok(control.failed)
}

/// Checks `probes` with `shims` in a package in `folder`.
pub(crate) fn check(
    probes: &[&Probe],
    shims: &Shims,
    folder: &Path,
    target: &Path,
) -> Result<Failed> {
    write(&folder.join("Cargo.toml"), &manifest(shims)?)?;
    write_lock(folder)?;
    let mut left = probes.to_vec();
    let mut failed = Failed::new();
    for round in 1..=ROUNDS {
        write(&folder.join(FILE), &source(&left, shims)?)?;
        let outcome = cargo(folder, target, &["check"])?;
        // "aborting due to 3 previous errors"
        let errors: Vec<_> = outcome
            .errors
            .iter()
            .filter(|error| !error.spans.is_empty())
            .collect();
        eprintln!(
            "  round {round}: {} probes, {} errors",
            left.len(),
            errors.len()
        );
        if outcome.success {
            return Ok(failed);
        }
        let mut hit: BTreeMap<usize, Vec<&Diagnostic>> = BTreeMap::new();
        for error in errors.iter().copied() {
            if let Some(number) = probe_of(error).filter(|number| *number < left.len()) {
                hit.entry(number).or_default().push(error);
            }
        }
        if hit.is_empty() {
            let all = errors.iter().filter_map(|error| error.rendered.as_deref());
            bail!(
                "errors outside of the probes:\n{}{}",
                all.collect::<String>(),
                outcome.elsewhere()
            );
        }
        for (number, errors) in &hit {
            let probe = left[*number];
            let is_there =
                probe.kind.is_name() && errors.iter().all(|error| AMBIGUOUS.contains(&code(error)));
            if !is_there {
                failed.insert(probe.key(), reason(errors[0]));
            }
        }
        let gone: HashSet<usize> = hit.into_keys().collect();
        let mut number = 0..;
        left.retain(|_| number.next().is_some_and(|number| !gone.contains(&number)));
    }
    bail!("probes still do not compile after {ROUNDS} rounds")
}

fn manifest(shims: &Shims) -> Result<String> {
    let mut manifest: toml::Table = toml::from_str(&format!(
        "[package]\nname = \"parity-probes\"\nedition = \"2024\"\n[lib]\npath = {FILE:?}\n[workspace]\n"
    ))?;
    let dependencies = toml::Value::Table(shims.dependencies().clone());
    manifest.insert("dependencies".to_owned(), dependencies);
    toml::to_string(&manifest).context("the manifest of the probes")
}

/// A line for each probe, so that the line of an error tells the probe.
fn source(probes: &[&Probe], shims: &Shims) -> Result<String> {
    let mut source = "#![allow(warnings)]\n".to_owned();
    for (number, probe) in probes.iter().enumerate() {
        let code = std_paths(probe.code.clone(), &mut |path| shims.apply(path));
        let code = code.map_err(|error| anyhow!("paths of the shims: {error}"))?;
        let code = code.to_string().replace('\n', " ");
        writeln!(source, "mod p{number} {{ {code} }}")?;
    }
    Ok(source)
}

/// The number of the probe that an error is in.
fn probe_of(error: &Diagnostic) -> Option<usize> {
    let in_probe = |span: &&DiagnosticSpan| Path::new(&span.file_name).ends_with(FILE);
    let mut spans = error.spans.iter().filter(in_probe);
    let primary = spans.clone().find(|span| span.is_primary);
    let line = primary.or_else(|| spans.next())?.line_start;
    // The first line is no probe's.
    line.checked_sub(2)
}

fn code(error: &Diagnostic) -> &str {
    error.code.as_ref().map_or("", |code| &code.code)
}

fn reason(error: &Diagnostic) -> String {
    let message = error.message.lines().next().unwrap_or_default();
    let labels = error.spans.iter().filter(|span| span.is_primary);
    let label = labels.filter_map(|span| span.label.as_deref()).next();
    let label = label.map_or_else(String::new, |label| format!(" ({label})"));
    format!("{} {message}{label}", code(error))
        .trim()
        .to_owned()
}
