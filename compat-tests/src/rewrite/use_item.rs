//! One `use`: what it imports, and how it is written anew.

use super::File;
use super::scan::{keep_alias, say_if_left};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use std::ops::Range;
use syn::UseTree;
use syn::parse::{ParseStream, Parser};

/// A `use`, as it stands in a text.
pub(crate) struct UseItem {
    /// From its attributes to its semicolon.
    range: Range<usize>,
    /// The keyword.
    keyword: Span,
    /// Where its tree begins, with the `::` that it may begin with.
    begin: usize,
    tree: UseTree,
}

/// One name that a `use` imports.
struct Leaf {
    /// Without `self` and `*`.
    path: Vec<Ident>,
    end: End,
}

enum End {
    Name,
    /// `self`, and the name that it gets.
    Itself(Span, Option<String>),
    Renamed(String),
    Glob,
}

impl Leaf {
    fn names(&self) -> Vec<String> {
        self.path.iter().map(Ident::to_string).collect()
    }

    fn at(&self) -> Span {
        match (&self.end, self.path.last()) {
            (End::Itself(span, _), _) => *span,
            (_, Some(last)) => last.span(),
            (_, None) => Span::call_site(),
        }
    }

    /// The name that it binds.
    fn binds(&self) -> Option<String> {
        match &self.end {
            End::Glob => None,
            End::Renamed(name) | End::Itself(_, Some(name)) => Some(name.clone()),
            End::Name | End::Itself(_, None) => self.path.last().map(Ident::to_string),
        }
    }
}

/// All leaves of a tree.
fn leaves(tree: &UseTree, path: &mut Vec<Ident>, into: &mut Vec<Leaf>) {
    let leaf = |path: &[Ident], last: Option<&Ident>, end| Leaf {
        path: path.iter().chain(last).cloned().collect(),
        end,
    };
    match tree {
        UseTree::Path(next) => {
            path.push(next.ident.clone());
            leaves(&next.tree, path, into);
            path.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            into.push(leaf(path, None, End::Itself(name.ident.span(), None)));
        }
        UseTree::Name(name) => into.push(leaf(path, Some(&name.ident), End::Name)),
        UseTree::Rename(name) if name.ident == "self" => {
            let end = End::Itself(name.ident.span(), Some(name.rename.to_string()));
            into.push(leaf(path, None, end));
        }
        UseTree::Rename(name) => {
            let end = End::Renamed(name.rename.to_string());
            into.push(leaf(path, Some(&name.ident), end));
        }
        UseTree::Glob(_) => into.push(leaf(path, None, End::Glob)),
        UseTree::Group(group) => {
            for tree in &group.items {
                leaves(tree, path, into);
            }
        }
    }
}

/// How many segments lead to the first branching, or to the end.
fn trunk(mut tree: &UseTree) -> usize {
    let mut length = 0;
    loop {
        match tree {
            UseTree::Path(next) => tree = &next.tree,
            UseTree::Name(_) | UseTree::Rename(_) => return length + 1,
            UseTree::Glob(_) | UseTree::Group(_) => return length,
        }
        length += 1;
    }
}

impl UseItem {
    /// The item whose keyword stands at `at`, and where it ends.
    pub(crate) fn at(tokens: &[TokenTree], at: usize) -> Option<(UseItem, usize)> {
        let TokenTree::Ident(keyword) = &tokens[at] else {
            return None;
        };
        if keyword != "use" {
            return None;
        }
        let is_semicolon =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
        let length = tokens[at..].iter().position(is_semicolon)?;
        let mut inside = &tokens[at + 1..at + length];
        let begin = inside.first()?.span().byte_range().start;
        while matches!(inside.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':') {
            inside = &inside[1..];
        }
        let stream: TokenStream = inside.iter().cloned().collect();
        let parser = |input: ParseStream<'_>| input.parse::<UseTree>();
        let tree = parser.parse2(stream).ok()?;
        let first = beginning(tokens, at);
        let item = UseItem {
            range: tokens[first].span().byte_range().start
                ..tokens[at + length].span().byte_range().end,
            keyword: keyword.span(),
            begin,
            tree,
        };
        Some((item, at + length + 1))
    }

    /// From its attributes to its semicolon.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The same imports, a `use` for each name; `resolve` says where paths lead to, unless they stay.
    pub(crate) fn flat(
        &self,
        source: &str,
        resolve: &dyn Fn(&[String]) -> Option<Vec<String>>,
    ) -> String {
        let mut all = Vec::new();
        leaves(&self.tree, &mut Vec::new(), &mut all);
        let before = &source[self.range.start..self.keyword.byte_range().start];
        let colons = source[self.begin..].starts_with("::");
        let lines = all.iter().map(|leaf| {
            let old = leaf.names();
            let resolved = resolve(&old);
            let is_absolute = match &resolved {
                Some(new) => new.len() == 1,
                None => colons,
            };
            let colons = if is_absolute { "::" } else { "" };
            let new = resolved.unwrap_or(old);
            let path = new.join("::");
            match leaf.binds() {
                None => format!("{before}use {colons}{path}::*;"),
                Some(name) if new.last() == Some(&name) => format!("{before}use {colons}{path};"),
                Some(name) => format!("{before}use {colons}{path} as {name};"),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn port(&self, file: &mut File<'_>) {
        let mut all = Vec::new();
        leaves(&self.tree, &mut Vec::new(), &mut all);
        let mut targets = Vec::new();
        for leaf in &all {
            let path = leaf.names();
            let is_std = path.first().is_some_and(|first| first == "std");
            if is_std && let Some(first) = leaf.path.first() {
                file.seen.insert(first.span().byte_range().start);
                say_if_left(file, leaf.at(), &path);
            } else if let Some(why) = path.first().and_then(|first| file.map.crates.get(first)) {
                let why = why.clone();
                file.leave(leaf.at(), &path[..1], &why);
            }
            let target = if is_std { file.shim_of(&path) } else { None };
            if is_std {
                self.say_what_a_glob_hides(file, leaf, &path, target.is_some());
                if let Some(name) = leaf.binds() {
                    keep_alias(file, name, path, target.is_some());
                }
            }
            targets.push(target);
        }
        if targets.iter().all(Option::is_none) {
            return;
        }
        match same_target(&targets) {
            Some((length, shim)) if length <= trunk(&self.tree) => {
                self.replace_beginning(file, &all, length, shim);
            }
            _ => self.write_anew(file, &all, &targets),
        }
    }

    /// A `*` may import what has a counterpart, or blocks, without naming it.
    fn say_what_a_glob_hides(
        &self,
        file: &mut File<'_>,
        leaf: &Leaf,
        path: &[String],
        moved: bool,
    ) {
        if !matches!(leaf.end, End::Glob) {
            return;
        }
        if !moved && file.map.shims.is_on_the_way(path) {
            let why = "some of what `*` imports has a shim: import it by name";
            file.leave(leaf.at(), path, why);
        } else if file.map.left.is_on_the_way(path) {
            file.leave(
                leaf.at(),
                path,
                "some of what `*` imports blocks the thread",
            );
        }
    }

    /// The whole tree lies in one shim: only its first segments change.
    fn replace_beginning(&self, file: &mut File<'_>, all: &[Leaf], length: usize, shim: &[String]) {
        let Some(old) = all[0].path.get(length - 1) else {
            return;
        };
        let mut text = shim.join("::");
        let has_other_name = shim.last().is_none_or(|last| old != last);
        for leaf in all.iter().filter(|leaf| leaf.path.len() == length) {
            match &leaf.end {
                End::Name if has_other_name => text += &format!(" as {old}"),
                End::Itself(at, None) if has_other_name => {
                    let end = at.byte_range().end;
                    file.edit(end..end, format!(" as {old}"));
                }
                _ => (),
            }
        }
        file.edit(self.begin..old.span().byte_range().end, text);
    }

    /// Some of it goes to a shim, or to several: a `use` for each module.
    fn write_anew(
        &self,
        file: &mut File<'_>,
        all: &[Leaf],
        targets: &[Option<(usize, Vec<String>)>],
    ) {
        let mut modules = Modules::default();
        // What stays comes first.
        for (leaf, target) in all.iter().zip(targets) {
            if target.is_none() {
                modules.add(leaf.names(), leaf);
            }
        }
        for (leaf, target) in all.iter().zip(targets) {
            if let Some((length, shim)) = target {
                modules.add([shim, &leaf.names()[*length..]].concat(), leaf);
            }
        }
        let keyword = self.keyword.byte_range();
        let before = &file.source[self.range.start..keyword.start];
        let line = file.source[..self.range.start]
            .rfind('\n')
            .map_or(0, |end| end + 1);
        let indent: String = file.source[line..]
            .chars()
            .take_while(|c| *c == ' ' || *c == '\t')
            .collect();
        let text: Vec<String> = modules
            .lines()
            .map(|import| format!("{before}use {import};"))
            .collect();
        let text = text.join(&format!("\n{indent}"));
        file.edit(self.range.clone(), text);
    }
}

/// Imports by the module that they come from, in the order of their coming.
#[derive(Default)]
struct Modules(Vec<(Vec<String>, Vec<String>)>);

impl Modules {
    /// Adds a leaf that is at `path` now.
    fn add(&mut self, mut path: Vec<String>, leaf: &Leaf) {
        let Some(last) = path.last().cloned() else {
            return;
        };
        let name = leaf.binds().filter(|name| *name != last);
        let renamed = |entry: &str| match &name {
            Some(name) => format!("{entry} as {name}"),
            None => entry.to_owned(),
        };
        let entry = match leaf.end {
            End::Glob => "*".to_owned(),
            End::Itself(..) => renamed("self"),
            End::Name | End::Renamed(_) => {
                path.pop();
                renamed(&last)
            }
        };
        match self.0.iter_mut().find(|(module, _)| *module == path) {
            Some((_, entries)) => entries.push(entry),
            None => self.0.push((path, vec![entry])),
        }
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(module, entries)| {
            let module = module.join("::");
            match &entries[..] {
                [one] if one == "self" => module,
                [one] if module.is_empty() => one.clone(),
                [one] => match one.strip_prefix("self as ") {
                    Some(name) => format!("{module} as {name}"),
                    None => format!("{module}::{one}"),
                },
                all if module.is_empty() => format!("{{{}}}", all.join(", ")),
                all => format!("{module}::{{{}}}", all.join(", ")),
            }
        })
    }
}

/// The target that all have.
fn same_target(targets: &[Option<(usize, Vec<String>)>]) -> Option<(usize, &[String])> {
    let (length, shim) = targets.first()?.as_ref()?;
    let is_same = |target: &Option<(usize, Vec<String>)>| matches!(target, Some((other, path)) if other == length && path == shim);
    targets.iter().all(is_same).then_some((*length, &shim[..]))
}

/// Where the item begins whose keyword stands at `at`: with its attributes and visibility.
fn beginning(tokens: &[TokenTree], at: usize) -> usize {
    let mut first = at;
    let group = |at: usize, delimiter| matches!(&tokens[at], TokenTree::Group(group) if group.delimiter() == delimiter);
    let ident =
        |at: usize, name: &str| matches!(&tokens[at], TokenTree::Ident(ident) if ident == name);
    if first >= 2 && group(first - 1, Delimiter::Parenthesis) && ident(first - 2, "pub") {
        first -= 2;
    } else if first >= 1 && ident(first - 1, "pub") {
        first -= 1;
    }
    let is_hash =
        |at: usize| matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == '#');
    while first >= 2 && group(first - 1, Delimiter::Bracket) && is_hash(first - 2) {
        first -= 2;
    }
    first
}
