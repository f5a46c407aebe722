//! Whether a type has a trait: a call that needs it.

use super::header::{Declared, Header};
use super::rewrite::Static;
use super::signature::{name_elided, named};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{
    GenericParam, Generics, Ident, Path, PredicateType, TraitBoundModifier, Type, TypeParam,
    TypeParamBound, WherePredicate, parse_quote,
};

/// Whether the compiler gives the trait to types by what they are made of.
pub(crate) fn is_auto(of: &Path) -> bool {
    let names = ["Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];
    let last = of.segments.last();
    last.is_some_and(|last| names.iter().any(|name| last.ident == name))
}

/// Keeps the lifetimes of types out of the way: they are not what is asked for.
pub(crate) fn outlive(generics: &mut Generics) {
    let names: Vec<Ident> = generics.type_params().map(|of| of.ident.clone()).collect();
    if !names.is_empty() {
        let predicates = &mut generics.make_where_clause().predicates;
        predicates.extend::<Vec<WherePredicate>>(
            names
                .iter()
                .map(|name| parse_quote!(#name: 'static))
                .collect(),
        );
    }
}

/// Whether `predicate` is about a type parameter of these.
pub(crate) fn is_of_params(predicate: &WherePredicate, generics: &Generics) -> bool {
    let WherePredicate::Type(PredicateType { bounded_ty, .. }) = predicate else {
        return false;
    };
    let mut bounded = bounded_ty;
    // `T::Item: ..` is about `T`.
    while let Type::Path(path) = bounded {
        match &path.qself {
            Some(of) => bounded = &of.ty,
            None => {
                let first = path.path.segments.first();
                return first.is_some_and(|first| {
                    generics.type_params().any(|own| own.ident == first.ident)
                });
            }
        }
    }
    false
}

fn is_maybe(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if matches!(bound.modifier, TraitBoundModifier::Maybe(_)))
}

/// Code that compiles if the impl is there. For auto traits what the type is `declared` with is needed, as their headers
/// leave out the bounds of the type itself.
pub(crate) fn code(header: &Header, of: &Path, declared: Option<&Declared>) -> TokenStream {
    let (mut generics, mut target) = named(header);
    let of = name_elided(of);
    outlive(&mut generics);
    if let Some(declared) = declared {
        bounds_of_type(&mut generics, &header.generics, &declared.generics);
        let params = std::mem::take(&mut generics.params);
        generics.params = params
            .into_iter()
            .filter(|param| !matches!(param, GenericParam::Lifetime(_)))
            .collect();
        Static.visit_generics_mut(&mut generics);
        Static.visit_type_mut(&mut target);
    }
    let mut arguments: Punctuated<TokenStream, syn::Token![,]> = Punctuated::new();
    for param in &generics.params {
        match param {
            GenericParam::Lifetime(_) => (),
            GenericParam::Type(param) => arguments.push(param.ident.to_token_stream()),
            GenericParam::Const(param) => arguments.push(param.ident.to_token_stream()),
        }
    }
    arguments.push(target.to_token_stream());
    let maybe = has_unsized(&generics).then(|| quote!(?Sized+));
    // An inner function cannot use the generics of the outer one.
    let mut inner = generics.clone();
    inner.params.push(parse_quote!(X: #maybe #of));
    let (inner, _, _) = inner.split_for_impl();
    let (outer, _, clause) = generics.split_for_impl();
    quote! {
        fn probe #outer() #clause {
            fn has #inner() #clause {}
            has::<#arguments>();
        }
    }
}

/// Adds the bounds that the type is declared with. That a parameter may be unsized is for the header to say.
fn bounds_of_type(generics: &mut Generics, of_impl: &Generics, declared: &Generics) {
    let is_of_impl = |name: &Ident| of_impl.type_params().any(|own| own.ident == *name);
    let params = declared.type_params().filter(|own| is_of_impl(&own.ident));
    let mut predicates: Vec<WherePredicate> = params
        .map(|TypeParam { ident, bounds, .. }| parse_quote!(#ident: #bounds))
        .collect();
    let clause = declared.where_clause.iter();
    let clause = clause.flat_map(|clause| &clause.predicates);
    predicates.extend(clause.filter(|own| is_of_params(own, of_impl)).cloned());
    for predicate in &mut predicates {
        if let WherePredicate::Type(of) = predicate {
            let bounds = std::mem::take(&mut of.bounds).into_iter();
            of.bounds = bounds.filter(|bound| !is_maybe(bound)).collect();
        }
    }
    let all = &mut generics.make_where_clause().predicates;
    all.extend(predicates);
}

fn has_unsized(generics: &Generics) -> bool {
    let clause = generics.where_clause.iter();
    let mut predicates = clause.flat_map(|clause| &clause.predicates);
    generics.type_params().any(|param| param.bounds.iter().any(is_maybe))
        || predicates.any(|predicate| {
            matches!(predicate, WherePredicate::Type(of) if of.bounds.iter().any(is_maybe))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::probe::assert_same_code;

    fn same(header: &str, declared: Option<&str>, expected: &str) {
        let header = Header::parse(header, &Declared::default()).unwrap();
        let of = header.of.clone().unwrap();
        let declared = declared.map(|text| Declared::parse(text).unwrap());
        assert_same_code(&code(&header, &of, declared.as_ref()), expected);
    }

    #[test]
    fn an_impl_is_asked_for_with_its_own_bounds() {
        same(
            "impl<'a, T: ?Sized + Copy> From<&str> for A<'a, T>",
            None,
            "fn probe<'elided, 'a, T: ?Sized + Copy>() where T: 'static {
                fn has<'elided, 'a, T: ?Sized + Copy, X: ?Sized + From<&'elided str> >()
                where T: 'static {}
                has::<T, A<'a, T>>();
            }",
        );
    }

    #[test]
    fn an_auto_trait_needs_the_bounds_of_the_type() {
        same(
            "impl<'a, T> Send for A<'a, T> where T: Sync",
            Some("pub struct A<'a, T: ?Sized + Copy, U> where U: Copy;"),
            "fn probe<T>() where T: Sync, T: 'static, T: Copy {
                fn has<T, X: Send>() where T: Sync, T: 'static, T: Copy {}
                has::<T, A<'static, T>>();
            }",
        );
    }

    #[test]
    fn predicates_are_of_parameters() {
        let generics: Generics = syn::parse_str("<T>").unwrap();
        let is = |text: &str| is_of_params(&syn::parse_str(text).unwrap(), &generics);
        assert!(is("T: Copy") && is("T::Item: Copy") && is("<T as B>::Item: Copy"));
        assert!(!is("U: Copy") && !is("'a: 'b") && !is("Self: Sized"));
    }
}
