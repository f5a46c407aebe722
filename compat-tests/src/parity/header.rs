//! The generics of declarations: of types, impls and functions.

use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::visit_mut::{self, VisitMut};
use syn::{
    AngleBracketedGenericArguments, Attribute, GenericArgument, GenericParam, Generics, Ident,
    ImplItemFn, ItemImpl, Path, Type, TypeParam, TypeParamBound, Visibility, WherePredicate,
    parse_quote,
};

/// `impl<..> Trait for Type where ..`
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) generics: Generics,
    pub(crate) of: Option<Path>,
    pub(crate) target: Type,
    /// `impl !Send for ..`
    pub(crate) is_negative: bool,
}

impl Header {
    /// That of an impl on the page of a type.
    pub(crate) fn parse(text: &str, declared: &Declared) -> Result<Header> {
        let mut item: ItemImpl =
            syn::parse_str(&format!("{text} {{}}")).with_context(|| text.to_owned())?;
        let mut allocators = declared.allocators(&item.generics);
        allocators.visit_item_impl_mut(&mut item);
        let is_negative = matches!(&item.trait_, Some((Some(_), ..)));
        Ok(Header {
            generics: item.generics,
            of: item.trait_.map(|(_, path, _)| path),
            target: *item.self_ty,
            is_negative,
        })
    }

    /// A method of this impl.
    pub(crate) fn method(&self, text: &str, declared: &Declared) -> Result<ImplItemFn> {
        let mut function = function(text)?;
        let mut allocators = declared.allocators(&function.sig.generics);
        allocators.visit_impl_item_fn_mut(&mut function);
        Ok(function)
    }
}

/// A function or method without its body.
pub(crate) fn function(text: &str) -> Result<ImplItemFn> {
    syn::parse_str(&format!("{text} {{}}")).with_context(|| text.to_owned())
}

/// The generics that a type is declared with.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    pub(crate) generics: Generics,
    /// Parameters that are allocators: they are unstable, and their default is what users see.
    allocators: Vec<Ident>,
}

impl Declared {
    /// Those of `pub struct ..`, and the like.
    pub(crate) fn parse(text: &str) -> Result<Declared> {
        let Declaration(mut generics) = syn::parse_str(text).with_context(|| text.to_owned())?;
        let mut allocators = Declared::default().allocators(&generics);
        allocators.visit_generics_mut(&mut generics);
        Ok(Declared {
            generics,
            allocators: allocators.0,
        })
    }

    /// The type of this name with a `_` for each parameter.
    pub(crate) fn with_holes(&self, path: &Path) -> Type {
        let holes = self.generics.params.iter();
        let holes: Vec<Type> = holes
            .filter(|param| !matches!(param, GenericParam::Lifetime(_)))
            .map(|_| parse_quote!(_))
            .collect();
        if holes.is_empty() {
            parse_quote!(#path)
        } else {
            parse_quote!(#path<#(#holes),*>)
        }
    }

    /// What the bounds in `generics` say of allocators is added to what is known of the type.
    fn allocators(&self, generics: &Generics) -> Allocators {
        let mut found = self.allocators.clone();
        found.extend(
            generics
                .type_params()
                .filter(|param| param.bounds.iter().any(is_allocator))
                .map(|param| param.ident.clone()),
        );
        let predicates = generics.where_clause.iter().flat_map(|all| &all.predicates);
        for predicate in predicates {
            if let WherePredicate::Type(predicate) = predicate
                && let Type::Path(bounded) = &predicate.bounded_ty
                && let Some(name) = bounded.path.get_ident()
                && predicate.bounds.iter().any(is_allocator)
            {
                found.push(name.clone());
            }
        }
        Allocators(found)
    }
}

fn is_allocator(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound)
        if bound.path.segments.last().is_some_and(|last| last.ident == "Allocator"))
}

/// Everything of a type's declaration that is before its body.
struct Declaration(Generics);

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Declaration> {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.call(Ident::parse_any)?;
        input.parse::<Ident>()?;
        let mut generics: Generics = input.parse()?;
        if input.peek(Paren) {
            input.parse::<proc_macro2::Group>()?;
        }
        generics.where_clause = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(Declaration(generics))
    }
}

/// Removes parameters that are allocators, and all that is said of them.
struct Allocators(Vec<Ident>);

impl Allocators {
    fn is(&self, path: &Path) -> bool {
        path.get_ident().is_some_and(|name| self.0.contains(name))
    }

    fn is_type(&self, ty: &Type) -> bool {
        matches!(ty, Type::Path(ty) if ty.qself.is_none() && self.is(&ty.path))
    }
}

impl VisitMut for Allocators {
    fn visit_generics_mut(&mut self, generics: &mut Generics) {
        let params = std::mem::take(&mut generics.params);
        generics.params = params
            .into_iter()
            .filter(|param| {
                !matches!(param, GenericParam::Type(TypeParam { ident, .. }) if self.0.contains(ident))
            })
            .collect();
        if let Some(clause) = &mut generics.where_clause {
            let predicates = std::mem::take(&mut clause.predicates);
            clause.predicates = predicates
                .into_iter()
                .filter(|predicate| {
                    !matches!(predicate, WherePredicate::Type(of) if self.is_type(&of.bounded_ty))
                })
                .collect();
        }
        visit_mut::visit_generics_mut(self, generics);
    }

    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        arguments: &mut AngleBracketedGenericArguments,
    ) {
        let all: Punctuated<_, _> = std::mem::take(&mut arguments.args);
        arguments.args = all
            .into_iter()
            .filter(|argument| !matches!(argument, GenericArgument::Type(ty) if self.is_type(ty)))
            .collect();
        visit_mut::visit_angle_bracketed_generic_arguments_mut(self, arguments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::spelling::spelled;

    const SHARED: &str = "pub struct Shared<T, A = std::alloc::Global> \
        where A: std::alloc::Allocator, T: ?Sized,{ }";

    #[test]
    fn allocators_are_dropped() {
        let declared = Declared::parse(SHARED).unwrap();
        assert_eq!(spelled(&declared.generics), "<T>");
        // Nothing here says that `A` is an allocator.
        let header = "impl<T, A> Unpin for Shared<T, A> where A: Unpin, T: ?Sized,";
        let header = Header::parse(header, &declared).unwrap();
        assert_eq!(spelled(&header.generics), "<T>");
        assert_eq!(spelled(&header.generics.where_clause), "where T: ?Sized");
        assert_eq!(spelled(&header.target), "Shared<T>");
        let header = "impl<A> From<Vec<u8, A>> for B where A: std::alloc::Allocator + Clone";
        let header = Header::parse(header, &Declared::default()).unwrap();
        assert_eq!(spelled(&header.of), "From<Vec<u8>>");
    }

    #[test]
    fn other_parameters_of_that_name_are_not() {
        let header = Header::parse("impl<A: Copy> B<A>", &Declared::default()).unwrap();
        assert_eq!(spelled(&header.target), "B<A>");
        assert!(header.of.is_none() && !header.is_negative);
    }

    #[test]
    fn negative_impls_are_known() {
        let header = Header::parse("impl<T> !Send for B<T>", &Declared::default()).unwrap();
        assert!(header.is_negative);
    }

    #[test]
    fn holes_stand_for_types_and_constants() {
        let path: Path = parse_quote!(std::m::A);
        for (declaration, ty) in [
            (
                "pub struct A<'a, T: ?Sized, const N: usize>(pub T) where T: 'a;",
                "std::m::A<_, _>",
            ),
            ("pub enum A { B, C(u8) }", "std::m::A"),
        ] {
            let declared = Declared::parse(declaration).unwrap();
            assert_eq!(spelled(&declared.with_holes(&path)), ty);
        }
    }

    #[test]
    fn what_is_not_rust_is_an_error() {
        assert!(Header::parse("impl for", &Declared::default()).is_err());
        assert!(Declared::parse("pub struct").is_err());
        assert!(function("fn f(").is_err());
    }
}
