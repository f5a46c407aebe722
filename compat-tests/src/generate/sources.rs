//! Which files of std have tests and examples, and of what.

use super::unit::Program;
use crate::library::Library;
use anyhow::Result;
use std::path::Path;
use walkdir::WalkDir;

/// A public module of std, and where its tests and examples are, below `library`.
struct Module {
    path: &'static str,
    /// Folders whose files `tests.rs`, at any depth, are unit tests of it.
    unit: &'static [&'static str],
    /// Integration tests, or folders of them.
    integration: &'static [&'static str],
    /// Files with documentation, or folders, of which the files count that are in them, or in a folder of them.
    documentation: &'static [&'static str],
}

const MODULES: [Module; 9] = [
    Module {
        path: "std::net",
        unit: &["std/src/net", "std/src/sys/net"],
        integration: &[],
        documentation: &["std/src/net"],
    },
    Module {
        path: "std::os::unix::net",
        unit: &["std/src/os/unix/net", "std/src/os/net"],
        integration: &[],
        documentation: &["std/src/os/unix/net", "std/src/os/net/linux_ext"],
    },
    Module {
        path: "std::sync",
        unit: &["std/src/sync"],
        integration: &["std/tests/sync", "std/tests/panic.rs"],
        documentation: &["std/src/sync"],
    },
    Module {
        path: "std::thread",
        unit: &["std/src/thread", "std/src/sys/thread_local"],
        integration: &["std/tests/thread.rs", "std/tests/thread_local"],
        documentation: &["std/src/thread"],
    },
    Module {
        path: "std::time",
        unit: &["std/src/time"],
        integration: &["std/tests/time.rs"],
        documentation: &["std/src/time.rs"],
    },
    Module {
        path: "std::fs",
        unit: &["std/src/fs", "std/src/os/unix/fs", "std/src/sys/fs"],
        integration: &["std/tests/create_dir_all_bare.rs"],
        documentation: &[
            "std/src/fs.rs",
            "std/src/os/linux/fs.rs",
            "std/src/os/unix/fs.rs",
        ],
    },
    Module {
        path: "std::io",
        unit: &[
            "std/src/io",
            "std/src/os/fd",
            "std/src/os/unix/io",
            "std/src/sys/fd",
            "std/src/sys/io",
        ],
        integration: &["std/tests/pipe_subprocess.rs", "std/tests/switch-stdout.rs"],
        documentation: &["std/src/io", "std/src/os/fd"],
    },
    Module {
        path: "std::process",
        unit: &[
            "std/src/process",
            "std/src/os/unix/process",
            "std/src/sys/process/unix",
        ],
        integration: &["std/tests/process_spawning.rs"],
        documentation: &[
            "std/src/process.rs",
            "std/src/os/linux/process.rs",
            "std/src/os/unix/process.rs",
        ],
    },
    // Private parts, of several modules.
    Module {
        path: "std::sys",
        unit: &["std/src/sys/pal/unix", "std/src/sys/helpers"],
        integration: &[],
        documentation: &[],
    },
];

/// Where private imports of the module come from that `use super::*` brings in.
pub(crate) const PRIVATE_IMPORTS: [(&str, &[&str]); 3] = [
    (
        "std/src/io/copy/tests.rs",
        &["std::io::DEFAULT_BUF_SIZE", "std::mem::MaybeUninit"],
    ),
    (
        "std/src/io/stdio/tests.rs",
        &["std::sync::Arc", "std::sync::Mutex"],
    ),
    (
        "std/src/os/unix/fs/tests.rs",
        &[
            "std::fs",
            "std::fs::OpenOptions",
            "std::fs::Permissions",
            "std::io",
            "std::io::Read",
            "std::io::Write",
        ],
    ),
];

/// Files that declare others, and have no test.
const DECLARATIONS: [&str; 2] = ["std/tests/sync/lib.rs", "std/tests/thread_local/lib.rs"];

/// Of other systems.
const FOREIGN: [&str; 7] = [
    "windows",
    "wasi",
    "uefi",
    "xous",
    "sgx",
    "itron",
    "unsupported",
];

/// Documentation of what is unstable as a whole, and of tests.
const NOT_DOCUMENTED: [&str; 6] = [
    "mpmc",
    "nonpoison",
    "nonpoison.rs",
    "oneshot.rs",
    "reentrant_lock.rs",
    "tests.rs",
];

/// A file that is of interest.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Below `library`.
    pub(crate) path: String,
    pub(crate) module: &'static str,
    /// Within std, or outside.
    pub(crate) is_unit: bool,
}

impl Source {
    /// How its tests are built.
    pub(crate) fn program(&self) -> Program {
        match self.path.as_str() {
            // It starts itself, told from its arguments; the harness would understand them otherwise.
            "std/tests/pipe_subprocess.rs" => Program::OwnMain,
            // They start themselves, or close what is everybody's.
            "std/tests/process_spawning.rs" | "std/tests/switch-stdout.rs" => Program::Own,
            _ => Program::Shared,
        }
    }
}

/// All files with tests.
pub(crate) fn tests(library: &Library) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for module in &MODULES {
        let unit = module.unit.iter().map(|root| (root, true));
        let integration = module.integration.iter().map(|root| (root, false));
        for (root, is_unit) in unit.chain(integration) {
            for path in files(library, root, usize::MAX)? {
                let is_wanted = if is_unit {
                    path.ends_with("/tests.rs") && !has_part(&path, &FOREIGN)
                } else {
                    !DECLARATIONS.contains(&path.as_str())
                };
                // A folder may lie within that of another module.
                if is_wanted && !is_in_closer_module(&path, module, |other| other.unit) {
                    sources.push(Source {
                        path,
                        module: module.path,
                        is_unit,
                    });
                }
            }
        }
    }
    Ok(sources)
}

/// All files with documentation.
pub(crate) fn documentation(library: &Library) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for module in &MODULES {
        for root in module.documentation {
            for path in files(library, root, 2)? {
                if !has_part(&path, &NOT_DOCUMENTED)
                    && !is_in_closer_module(&path, module, |other| other.documentation)
                {
                    sources.push(Source {
                        path,
                        module: module.path,
                        is_unit: false,
                    });
                }
            }
        }
    }
    Ok(sources)
}

fn has_part(path: &str, parts: &[&str]) -> bool {
    path.split('/').any(|part| parts.contains(&part))
}

/// Whether another module's folder is the longer beginning of `path`.
fn is_in_closer_module(
    path: &str,
    module: &Module,
    roots: fn(&Module) -> &'static [&'static str],
) -> bool {
    let length = |module: &Module| {
        let all = roots(module).iter();
        all.filter(|root| Path::new(path).starts_with(root))
            .map(|root| root.len())
            .max()
    };
    MODULES.iter().any(|other| length(other) > length(module))
}

/// The files of Rust in `root`, in order; or itself.
fn files(library: &Library, root: &str, depth: usize) -> Result<Vec<String>> {
    let path = library.folder.join(root);
    let mut files = Vec::new();
    if !path.exists() {
        // Not in this version.
        return Ok(files);
    }
    for entry in WalkDir::new(&path).max_depth(depth).sort_by_file_name() {
        let entry = entry?;
        let is_rust = entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rs");
        if entry.file_type().is_file()
            && is_rust
            && let Ok(below) = entry.path().strip_prefix(&library.folder)
            && let Some(below) = below.to_str()
        {
            files.push(below.to_owned());
        }
    }
    Ok(files)
}
