//! One page of the documentation: which items there are, and how they are declared.

use super::text::{rust_text, selector};
use anyhow::{Context, Result};
use scraper::{ElementRef, Html};
use std::path::{Component, Path, PathBuf};

/// A row of a module's page.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    /// `struct`, `trait`, `fn` and so on.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Its own page, relative to the root.
    pub(crate) page: PathBuf,
}

/// What decides whether a shim can implement a trait.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Trait {
    pub(crate) is_unstable: bool,
    pub(crate) is_sealed: bool,
}

/// A part of an item's page: a variant, an impl, or a member.
pub(crate) struct Section<'a> {
    /// The id of the headline that it is under.
    pub(crate) region: &'a str,
    /// `method` of the id `method.connect`.
    pub(crate) kind: &'a str,
    /// `connect` of the id `method.connect-1`.
    pub(crate) name: &'a str,
    /// The class `impl`.
    pub(crate) is_impl: bool,
    /// Whether it is of a trait, on a type's page.
    pub(crate) is_of_trait: bool,
    /// Whether it is unstable or deprecated.
    pub(crate) is_left_out: bool,
    /// Its declaration.
    pub(crate) header: Option<ElementRef<'a>>,
}

/// One page.
pub(crate) struct Page {
    path: PathBuf,
    html: Html,
}

impl Page {
    /// The page at `path`, relative to the root.
    pub(crate) fn new(path: &Path, text: &str) -> Page {
        Page {
            path: path.to_owned(),
            html: Html::parse_document(text),
        }
    }

    /// The version of rustdoc, and so of the compiler, that has made it.
    pub(crate) fn version(&self) -> Option<String> {
        let vars = selector("meta[data-rustdoc-version]");
        let vars = self.html.select(&vars).next()?;
        vars.attr("data-rustdoc-version").map(str::to_owned)
    }

    /// For messages.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Where a link of this page leads to, relative to the root.
    pub(crate) fn link(&self, href: &str) -> PathBuf {
        let href = href.split('#').next().unwrap_or_default();
        let mut path = self.path.parent().unwrap_or(Path::new("")).to_owned();
        for component in Path::new(href).components() {
            match component {
                Component::ParentDir => {
                    path.pop();
                }
                Component::CurDir => (),
                other => path.push(other),
            }
        }
        path
    }

    /// The stable items of a module, without its modules.
    pub(crate) fn items(&self) -> Vec<Item> {
        let row = selector("dl.item-table > dt");
        let link = selector("a[class][href][title]");
        let mut items = Vec::new();
        for row in self.html.select(&row) {
            let link = row.select(&link).next().filter(|_| !is_left_out(row));
            let Some(link) = link else { continue };
            if let (Some(kind), Some(href)) = (link.attr("class"), link.attr("href"))
                && kind != "mod"
            {
                items.push(Item {
                    kind: kind.to_owned(),
                    name: link.text().collect(),
                    page: self.link(href),
                });
            }
        }
        items
    }

    /// The item's declaration.
    pub(crate) fn declaration(&self) -> Result<ElementRef<'_>> {
        let declaration = self.html.select(&selector("pre.item-decl")).next();
        declaration.with_context(|| format!("{}: no declaration", self.name()))
    }

    /// Whether the item is one of `core` or `alloc`.
    pub(crate) fn is_of_other_crate(&self) -> bool {
        let source = selector(
            r#".sub-heading a.src[href*="/src/core/"], .sub-heading a.src[href*="/src/alloc/"]"#,
        );
        self.html.select(&source).next().is_some()
    }

    /// The names of a struct's public fields.
    pub(crate) fn fields(&self) -> Vec<String> {
        let field = selector(r#"span[id^="structfield."]"#);
        self.html
            .select(&field)
            .filter_map(|field| field.attr("id")?.strip_prefix("structfield."))
            .map(str::to_owned)
            .collect()
    }

    /// Variants, impls and members, in the page's order.
    pub(crate) fn sections(&self) -> Vec<Section<'_>> {
        let (heads, header) = (
            selector("h2.section-header, section[id]"),
            selector(".code-header"),
        );
        let mut region = "";
        let mut sections = Vec::new();
        for element in self.html.select(&heads) {
            let id = element.attr("id").unwrap_or_default();
            if element.value().name() == "h2" {
                region = id;
                continue;
            }
            let (kind, name) = id.split_once('.').unwrap_or((id, ""));
            let is = |class: &str| element.value().classes().any(|own| own == class);
            sections.push(Section {
                region,
                kind,
                name: without_number(name),
                is_impl: is("impl"),
                is_of_trait: is("trait-impl"),
                is_left_out: is_left_out(element) || remarks(element).any(is_left_out),
                header: element.select(&header).next(),
            });
        }
        sections
    }

    /// What the page of a trait says of it.
    pub(crate) fn as_trait(&self) -> Result<Trait> {
        let declaration = self.declaration()?;
        let text = rust_text(declaration);
        let head = text.split('{').next().unwrap_or_default();
        let bounds = head.split_once(':').map_or("", |(_, bounds)| bounds);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let about = selector("details.top-doc");
        let mut about = self.html.select(&about);
        Ok(Trait {
            is_unstable: remarks(declaration).any(is_left_out_as_unstable),
            is_sealed: bounds.split(|c| !is_word(c)).any(|word| word == "Sealed")
                || about.any(|text| {
                    let text: String = text.text().collect();
                    text.contains("This trait is sealed")
                }),
        })
    }
}

/// A second `method.get` of a page has the id `method.get-1`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

/// What follows an element and belongs to it: neither the next section nor its text.
fn remarks(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    element
        .next_siblings()
        .filter_map(ElementRef::wrap)
        .take_while(|sibling| {
            let value = sibling.value();
            !(matches!(value.name(), "section" | "h2" | "details")
                || value.classes().any(|class| class == "docblock"))
        })
}

fn is_left_out(element: ElementRef<'_>) -> bool {
    let mark = selector(".stab.unstable, .stab.deprecated");
    element.select(&mark).next().is_some()
}

fn is_left_out_as_unstable(element: ElementRef<'_>) -> bool {
    element.select(&selector(".stab.unstable")).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_its_stable_items() {
        let page = Page::new(
            Path::new("std/m/index.html"),
            r#"<dl class="item-table">
            <dt><a class="mod" href="n/index.html" title="mod std::m::n">n</a></dt><dd>More</dd>
            <dt><a class="struct" href="struct.AbCd.html" title="struct std::m::AbCd">Ab<wbr>Cd</a></dt>
            <dt><a class="fn" href="fn.f.html" title="fn std::m::f">f</a>
                <wbr><span class="stab unstable" title="">Experimental</span></dt>
            <dt id="reexport.Other"><code>pub use super::<a class="trait" href="../trait.Other.html"
                title="trait std::Other">Other</a>;</code></dt></dl>"#,
        );
        let item = |kind: &str, name: &str, page: &str| Item {
            kind: kind.to_owned(),
            name: name.to_owned(),
            page: PathBuf::from(page),
        };
        let expected = [
            item("struct", "AbCd", "std/m/struct.AbCd.html"),
            item("trait", "Other", "std/trait.Other.html"),
        ];
        assert_eq!(page.items(), expected);
    }

    #[test]
    fn marks_after_a_section_are_of_it() {
        let page = Page::new(
            Path::new("std/m/struct.A.html"),
            r#"<h2 id="implementations" class="section-header">Implementations</h2>
            <section id="impl-A" class="impl"><h3 class="code-header">impl A</h3></section>
            <details><summary><section id="method.a-1" class="method"><h4 class="code-header">fn a()</h4></section>
            <span class="item-info"><div class="stab unstable">New</div></span></summary></details>
            <section id="method.b" class="method trait-impl"></section><div class="docblock">Text</div>
            <span class="item-info"><div class="stab deprecated">Old</div></span>"#,
        );
        let sections = page.sections();
        let found = sections.iter().map(|section| {
            let Section { region, kind, .. } = *section;
            (region, kind, section.name, section.is_left_out)
        });
        let expected = [
            ("implementations", "impl-A", "", false),
            ("implementations", "method", "a", true),
            ("implementations", "method", "b", false),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert!(sections[0].is_impl && sections[2].is_of_trait);
    }

    fn read_trait(declaration: &str, rest: &str) -> Trait {
        let text = format!(r#"<pre class="rust item-decl"><code>{declaration}</code></pre>{rest}"#);
        let page = Page::new(Path::new("std/m/trait.T.html"), &text);
        page.as_trait().unwrap()
    }

    #[test]
    fn sealed_and_unstable_traits_are_known() {
        let plain = read_trait("pub trait T: Sized { fn f() -> Sealed; }", "");
        assert_eq!(plain, Trait::default());
        assert!(read_trait("pub unsafe trait T: Sized + Sealed { }", "").is_sealed);
        let about = r#"<details class="top-doc">This trait is sealed: no.</details>"#;
        assert!(read_trait("pub trait T { }", about).is_sealed);
        let mark = r#"<span class="item-info"><div class="stab unstable">New</div></span>"#;
        assert!(read_trait("pub trait T { }", mark).is_unstable);
        let later = format!(r#"<details class="top-doc"></details>{mark}"#);
        assert!(!read_trait("pub trait T { }", &later).is_unstable);
    }

    #[test]
    fn links_are_relative_to_their_page() {
        let page = Page::new(Path::new("std/net/struct.A.html"), "");
        let path = page.link("../os/fd/trait.AsFd.html#tymethod.as_fd");
        assert_eq!(path, Path::new("std/os/fd/trait.AsFd.html"));
    }
}
