//! All probes: what the documentation says that std has.

use super::docs::Docs;
use super::header::{self, Declared, Header};
use super::implementation;
use super::page::{Page, Section};
use super::probe::{Implemented, Kind, Probe, key};
use super::signature;
use super::spelling::{short_path, short_type, spelled};
use super::text::{rust_text, trait_link};
use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashSet;
use syn::{Ident, Member, Path};

/// What has been found so far.
#[derive(Default)]
pub(crate) struct Probes {
    pub(crate) all: Vec<Probe>,
    keys: HashSet<String>,
    /// Items that std itself has from `core` or `alloc`; a shim would have them from there, too.
    pub(crate) foreign: HashSet<String>,
}

impl Probes {
    fn has(&self, kind: Kind, place: &Place<'_>, name: &str) -> bool {
        let key = key(kind, place.module, place.owner, name);
        self.keys.contains(&key)
    }

    fn add(&mut self, kind: Kind, place: &Place<'_>, name: &str, code: TokenStream) {
        self.push(kind, place, name, code, None);
    }

    fn push(
        &mut self,
        kind: Kind,
        place: &Place<'_>,
        name: &str,
        code: TokenStream,
        implemented: Option<Implemented>,
    ) {
        let probe = Probe {
            module: place.module.to_owned(),
            kind,
            owner: place.owner.to_owned(),
            name: name.to_owned(),
            code,
            implemented,
        };
        if self.keys.insert(probe.key()) {
            self.all.push(probe);
        }
    }
}

/// An item of a module.
struct Place<'a> {
    module: &'a str,
    owner: &'a str,
    path: Path,
}

/// Adds the probes for `module`.
pub(crate) fn module(module: &str, docs: &Docs, probes: &mut Probes) -> Result<()> {
    for item in docs.items(module)? {
        let text = format!("{module}::{}", item.name);
        let path: Path = syn::parse_str(&text).with_context(|| text.clone())?;
        let place = Place {
            module,
            owner: &item.name,
            path: path.clone(),
        };
        probes.add(Kind::Item, &place, &item.kind, quote!(use #path as _;));
        let page = docs.page(&item.page)?;
        if page.is_of_other_crate() {
            probes.foreign.insert(text);
        }
        match &*item.kind {
            "struct" | "enum" | "union" => a_type(&place, &page, docs, probes),
            "trait" => a_trait(&place, &page, probes),
            "fn" => a_function(&place, &page, probes),
            _ => Ok(()),
        }
        .with_context(|| page.name())?;
    }
    Ok(())
}

fn a_function(place: &Place<'_>, page: &Page, probes: &mut Probes) -> Result<()> {
    let function = header::function(&rust_text(page.declaration()?))?;
    let code = signature::of_function(&function, &place.path);
    probes.add(Kind::Signature, place, place.owner, code);
    Ok(())
}

fn a_trait(place: &Place<'_>, page: &Page, probes: &mut Probes) -> Result<()> {
    let path = &place.path;
    for section in page.sections() {
        if matches!(section.region, "foreign-impls" | "implementors") {
            break;
        }
        if section.is_left_out || section.is_of_trait || section.is_impl {
            continue;
        }
        let name = || ident(section.name);
        let code = match section.kind {
            "method" | "tymethod" | "associatedconstant" => {
                let name = name()?;
                quote!(fn probe<X: #path>() { let _ = <X as #path>::#name; })
            }
            "associatedtype" => {
                let name = name()?;
                quote!(fn probe<X: #path>() { let _: Option<<X as #path>::#name> = None; })
            }
            _ => continue,
        };
        probes.add(Kind::TraitItem, place, section.name, code);
    }
    Ok(())
}

fn a_type(place: &Place<'_>, page: &Page, docs: &Docs, probes: &mut Probes) -> Result<()> {
    let declared = Declared::parse(&rust_text(page.declaration()?))?;
    for name in page.fields() {
        let ty = declared.with_holes(&place.path);
        let field: Member = syn::parse_str(&name).with_context(|| name.clone())?;
        let code = quote!(fn probe() { let _ = |x: #ty| { let _ = &x.#field; }; });
        probes.add(Kind::Field, place, &name, code);
    }
    // The impl that the members which follow are of.
    let mut current: Option<Header> = None;
    for section in page.sections() {
        if section.kind == "variant" && !section.is_left_out {
            let (path, name) = (&place.path, ident(section.name)?);
            let code =
                quote!(fn probe() { let _ = |x| match x { #path::#name { .. } => (), _ => () }; });
            probes.add(Kind::Variant, place, section.name, code);
        } else if section.is_impl {
            current = None;
            if section.is_left_out {
                continue;
            }
            let Some(element) = section.header else {
                continue;
            };
            let header = Header::parse(&rust_text(element), &declared)?;
            match section.region {
                "implementations" => current = Some(header),
                "trait-implementations" | "synthetic-implementations" => {
                    let link = header.of.as_ref().map(spelled_without_arguments);
                    let link = link.and_then(|path| trait_link(element, &path));
                    let of = link.map(|href| docs.linked_trait(page, href)).transpose()?;
                    let of = of.unwrap_or_default();
                    if !of.is_unstable {
                        trait_impl(place, &header, &declared, of.is_sealed, probes);
                    }
                }
                _ => (),
            }
        } else if let Some(header) = &current
            && section.region == "implementations"
            && !section.is_of_trait
            && !section.is_left_out
        {
            member(place, &section, header, &declared, probes)?;
        }
    }
    Ok(())
}

fn member(
    place: &Place<'_>,
    section: &Section<'_>,
    header: &Header,
    declared: &Declared,
    probes: &mut Probes,
) -> Result<()> {
    let (mut generics, target) = signature::named(header);
    implementation::outlive(&mut generics);
    match section.kind {
        "associatedconstant" => {
            let name = ident(section.name)?;
            let (params, _, clause) = generics.split_for_impl();
            let code = quote!(fn probe #params() #clause { let _ = <#target>::#name; });
            probes.add(Kind::Const, place, section.name, code);
        }
        "method" => {
            let Some(element) = section.header else {
                return Ok(());
            };
            let function = header.method(&rust_text(element), declared)?;
            let clause = function.sig.generics.where_clause.iter();
            for predicate in clause.flat_map(|clause| &clause.predicates) {
                if implementation::is_of_params(predicate, &header.generics) {
                    let predicates = &mut generics.make_where_clause().predicates;
                    predicates.push(predicate.clone());
                }
            }
            let name = &function.sig.ident;
            let (params, _, clause) = generics.split_for_impl();
            let code = quote!(fn probe #params() #clause { let _ = <#target>::#name; });
            // A name can be in several impls.
            let label = if probes.has(Kind::Method, place, section.name) {
                format!("{} (of {})", section.name, short_type(&header.target))
            } else {
                section.name.to_owned()
            };
            probes.add(Kind::Method, place, &label, code);
            let code = signature::of_method(&function, header);
            probes.add(Kind::Signature, place, &label, code);
        }
        _ => (),
    }
    Ok(())
}

fn trait_impl(
    place: &Place<'_>,
    header: &Header,
    declared: &Declared,
    is_sealed: bool,
    probes: &mut Probes,
) {
    let Some(of) = header.of.as_ref().filter(|_| !header.is_negative) else {
        return;
    };
    let is_auto = implementation::is_auto(of);
    let kind = if is_auto { Kind::Auto } else { Kind::Impl };
    let target = short_type(&header.target);
    let mut label = format!("{} for {target}", short_path(of));
    // `MetadataExt` and the like are in several modules.
    if probes.has(kind, place, &label) {
        label = format!("{} for {target}", spelled(of));
    }
    let code = implementation::code(header, of, is_auto.then_some(declared));
    let implemented = Implemented {
        of: of.clone(),
        target: header.target.clone(),
        is_sealed,
    };
    probes.push(kind, place, &label, code, Some(implemented));
}

fn spelled_without_arguments(path: &Path) -> String {
    let names = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string());
    names.collect::<Vec<_>>().join("::")
}

fn ident(name: &str) -> Result<Ident> {
    syn::parse_str(name).with_context(|| name.to_owned())
}
