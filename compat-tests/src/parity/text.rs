//! From the HTML of a declaration to its Rust.

use scraper::{ElementRef, Node, Selector};

/// Unstable names in stable declarations, and what they are to users.
const STABLE_NAMES: &[(&str, &str)] = &[
    ("std::clone::CloneToUninit", "std::clone::Clone"),
    ("std::io::RawOsError", "i32"),
];

/// A selector of this program.
pub(crate) fn selector(text: &'static str) -> Selector {
    Selector::parse(text).expect("the selectors of this program are well-formed")
}

/// The declaration in `element`, with the full paths of std's names.
pub(crate) fn rust_text(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    collect(element, &mut text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn collect(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        if let Node::Text(part) = child.value() {
            text.push_str(part);
        }
        let Some(child) = ElementRef::wrap(child) else {
            continue;
        };
        let is = |class| child.value().classes().any(|own| own == class);
        match child.value().name() {
            // Neither "private fields", nor "show 12 variants", nor the sign for a trait worth a note.
            "span" if is("comment") => (),
            "summary" => (),
            "a" if is("tooltip") => (),
            "a" => match full_path(child) {
                // What follows a `::` is a part of a path.
                Some(path) if !text.ends_with("::") => text.push_str(&path),
                _ => text.extend(child.text()),
            },
            _ => {
                if is("where") {
                    text.push(' ');
                }
                collect(child, text);
            }
        }
    }
}

/// The path in a link's title, if the link is that name.
fn full_path(link: ElementRef<'_>) -> Option<String> {
    let (kind, path) = link.attr("title")?.split_once(' ')?;
    let name: String = link.text().collect();
    let is_name = path.rsplit("::").next() == Some(&name);
    let is_type = matches!(kind, "struct" | "enum" | "trait" | "type" | "union");
    (is_type && is_name).then(|| public_path(path))
}

/// The address of the page of the trait `path`, if `header` links to it.
pub(crate) fn trait_link<'a>(header: ElementRef<'a>, path: &str) -> Option<&'a str> {
    header
        .select(&selector("a.trait"))
        .find(|link| full_path(*link).is_some_and(|own| own == path))?
        .attr("href")
}

/// How std's users call what is in another crate, or in a module that is not public.
fn public_path(path: &str) -> String {
    let path = match path.split_once("::") {
        Some(("alloc" | "core", rest)) => format!("std::{rest}"),
        _ => path.to_owned(),
    };
    let path = path.replace("std::sync::poison::", "std::sync::");
    match STABLE_NAMES.iter().find(|(unstable, _)| *unstable == path) {
        Some((_, stable)) => (*stable).to_owned(),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Html;

    fn text(html: &str) -> String {
        rust_text(Html::parse_fragment(html).root_element())
    }

    fn link(kind: &str, path: &str, name: &str) -> String {
        format!(r#"<a class="{kind}" href="x.html" title="{kind} {path}">{name}</a>"#)
    }

    #[test]
    fn names_get_their_full_paths() {
        let result = link("type", "std::io::Result", "Result");
        let guard = link("struct", "std::sync::poison::Guard", "Guard");
        let html = format!("fn f(&amp;self) -&gt; {result}&lt;{guard}&lt;'_, T&gt;&gt;");
        assert_eq!(
            text(&html),
            "fn f(&self) -> std::io::Result<std::sync::Guard<'_, T>>"
        );
    }

    #[test]
    fn names_of_other_kinds_stay() {
        let number = link("primitive", "u8", "u8");
        let iter = link("type", "std::net::Lookup::Iter", "Iter");
        let function = r##"<a href="#f" class="fn">f</a>"##;
        let html = format!("fn {function}() -&gt; ({number}, Self::{iter})");
        assert_eq!(text(&html), "fn f() -> (u8, Self::Iter)");
    }

    #[test]
    fn unstable_names_are_replaced() {
        let clone = link("trait", "core::clone::CloneToUninit", "CloneToUninit");
        assert_eq!(text(&format!("T: {clone}")), "T: std::clone::Clone");
    }

    #[test]
    fn what_is_not_code_is_dropped() {
        let html = r##"impl A<a href="#" class="tooltip">ⓘ</a><div class="where">where
            T: B,</div>{ <span class="comment">/* private */</span> }"##;
        assert_eq!(text(html), "impl A where T: B,{ }");
    }

    #[test]
    fn the_link_of_the_trait_is_not_that_of_a_bound() {
        let bound = link("trait", "std::fmt::Debug", "Debug");
        let of = r#"<a class="trait" href="e.html" title="trait std::error::Error">Error</a>"#;
        let html = Html::parse_fragment(&format!("impl&lt;T: {bound}&gt; {of} for A&lt;T&gt;"));
        let header = html.root_element();
        assert_eq!(trait_link(header, "std::error::Error"), Some("e.html"));
        assert_eq!(trait_link(header, "std::io::Read"), None);
    }
}
