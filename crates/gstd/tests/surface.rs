//! Nothing of std is missing: all that its documentation has pages for, and this compiler lets a program name, can be named
//! in a package that has this crate as its std.

mod fixture;

use fixture::{Workspace, run};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

/// What rustdoc calls the pages of items that have a path. Primitive types and keywords have none.
const KINDS: &[&str] = &[
    "attr",
    "constant",
    "derive",
    "enum",
    "fn",
    "macro",
    "static",
    "struct",
    "trait",
    "traitalias",
    "type",
    "union",
];

#[test]
fn all_names_of_std_are_there() {
    let mut names = BTreeSet::new();
    collect(&documentation().join("std"), "std", &mut names);
    let paths = nameable(names.into_iter().collect());
    // Or the pages are not what they were taken for.
    for path in [
        "std::net::TcpStream",
        "std::thread_local",
        "std::os::unix::prelude::OpenOptionsExt",
        "std::prelude::v1::Vec",
        "std::collections::hash_map::Entry",
        "std::arch::is_x86_feature_detected",
    ] {
        assert!(
            paths.iter().any(|found| found == path),
            "{path} was not found"
        );
    }
    assert!(paths.len() > 1000, "{} names", paths.len());

    let workspace = Workspace::new("surface", &["surface"], "");
    let manifest = "[dependencies]\nstd.workspace = true\n";
    workspace.package(
        "surface",
        2024,
        manifest,
        &[("src/lib.rs", &program(&paths))],
    );
    workspace.cargo(&["check", "--offline"]);
}

/// The folder of std's documentation that `STD_DOCS` names, or the toolchain has.
fn documentation() -> PathBuf {
    if let Some(folder) = env::var_os("STD_DOCS") {
        return folder.into();
    }
    let mut rustc = rustc();
    rustc.args(["--print", "sysroot"]);
    let sysroot = run(rustc, Duration::from_secs(60)).stdout;
    let folder = Path::new(sysroot.trim()).join("share/doc/rust/html");
    assert!(
        folder.join("std/index.html").is_file(),
        "std's documentation is not in {}: `rustup component add rust-docs` brings it, or STD_DOCS names its folder",
        folder.display()
    );
    folder
}

fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
}

/// Adds the paths of all that has a page in `folder`, and of what a page there says is re-exported.
fn collect(folder: &Path, module: &str, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let file = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{module}::{file}"), names);
        } else if file == "index.html" {
            names.insert(module.to_owned());
            let page = fs::read_to_string(entry.path()).unwrap();
            let reexports = page.split("id=\"reexport.").skip(1);
            names.extend(reexports.filter_map(|rest| named(module, rest.split('"').next()?)));
        } else if let [kind, name, "html"] = *file.split('.').collect::<Vec<_>>()
            && KINDS.contains(&kind)
        {
            names.extend(named(module, name));
        }
    }
}

/// The path of `name`, unless it cannot be one: the pages of macros have a second name.
fn named(module: &str, name: &str) -> Option<String> {
    let is_name = name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let raw = if name == "try" { "r#" } else { "" };
    is_name.then(|| format!("{module}::{raw}{name}"))
}

/// A program that names each path, one a line.
fn program(paths: &[String]) -> String {
    let lines = paths.iter().map(|path| format!("pub use {path} as _;\n"));
    "#![allow(warnings)]".to_owned() + &lines.collect::<String>()
}

/// Those that a program can name with std itself: not what is private, unstable or of another system.
fn nameable(mut paths: Vec<String>) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("surface-of-std");
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("control.rs");
    // A path that is not there keeps the compiler from looking whether the others are stable.
    for _ in 0..5 {
        fs::write(&source, program(&paths)).unwrap();
        let mut rustc = rustc();
        rustc.args([
            "--crate-type=lib",
            "--edition=2024",
            "--emit=metadata",
            "--error-format=short",
        ]);
        rustc.arg("--out-dir").arg(&folder).arg(&source);
        let output = run(rustc, Duration::from_secs(300));
        if output.status.success() {
            return paths;
        }
        // `FOLDER/control.rs:LINE:COLUMN: error[..]: ..`
        let lines = output
            .stderr
            .lines()
            .filter(|line| line.contains(": error"));
        let place = lines.filter_map(|line| line.split_once("control.rs:")?.1.split(':').next());
        let wrong: BTreeSet<usize> = place.map(|number| number.parse().unwrap()).collect();
        assert!(!wrong.is_empty(), "{output}");
        let mut number = 0;
        paths.retain(|_| {
            number += 1;
            !wrong.contains(&number)
        });
    }
    panic!("the compiler finds ever more that it does not know");
}
