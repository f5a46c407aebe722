//! Whether the outcomes are those that were to be expected.

use super::{Control, Report};
use crate::known::{Expect, Known};
use crate::run::{Mode, Outcome, Status};
use crate::table::aligned;
use std::collections::BTreeSet;

/// What is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) test: String,
    pub(crate) what: String,
    /// What the test printed.
    pub(crate) output: String,
}

/// What was to be run: files and tests whose names contain these.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) file: &'a str,
    pub(crate) test: &'a str,
}

/// Everything that `known` does not say, or says and is not so. If all was to be run, names in `known` that are not in the
/// report are problems, too.
pub(crate) fn problems(report: &Report, known: &Known, filter: Filter<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    let files: BTreeSet<&str> = report
        .files
        .iter()
        .map(|file| file.source.as_str())
        .collect();
    for file in &report.files {
        for test in &file.tests {
            let name = file.full_name(test);
            let mut problem = |what: String, output: &str| {
                problems.push(Problem {
                    test: name.clone(),
                    what,
                    output: output.to_owned(),
                });
            };
            if let Control::Ran(outcome) = &test.control {
                match known.of_std(&name) {
                    None if !outcome.status.is_good() => {
                        problem(
                            format!("std itself: {}", describe(outcome)),
                            &outcome.output,
                        );
                    }
                    Some(entry) if outcome.status.is_good() && entry.expect == Expect::Failure => {
                        problem(
                            "listed as one that std does not pass, but it does".to_owned(),
                            "",
                        );
                    }
                    _ => (),
                }
            }
            if let Some(gap) = &test.gap {
                let entry = report
                    .modes
                    .iter()
                    .find_map(|mode| known.of_shims(&name, *mode));
                if entry.is_none() {
                    problem(
                        format!("a gap, does not compile: {} {}", gap.code, gap.why),
                        "",
                    );
                }
            }
            for mode in &report.modes {
                let is_run = |expect| expect != Expect::NoRun;
                let is_expected = known
                    .of_shims(&name, *mode)
                    .is_none_or(|entry| is_run(entry.expect));
                if is_expected
                    && file.has_shim
                    && test.name.contains(filter.test)
                    && test.control.is_good()
                    && test.gap.is_none()
                    && !test.outcomes.contains_key(mode)
                {
                    problem(format!("{}: was not run", mode.name()), "");
                }
            }
            for (mode, outcome) in &test.outcomes {
                let entry = known.of_shims(&name, *mode).map(|entry| entry.expect);
                let is_good = test.is_good(outcome);
                match entry {
                    None if !is_good && test.control.is_good() => {
                        problem(
                            format!("{}: {}", mode.name(), describe(outcome)),
                            &outcome.output,
                        );
                    }
                    Some(Expect::Failure) if is_good => {
                        problem(
                            format!("{}: listed in known.toml, but it passes", mode.name()),
                            "",
                        );
                    }
                    _ => (),
                }
            }
            names.insert(name);
        }
    }
    for entry in known.std.iter().chain(&known.shims) {
        let file = entry.name.split("::").next().unwrap_or_default();
        // Tests and examples have files of their own.
        let is_whole = filter.file.is_empty() && filter.test.is_empty();
        if is_whole && files.contains(file) && !names.iter().any(|name| entry.covers(name)) {
            problems.push(Problem {
                test: entry.name.clone(),
                what: format!(
                    "listed in known.toml, but std {} has no such test",
                    report.std
                ),
                output: String::new(),
            });
        }
    }
    problems
}

fn describe(outcome: &Outcome) -> String {
    let what = match outcome.status {
        Status::Passed => "passed",
        Status::CompileOnly => "compiles",
        Status::Ignored => "ignored",
        Status::Failed => "failed",
        Status::Hung => "hung",
        Status::Blocked => "blocked its hub",
        Status::NotRun => "was not run",
    };
    format!("{what}, after {:.1} s", outcome.seconds)
}

/// Prints the problems. Whether there are none.
pub(crate) fn say(problems: &[Problem]) -> bool {
    for problem in problems {
        println!("\n{}: {}", problem.test, problem.what);
        for line in problem.output.lines() {
            println!("    {line}");
        }
    }
    match problems.len() {
        0 => (),
        1 => println!("\n1 problem"),
        count => println!("\n{count} problems"),
    }
    problems.is_empty()
}

/// A line for each file, and one for all.
pub(crate) fn table(report: &Report) -> String {
    let mut head = vec![
        "file", "found", "target", "std only", "compiled", "std", "gaps",
    ];
    head.extend(report.modes.iter().map(|mode| mode.name()));
    let mut rows = vec![head.iter().map(ToString::to_string).collect::<Vec<_>>()];
    let mut totals = vec![0; head.len() - 1];
    for file in &report.files {
        let count = |is: &dyn Fn(&super::TestReport) -> bool| {
            file.tests.iter().filter(|test| is(test)).count()
        };
        let mut row = vec![
            file.tests.len(),
            count(&|test| matches!(test.control, Control::OtherTarget)),
            count(&|test| matches!(test.control, Control::Excluded(_))),
            count(&|test| test.control.is_compiled()),
            count(&|test| test.control.is_good()),
            count(&|test| test.gap.is_some()),
        ];
        let passed = |mode: &Mode| count(&|test| test.control.is_good() && test.passes(*mode));
        row.extend(report.modes.iter().map(passed));
        for (total, number) in totals.iter_mut().zip(&row) {
            *total += number;
        }
        let mut cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        if !file.has_shim {
            cells[5..].fill("-".to_owned());
        }
        cells.insert(0, file.source.clone());
        rows.push(cells);
    }
    let mut last: Vec<String> = totals.iter().map(ToString::to_string).collect();
    last.insert(0, "all".to_owned());
    rows.push(last);
    aligned(&rows)
}
