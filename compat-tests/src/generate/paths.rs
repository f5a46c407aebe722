//! The paths of a text that is to be compiled outside std, against the shims.

use super::unit::SUPPORT;
use crate::map::{Paths, path};
use crate::rewrite::scan::{begins_a_path, is_punct, leading_colons, segments};
use crate::rewrite::{Edits, UseItem};
use crate::shims::Shims;
use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Paths that exist within std only, and what stands for them.
const INTERNAL: [(&str, &str); 10] = [
    ("std::assert_matches", "crate::support::assert_matches"),
    (
        "std::assert_matches::assert_matches",
        "crate::support::assert_matches",
    ),
    (
        "std::io::DEFAULT_BUF_SIZE",
        "crate::support::DEFAULT_BUF_SIZE",
    ),
    ("std::io::const_error", "crate::support::const_error"),
    ("std::net::test", "crate::support::net_test"),
    ("std::os::net::linux_ext::addr", "std::os::linux::net"),
    ("std::os::net::linux_ext::socket", "std::os::linux::net"),
    ("std::os::net::linux_ext::tcp", "std::os::linux::net"),
    // An unstable way to types that are stable.
    ("std::sync::poison", "std::sync"),
    ("std::test_helpers", "crate::support::test_helpers"),
];

/// Ends of paths that are replaced with all before them.
const ENDS: [(&[&str], &str); 2] = [
    (
        &["ErrorKind", "Uncategorized"],
        "crate::support::uncategorized()",
    ),
    (&["io", "const_error"], "crate::support::const_error"),
];

/// Where a text comes from, and so what its paths mean.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// A module within std; where `super` leads to.
    Within(String),
    /// Outside: an integration test, an example, or a file of our own.
    Outside,
}

/// What becomes of paths.
pub(crate) struct Resolver<'a> {
    shims: &'a Shims,
    internal: Paths<Vec<String>>,
    origin: Origin,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(shims: &'a Shims, origin: Origin) -> Resolver<'a> {
        let internal = INTERNAL.iter();
        Resolver {
            shims,
            internal: Paths::new(internal.map(|(from, to)| ((*from).to_owned(), path(to)))),
            origin,
        }
    }

    /// What stands for `path`, unless it stays. In a module within the file, `super` is the file.
    pub(crate) fn resolve(&self, path: &[String], in_module: bool) -> Option<Vec<String>> {
        let of_std = |rest: &[String]| [&["std".to_owned()], rest].concat();
        let path = match (&self.origin, path[0].as_str()) {
            (_, "std") => path.to_vec(),
            (Origin::Outside, "crate") if path.get(1).is_some_and(|next| next == "common") => {
                let helpers = ["crate", SUPPORT, "test_helpers"].map(str::to_owned);
                return Some([&helpers, &path[2..]].concat());
            }
            (Origin::Within(_), "crate") => of_std(&path[1..]),
            (Origin::Within(parent), "super") if !in_module => {
                [&crate::map::path(parent), &path[1..]].concat()
            }
            _ => return None,
        };
        let path = match self.internal.find(&path) {
            Some((length, public)) => [public, &path[length..]].concat(),
            None => path,
        };
        Some(self.shims.apply(&path))
    }

    /// `source` with its paths resolved, and a `use` for each name that is imported.
    pub(crate) fn rewrite(&self, source: &str) -> Result<String> {
        let tokens: TokenStream = source
            .parse()
            .map_err(|error| anyhow!("not understood as Rust: {error}"))?;
        let mut edits = Edits::default();
        self.walk(source, tokens, false, &mut edits);
        Ok(edits.apply(source))
    }

    fn walk(&self, source: &str, tokens: TokenStream, in_module: bool, edits: &mut Edits) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if let Some((item, end)) = UseItem::at(&tokens, at) {
                let flat = item.flat(source, &|path| self.resolve(path, in_module));
                edits.push(item.range(), flat);
                at = end;
                continue;
            }
            at = match &tokens[at] {
                TokenTree::Group(group) if is_for_std_alone(&tokens, at) => {
                    let begin = tokens[at - 1].span().byte_range().start;
                    edits.push(begin..group.span().byte_range().end, String::new());
                    at + 1
                }
                TokenTree::Group(group) => {
                    let in_module = in_module || is_module(&tokens, at);
                    self.walk(source, group.stream(), in_module, edits);
                    at + 1
                }
                TokenTree::Ident(_) if begins_a_path(&tokens, at) => {
                    self.one_path(&tokens, at, in_module, edits)
                }
                _ => at + 1,
            };
        }
    }

    /// The path that begins at `at`. Where what is behind it begins.
    fn one_path(
        &self,
        tokens: &[TokenTree],
        at: usize,
        in_module: bool,
        edits: &mut Edits,
    ) -> usize {
        let segments = segments(tokens, at);
        let path: Vec<String> = segments.iter().map(ToString::to_string).collect();
        // The separators are two tokens each.
        let end = at + 3 * segments.len() - 2;
        if segments.len() < 2 {
            return end;
        }
        let is_end =
            |end: &[&str]| path.len() >= end.len() && path[path.len() - end.len()..] == *end;
        let replaced = ENDS.iter().find(|(end, _)| is_end(end));
        let new = match replaced {
            Some((_, new)) => Some((*new).to_owned()),
            None => self.resolve(&path, in_module).map(|path| path.join("::")),
        };
        if let Some(new) = new {
            let begin = leading_colons(tokens, at).unwrap_or(segments[0].span());
            let last = segments[segments.len() - 1].span().byte_range();
            edits.push(begin.byte_range().start..last.end, new);
        }
        end
    }
}

/// Whether the group at `at` is the `[cfg(target_thread_local)]` of an attribute: true on every target that the shims
/// run on, but a name that only std may use.
fn is_for_std_alone(tokens: &[TokenTree], at: usize) -> bool {
    let TokenTree::Group(group) = &tokens[at] else {
        return false;
    };
    at >= 1
        && is_punct(tokens.get(at - 1), '#')
        && group.delimiter() == Delimiter::Bracket
        && group.stream().to_string().replace(' ', "") == "cfg(target_thread_local)"
}

/// Whether the group at `at` is what a `mod` contains.
fn is_module(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && matches!(&tokens[at - 2], TokenTree::Ident(keyword) if keyword == "mod")
}

#[cfg(test)]
mod tests {
    use super::{Origin, Resolver};
    use crate::shims::Shims;
    use std::path::Path;

    fn rewritten(origin: Origin, source: &str) -> String {
        let shims = "[map]\n\"std::net\" = \"gnet\"\n\"std::thread\" = \"gthread\"\n";
        let shims = Shims::from_toml(shims, Path::new(".")).unwrap();
        Resolver::new(&shims, origin).rewrite(source).unwrap()
    }

    fn within(source: &str) -> String {
        rewritten(Origin::Within("std::net".to_owned()), source)
    }

    fn outside(source: &str) -> String {
        rewritten(Origin::Outside, source)
    }

    #[test]
    fn paths_within_std_lead_to_its_public_modules() {
        assert_eq!(
            within("fn f(a: super::A, b: crate::io::B) {}"),
            "fn f(a: gnet::A, b: std::io::B) {}"
        );
        assert_eq!(within("use super::*;"), "use ::gnet::*;");
        assert_eq!(
            within("use crate::{io, thread};"),
            "use std::io;\nuse ::gthread as thread;"
        );
        assert_eq!(
            within("use crate::sync::poison::Mutex;"),
            "use std::sync::Mutex;"
        );
        assert_eq!(
            within("crate::test_helpers::tmpdir()"),
            "crate::support::test_helpers::tmpdir()"
        );
    }

    #[test]
    fn super_of_a_module_of_the_file_is_the_file() {
        let source = "mod inner { use super::a; fn f() { super::b(); crate::io::c(); } }";
        let expected = "mod inner { use super::a; fn f() { super::b(); std::io::c(); } }";
        assert_eq!(within(source), expected);
    }

    #[test]
    fn outside_only_paths_of_std_change() {
        assert_eq!(
            outside("crate::a(std::net::b(), ::std::thread::c())"),
            "crate::a(gnet::b(), gthread::c())"
        );
        assert_eq!(
            outside("use crate::common::d;"),
            "use crate::support::test_helpers::d;"
        );
        assert_eq!(outside("pub(crate) fn f() {}"), "pub(crate) fn f() {}");
        assert_eq!(
            outside("assert!(x == std::thread::id())"),
            "assert!(x == gthread::id())"
        );
    }

    #[test]
    fn each_import_keeps_its_attributes_and_its_name() {
        assert_eq!(
            outside("#[cfg(unix)]\npub use std::{net::{self, A as B}, fmt};"),
            "#[cfg(unix)]\npub use ::gnet as net;\n#[cfg(unix)]\npub use gnet::A as B;\n\
             #[cfg(unix)]\npub use std::fmt;"
        );
        assert_eq!(outside("use ::other::c;"), "use ::other::c;");
    }

    #[test]
    fn what_only_std_may_name_is_replaced() {
        assert_eq!(
            within("ErrorKind::Uncategorized"),
            "crate::support::uncategorized()"
        );
        assert_eq!(
            within("io::const_error!(a, b)"),
            "crate::support::const_error!(a, b)"
        );
        assert_eq!(
            outside("#[cfg(target_thread_local)] fn f() {}"),
            " fn f() {}"
        );
        assert_eq!(outside("#[cfg(unix)] fn f() {}"), "#[cfg(unix)] fn f() {}");
    }
}
