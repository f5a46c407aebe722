//! Rewriting a program's paths from std to the shims, in its own text: what is not a path of std stays as it is, to the
//! byte.

mod edits;
pub(crate) mod scan;
mod use_item;

pub(crate) use edits::Edits;
pub(crate) use use_item::UseItem;

use crate::map::{Map, path};
use proc_macro2::{LexError, Span, TokenStream};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A file after the rewriting.
#[derive(Debug)]
pub(crate) struct Ported {
    pub(crate) text: String,
    /// The crates that it uses now.
    pub(crate) shims: BTreeSet<String>,
    /// What blocks still, or was not understood.
    pub(crate) left: Vec<Remark>,
    /// Paths in comments and strings.
    pub(crate) mentioned: Vec<Remark>,
}

/// Something to say about a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Remark {
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) why: String,
}

/// Rewrites `source`.
pub(crate) fn port(source: &str, map: &Map) -> Result<Ported, LexError> {
    let begin = unlexed(source);
    let code = &source[begin..];
    let tokens: TokenStream = code.parse()?;
    let mut file = File {
        source: code,
        map,
        aliases: BTreeMap::new(),
        edits: Edits::default(),
        seen: BTreeSet::new(),
        shims: BTreeSet::new(),
        left: Vec::new(),
    };
    // Names are used before they are imported, too.
    scan::imports(&mut file, tokens.clone());
    scan::paths(&mut file, tokens);
    let mentioned = file.mentioned();
    let text = file.edits.apply(code);
    file.left.sort();
    file.left.dedup();
    Ok(Ported {
        text: source[..begin].to_owned() + &text,
        shims: file.shims,
        left: file.left,
        mentioned,
    })
}

/// How much of the beginning is no Rust: a byte order mark, and the line that names an interpreter.
fn unlexed(source: &str) -> usize {
    let mark = if source.starts_with('\u{feff}') { 3 } else { 0 };
    let rest = &source[mark..];
    if rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[') {
        // Its end stays, so that lines keep their numbers.
        mark + rest.find('\n').unwrap_or(rest.len())
    } else {
        mark
    }
}

/// A file on the way.
struct File<'a> {
    source: &'a str,
    map: &'a Map,
    /// What names stand for, where they stand for paths of std.
    aliases: BTreeMap<String, Alias>,
    edits: Edits,
    /// Where a path of std begins that was looked at.
    seen: BTreeSet<usize>,
    shims: BTreeSet<String>,
    left: Vec<Remark>,
}

/// A name that a `use` binds to a path of std.
struct Alias {
    path: Vec<String>,
    /// The import leads to a shim now.
    moved: bool,
}

impl File<'_> {
    fn edit(&mut self, range: Range<usize>, text: String) {
        self.edits.push(range, text);
    }

    /// Says why something of std, or of another crate, is left.
    fn leave(&mut self, at: Span, what: &[String], why: &str) {
        self.left.push(Remark {
            line: at.start().line,
            what: what.join("::"),
            why: why.to_owned(),
        });
    }

    /// Whether a macro of that name, which every program finds without an import, has a counterpart in the shims.
    fn is_macro_of_std(&self, name: &str) -> bool {
        let path = ["std".to_owned(), name.to_owned()];
        self.map.shims.find(&path).is_some()
    }

    /// What stands for the first segments of `path` in the shims, and for how many.
    fn shim_of(&mut self, path: &[String]) -> Option<(usize, Vec<String>)> {
        let (length, shim) = self.map.shims.find(path)?;
        self.shims.extend(shim.first().cloned());
        Some((length, shim.clone()))
    }

    /// Paths in the text that no token is made of.
    fn mentioned(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for (at, _) in self.source.match_indices("std::") {
            let before = self.source[..at].chars().next_back();
            if self.seen.contains(&at)
                || before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            {
                continue;
            }
            let rest = &self.source[at..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let text = rest[..end.unwrap_or(rest.len())].trim_end_matches(':');
            if self.map.shims.find(&path(text)).is_some() {
                remarks.push(Remark {
                    line: self.source[..at].matches('\n').count() + 1,
                    what: text.to_owned(),
                    why: "in a comment or a string: it stays".to_owned(),
                });
            }
        }
        remarks
    }
}

#[cfg(test)]
mod tests;
