//! `port`: somebody's program, from std to the shims.

use crate::map::Map;
use crate::rewrite::{self, Ported, Remark};
use similar::TextDiff;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};
use walkdir::WalkDir;

/// Ports a program of std's to the shims: prints what would change, and what cannot be ported.
///
/// Paths in `use` lines and in the code, those inside macros included, are replaced; all other text stays as it is.
/// What blocks its thread and has no shim is listed with its lines.
///
/// Exit status: 0 if nothing is left to do by hand, 1 if something is, 2 if a file could not be read or written.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A file of Rust, or a folder: all `.rs` files in it but those under `target` or a hidden folder.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Writes the files. Without it nothing is changed.
    #[arg(long)]
    write: bool,
}

/// What has come of all files.
#[derive(Default)]
struct Outcome {
    changed: usize,
    left: usize,
    failed: usize,
    shims: BTreeSet<String>,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let map = match Map::current() {
        Ok(map) => map,
        Err(error) => {
            eprintln!("compat-tests: {error}");
            return ExitCode::from(2);
        }
    };
    let mut outcome = Outcome::default();
    for path in &arguments.paths {
        for file in files(path) {
            let done = file.and_then(|file| one_file(&file, &map, arguments.write, &mut outcome));
            if let Err(error) = done {
                eprintln!("compat-tests: {error}");
                outcome.failed += 1;
            }
        }
    }
    let verb = if arguments.write {
        "changed"
    } else {
        "would change"
    };
    println!(
        "{} {verb}, {} left to do by hand",
        count(outcome.changed, "file"),
        count(outcome.left, "thing")
    );
    if !outcome.shims.is_empty() {
        let shims: Vec<_> = outcome.shims.into_iter().collect();
        println!("dependencies to add: {}", shims.join(", "));
    }
    match outcome {
        Outcome { failed: 1.., .. } => ExitCode::from(2),
        Outcome { left: 1.., .. } => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The files that an argument stands for.
fn files(root: &Path) -> Vec<io::Result<PathBuf>> {
    let is_wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0
            || !(entry.file_type().is_dir() && (name == "target" || name.starts_with('.')))
    };
    let entries = WalkDir::new(root).sort_by_file_name().into_iter();
    entries
        .filter_entry(is_wanted)
        .filter_map(|entry| match entry {
            Err(error) => Some(Err(error.into())),
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => {
                let path = entry.into_path();
                let is_rust = path.extension().is_some_and(|extension| extension == "rs");
                // A file that was named is taken whatever it is called.
                (is_rust || path == root).then_some(Ok(path))
            }
        })
        .collect()
}

fn one_file(path: &Path, map: &Map, write: bool, outcome: &mut Outcome) -> io::Result<()> {
    let in_file =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let before = fs::read_to_string(path).map_err(in_file)?;
    let Ported {
        text,
        shims,
        left,
        mentioned,
    } = rewrite::port(&before, map).map_err(|error| {
        let at = error.span().start();
        in_file(io::Error::other(format!(
            "line {}, column {}: not Rust: {error}",
            at.line,
            at.column + 1
        )))
    })?;
    let name = path.display().to_string();
    if text != before {
        let diff = TextDiff::from_lines(&before, &text);
        print!("{}", diff.unified_diff().header(&name, &name));
        outcome.changed += 1;
        outcome.shims.extend(shims);
        if write {
            fs::write(path, text).map_err(in_file)?;
        }
    }
    outcome.left += left.len();
    for Remark { line, what, why } in left.iter().chain(&mentioned) {
        println!("{name}:{line}: {what}: {why}");
    }
    Ok(())
}
