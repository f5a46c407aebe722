//! Tests and examples of std's, made into programs that use the shims.

mod examples;
mod items;
mod paths;
mod sources;
mod unit;

pub(crate) use examples::examples;
pub(crate) use sources::{Source, documentation, tests};
pub(crate) use unit::{Class, Exclusion, Kind, Program, TestFile, Unit, walk};

use crate::library::Library;
use crate::map::path;
use crate::shims::Shims;
use anyhow::{Context, Result, ensure};
use items::{Items, Splitter};
use paths::{Origin, Resolver};

/// Public modules of std that tests are in, as seen from outside.
const PUBLIC: [&str; 16] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os::fd",
    "std::os::linux::net",
    "std::os::unix::fs",
    "std::os::unix::io",
    "std::os::unix::net",
    "std::os::unix::process",
    "std::path",
    "std::process",
    "std::sync",
    "std::sync::mpsc",
    "std::thread",
    "std::time",
];

/// The tests of a file of std's.
pub(crate) fn test_file(library: &Library, source: &Source, shims: &Shims) -> Result<TestFile> {
    let origin = if source.is_unit {
        Origin::Within(parent(&source.path))
    } else {
        Origin::Outside
    };
    let program = source.program();
    let resolver = Resolver::new(shims, origin);
    let text = resolver
        .rewrite(&library.read(&source.path)?)
        .with_context(|| source.path.clone())?;
    let splitter = Splitter {
        text: &text,
        locks: shims.apply(&path("std::sync")).join("::"),
        has_main: program == Program::OwnMain,
    };
    let Items {
        units,
        attributes,
        excluded,
    } = splitter.split().with_context(|| source.path.clone())?;
    let mut file = TestFile {
        source: source.path.clone(),
        name: name(&source.path),
        program,
        units: private_imports(source, &resolver)?,
        attributes,
        excluded,
    };
    file.units.extend(units);
    Ok(file)
}

/// What `use super::*` brings in besides what the module has in public.
fn private_imports(source: &Source, resolver: &Resolver<'_>) -> Result<Vec<Unit>> {
    let imports = sources::PRIVATE_IMPORTS.iter();
    let imports = imports.filter(|(file, _)| *file == source.path);
    imports
        .flat_map(|(_, paths)| paths.iter())
        .map(|path| {
            let name = path.rsplit("::").next().unwrap_or(path);
            let text = resolver.rewrite(&format!("use {path};"))?;
            Ok(Unit::new(Kind::Use, name, text))
        })
        .collect()
}

/// `std/src/io/cursor/tests.rs`: `std::io`, the closest module that is public.
fn parent(source: &str) -> String {
    let below = source.strip_prefix("std/src/").unwrap_or(source);
    let mut parts: Vec<&str> = below.split('/').collect();
    parts.pop();
    parts.insert(0, "std");
    let full = parts.join("::");
    while parts.len() > 1 {
        let here = parts.join("::");
        if PUBLIC.contains(&here.as_str()) {
            return here;
        }
        parts.pop();
    }
    full
}

/// A name for a module of a program: `net_tcp` of `std/src/net/tcp/tests.rs`.
fn name(source: &str) -> String {
    let path = source.strip_suffix(".rs").unwrap_or(source);
    let path = path.strip_prefix("std/").unwrap_or(path);
    let path = match path.strip_prefix("src/") {
        Some(path) => path.strip_suffix("/tests").unwrap_or(path),
        None => path,
    };
    path.replace(|c: char| !c.is_alphanumeric(), "_")
}

/// The support code of the programs: its files, and what is in them. Some is std's own, for its tests.
pub(crate) fn support(library: &Library, shims: &Shims) -> Result<Vec<(&'static str, String)>> {
    let within = |file: &str, parent: &str| {
        let resolver = Resolver::new(shims, Origin::Within(parent.to_owned()));
        let text = resolver.rewrite(&library.read(file)?);
        text.with_context(|| file.to_owned())
    };
    let watch = Resolver::new(shims, Origin::Outside);
    // Each process has ports of its own; std has a constant.
    let net_test = within("std/src/net/test.rs", "std::net")?;
    ensure!(
        net_test.contains("const BASE_PORT") && net_test.contains("+ BASE_PORT"),
        "std/src/net/test.rs: its ports are not understood"
    );
    let net_test = net_test
        .replace("const BASE_PORT", "#[cfg(any())] const BASE_PORT")
        .replace("+ BASE_PORT", "+ super::base_port()");
    let helpers = within("std/src/test_helpers.rs", "std")?.replace("pub(crate) fn", "pub fn");
    Ok(vec![
        (
            "mod.rs",
            include_str!("../../templates/support.rs").replace("@WRAP@", &shims.wrap),
        ),
        ("net_test.rs", net_test),
        ("test_helpers.rs", helpers),
        (
            "watch.rs",
            watch.rewrite(include_str!("../../templates/watch.rs"))?,
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::{name, parent};

    #[test]
    fn super_is_the_closest_public_module() {
        assert_eq!(parent("std/src/net/tcp/tests.rs"), "std::net");
        assert_eq!(parent("std/src/sync/mpsc/tests.rs"), "std::sync::mpsc");
        assert_eq!(parent("std/src/sys/fs/unix/tests.rs"), "std::sys::fs::unix");
    }

    #[test]
    fn names_of_modules() {
        assert_eq!(name("std/src/net/tcp/tests.rs"), "net_tcp");
        assert_eq!(name("std/tests/sync/mpsc_sync.rs"), "tests_sync_mpsc_sync");
        assert_eq!(name("std/tests/switch-stdout.rs"), "tests_switch_stdout");
    }
}
