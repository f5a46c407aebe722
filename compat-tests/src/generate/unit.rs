//! What a file of tests is taken apart into.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The module of the generated programs that has what tests need besides std.
pub(crate) const SUPPORT: &str = "support";

/// An item, or one name of a `use`, as it is written to a generated file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    pub(crate) kind: Kind,
    /// What it defines or imports; empty if it has no name.
    pub(crate) name: String,
    /// All of it, or the end of a module.
    pub(crate) text: String,
    /// Of a module: its beginning, up to its brace.
    pub(crate) head: String,
    /// Of a module.
    pub(crate) children: Vec<Unit>,
    /// Where it was written to, from 1 on.
    pub(crate) lines: Range<usize>,
    /// Why it is left out.
    pub(crate) dropped: Option<Exclusion>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Item,
    Use,
    Module,
    Test,
    /// An example that is not run.
    CompileOnly,
}

impl Unit {
    pub(crate) fn new(kind: Kind, name: impl Into<String>, text: impl Into<String>) -> Unit {
        Unit {
            kind,
            name: name.into(),
            text: text.into(),
            ..Unit::default()
        }
    }

    pub(crate) fn is_test(&self) -> bool {
        matches!(self.kind, Kind::Test | Kind::CompileOnly)
    }
}

/// Why a test is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exclusion {
    pub(crate) class: Class,
    /// The code of the compiler's error, if it has one.
    pub(crate) code: String,
    pub(crate) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    /// It uses what only a nightly compiler allows.
    Unstable,
    /// It uses a name that is not there: private to std, or missing from a shim.
    Unresolved,
    /// It calls a method that is not there.
    MissingMethod,
    Other,
}

/// A file of std's tests, or one with the examples of a file of std.
#[derive(Clone, Debug)]
pub(crate) struct TestFile {
    /// Below the folder `library`.
    pub(crate) source: String,
    /// The name of the generated file.
    pub(crate) name: String,
    /// How it is built.
    pub(crate) program: Program,
    pub(crate) units: Vec<Unit>,
    /// Attributes of the whole file.
    pub(crate) attributes: Vec<String>,
    /// Tests that cannot be compiled, as seen from the text alone.
    pub(crate) excluded: Vec<(String, Exclusion)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// A module of the one program that has nearly all tests.
    Shared,
    /// A program of its own, as it starts itself anew, or does what others of its process would notice.
    Own,
    /// The same, with a `main` of its own.
    OwnMain,
}

impl TestFile {
    /// The name of the program that has its tests.
    pub(crate) fn target(&self) -> &str {
        match self.program {
            Program::Shared => "std",
            Program::Own | Program::OwnMain => &self.name,
        }
    }

    /// What the names of its tests begin with, in its program.
    pub(crate) fn prefix(&self) -> String {
        match self.program {
            Program::Shared => format!("{}::", self.name),
            Program::Own | Program::OwnMain => String::new(),
        }
    }

    /// All its tests with their names, also those left out. A module that is left out takes its tests along.
    pub(crate) fn tests(&self) -> Vec<Test<'_>> {
        let mut all = Vec::new();
        collect(&self.units, "", None, &mut all);
        all
    }
}

/// A test, and why it is left out, if it is.
#[derive(Debug)]
pub(crate) struct Test<'a> {
    pub(crate) name: String,
    pub(crate) unit: &'a Unit,
    pub(crate) dropped: Option<&'a Exclusion>,
}

fn collect<'a>(
    units: &'a [Unit],
    prefix: &str,
    above: Option<&'a Exclusion>,
    into: &mut Vec<Test<'a>>,
) {
    for unit in units {
        let name = format!("{prefix}{}", unit.name);
        let dropped = above.or(unit.dropped.as_ref());
        if unit.kind == Kind::Module {
            collect(&unit.children, &format!("{name}::"), dropped, into);
        } else if unit.is_test() {
            into.push(Test {
                name,
                unit,
                dropped,
            });
        }
    }
}

/// Visits `units` and all within them.
pub(crate) fn walk<'a>(units: &'a [Unit], visit: &mut dyn FnMut(&'a Unit)) {
    for unit in units {
        visit(unit);
        walk(&unit.children, visit);
    }
}
