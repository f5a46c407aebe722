//! How much of std's stable interface the shims have.
//!
//! What std has is read from its documentation; what a shim has is decided by the compiler: there is a probe for every
//! item, member, impl and signature, with the paths replaced, and those that do not compile are what is missing.

mod check;
mod collect;
mod docs;
mod header;
mod implementation;
mod impossible;
mod page;
mod probe;
mod report;
mod rewrite;
mod signature;
mod spelling;
mod text;

use crate::json;
use crate::shims::Shims;
use crate::workspace::Place;
use anyhow::{Result, bail};
use collect::Probes;
use docs::Docs;
use impossible::{Rules, is_replaced, spelled};
use probe::{Implemented, Kind, Probe};
use proc_macro2::Span;
use quote::quote;
pub(crate) use report::{Count, Missing, Module, Report};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::process::ExitCode;

/// What a shim could stand for.
const MODULES: &[&str] = &[
    "std::net",
    "std::os::unix::net",
    "std::os::linux::net",
    "std::sync",
    "std::sync::mpsc",
    "std::sync::atomic",
    "std::thread",
    "std::os::unix::thread",
    "std::time",
    "std::fs",
    "std::os::unix::fs",
    "std::os::linux::fs",
    "std::io",
    "std::io::prelude",
    "std::process",
    "std::os::unix::process",
    "std::os::linux::process",
];

/// How many missing entries of a module are printed, unless all are asked for.
const SHOWN: usize = 40;

/// Compares the shims with std's documentation: prints how much of each module they have, and what is missing. Exits
/// with 1 if something is missing that a shim could have, and with 2 if this cannot be found out.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Only these modules of std, separated by commas; without it all that have a shim.
    #[arg(long, value_name = "MODULES", value_delimiter = ',')]
    modules: Vec<String>,
    /// Prints every missing entry, not only the first 40 of each module.
    #[arg(long)]
    list: bool,
}

/// `compat-tests parity`.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let known = arguments.place.known()?;
    let report = measure(&arguments.place, &arguments.modules)?;
    print!("{}", report.table());
    for module in &report.modules {
        let lines = report.listing(&module.path);
        if lines.is_empty() {
            continue;
        }
        println!("\n{}:", module.path);
        let shown = if arguments.list { lines.len() } else { SHOWN };
        for line in lines.iter().take(shown) {
            println!("{line}");
        }
        if lines.len() > shown {
            println!("  ... {} more (--list)", lines.len() - shown);
        }
    }
    let problems = report.problems(&known);
    for problem in &problems {
        println!("\n{problem}");
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Measures the modules `asked` for, or all that have a shim, and writes the report.
pub(crate) fn measure(place: &Place, asked: &[String]) -> Result<Report> {
    let shims = place.shims()?;
    let out = place.target()?;
    let wanted = modules(&shims, asked)?;
    let report = measure_modules(&shims, &wanted, &out.join("parity"), &out.join("build"))?;
    json::write(&out.join("parity.json"), &report)?;
    Ok(report)
}

/// Those of the modules `asked` for that have a shim; if none are asked for, all that have one.
fn modules(shims: &Shims, asked: &[String]) -> Result<Vec<&'static str>> {
    for module in asked {
        if !MODULES.contains(&&**module) {
            bail!("{module}: no such module; there are {}", MODULES.join(", "));
        }
        if !is_replaced(shims, module) {
            bail!("{module} has no shim");
        }
    }
    let is_asked = |module: &str| asked.is_empty() || asked.iter().any(|own| own == module);
    let all = MODULES.iter().copied();
    Ok(all
        .filter(|module| is_asked(module) && is_replaced(shims, module))
        .collect())
}

/// Generated packages and what is kept of earlier runs are in `folder`; `target` is for cargo.
fn measure_modules(shims: &Shims, wanted: &[&str], folder: &Path, target: &Path) -> Result<Report> {
    let docs = Docs::find()?;
    let docs_version = docs.version()?;
    let rustc = crate::library::rustc(&["-V"])?;
    if !rustc.ends_with(&docs_version) {
        eprintln!(
            "note: the documentation is of {docs_version}, the compiler is {rustc}: what only one of them has is left out"
        );
    }
    let mut probes = Probes::default();
    for module in MODULES.iter().filter(|module| docs.has_module(module)) {
        collect::module(module, &docs, &mut probes)?;
    }
    // All modules, so that what is found can be kept for other shims.
    let all: Vec<&Probe> = probes.all.iter().collect();
    eprintln!("std itself ({} probes):", all.len());
    let not_here = check::control(&all, folder, target)?;

    let wanted_probes = all.iter().filter(|probe| wanted.contains(&&*probe.module));
    let (left_out, checked): (Vec<&Probe>, Vec<&Probe>) =
        wanted_probes.partition(|probe| not_here.contains_key(&probe.key()));
    eprintln!("shims ({} probes):", checked.len());
    let failed = check::check(&checked, shims, &folder.join("shims"), target)?;

    let mut counts: BTreeMap<&str, BTreeMap<String, Count>> = BTreeMap::new();
    let mut missing = Vec::new();
    let lacking = checked
        .iter()
        .filter(|probe| failed.contains_key(&probe.key()));
    let mut foreign = probes.foreign.clone();
    foreign.extend(re_exported(
        lacking.filter_map(|probe| probe.implemented.as_ref()),
        shims,
        folder,
        target,
    )?);
    let rules = Rules {
        shims,
        foreign: &foreign,
    };
    for probe in checked {
        let of_kind = counts.entry(&probe.module).or_default();
        let count = of_kind.entry(probe.kind.name().to_owned()).or_default();
        count.expected += 1;
        let key = probe.key();
        let Some(why) = failed.get(&key) else {
            count.present += 1;
            continue;
        };
        let implemented = probe.implemented.as_ref();
        let impossible = implemented.and_then(|implemented| rules.impossible(implemented));
        missing.push(Missing {
            key,
            module: probe.module.clone(),
            kind: probe.kind.name().to_owned(),
            owner: probe.owner.clone(),
            name: probe.name.clone(),
            why: why.clone(),
            impossible: impossible.map(str::to_owned),
        });
    }
    let modules = wanted.iter().map(|module| Module {
        path: (*module).to_owned(),
        counts: counts.remove(module).unwrap_or_default(),
    });
    Ok(Report {
        docs_version,
        modules: modules.collect(),
        missing,
        left_out: left_out.len(),
    })
}

/// Those of the traits, without parameters of their own, that the shims have from std: for them they are as foreign as those
/// of `core`.
fn re_exported<'a>(
    implemented: impl Iterator<Item = &'a Implemented>,
    shims: &Shims,
    folder: &Path,
    target: &Path,
) -> Result<HashSet<String>> {
    let names: BTreeSet<String> = implemented
        .filter(|implemented| !implemented.is_sealed)
        .map(|implemented| spelled(&implemented.of))
        .filter(|name| is_replaced(shims, name))
        .collect();
    let probes = names
        .into_iter()
        .map(|name| {
            let of = syn::parse_str::<syn::Path>(&name)?;
            let mut original = of.clone();
            original.segments[0].ident = syn::Ident::new("original", Span::call_site());
            // Only a bound by the same trait is enough for the inner one.
            let code = quote! {
                use std as original;
                pub fn f<T: ?Sized + #of>() {
                    fn g<T: ?Sized + #original>() {}
                    g::<T>()
                }
            };
            Ok(Probe {
                module: "std".to_owned(),
                kind: Kind::Signature,
                owner: String::new(),
                name,
                code,
                implemented: None,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if probes.is_empty() {
        return Ok(HashSet::new());
    }
    eprintln!("traits of the shims ({} probes):", probes.len());
    let others = check::check(
        &probes.iter().collect::<Vec<_>>(),
        shims,
        &folder.join("traits"),
        target,
    )?;
    let same = probes
        .into_iter()
        .filter(|probe| !others.contains_key(&probe.key()));
    Ok(same.map(|probe| probe.name).collect())
}
