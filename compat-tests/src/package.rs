//! The throw-away package: written, rid of what cannot be compiled, and built.

use crate::cargo::{self, cargo};
use crate::generate::{Class, Exclusion, Kind, Program, TestFile, Unit, walk};
use crate::shims::Shims;
use anyhow::{Result, bail};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// More rounds than that are no progress.
const MOST_ROUNDS: usize = 40;

/// What a file of tests begins with.
const PRELUDE: &str = "#![allow(warnings)]\nextern crate alloc;\nextern crate std as real_std;";

pub(crate) struct Package<'a> {
    folder: PathBuf,
    /// Where cargo puts what it builds.
    target: PathBuf,
    shims: &'a Shims,
    pub(crate) files: Vec<TestFile>,
}

impl<'a> Package<'a> {
    /// Writes it to `folder`.
    pub(crate) fn write(
        folder: &Path,
        target: &Path,
        shims: &'a Shims,
        files: Vec<TestFile>,
        support: &[(&'static str, String)],
    ) -> Result<Package<'a>> {
        let mut package = Package {
            folder: folder.to_owned(),
            target: target.to_owned(),
            shims,
            files,
        };
        let mut written = BTreeSet::new();
        let mut write = |path: PathBuf, text: &str| {
            cargo::write(&path, text)?;
            written.insert(path);
            anyhow::Ok(())
        };
        write(folder.join("Cargo.toml"), &package.manifest().to_string())?;
        cargo::write_lock(folder)?;
        write(folder.join("src/lib.rs"), "")?;
        for (name, text) in [
            ("rand", include_str!("../templates/rand.rs")),
            (
                "rand_xorshift",
                include_str!("../templates/rand_xorshift.rs"),
            ),
        ] {
            write(folder.join(name).join("src/lib.rs"), text)?;
            write(
                folder.join(name).join("Cargo.toml"),
                &stand_in(name).to_string(),
            )?;
        }
        for (name, text) in support {
            write(folder.join("tests/support").join(name), text)?;
        }
        write(folder.join("tests/std/main.rs"), &package.root())?;
        for at in 0..package.files.len() {
            let path = package.path(&package.files[at]);
            let text = package.emit(at);
            write(path, &text)?;
        }
        remove_others(&folder.join("tests"), &written)?;
        Ok(package)
    }

    fn manifest(&self) -> Table {
        let text = |text: &str| Value::String(text.to_owned());
        let mut dependencies = self.shims.dependencies().clone();
        dependencies.insert("libc".to_owned(), text("0.2"));
        for name in ["rand", "rand_xorshift"] {
            let path = Table::from_iter([("path".to_owned(), text(name))]);
            dependencies.insert(name.to_owned(), Value::Table(path));
        }
        let mut tests = vec![target("std", "tests/std/main.rs", true)];
        for file in &self.files {
            if file.program != Program::Shared {
                let path = format!("tests/{}/main.rs", file.name);
                tests.push(target(&file.name, &path, file.program == Program::Own));
            }
        }
        let mut manifest = package("compat-generated");
        manifest.insert("workspace".to_owned(), Value::Table(Table::new()));
        manifest.insert("dependencies".to_owned(), Value::Table(dependencies));
        manifest.insert("test".to_owned(), Value::Array(tests));
        let profile = Table::from_iter([
            ("debug".to_owned(), Value::Integer(0)),
            ("incremental".to_owned(), Value::Boolean(false)),
        ]);
        let profiles = Table::from_iter([("dev".to_owned(), Value::Table(profile))]);
        manifest.insert("profile".to_owned(), Value::Table(profiles));
        manifest
    }

    /// The root of the program that nearly all files are modules of.
    fn root(&self) -> String {
        let mut text = format!("{PRELUDE}\n#[path = \"../support/mod.rs\"]\nmod support;\n");
        for file in &self.files {
            if file.program == Program::Shared {
                text += &format!("mod {};\n", file.name);
            }
        }
        text
    }

    fn path(&self, file: &TestFile) -> PathBuf {
        let tests = self.folder.join("tests");
        match file.program {
            Program::Shared => tests.join(format!("std/{}.rs", file.name)),
            Program::Own | Program::OwnMain => tests.join(&file.name).join("main.rs"),
        }
    }

    /// The text of a file, without what is left out; where it puts its units is kept.
    fn emit(&mut self, at: usize) -> String {
        let injected = &self.shims.inject;
        let file = &mut self.files[at];
        let mut lines: Vec<String> = file.attributes.clone();
        if file.program == Program::Shared {
            lines.push("use alloc;".to_owned());
            lines.push("use crate::support;".to_owned());
        } else {
            lines.push(PRELUDE.to_owned());
            lines.push("#[path = \"../support/mod.rs\"]\nmod support;".to_owned());
        }
        lines.push("use support::DurationConstants as _;".to_owned());
        let bound: BTreeSet<&str> = file
            .units
            .iter()
            .filter(|unit| unit.kind == Kind::Use && unit.dropped.is_none())
            .map(|unit| unit.name.as_str())
            .collect();
        for line in injected {
            let name = line.trim_end_matches(';').rsplit([':', ' ']).next();
            if !name.is_some_and(|name| bound.contains(name)) {
                lines.push(line.clone());
            }
        }
        let mut text = lines.join("\n") + "\n";
        let mut next = text.matches('\n').count() + 1;
        place(&mut file.units, &mut text, &mut next);
        if file.program == Program::OwnMain
            && !file
                .units
                .iter()
                .any(|unit| unit.name == "main" && unit.dropped.is_none())
        {
            text += "fn main() {}\n";
        }
        text
    }

    /// Leaves out what does not compile, until all that is left does.
    pub(crate) fn prune(&mut self) -> Result<()> {
        for round in 1..=MOST_ROUNDS {
            let outcome = cargo(
                &self.folder,
                &self.target,
                &["check", "--tests", "--keep-going"],
            )?;
            eprintln!("  round {round}: {} errors", outcome.errors.len());
            if outcome.success {
                return Ok(());
            }
            let mut touched = BTreeSet::new();
            let mut elsewhere = Vec::new();
            for error in &outcome.errors {
                match self.locate(error) {
                    Some((file, place)) => {
                        touched.insert(file);
                        self.drop(file, &place, error);
                    }
                    None if error.spans.is_empty() => (),
                    None => elsewhere.extend(error.rendered.clone()),
                }
            }
            if touched.is_empty() {
                elsewhere.push(outcome.elsewhere());
                bail!("errors outside of the tests:\n{}", elsewhere.join("\n"));
            }
            for file in touched {
                let path = self.path(&self.files[file]);
                let text = self.emit(file);
                cargo::write(&path, &text)?;
            }
        }
        bail!("after {MOST_ROUNDS} rounds it does not compile yet")
    }

    /// The file that an error is in, and the unit: its place among those around it, from the outermost on.
    fn locate(&self, error: &Diagnostic) -> Option<(usize, Vec<usize>)> {
        let mut spans: Vec<&DiagnosticSpan> = error.spans.iter().collect();
        spans.sort_by_key(|span| !span.is_primary);
        spans.into_iter().find_map(|span| {
            let mut chain = vec![span];
            while let Some(expansion) = &chain[chain.len() - 1].expansion {
                chain.push(&expansion.span);
            }
            chain.into_iter().rev().find_map(|span| {
                let path = self.folder.join(&span.file_name);
                let file = self.files.iter().position(|file| self.path(file) == path)?;
                let place = place_of(&self.files[file].units, span.line_start)?;
                Some((file, place))
            })
        })
    }

    fn drop(&mut self, file: usize, place: &[usize], error: &Diagnostic) {
        let reason = reason(error, &self.files[file]);
        let mut units = &mut self.files[file].units;
        let Some((last, above)) = place.split_last() else {
            return;
        };
        for at in above {
            units = &mut units[*at].children;
        }
        units[*last].dropped.get_or_insert(reason);
    }

    /// Builds it. The programs, by the names of their targets.
    pub(crate) fn build(&self) -> Result<BTreeMap<String, PathBuf>> {
        let outcome = cargo(&self.folder, &self.target, &["test", "--no-run", "--tests"])?;
        if let Some(error) = outcome.errors.first() {
            bail!(
                "what passed the check does not build:\n{}",
                error.rendered.as_deref().unwrap_or(&error.message)
            );
        }
        Ok(outcome.executables)
    }
}

fn package(name: &str) -> Table {
    let text = |text: &str| Value::String(text.to_owned());
    let package = Table::from_iter([
        ("name".to_owned(), text(name)),
        ("version".to_owned(), text("0.0.0")),
        ("edition".to_owned(), text("2024")),
        ("publish".to_owned(), Value::Boolean(false)),
    ]);
    Table::from_iter([("package".to_owned(), Value::Table(package))])
}

/// The manifest of a crate that stands in for one that std's tests use.
fn stand_in(name: &str) -> Table {
    let mut manifest = package(name);
    if name != "rand" {
        let path = Value::String("../rand".to_owned());
        let rand = Table::from_iter([("path".to_owned(), path)]);
        let dependencies = Table::from_iter([("rand".to_owned(), Value::Table(rand))]);
        manifest.insert("dependencies".to_owned(), Value::Table(dependencies));
    }
    manifest
}

fn target(name: &str, path: &str, harness: bool) -> Value {
    Value::Table(Table::from_iter([
        ("name".to_owned(), Value::String(name.to_owned())),
        ("path".to_owned(), Value::String(path.to_owned())),
        ("harness".to_owned(), Value::Boolean(harness)),
    ]))
}

/// Removes what an earlier run has left in the folder.
fn remove_others(folder: &Path, written: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() && !written.contains(entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Appends the units to `text`, whose next line is `next`.
fn place(units: &mut [Unit], text: &mut String, next: &mut usize) {
    let put = |part: &str, text: &mut String, next: &mut usize| {
        *text += part;
        text.push('\n');
        *next += part.matches('\n').count() + 1;
    };
    for unit in units {
        if unit.dropped.is_some() {
            unit.lines = 0..0;
            continue;
        }
        let begin = *next;
        if unit.kind == Kind::Module {
            put(&unit.head, text, next);
            place(&mut unit.children, text, next);
        }
        put(&unit.text, text, next);
        unit.lines = begin..*next;
    }
}

fn place_of(units: &[Unit], line: usize) -> Option<Vec<usize>> {
    let at = units.iter().position(|unit| unit.lines.contains(&line))?;
    let within = place_of(&units[at].children, line).unwrap_or_default();
    Some([&[at], &within[..]].concat())
}

/// Why a unit is left out, as far as the error says; or else what is left out already that it would need.
fn reason(error: &Diagnostic, file: &TestFile) -> Exclusion {
    let code = error
        .code
        .as_ref()
        .map(|code| code.code.clone())
        .unwrap_or_default();
    let mut why = error.message.lines().next().unwrap_or_default().to_owned();
    let says_more = ["E0277", "E0283", "E0308", "E0425", "E0432", "E0433"];
    let label = error
        .spans
        .iter()
        .find(|span| span.is_primary)
        .and_then(|span| span.label.as_ref());
    if let Some(label) = label
        && says_more.contains(&code.as_str())
    {
        why += &format!(" ({label})");
    }
    let mut root: Option<&Exclusion> = None;
    for name in why.split('`').skip(1).step_by(2) {
        let name = name
            .trim_end_matches('!')
            .rsplit("::")
            .next()
            .unwrap_or(name);
        walk(&file.units, &mut |unit| {
            if root.is_none() && !name.is_empty() && unit.name == name && !unit.is_test() {
                root = unit.dropped.as_ref();
            }
        });
    }
    let class = match (root, code.as_str()) {
        (Some(root), _) => {
            why += &format!(" <- {}", root.why);
            root.class
        }
        (None, "E0658") => Class::Unstable,
        (None, _) if why.contains("unstable library feature") => Class::Unstable,
        (None, "E0405" | "E0412" | "E0425" | "E0432" | "E0433" | "E0603" | "E0616" | "E0624") => {
            Class::Unresolved
        }
        (None, "E0599") => Class::MissingMethod,
        (None, _) => Class::Other,
    };
    Exclusion { class, code, why }
}
