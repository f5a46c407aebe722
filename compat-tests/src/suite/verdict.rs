//! Whether the outcomes are those that were to be expected.

use super::{Control, FileReport, Report, TestReport};
use crate::known::{Known, Test};
use crate::run::{Outcome, Status};
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
    /// Not in all modes.
    pub(crate) in_some_modes: bool,
}

impl Filter<'_> {
    fn is_everything(self) -> bool {
        self.file.is_empty() && self.test.is_empty() && !self.in_some_modes
    }
}

/// Everything that `known` does not say, or says and is not so. If all was to be run, an entry of `known` that no test of
/// the report bears out is a problem, too.
pub(crate) fn problems(report: &Report, known: &Known, filter: Filter<'_>) -> Vec<Problem> {
    let mut judge = Judge {
        report,
        known,
        filter,
        problems: Vec::new(),
    };
    for file in &report.files {
        for left_out in &file.left_out {
            let what = format!(
                "a gap, what tests need does not compile: {} {}",
                left_out.code, left_out.why
            );
            judge.say(&file.source, what, "");
        }
        for test in &file.tests {
            let name = file.full_name(test);
            judge.control(&name, test);
            if file.has_shim {
                judge.gap(&name, test);
                judge.outcomes(&name, test);
            }
        }
    }
    if filter.is_everything() {
        judge.entries();
    }
    judge.problems
}

struct Judge<'a> {
    report: &'a Report,
    known: &'a Known,
    filter: Filter<'a>,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn say(&mut self, test: &str, what: impl Into<String>, output: &str) {
        self.problems.push(Problem {
            test: test.to_owned(),
            what: what.into(),
            output: output.to_owned(),
        });
    }

    /// What std itself makes of it.
    fn control(&mut self, name: &str, test: &TestReport) {
        let Control::Ran(outcome) = &test.control else {
            return;
        };
        let is_known = |entry: &Test| entry.expect.contains(&outcome.status);
        match self.known.of_std(name) {
            Some(entry) if is_known(entry) => (),
            None if outcome.status.is_good() => (),
            Some(_) if outcome.status.is_good() => {
                self.say(
                    name,
                    "listed as one that std does not pass, but it does",
                    "",
                );
            }
            _ => {
                let what = format!("std itself: {}", describe(outcome));
                self.say(name, what, &outcome.output);
            }
        }
    }

    fn gap(&mut self, name: &str, test: &TestReport) {
        match (&test.gap, self.known.gap(name)) {
            (Some(gap), None) => {
                let what = format!("a gap, does not compile: {} {}", gap.code, gap.why);
                self.say(name, what, "");
            }
            (None, Some(_)) if test.control.is_compiled() => {
                self.say(name, "listed as one that does not compile, but it does", "");
            }
            _ => (),
        }
    }

    fn outcomes(&mut self, name: &str, test: &TestReport) {
        if !test.control.is_good() || test.gap.is_some() || !test.name.contains(self.filter.test) {
            return;
        }
        for mode in &self.report.modes {
            let entry = self.known.of_shims(name, *mode);
            if entry.is_some_and(|entry| !entry.run) {
                continue;
            }
            let Some(outcome) = test.outcomes.get(mode) else {
                self.say(name, format!("{}: was not run", mode.name()), "");
                continue;
            };
            match entry {
                Some(entry) if entry.expect.contains(&outcome.status) => (),
                None if test.is_good(outcome) => (),
                Some(_) if test.is_good(outcome) => {
                    let what = format!("{}: listed in known.toml, but it passes", mode.name());
                    self.say(name, what, "");
                }
                _ => {
                    let what = format!("{}: {}", mode.name(), describe(outcome));
                    self.say(name, what, &outcome.output);
                }
            }
        }
    }

    /// Entries that are of no test, or of one that is not run. Tests and examples are reported apart.
    fn entries(&mut self) {
        let (mut on_std, mut on_shims) = (BTreeSet::new(), BTreeSet::new());
        for file in &self.report.files {
            for test in file.tests.iter().filter(|test| test.control.is_compiled()) {
                on_std.insert(file.full_name(test));
                if file.has_shim {
                    on_shims.insert(file.full_name(test));
                }
            }
        }
        let is_here = |file: &FileReport, entry: &Test| file.source == entry.file();
        let known = self.known;
        for (entries, there) in [(&known.std, on_std), (&known.shims, on_shims)] {
            for entry in entries {
                let is_ours = self.report.files.iter().any(|file| is_here(file, entry));
                let is_nobodys = !self
                    .report
                    .other_files
                    .iter()
                    .any(|file| file == entry.file());
                let is_known_mode = entry.modes.is_empty()
                    || entry
                        .modes
                        .iter()
                        .any(|mode| self.report.modes.contains(mode));
                if (is_ours && !(there.contains(&entry.name) && is_known_mode))
                    || (!is_ours && is_nobodys)
                {
                    let what = format!(
                        "listed in known.toml, but std {} has no such test that is run",
                        self.report.std
                    );
                    self.say(&entry.name, what, "");
                }
            }
        }
    }
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
        let count =
            |is: &dyn Fn(&TestReport) -> bool| file.tests.iter().filter(|test| is(test)).count();
        let mut row = vec![
            file.tests.len(),
            count(&|test| matches!(test.control, Control::OtherTarget)),
            count(&|test| matches!(test.control, Control::Excluded(_))),
            count(&|test| test.control.is_compiled()),
            count(&|test| test.control.is_good()),
            count(&|test| test.gap.is_some()),
        ];
        let passed = |mode| count(&|test| test.control.is_good() && test.passes(mode));
        row.extend(report.modes.iter().map(|mode| passed(*mode)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Class, Exclusion};
    use crate::run::Mode;

    fn outcome(status: Status) -> Outcome {
        Outcome {
            status,
            seconds: 0.0,
            output: String::new(),
        }
    }

    fn excluded() -> Exclusion {
        Exclusion {
            class: Class::Other,
            code: "E0599".to_owned(),
            why: "no method".to_owned(),
        }
    }

    /// A report of one test, run in one mode.
    fn report(control: Status, here: Option<Status>) -> Report {
        let here = here.map(|status| (Mode::Plain, outcome(status)));
        let test = TestReport {
            name: "t".to_owned(),
            control: Control::Ran(outcome(control)),
            gap: None,
            outcomes: here.into_iter().collect(),
        };
        Report {
            std: "1.0".to_owned(),
            rustc: String::new(),
            modes: vec![Mode::Plain],
            files: vec![FileReport {
                source: "a.rs".to_owned(),
                module: "std::net".to_owned(),
                has_shim: true,
                left_out: Vec::new(),
                tests: vec![test],
            }],
            other_files: vec!["b.rs".to_owned()],
        }
    }

    fn found(report: &Report, known: &str) -> Vec<String> {
        let known: Known = toml::from_str(known).unwrap();
        let problems = problems(report, &known, Filter::default());
        let said = problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.test, problem.what));
        said.collect()
    }

    fn entry(more: &str) -> String {
        format!("[[shims]]\nname = \"a.rs::t\"\nreason = \"none\"\n{more}\n")
    }

    #[test]
    fn what_std_passes_has_to_pass() {
        let good = report(Status::Passed, Some(Status::Passed));
        assert_eq!(found(&good, ""), [""; 0]);
        for (status, what) in [
            (Status::Failed, "failed"),
            (Status::Hung, "hung"),
            (Status::Blocked, "blocked its hub"),
            (Status::NotRun, "was not run"),
            (Status::Ignored, "ignored"),
        ] {
            let bad = report(Status::Passed, Some(status));
            assert_eq!(
                found(&bad, ""),
                [format!("a.rs::t: plain: {what}, after 0.0 s")]
            );
        }
        let none = report(Status::Passed, None);
        assert_eq!(found(&none, ""), ["a.rs::t: plain: was not run"]);
        let ignored = report(Status::Ignored, Some(Status::Ignored));
        assert_eq!(found(&ignored, ""), [""; 0]);
    }

    #[test]
    fn an_entry_allows_what_it_says_and_no_more() {
        let failed = report(Status::Passed, Some(Status::Failed));
        let hung = report(Status::Passed, Some(Status::Hung));
        let passed = report(Status::Passed, Some(Status::Passed));
        assert_eq!(found(&failed, &entry("")), [""; 0]);
        assert_eq!(found(&hung, &entry("")).len(), 1);
        assert_eq!(
            found(&passed, &entry("")),
            ["a.rs::t: plain: listed in known.toml, but it passes"]
        );
        let either = entry("expect = [\"hung\", \"passed\"]");
        assert_eq!(found(&hung, &either), [""; 0]);
        assert_eq!(found(&passed, &either), [""; 0]);
        assert_eq!(found(&failed, &either).len(), 1);
        let none = report(Status::Passed, None);
        assert_eq!(found(&none, &entry("run = false")), [""; 0]);
    }

    #[test]
    fn an_entry_is_of_a_test_that_is_run() {
        let good = report(Status::Passed, Some(Status::Passed));
        let of = |name: &str| format!("[[shims]]\nname = \"{name}\"\nreason = \"none\"\n");
        assert!(found(&good, &of("a.rs::other"))[0].contains("no such test"));
        assert!(found(&good, &of("c.rs::t"))[0].contains("no such test"));
        // Of an example, if these are tests.
        assert_eq!(found(&good, &of("b.rs::line_1")), [""; 0]);
        let other_mode = entry("modes = [\"one-hub\"]");
        assert!(found(&good, &other_mode)[0].contains("no such test"));
        let known: Known = toml::from_str(&other_mode).unwrap();
        let filter = Filter {
            in_some_modes: true,
            ..Filter::default()
        };
        assert_eq!(problems(&good, &known, filter), []);
    }

    #[test]
    fn only_an_entry_for_a_gap_excuses_a_gap() {
        let mut gap = report(Status::Passed, None);
        gap.files[0].tests[0].gap = Some(excluded());
        let said = ["a.rs::t: a gap, does not compile: E0599 no method"];
        assert_eq!(found(&gap, ""), said);
        assert_eq!(found(&gap, &entry("expect = [\"passed\"]")), said);
        assert_eq!(found(&gap, &entry("compiles = false")), [""; 0]);
        let good = report(Status::Passed, Some(Status::Passed));
        assert_eq!(
            found(&good, &entry("compiles = false")),
            ["a.rs::t: listed as one that does not compile, but it does"]
        );
    }

    #[test]
    fn what_tests_need_has_to_compile() {
        let mut report = report(Status::Passed, Some(Status::Passed));
        report.files[0].left_out.push(excluded());
        assert_eq!(
            found(&report, ""),
            ["a.rs: a gap, what tests need does not compile: E0599 no method"]
        );
    }

    #[test]
    fn std_has_to_pass_its_own_tests() {
        let bad = report(Status::Hung, Some(Status::Hung));
        assert_eq!(found(&bad, ""), ["a.rs::t: std itself: hung, after 0.0 s"]);
        let listed = "[[std]]\nname = \"a.rs::t\"\nreason = \"none\"\nexpect = [\"hung\"]\n";
        assert_eq!(found(&bad, listed), [""; 0]);
        let good = report(Status::Passed, Some(Status::Passed));
        assert_eq!(
            found(&good, listed),
            ["a.rs::t: listed as one that std does not pass, but it does"]
        );
    }
}
