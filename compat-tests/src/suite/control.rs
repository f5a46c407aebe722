//! The control: std's tests on std itself.

use super::measure::{Outcomes, Run, there};
use super::{Control, FileReport, TestReport, What};
use crate::generate::{self, Exclusion, Source, TestFile, Unit};
use crate::json;
use crate::library::{Compiler, Library};
use crate::package::Package;
use crate::run::{Mode, Outcome};
use crate::shims::Shims;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Of all files, in their order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Controls {
    /// What it was made of; an old one counts as long as that is the same.
    key: String,
    files: Vec<File>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    /// What was left out, by its place among the units.
    left_out: Vec<(Vec<usize>, Exclusion)>,
    /// Kinds and names of all units, in order.
    units: Vec<String>,
    /// What has come of the tests that were run.
    outcomes: BTreeMap<String, Outcome>,
    /// Tests that were run, or would be if they were not skipped.
    compiled: BTreeSet<String>,
    /// All tests, and why those are excluded that are.
    tests: Vec<(String, Option<Exclusion>)>,
}

/// Runs it, unless that was done before.
pub(crate) fn control(
    what: What,
    library: &Library,
    compiler: &Compiler,
    sources: &[Source],
    folder: &Path,
    build: &Path,
    run: &Run<'_>,
) -> Result<Controls> {
    let shims = Shims::none();
    let files = sources
        .iter()
        .map(|source| what.file(library, source, &shims));
    let files = files.collect::<Result<Vec<_>>>()?;
    if files.iter().all(|file| file.tests().is_empty()) {
        bail!("no test was found in {}", library.folder.display());
    }
    let support = generate::support(library, &shims)?;
    let key = key(compiler, &files, &support, run)?;
    let saved = folder.join("control.json");
    if let Ok(controls) = json::read::<Controls>(&saved)
        && controls.key == key
    {
        eprintln!("the control (std on itself): as before");
        return Ok(controls);
    }
    eprintln!("the control (std on itself):");
    let mut package = Package::write(&folder.join("control"), build, &shims, files, &support)?;
    package.prune()?;
    let programs = package.build()?;
    let there = there(&package, &programs)?;
    let measured = run.measure(&package, &programs, &there, &[Mode::Plain], &|_| true)?;
    let files = package.files.iter().zip(measured).zip(there);
    let files = files.map(|((file, measured), there)| {
        let mut left_out = Vec::new();
        collect_left_out(&file.units, &mut Vec::new(), &mut left_out);
        let tests = file.tests();
        Ok(File {
            left_out,
            units: unit_names(&file.units),
            outcomes: measured
                .into_iter()
                .filter_map(|(name, mut modes)| Some((name, modes.remove(&Mode::Plain)?)))
                .collect(),
            compiled: there,
            tests: tests
                .iter()
                .map(|test| (test.name.clone(), test.dropped.cloned()))
                .chain(
                    file.excluded
                        .iter()
                        .cloned()
                        .map(|(name, why)| (name, Some(why))),
                )
                .collect(),
        })
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    let controls = Controls { key, files };
    // A test that failed may have failed for once.
    let is_good = |outcome: &Outcome| outcome.status.is_good();
    if controls
        .files
        .iter()
        .all(|file| file.outcomes.values().all(is_good))
    {
        json::write(&saved, &controls)?;
    }
    Ok(controls)
}

fn key(
    compiler: &Compiler,
    files: &[TestFile],
    support: &[(&str, String)],
    run: &Run<'_>,
) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    support.hash(&mut hasher);
    for file in files {
        file.source.hash(&mut hasher);
        generate::walk(&file.units, &mut |unit| {
            unit.head.hash(&mut hasher);
            unit.text.hash(&mut hasher);
        });
    }
    for test in &run.known.std {
        (&test.name, test.run).hash(&mut hasher);
    }
    // Another program may make something else of the same.
    let program = std::env::current_exe()?;
    let program = fs::metadata(&program).with_context(|| program.display().to_string())?;
    (program.len(), program.modified()?).hash(&mut hasher);
    std::env::var_os("RUSTFLAGS").hash(&mut hasher);
    run.runner.limit.hash(&mut hasher);
    Ok(format!("{} {:x}", compiler.text, hasher.finish()))
}

fn unit_names(units: &[Unit]) -> Vec<String> {
    let mut names = Vec::new();
    generate::walk(units, &mut |unit| {
        names.push(format!("{:?} {}", unit.kind, unit.name))
    });
    names
}

fn collect_left_out(
    units: &[Unit],
    above: &mut Vec<usize>,
    into: &mut Vec<(Vec<usize>, Exclusion)>,
) {
    for (at, unit) in units.iter().enumerate() {
        above.push(at);
        if let Some(exclusion) = &unit.dropped {
            into.push((above.clone(), exclusion.clone()));
        }
        collect_left_out(&unit.children, above, into);
        above.pop();
    }
}

impl File {
    /// Why what is no test is left out of the same file for shims, unless it is left out here.
    fn left_out_more(&self, shims: &TestFile) -> Vec<Exclusion> {
        let mut left_out = Vec::new();
        collect_left_out(&shims.units, &mut Vec::new(), &mut left_out);
        let is_new = |place: &[usize]| !self.left_out.iter().any(|(old, _)| old == place);
        let is_test = |place: &[usize]| unit_at(&shims.units, place).is_some_and(Unit::is_test);
        left_out
            .into_iter()
            .filter(|(place, _)| is_new(place) && !is_test(place))
            .map(|(_, exclusion)| exclusion)
            .collect()
    }
}

fn unit_at<'a>(units: &'a [Unit], place: &[usize]) -> Option<&'a Unit> {
    let (first, rest) = place.split_first()?;
    let unit = units.get(*first)?;
    if rest.is_empty() {
        Some(unit)
    } else {
        unit_at(&unit.children, rest)
    }
}

impl Controls {
    /// Leaves out of the file, which is written for shims now, what does not compile with std either.
    pub(crate) fn leave_out(&self, at: usize, file: &mut TestFile) -> Result<()> {
        ensure!(
            self.files[at].units == unit_names(&file.units),
            "{}: written for the shims it has other parts than for std",
            file.source
        );
        for (place, exclusion) in &self.files[at].left_out {
            let mut units = &mut file.units;
            let (last, above) = place.split_last().context("no place")?;
            for at in above {
                units = &mut units.get_mut(*at).context("not the same units")?.children;
            }
            let unit = units.get_mut(*last).context("not the same units")?;
            unit.dropped = Some(exclusion.clone());
        }
        Ok(())
    }

    /// What is to be said of a file; with what the shims have made of it, if they are measured by it.
    pub(crate) fn file_report(
        &self,
        at: usize,
        source: &Source,
        shims: Option<(&TestFile, Outcomes)>,
    ) -> FileReport {
        let file = &self.files[at];
        let has_shim = shims.is_some();
        let gaps: BTreeMap<String, Exclusion> = match &shims {
            Some((file, _)) => file
                .tests()
                .into_iter()
                .filter_map(|test| Some((test.name, test.dropped?.clone())))
                .collect(),
            None => BTreeMap::new(),
        };
        let left_out = match &shims {
            Some((shims, _)) => file.left_out_more(shims),
            None => Vec::new(),
        };
        let mut outcomes = shims.map(|(_, outcomes)| outcomes).unwrap_or_default();
        let tests = file.tests.iter().map(|(name, exclusion)| {
            let control = match (exclusion, file.outcomes.get(name)) {
                (Some(exclusion), _) => Control::Excluded(exclusion.clone()),
                (None, Some(outcome)) => Control::Ran(outcome.clone()),
                (None, None) if file.compiled.contains(name) => Control::Skipped,
                (None, None) => Control::OtherTarget,
            };
            TestReport {
                name: name.clone(),
                gap: gaps.get(name).filter(|_| control.is_compiled()).cloned(),
                control,
                outcomes: outcomes.remove(name).unwrap_or_default(),
            }
        });
        FileReport {
            source: source.path.clone(),
            module: source.module.to_owned(),
            has_shim,
            left_out,
            tests: tests.collect(),
        }
    }
}
