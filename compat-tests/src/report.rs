//! `report`: everything measured, and the page that says what has come of it.

use crate::known::{Known, Test};
use crate::parity;
use crate::run::{Mode, Status};
use crate::shims::Shims;
use crate::suite::{self, FileReport, What};
use crate::workspace::Place;
use anyhow::{Context, Result};
use similar::TextDiff;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;

/// Runs std's tests and examples, compares the interfaces, and writes `docs/compatibility.md`.
///
/// Exit status: 0 if everything is as `known.toml` says, 1 if something is not, or the page is out of date with `--check`,
/// 2 if it cannot be found out.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    pace: suite::Pace,
    /// Fails if the page is not what would be written, and does not write it.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let place = &arguments.place;
    let known = place.known()?;
    let all = suite::Arguments::all(place.clone(), arguments.pace.clone());
    let with = suite::std_and_compiler()?;
    let tests = suite::measure(What::Tests, &all, &known, &with)?;
    let examples = suite::measure(What::Examples, &all, &known, &with)?;
    let parity = parity::measure(place, &[])?;

    let mut is_good = true;
    for (what, report) in [(What::Tests, &tests), (What::Examples, &examples)] {
        println!("\n{}:\n\n{}", what.name(), suite::table(report));
        is_good &= suite::say(&suite::problems(report, &known, suite::Filter::default()));
    }
    println!("\nparity:\n\n{}", parity.table());
    for problem in parity.problems(&known) {
        println!("\n{problem}");
        is_good = false;
    }
    let page = Page {
        tests: &tests,
        examples: &examples,
        parity: &parity,
        known: &known,
        shims: &place.shims()?,
    };
    is_good &= settle(&page.text(), arguments)?;
    Ok(if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Writes the page, or compares it. Whether it is as it should be.
fn settle(page: &str, arguments: &Arguments) -> Result<bool> {
    let path = arguments.place.page();
    let name = "docs/compatibility.md";
    if !arguments.check {
        fs::write(&path, page).context(name)?;
        println!("\nwritten: {name}");
        return Ok(true);
    }
    let committed = fs::read_to_string(&path).context(name)?;
    if committed == page {
        println!("\nup to date: {name}");
        return Ok(true);
    }
    let diff = TextDiff::from_lines(committed.as_str(), page);
    println!("\nout of date: `compat-tests report` would write");
    print!("{}", diff.unified_diff().header(name, name));
    Ok(false)
}

/// What the page is made of.
struct Page<'a> {
    tests: &'a suite::Report,
    examples: &'a suite::Report,
    parity: &'a parity::Report,
    known: &'a Known,
    shims: &'a Shims,
}

impl Page<'_> {
    fn text(&self) -> String {
        let mut text = format!(
            "<!-- Written by `cargo run -p compat-tests -- report`; CI fails if it is out of date. -->\n\n\
             # Compatibility with std\n\n\
             How close each shim is to its module of std, as measured by [compat-tests](../compat-tests): with the tests and \
             the examples of std {}, and the interface that the documentation of Rust {} names.\n",
            self.tests.std, self.parity.docs_version
        );
        text += &self.interface();
        text += &self.behaviour();
        text += &self.differences();
        text += &self.without_shim();
        text
    }

    fn interface(&self) -> String {
        let mut text = "\n## Interface\n\n\
            What the shim has of what std has, in stable Rust on Linux: the compiler decides, by a line of code for each.\n\n\
            | std | shim | items | methods | fields, variants, constants | impls | auto traits | signatures |\n\
            | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for module in &self.parity.modules {
            let shim = self.shims.apply(&crate::map::path(&module.path)).join("::");
            let cells = module.cells().join(" | ");
            let _ = writeln!(text, "| `{}` | `{shim}` | {cells} |", module.path);
        }
        text
    }

    fn behaviour(&self) -> String {
        let mut text = "\n## Behaviour\n\n\
            How many of the tests that std itself passes (or is told to ignore) pass with the shim: each in a process of its own, on a thread of the \
            system (plain) or in a greenlet; all of a file at once, in greenlets of the worker hubs (together) or of a single one \
            (one hub). In a greenlet, a call that blocks the hub is a failure. The last two are the examples of std's \
            documentation; those that it does not run are compiled.\n\n\
            | std |"
            .to_owned();
        let reports = [(self.tests, ""), (self.examples, "examples, ")];
        let mut columns = 0;
        for (report, what) in reports {
            for mode in &report.modes {
                let _ = write!(text, " {what}{} |", mode.name());
                columns += 1;
            }
        }
        let _ = write!(text, "\n| --- |{}\n", " --- |".repeat(columns));
        let modules: Vec<&str> = distinct(self.tests.files.iter().filter(|file| file.has_shim));
        for module in modules {
            let _ = write!(text, "| `{module}` |");
            for (report, _) in reports {
                for mode in &report.modes {
                    let _ = write!(text, " {} |", self.passed(report, module, *mode));
                }
            }
            text.push('\n');
        }
        text
    }

    /// How many tests of a module pass. One that is known not to always does not.
    fn passed(&self, report: &suite::Report, module: &str, mode: Mode) -> String {
        let mut good = 0;
        let mut all = 0;
        for file in report.files.iter().filter(|file| file.module == module) {
            for test in file.tests.iter().filter(|test| test.control.is_good()) {
                let is_known = self.known.of_shims(&file.full_name(test), mode).is_some();
                all += 1;
                good += usize::from(!is_known && test.passes(mode));
            }
        }
        format!("{good} of {all}")
    }

    fn differences(&self) -> String {
        let mut text = "\n## Differences\n".to_owned();
        let names = self.parity.missing.iter().map(|entry| {
            let reason = match (&entry.impossible, self.known.missing_for(&entry.key)) {
                (_, Some(known)) => known.reason.clone(),
                (Some(rule), None) => format!("[{rule}]"),
                (None, None) => "not yet".to_owned(),
            };
            format!(
                "* `{}`, {} {}: {reason}\n",
                entry.module,
                entry.kind,
                entry.title()
            )
        });
        let names: String = names.collect();
        if !names.is_empty() {
            text += "\nWhat is missing:\n\n";
            text += &names;
        }
        let tests = self.known.shims.iter().map(|test| {
            let modes: Vec<&str> = test.modes.iter().map(|mode| mode.name()).collect();
            let modes = if modes.is_empty() {
                String::new()
            } else {
                format!(", {}", modes.join(" and "))
            };
            format!(
                "* `{}`{modes}: {}: {}\n",
                test.name,
                outcome(test),
                test.reason
            )
        });
        let tests: String = tests.collect();
        if !tests.is_empty() {
            text += "\nTests that the shims do not pass:\n\n";
            text += &tests;
        }
        let std = self
            .known
            .std
            .iter()
            .map(|test| format!("* `{}`: {}: {}\n", test.name, outcome(test), test.reason));
        let std: String = std.collect();
        if !std.is_empty() {
            text += "\nTests that do not count, for std neither:\n\n";
            text += &std;
        }
        text
    }

    fn without_shim(&self) -> String {
        let modules = distinct(self.tests.files.iter().filter(|file| !file.has_shim));
        // Private to std: there is nothing to have a shim.
        let public = modules.into_iter().filter(|module| *module != "std::sys");
        let public: Vec<String> = public.map(|module| format!("`{module}`")).collect();
        if public.is_empty() {
            return String::new();
        }
        format!("\n## Modules without a shim\n\n{}.\n", public.join(", "))
    }
}

/// What is known to come of a test.
fn outcome(test: &Test) -> String {
    if !test.run {
        return "not run".to_owned();
    }
    if !test.compiles {
        return "does not compile".to_owned();
    }
    let outcomes = test.expect.iter().map(|status| match status {
        Status::Passed => "passes",
        Status::CompileOnly => "compiles",
        Status::Ignored => "is ignored",
        Status::Failed => "fails",
        Status::Hung => "hangs",
        Status::Blocked => "blocks its hub",
        Status::NotRun => "is not run",
    });
    outcomes.collect::<Vec<_>>().join(" or ")
}

/// The modules of files, each once.
fn distinct<'a>(files: impl Iterator<Item = &'a FileReport>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    files
        .map(|file| file.module.as_str())
        .filter(|module| seen.insert(*module))
        .collect()
}
