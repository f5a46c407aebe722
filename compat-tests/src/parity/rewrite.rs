//! Changes to types: lifetimes get names, `Self` and paths are replaced.

use proc_macro2::{Group, LexError, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Ident, Lifetime, Path, PathSegment, Type, TypeReference, parse_quote};

/// Names the lifetimes that are left out, and tells the one of the first reference.
pub(crate) struct Name {
    name: Lifetime,
    pub(crate) first: Option<Lifetime>,
}

impl Name {
    pub(crate) fn new(name: &Lifetime) -> Name {
        Name {
            name: name.clone(),
            first: None,
        }
    }
}

impl VisitMut for Name {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        let lifetime = reference
            .lifetime
            .get_or_insert_with(|| self.name.clone())
            .clone();
        self.first.get_or_insert(lifetime);
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.name.clone();
        }
    }
}

/// Replaces every lifetime.
pub(crate) struct Static;

impl VisitMut for Static {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = parse_quote!('static);
    }
}

/// Puts a type in the place of `Self`.
pub(crate) struct SelfType<'a>(pub(crate) &'a Type);

impl VisitMut for SelfType<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(of) = ty
            && of.qself.is_none()
            && let Some(first) = of.path.segments.first()
            && first.ident == "Self"
        {
            let target = self.0;
            let rest = of.path.segments.iter().skip(1);
            *ty = if of.path.segments.len() == 1 {
                target.clone()
            } else {
                parse_quote!(<#target> #(:: #rest)*)
            };
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}

/// Leaves of each path of std the last name.
pub(crate) struct Short;

impl VisitMut for Short {
    fn visit_path_mut(&mut self, path: &mut Path) {
        let first = path.segments.first();
        if first.is_some_and(|first| first.ident == "std")
            && let Some(last) = path.segments.last()
        {
            let last: PathSegment = last.clone();
            path.segments = std::iter::once(last).collect();
        }
        visit_mut::visit_path_mut(self, path);
    }
}

/// Replaces the paths of std in `code`, also where no syntax tree has them, by what `replace` makes of them.
pub(crate) fn std_paths(
    code: TokenStream,
    replace: &mut dyn FnMut(&[String]) -> Vec<String>,
) -> Result<TokenStream, LexError> {
    let mut output = TokenStream::new();
    let mut tokens = code.into_iter();
    let mut colons = 0;
    while let Some(token) = tokens.next() {
        colons = match &token {
            token if is_colon(token) => colons + 1,
            TokenTree::Ident(first) if first == "std" && colons < 2 => {
                let mut path = vec![first.to_string()];
                let mut rest = tokens.clone();
                while let Some(name) = after_colons(&mut rest) {
                    path.push(name.to_string());
                    tokens = rest.clone();
                }
                let path = format!("::{}", replace(&path).join("::"));
                output.extend(path.parse::<TokenStream>()?);
                colons = 0;
                continue;
            }
            _ => 0,
        };
        output.extend([match token {
            TokenTree::Group(group) => {
                let inner = std_paths(group.stream(), replace)?;
                Group::new(group.delimiter(), inner).into()
            }
            other => other,
        }]);
    }
    Ok(output)
}

/// The name after a `::`.
fn after_colons(tokens: &mut impl Iterator<Item = TokenTree>) -> Option<Ident> {
    for _ in 0..2 {
        tokens.next().filter(is_colon)?;
    }
    match tokens.next()? {
        TokenTree::Ident(name) => Some(name),
        _ => None,
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::probe::assert_same_code;
    use quote::quote;

    fn ty(text: &str) -> Type {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn lifetimes_without_a_name_get_one() {
        let mut name = Name::new(&parse_quote!('x));
        let mut reference = ty("std::pin::Pin<&'a A<'_, &mut B>>");
        name.visit_type_mut(&mut reference);
        assert_same_code(&reference, "std::pin::Pin<&'a A<'x, &'x mut B>>");
        assert_eq!(name.first, Some(parse_quote!('a)));
    }

    #[test]
    fn self_becomes_the_type() {
        let target = ty("A<T>");
        let mut result = ty("Result<Box<Self>, Self::Error>");
        SelfType(&target).visit_type_mut(&mut result);
        assert_same_code(&result, "Result<Box<A<T>>, <A<T>>::Error>");
    }

    #[test]
    fn paths_of_std_are_replaced_everywhere() {
        let code = quote! {
            use std::net::A as _;
            fn f(a: std::net::A<std::io::B>) -> Option<std::net::C> { other::std::net::D(a) }
        };
        let mut replace = |path: &[String]| match path {
            [_, module, rest @ ..] if module == "net" => [&["shim".to_owned()], rest].concat(),
            _ => path.to_vec(),
        };
        assert_same_code(
            &std_paths(code, &mut replace).unwrap(),
            "use ::shim::A as _;
            fn f(a: ::shim::A<::std::io::B>) -> Option<::shim::C> { other::std::net::D(a) }",
        );
    }
}
