//! A file, taken apart into its items.

use super::unit::{Class, Exclusion, Kind, Unit};
use anyhow::{Context, Result, anyhow};
use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemFn, ReturnType};

/// The macro by which std writes a test once for the locks that poison and for those, unstable, that do not.
const POISON_MACRO: &str = "nonpoison_and_poison_unwrap_test";

/// What a file consists of.
#[derive(Debug, Default)]
pub(crate) struct Items {
    pub(crate) units: Vec<Unit>,
    pub(crate) attributes: Vec<String>,
    pub(crate) excluded: Vec<(String, Exclusion)>,
}

/// Takes a text apart whose paths are rewritten.
pub(crate) struct Splitter<'a> {
    pub(crate) text: &'a str,
    /// Where the locks are that poison.
    pub(crate) locks: String,
    /// Its `main` is a test.
    pub(crate) has_main: bool,
}

impl Splitter<'_> {
    pub(crate) fn split(&self) -> Result<Items> {
        let file = syn::parse_file(self.text)
            .map_err(|error| anyhow!("line {}: {error}", error.span().start().line))?;
        let mut items = Items::default();
        for attribute in &file.attrs {
            // What warns, and what turns on features, is nothing to do with what the tests do.
            if attribute.path().is_ident("cfg") {
                items.attributes.push(self.slice(attribute).to_owned());
            }
        }
        let Items {
            units, excluded, ..
        } = &mut items;
        self.add(&file.items, units, excluded)?;
        Ok(items)
    }

    fn slice(&self, tokens: &impl Spanned) -> &str {
        &self.text[tokens.span().byte_range()]
    }

    fn add(
        &self,
        items: &[Item],
        units: &mut Vec<Unit>,
        excluded: &mut Vec<(String, Exclusion)>,
    ) -> Result<()> {
        for item in items {
            match item {
                Item::Use(item) => {
                    let (path, name) = import(&item.tree);
                    if path.last().is_none_or(|last| last != POISON_MACRO) {
                        units.push(Unit::new(Kind::Use, name, self.slice(item)));
                    }
                }
                Item::Mod(module) => match &module.content {
                    Some((brace, content)) => {
                        let begin = module.span().byte_range().start;
                        let mut unit = Unit::new(Kind::Module, module.ident.to_string(), "}");
                        let end = brace.span.open().byte_range().end;
                        unit.head = self.text[begin..end].to_owned();
                        self.add(content, &mut unit.children, excluded)?;
                        units.push(unit);
                    }
                    None if module.ident == "common" => units.push(Unit::new(
                        Kind::Use,
                        "common",
                        "use crate::support::test_helpers as common;",
                    )),
                    None => (),
                },
                Item::Fn(function) if has(&function.attrs, "bench") => (),
                Item::Fn(function)
                    if has(&function.attrs, "test")
                        || (self.has_main && function.sig.ident == "main") =>
                {
                    let name = function.sig.ident.to_string();
                    units.push(Unit::new(Kind::Test, name, self.test(function)));
                }
                Item::Macro(item) if item.mac.path.is_ident(POISON_MACRO) => {
                    let attributes: Vec<_> = item.attrs.iter().map(|a| self.slice(a)).collect();
                    let (name, body) = two_fields(&item.mac.tokens)
                        .with_context(|| format!("{POISON_MACRO}! is not understood"))?;
                    units.push(self.poison_test(&attributes.join("\n"), &name, body));
                    excluded.push((
                        format!("nonpoison_{name}"),
                        Exclusion {
                            class: Class::Unstable,
                            code: String::new(),
                            why: "std::sync::nonpoison is unstable".to_owned(),
                        },
                    ));
                }
                item => units.push(Unit::new(Kind::Item, defined(item), self.slice(item))),
            }
        }
        Ok(())
    }

    /// A test whose body is given to the support code, to be run in the way that it is told.
    fn test(&self, function: &ItemFn) -> String {
        let begin = function.span().byte_range().start;
        let block = function.block.span().byte_range();
        let result = match &function.sig.output {
            ReturnType::Default => String::new(),
            ReturnType::Type(_, kind) => format!("-> {} ", self.slice(kind)),
        };
        wrapped(
            self.text[begin..block.start].trim_end(),
            &result,
            &self.text[block],
        )
    }

    fn poison_test(&self, attributes: &str, name: &str, body: Range<usize>) -> Unit {
        let name = format!("poison_{name}");
        let body = format!(
            "{{\nuse crate::support::maybe_unwrap;\nuse {} as locks;\n{}\n}}",
            self.locks, &self.text[body]
        );
        let head = format!("{attributes}\n#[test]\nfn {name}()");
        Unit::new(Kind::Test, name, wrapped(&head, "", &body))
    }
}

/// The function `head` with `body`, which is given to the support code.
pub(crate) fn wrapped(head: &str, result: &str, body: &str) -> String {
    format!("{head} {{\nfn compat_body() {result}{body}\ncrate::support::run_test(compat_body)\n}}")
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

/// The path of a `use` of one name, and the name that it binds.
fn import(tree: &syn::UseTree) -> (Vec<String>, String) {
    let mut path = Vec::new();
    let mut tree = tree;
    loop {
        match tree {
            syn::UseTree::Path(next) => {
                path.push(next.ident.to_string());
                tree = &next.tree;
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                return (path, name.ident.to_string());
            }
            syn::UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                return (path, name.rename.to_string());
            }
            syn::UseTree::Glob(_) | syn::UseTree::Group(_) => return (path, "*".to_owned()),
        }
    }
}

/// The name that an item defines.
fn defined(item: &Item) -> String {
    match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item
            .ident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => String::new(),
    }
}

/// Of `name: NAME, test_body: {BODY}`: the name, and where the body is.
fn two_fields(tokens: &TokenStream) -> Option<(String, Range<usize>)> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut name = None;
    let mut body = None;
    for window in tokens.windows(3) {
        let [key, _, value] = window else { continue };
        match (key, value) {
            (TokenTree::Ident(key), TokenTree::Ident(value)) if key == "name" => {
                name = Some(value.to_string());
            }
            (TokenTree::Ident(key), TokenTree::Group(value)) if key == "test_body" => {
                body = Some(value.span().byte_range());
            }
            _ => (),
        }
    }
    Some((name?, body?))
}

#[cfg(test)]
mod tests {
    use super::{Items, Kind, Splitter, Unit};

    fn split(text: &str) -> Items {
        let splitter = Splitter {
            text,
            locks: "gsync".to_owned(),
            has_main: false,
        };
        splitter.split().unwrap()
    }

    fn kinds(units: &[Unit]) -> Vec<(Kind, &str)> {
        units
            .iter()
            .map(|unit| (unit.kind, unit.name.as_str()))
            .collect()
    }

    #[test]
    fn a_file_becomes_its_items() {
        let items = split(
            "#![cfg(unix)]\n#![feature(a)]\nuse a::b as c;\nuse d::*;\nmod common;\nmod other;\n\
             struct S;\nimpl S {}\n#[bench]\nfn slow() {}\n#[test]\nfn t() {}\nfn main() {}\n",
        );
        assert_eq!(items.attributes, ["#![cfg(unix)]"]);
        let expected = [
            (Kind::Use, "c"),
            (Kind::Use, "*"),
            (Kind::Use, "common"),
            (Kind::Item, "S"),
            (Kind::Item, ""),
            (Kind::Test, "t"),
            (Kind::Item, "main"),
        ];
        assert_eq!(kinds(&items.units), expected);
    }

    #[test]
    fn a_test_keeps_its_attributes_and_its_result() {
        let items = split("#[test]\n#[ignore]\nfn t() -> Result<(), u8> { Ok(()) }");
        assert_eq!(
            items.units[0].text,
            "#[test]\n#[ignore]\nfn t() -> Result<(), u8> {\n\
             fn compat_body() -> Result<(), u8> { Ok(()) }\n\
             crate::support::run_test(compat_body)\n}"
        );
    }

    #[test]
    fn modules_keep_what_is_in_them() {
        let items = split("#[cfg(unix)]\nmod m { use a::b; #[test] fn t() {} }");
        assert_eq!(items.units[0].head, "#[cfg(unix)]\nmod m {");
        let children = [(Kind::Use, "b"), (Kind::Test, "t")];
        assert_eq!(kinds(&items.units[0].children), children);
    }

    #[test]
    fn a_test_for_two_kinds_of_locks_is_one_for_those_that_poison() {
        let items = split(
            "#[cfg(unix)]\nnonpoison_and_poison_unwrap_test!(name: x, test_body: { use locks::M; f(); });",
        );
        assert_eq!(kinds(&items.units), [(Kind::Test, "poison_x")]);
        let text = &items.units[0].text;
        assert!(
            text.starts_with("#[cfg(unix)]\n#[test]\nfn poison_x() {"),
            "{text}"
        );
        assert!(
            text.contains("use gsync as locks;\n{ use locks::M; f(); }"),
            "{text}"
        );
        assert_eq!(items.excluded[0].0, "nonpoison_x");
    }

    #[test]
    fn what_is_not_rust_is_an_error() {
        let splitter = Splitter {
            text: "fn f() {}\nfn 5() {}",
            locks: String::new(),
            has_main: false,
        };
        assert!(splitter.split().unwrap_err().to_string().contains("line 2"));
    }
}
