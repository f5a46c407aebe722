//! Whether a function can be called as std's: a wrapper with std's signature that calls it.

use super::header::Header;
use super::rewrite::{Name, SelfType};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{FnArg, GenericParam, Generics, ImplItemFn, Lifetime, ReturnType, Type, parse_quote};

/// The lifetime of `&self`, and the one of types, where they have no name.
fn lifetimes() -> (Lifetime, Lifetime) {
    (parse_quote!('receiver), parse_quote!('elided))
}

/// The generics of an impl with one lifetime more, for those without a name, and the type with it.
pub(crate) fn named(header: &Header) -> (Generics, Type) {
    let (_, elided) = lifetimes();
    let mut generics = header.generics.clone();
    generics.params.insert(0, parse_quote!(#elided));
    (generics, name_elided(&header.target))
}

/// A part of an impl with a name for lifetimes that have none.
pub(crate) fn name_elided<T: Clone + NameElided>(part: &T) -> T {
    let (_, elided) = lifetimes();
    let mut part = part.clone();
    part.name_elided(&mut Name::new(&elided));
    part
}

/// What [`name_elided`] takes.
pub(crate) trait NameElided {
    fn name_elided(&mut self, name: &mut Name);
}

impl NameElided for Type {
    fn name_elided(&mut self, name: &mut Name) {
        name.visit_type_mut(self);
    }
}

impl NameElided for syn::Path {
    fn name_elided(&mut self, name: &mut Name) {
        name.visit_path_mut(self);
    }
}

/// That of a function outside of impls.
pub(crate) fn of_function(function: &ImplItemFn, path: &syn::Path) -> TokenStream {
    wrapper(function, Generics::default(), None, path)
}

/// That of a method, or of an associated function.
pub(crate) fn of_method(function: &ImplItemFn, header: &Header) -> TokenStream {
    let (generics, target) = named(header);
    let name = &function.sig.ident;
    wrapper(function, generics, Some(&target), quote!(<#target>::#name))
}

fn wrapper(
    function: &ImplItemFn,
    outer: Generics,
    target: Option<&Type>,
    callee: impl ToTokens,
) -> TokenStream {
    let mut signature = function.sig.clone();
    let (receiver, _) = lifetimes();
    let mut first = None;
    let mut types: Vec<Type> = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(own) => {
                let mut name = Name::new(&receiver);
                let mut ty = (*own.ty).clone();
                name.visit_type_mut(&mut ty);
                first = name.first;
                types.push(ty);
            }
            FnArg::Typed(argument) => types.push((*argument.ty).clone()),
        }
    }
    // A lifetime without a name in the output is that of the receiver.
    if let Some(lifetime) = &first {
        Name::new(lifetime).visit_return_type_mut(&mut signature.output);
    }
    let mut generics = outer;
    if first.is_some_and(|first| first == receiver) {
        generics
            .params
            .push(GenericParam::Lifetime(parse_quote!(#receiver)));
    }
    extend(&mut generics, &signature.generics);
    if let Some(target) = target {
        let mut own = SelfType(target);
        own.visit_generics_mut(&mut generics);
        own.visit_return_type_mut(&mut signature.output);
        types.iter_mut().for_each(|ty| own.visit_type_mut(ty));
    }

    let names: Vec<_> = (0..types.len()).map(|n| format_ident!("a{n}")).collect();
    let mut body = quote!(#callee(#(#names),*));
    if signature.unsafety.is_some() {
        body = quote!(unsafe { #body });
    }
    let constness = signature.constness;
    let output: &ReturnType = &signature.output;
    let (params, _, clause) = generics.split_for_impl();
    quote!(#constness fn probe #params(#(#names: #types),*) #output #clause { #body })
}

/// Adds the parameters and the predicates of `more`.
fn extend(generics: &mut Generics, more: &Generics) {
    generics.params.extend(more.params.iter().cloned());
    if let Some(clause) = &more.where_clause {
        let predicates = &mut generics.make_where_clause().predicates;
        predicates.extend(clause.predicates.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::header::{Declared, function};
    use crate::parity::probe::assert_same_code;

    fn method(header: &str, signature: &str, expected: &str) {
        let declared = Declared::default();
        let header = Header::parse(header, &declared).unwrap();
        let function = header.method(signature, &declared).unwrap();
        assert_same_code(&of_method(&function, &header), expected);
    }

    #[test]
    fn a_function_calls_its_namesake() {
        let function = function("pub const unsafe fn f<T>(a: &T, b: impl Fn()) -> &T").unwrap();
        assert_same_code(
            &of_function(&function, &parse_quote!(std::m::f)),
            "const fn probe<T>(a0: &T, a1: impl Fn()) -> &T { unsafe { std::m::f(a0, a1) } }",
        );
    }

    #[test]
    fn the_output_has_the_lifetime_of_the_receiver() {
        method(
            "impl<T> A<T>",
            "pub fn f(&self, a: &str) -> B<'_, T>",
            "fn probe<'elided, 'receiver, T>(a0: &'receiver A<T>, a1: &str) -> B<'receiver, T> {
                <A<T>>::f(a0, a1)
            }",
        );
        method(
            "impl<'a> A<'a>",
            "pub fn f(&'a mut self) -> &str",
            "fn probe<'elided, 'a>(a0: &'a mut A<'a>) -> &'a str { <A<'a>>::f(a0) }",
        );
    }

    #[test]
    fn self_is_the_type_of_the_impl() {
        method(
            "impl A<'_>",
            "pub fn f(self: std::pin::Pin<&mut Self>) -> Option<Self> where Self: Sized",
            "fn probe<'elided, 'receiver>(a0: std::pin::Pin<&'receiver mut A<'elided>>)
                -> Option<A<'elided>> where A<'elided>: Sized { <A<'elided>>::f(a0) }",
        );
    }

    #[test]
    fn generics_of_impl_and_method_are_one() {
        method(
            "impl<T: Copy> A<T> where T: Send",
            "pub fn f<'b, U>(a: &'b U) -> T where U: Into<T>",
            "fn probe<'elided, 'b, T: Copy, U>(a0: &'b U) -> T where T: Send, U: Into<T> {
                <A<T>>::f(a0)
            }",
        );
    }
}
