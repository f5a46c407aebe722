//! Running the tests of a package.

use crate::generate::{self, Kind, TestFile};
use crate::known::Known;
use crate::package::Package;
use crate::run::{Mode, Outcome, Program, Runner, list};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub(crate) struct Run<'a> {
    pub(crate) runner: &'a Runner,
    pub(crate) known: &'a Known,
    pub(crate) jobs: usize,
    pub(crate) repeat: usize,
}

/// Of a file: by test and mode.
pub(crate) type Outcomes = BTreeMap<String, BTreeMap<Mode, Outcome>>;

/// What one process does, or several in a row.
struct Job<'a> {
    file: usize,
    program: Program<'a>,
    prefix: String,
    /// More than one if they run at once.
    tests: Vec<&'a str>,
    modes: Vec<Mode>,
}

/// By file, the tests that its program has: those that are compiled, and not for another target.
pub(crate) fn there(
    package: &Package<'_>,
    programs: &BTreeMap<String, PathBuf>,
) -> Result<Vec<BTreeSet<String>>> {
    let mut lists = BTreeMap::new();
    let mut all = Vec::new();
    for file in &package.files {
        let target = file.target();
        let path = programs.get(target).with_context(|| target.to_owned())?;
        // One that has a `main` of its own would run; it is one test, and there.
        let has_harness = file.program != generate::Program::OwnMain;
        if has_harness && !lists.contains_key(target) {
            lists.insert(target, list(path)?);
        }
        let is_there = |name: &str| {
            let list = lists.get(target);
            list.is_none_or(|list: &BTreeSet<String>| list.contains(&(file.prefix() + name)))
        };
        let tests = file.tests().into_iter();
        let tests = tests.filter(|test| test.dropped.is_none() && is_there(&test.name));
        all.push(tests.map(|test| test.name).collect());
    }
    Ok(all)
}

impl Run<'_> {
    /// The outcomes by file.
    pub(crate) fn measure(
        &self,
        package: &Package<'_>,
        programs: &BTreeMap<String, PathBuf>,
        there: &[BTreeSet<String>],
        modes: &[Mode],
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Outcomes>> {
        let mut outcomes = vec![Outcomes::new(); package.files.len()];
        let mut jobs = Vec::new();
        let names: Vec<Vec<_>> = package.files.iter().map(TestFile::tests).collect();
        for (at, file) in package.files.iter().enumerate() {
            let path = programs
                .get(file.target())
                .with_context(|| file.target().to_owned())?;
            let has_harness = file.program != generate::Program::OwnMain;
            let program = Program {
                path,
                has_harness,
                may_be_silent: file.program != generate::Program::Shared,
            };
            let mut single = Vec::new();
            for test in names[at]
                .iter()
                .filter(|test| there[at].contains(&test.name))
            {
                let full = format!("{}::{}", file.source, test.name);
                if self.known.is_skipped(&full) || !is_wanted(&test.name) {
                    continue;
                }
                if test.unit.kind == Kind::CompileOnly {
                    let all = modes.iter().map(|mode| (*mode, Outcome::compile_only()));
                    outcomes[at].insert(test.name.clone(), all.collect());
                } else {
                    single.push((test.name.as_str(), full));
                }
            }
            jobs.extend(self.jobs(at, file, program, &single, modes));
        }
        // What takes the longest begins first.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.tests.len()));
        for (file, test, mode, outcome) in self.work_off(&jobs)? {
            outcomes[file]
                .entry(test)
                .or_default()
                .insert(mode, outcome);
        }
        Ok(outcomes)
    }

    fn jobs<'a>(
        &self,
        at: usize,
        file: &TestFile,
        program: Program<'a>,
        tests: &[(&'a str, String)],
        modes: &[Mode],
    ) -> Vec<Job<'a>> {
        let job = |tests, modes| Job {
            file: at,
            program,
            prefix: file.prefix(),
            tests,
            modes,
        };
        let mut jobs = Vec::new();
        // One that is known to fail could take the others of its process with it.
        let mut apart: BTreeMap<&str, Vec<Mode>> = BTreeMap::new();
        for mode in modes {
            let is_apart = |full: &str| {
                !mode.is_joint()
                    || !program.has_harness
                    || self.known.of_shims(full, *mode).is_some()
            };
            let mut joint = Vec::new();
            for (name, full) in tests {
                if self
                    .known
                    .of_shims(full, *mode)
                    .is_some_and(|test| !test.run)
                {
                    continue;
                }
                if is_apart(full) {
                    apart.entry(name).or_default().push(*mode);
                } else {
                    joint.push(*name);
                }
            }
            if !joint.is_empty() {
                jobs.push(job(joint, vec![*mode]));
            }
        }
        // In a row, as some use names that belong to the whole machine.
        jobs.extend(
            apart
                .into_iter()
                .map(|(name, modes)| job(vec![name], modes)),
        );
        jobs
    }

    fn work_off(&self, jobs: &[Job<'_>]) -> Result<Vec<(usize, String, Mode, Outcome)>> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let outcome: Result<()> = thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs)
                .map(|_| {
                    scope.spawn(|| {
                        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                            for mode in &job.modes {
                                let outcomes = self.worst(job, *mode)?;
                                let outcomes = outcomes
                                    .into_iter()
                                    .map(|(name, outcome)| (job.file, name, *mode, outcome));
                                done.lock()
                                    .unwrap_or_else(|e| e.into_inner())
                                    .extend(outcomes);
                            }
                        }
                        Ok(())
                    })
                })
                .collect();
            // A worker that fails leaves its error; the others end their work.
            workers
                .into_iter()
                .try_for_each(|worker| match worker.join() {
                    Ok(outcome) => outcome,
                    Err(payload) => std::panic::resume_unwind(payload),
                })
        });
        outcome?;
        Ok(done.into_inner().unwrap_or_else(|e| e.into_inner()))
    }

    /// The worst outcome of each test of a job.
    fn worst(&self, job: &Job<'_>, mode: Mode) -> Result<BTreeMap<String, Outcome>> {
        let mut worst: BTreeMap<String, Outcome> = BTreeMap::new();
        for _ in 0..self.repeat.max(1) {
            for (name, outcome) in self.once(job, mode)? {
                match worst.get(&name) {
                    Some(other) if other.status >= outcome.status => (),
                    _ => drop(worst.insert(name, outcome)),
                }
            }
        }
        Ok(worst)
    }

    fn once(&self, job: &Job<'_>, mode: Mode) -> Result<BTreeMap<String, Outcome>> {
        let full: Vec<String> = job
            .tests
            .iter()
            .map(|name| job.prefix.clone() + name)
            .collect();
        let full: Vec<&str> = full.iter().map(String::as_str).collect();
        let outcomes = match &full[..] {
            [one] => {
                let outcome = self.runner.one(job.program, one, mode)?;
                BTreeMap::from([((*one).to_owned(), outcome)])
            }
            all => self.runner.together(job.program, all, mode)?,
        };
        Ok(outcomes
            .into_iter()
            .map(|(name, outcome)| (name[job.prefix.len()..].to_owned(), outcome))
            .collect())
    }
}
