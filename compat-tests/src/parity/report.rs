//! What a shim has and lacks, for people.

use super::probe::Kind;
use crate::known::Known;
use crate::table::aligned;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// The columns of the table; the last two repeat what the others say, and are not in the total.
const COLUMNS: &[(&str, &[Kind])] = &[
    ("items", &[Kind::Item]),
    ("methods", &[Kind::Method]),
    (
        "members",
        &[Kind::Field, Kind::Variant, Kind::Const, Kind::TraitItem],
    ),
    ("impls", &[Kind::Impl]),
    ("auto", &[Kind::Auto]),
    ("signatures", &[Kind::Signature]),
];
const IN_TOTAL: usize = 4;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// The version of the documentation.
    pub(crate) docs_version: String,
    pub(crate) modules: Vec<Module>,
    pub(crate) missing: Vec<Missing>,
    /// How many probes of these modules do not hold for std either, on this system.
    pub(crate) left_out: usize,
}

/// A module of std.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Module {
    pub(crate) path: String,
    /// By kind.
    pub(crate) counts: BTreeMap<String, Count>,
}

/// How much of something a shim has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Count {
    pub(crate) present: usize,
    pub(crate) expected: usize,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.present += other.present;
        self.expected += other.expected;
    }

    fn text(self) -> String {
        format!("{}/{}", self.present, self.expected)
    }

    fn with_percentage(self) -> String {
        if self.expected == 0 {
            return self.text();
        }
        // Counts are far below what a float cannot hold.
        let share = 100.0 * self.present as f64 / self.expected as f64;
        format!("{} {share:.1}%", self.text())
    }
}

/// Something of std that a shim lacks.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Missing {
    /// `kind|module|owner|name`
    pub(crate) key: String,
    pub(crate) module: String,
    pub(crate) kind: String,
    /// The type, trait or function.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// What the compiler says.
    pub(crate) why: String,
    /// Why no shim can have it: `orphan rule` or `sealed trait`.
    pub(crate) impossible: Option<String>,
}

impl Missing {
    /// What it is, for readers.
    pub(crate) fn title(&self) -> String {
        let is_named_alone = [Kind::Impl, Kind::Auto]
            .map(Kind::name)
            .contains(&&*self.kind);
        if self.kind == Kind::Item.name() {
            format!("`{}`", self.owner)
        } else if is_named_alone || self.owner == self.name {
            format!("`{}`", self.name)
        } else {
            format!("`{}::{}`", self.owner, self.name)
        }
    }
}

impl Module {
    fn count(&self, kinds: &[Kind]) -> Count {
        let mut sum = Count::default();
        let counts = kinds.iter().filter_map(|kind| self.counts.get(kind.name()));
        counts.for_each(|count| sum.add(*count));
        sum
    }

    /// The cells of its row, without the total.
    pub(crate) fn cells(&self) -> Vec<String> {
        COLUMNS
            .iter()
            .map(|(_, kinds)| self.count(kinds).text())
            .collect()
    }

    fn row(&self) -> Vec<Count> {
        let mut row: Vec<_> = COLUMNS.iter().map(|(_, kinds)| self.count(kinds)).collect();
        let mut total = Count::default();
        row[..IN_TOTAL].iter().for_each(|count| total.add(*count));
        row.push(total);
        row
    }
}

impl Report {
    /// A line for each module, and one for all.
    pub(crate) fn table(&self) -> String {
        let mut sums = vec![Count::default(); COLUMNS.len() + 1];
        let mut rows = Vec::new();
        for module in &self.modules {
            let row = module.row();
            for (sum, count) in sums.iter_mut().zip(&row) {
                sum.add(*count);
            }
            rows.push((module.path.clone(), row));
        }
        rows.push(("TOTAL".to_owned(), sums));

        let mut head = vec!["module".to_owned()];
        head.extend(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
        head.push("total".to_owned());
        let mut lines = vec![head];
        for (name, row) in rows {
            let mut line = vec![name];
            line.extend(row[..COLUMNS.len()].iter().map(|count| count.text()));
            line.extend(
                row[COLUMNS.len()..]
                    .iter()
                    .map(|count| count.with_percentage()),
            );
            lines.push(line);
        }
        aligned(&lines)
    }

    /// A line for each missing entry of `module`; a missing item stands for all it carries.
    pub(crate) fn listing(&self, module: &str) -> Vec<String> {
        let missing = self.missing.iter().filter(|entry| entry.module == module);
        let of = |kind: Kind| {
            missing
                .clone()
                .filter(move |entry| entry.kind == kind.name())
        };
        let items: HashSet<_> = of(Kind::Item).map(|entry| &entry.owner).collect();
        let methods = of(Kind::Method).map(|entry| (&entry.owner, &entry.name));
        let methods: HashSet<_> = methods.collect();
        let mut lines = Vec::new();
        for entry in missing.clone() {
            let Missing {
                kind, owner, name, ..
            } = entry;
            let is_signature = kind == Kind::Signature.name();
            if kind == Kind::Item.name() {
                let carried = missing.clone().filter(|other| other.owner == *owner);
                let carried = match carried.count() - 1 {
                    0 => String::new(),
                    entries => format!(" (with {entries} entries)"),
                };
                lines.push(format!("  {name:10} {owner}{carried}"));
            } else if items.contains(owner) || (is_signature && methods.contains(&(owner, name))) {
                continue;
            } else {
                let mut line = format!("  {kind:10} {owner}: {name}");
                if let Some(rule) = &entry.impossible {
                    line += &format!(" [{rule}]");
                }
                if is_signature {
                    line += " -- ";
                    line.extend(entry.why.chars().take(120));
                }
                lines.push(line);
            }
        }
        lines
    }

    /// What is not as it should be: what a shim lacks and could have, unless it is known, and what is known and is not so.
    pub(crate) fn problems(&self, known: &Known) -> Vec<String> {
        let mut problems = Vec::new();
        for entry in &self.missing {
            if entry.impossible.is_none() && known.missing_for(&entry.key).is_none() {
                problems.push(format!("missing: {}", entry.key));
            }
        }
        let modules: HashSet<&str> = self.modules.iter().map(|m| m.path.as_str()).collect();
        for entry in &known.missing {
            let module = entry.module().unwrap_or_default();
            if !super::MODULES.contains(&module) {
                problems.push(format!(
                    "listed in known.toml, but no module of std: {}",
                    entry.key
                ));
            }
            let is_measured = modules.contains(module);
            if is_measured && !self.missing.iter().any(|missing| missing.key == entry.key) {
                problems.push(format!(
                    "listed in known.toml, but it is there: {}",
                    entry.key
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(kind: &str, owner: &str, name: &str, impossible: Option<&str>) -> Missing {
        Missing {
            key: format!("{kind}|std::fs|{owner}|{name}"),
            module: "std::fs".to_owned(),
            kind: kind.to_owned(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            why: "E0308 mismatched types".to_owned(),
            impossible: impossible.map(str::to_owned),
        }
    }

    fn report(missing: Vec<Missing>) -> Report {
        let count = |present, expected| Count { present, expected };
        let counts = [
            ("item", count(1, 2)),
            ("const", count(2, 2)),
            ("auto", count(0, 9)),
        ];
        let counts = counts.map(|(kind, count)| (kind.to_owned(), count));
        Report {
            docs_version: String::new(),
            modules: vec![Module {
                path: "std::fs".to_owned(),
                counts: counts.into(),
            }],
            missing,
            left_out: 0,
        }
    }

    #[test]
    fn a_missing_item_stands_for_all_it_carries() {
        let report = report(vec![
            missing("item", "A", "struct", None),
            missing("method", "A", "f", None),
            missing("signature", "A", "f", None),
            missing("method", "B", "g", None),
            missing("signature", "B", "g", None),
            missing("signature", "B", "h", None),
            missing("impl", "B", "Read for B", Some("orphan rule")),
        ]);
        let expected = [
            "  struct     A (with 2 entries)",
            "  method     B: g",
            "  signature  B: h -- E0308 mismatched types",
            "  impl       B: Read for B [orphan rule]",
        ];
        assert_eq!(report.listing("std::fs"), expected);
        assert!(report.listing("std::n").is_empty());
    }

    #[test]
    fn what_is_impossible_is_not_lacking() {
        let impossible = missing("impl", "B", "Read for B", Some("orphan rule"));
        let none = Known::default();
        assert_eq!(report(vec![impossible.clone()]).problems(&none), [""; 0]);
        let lacking = report(vec![impossible, missing("method", "B", "g", None)]);
        assert_eq!(lacking.problems(&none), ["missing: method|std::fs|B|g"]);
    }

    #[test]
    fn what_is_known_has_to_be_missing() {
        let known = |key: &str| {
            let text = format!("[[missing]]\nkey = \"{key}\"\nreason = \"none\"\n");
            toml::from_str::<Known>(&text).unwrap()
        };
        let lacking = report(vec![missing("method", "B", "g", None)]);
        assert_eq!(lacking.problems(&known("method|std::fs|B|g")), [""; 0]);
        assert_eq!(
            report(Vec::new()).problems(&known("method|std::fs|B|g")),
            ["listed in known.toml, but it is there: method|std::fs|B|g"]
        );
        // Of a module that is not measured nothing can be said, but that it is one.
        assert_eq!(
            report(Vec::new()).problems(&known("method|std::process|B|g")),
            [""; 0]
        );
        assert_eq!(
            report(Vec::new()).problems(&known("method|std::n|B|g")),
            ["listed in known.toml, but no module of std: method|std::n|B|g"]
        );
    }

    #[test]
    fn the_total_is_without_auto_traits() {
        let table = report(Vec::new()).table();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("std::fs"), "{table}");
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{table}"
        );
        assert!(
            lines[2].contains("0/9") && lines[2].ends_with("3/4 75.0%"),
            "{table}"
        );
    }
}
