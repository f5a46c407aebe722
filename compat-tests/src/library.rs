//! std's sources on this machine.

use anyhow::{Context, Result, bail};
use cargo_platform::Cfg;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use walkdir::WalkDir;

/// The folder `library` of Rust's sources.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) folder: PathBuf,
    /// The minor version that they are of: 95 of 1.95.
    pub(crate) version: u32,
    /// What holds of the target that is compiled for.
    pub(crate) cfgs: Vec<Cfg>,
}

/// The compiler's version.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// As `rustc -V` prints it.
    pub(crate) text: String,
    pub(crate) minor: u32,
}

const HOW_TO_GET_IT: &str = "std's sources are needed, with its tests. One of these brings them:\n\
    \x20   rustup component add rust-src\n\
    \x20   apt-get install rust-web-src     (Debian)\n\
    \x20   STD_LIBRARY_SRC=/path/to/rust/library";

impl Library {
    /// That of `STD_LIBRARY_SRC`, or of rustup's `rust-src`, or of a package of Debian's.
    pub(crate) fn find() -> Result<Library> {
        let folder = match env::var_os("STD_LIBRARY_SRC") {
            Some(folder) => {
                let folder = PathBuf::from(folder);
                if !has_tests(&folder) {
                    bail!(
                        "STD_LIBRARY_SRC: {} has no std with its tests\n{HOW_TO_GET_IT}",
                        folder.display()
                    );
                }
                folder
            }
            None => installed()?
                .into_iter()
                .find(|folder| has_tests(folder))
                .context(HOW_TO_GET_IT)?,
        };
        let version = version(&folder)?;
        let cfgs = rustc(&["--print", "cfg"])?;
        Ok(Library {
            folder,
            version,
            // What cargo does not understand no condition of ours names.
            cfgs: cfgs.lines().filter_map(|cfg| cfg.parse().ok()).collect(),
        })
    }

    pub(crate) fn read(&self, file: &str) -> Result<String> {
        let path = self.folder.join(file);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}

impl Compiler {
    pub(crate) fn find() -> Result<Compiler> {
        let text = rustc(&["-V"])?;
        let minor = text
            .split(['.', ' '])
            .nth(2)
            .and_then(|minor| minor.parse().ok())
            .with_context(|| format!("rustc says of its version: {text}"))?;
        Ok(Compiler { text, minor })
    }
}

/// What the compiler prints; that of the toolchain that runs cargo.
pub(crate) fn rustc(arguments: &[&str]) -> Result<String> {
    let program = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program)
        .args(arguments)
        .output()
        .context("rustc cannot be run")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("rustc {} failed:\n{said}", arguments.join(" "));
    }
    let text = String::from_utf8(output.stdout).context("what rustc prints")?;
    Ok(text.trim().to_owned())
}

fn has_tests(library: &Path) -> bool {
    library.join("std/src/lib.rs").is_file() && library.join("std/tests").is_dir()
}

/// Where rustup and Debian put them, the newest first.
fn installed() -> Result<Vec<PathBuf>> {
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?);
    let mut packages: Vec<PathBuf> = match fs::read_dir("/usr/src") {
        Ok(entries) => entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("rustc-"))
            .map(|entry| entry.path().join("library"))
            .collect(),
        Err(_) => Vec::new(),
    };
    packages.sort_by_key(|path| numbers(&path.to_string_lossy()));
    packages.push(sysroot.join("lib/rustlib/src/rust/library"));
    packages.reverse();
    Ok(packages)
}

/// `[1, 96, 0]` of `/usr/src/rustc-1.96.0/library`.
fn numbers(path: &str) -> Vec<u32> {
    let parts = path.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// The newest version that anything in `core`, `alloc` and `std` is said to be stable since.
fn version(library: &Path) -> Result<u32> {
    let mut newest = None;
    for part in ["core/src", "alloc/src", "std/src"] {
        for entry in WalkDir::new(library.join(part)) {
            // A library of which not all is there is none of our business.
            let Ok(entry) = entry else { continue };
            if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
            {
                let text = fs::read_to_string(entry.path())
                    .with_context(|| entry.path().display().to_string())?;
                newest = newest.max(stable_since(&text));
            }
        }
    }
    newest.with_context(|| {
        format!(
            "{}: nothing there says since when it is stable",
            library.display()
        )
    })
}

/// The newest version that an attribute in `text` names behind `since`.
fn stable_since(text: &str) -> Option<u32> {
    // Lines are looked at, not tokens: this is all of std, for one number.
    let lines = text.lines().map(str::trim_start);
    lines
        .filter(|line| !line.starts_with("//"))
        .filter_map(|line| {
            let (before, since) = line.split_once("since = \"1.")?;
            let digits = since.split(|c: char| !c.is_ascii_digit()).next()?;
            before.contains("stable").then(|| digits.parse().ok())?
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::{numbers, stable_since};

    #[test]
    fn versions_are_numbers() {
        assert!(
            numbers("/usr/src/rustc-1.100.0/library") > numbers("/usr/src/rustc-1.96.1/library")
        );
    }

    #[test]
    fn the_newest_version_counts() {
        let text = "#[stable(feature = \"a\", since = \"1.9.0\")]\n\
                    #[rustc_const_stable(feature = \"b\", since = \"1.12.3\")]\n\
                    // stable since = \"1.50.0\"\n\
                    #[deprecated(since = \"1.40.0\")]";
        assert_eq!(stable_since(text), Some(12));
    }
}
