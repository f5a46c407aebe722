//! Types as people write them: the names in reports.

use super::rewrite::Short;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Path, Type};

/// `Arc<[T]>`
pub(crate) fn short_type(ty: &Type) -> String {
    let mut ty = ty.clone();
    Short.visit_type_mut(&mut ty);
    spelled(&ty)
}

/// `From<&str>`
pub(crate) fn short_path(path: &Path) -> String {
    let mut path = path.clone();
    Short.visit_path_mut(&mut path);
    spelled(&path)
}

/// With the usual spaces.
pub(crate) fn spelled(syntax: &impl ToTokens) -> String {
    let mut text = String::new();
    spell(syntax.to_token_stream(), &mut text);
    text
}

/// What has been written last, for what follows.
enum Last {
    Nothing,
    Word,
    /// `mut`, `dyn` and the like, and lifetimes: a space is before every type.
    Keyword,
    /// `<T>`: a space is before a word.
    Closed,
    /// `,`, `=` and the like: a space is before everything.
    Separator,
}

fn spell(tokens: TokenStream, text: &mut String) {
    let mut last = Last::Nothing;
    // The first character of `::`, `->` or of a lifetime.
    let mut joint = None;
    for token in tokens {
        let is_spaced = match (&last, &token) {
            (Last::Nothing, _) => false,
            (Last::Separator, _) => true,
            (_, TokenTree::Punct(punct)) => match punct.as_char() {
                '=' | '+' | '-' => true,
                '\'' | '&' | '*' | '?' => matches!(last, Last::Keyword),
                _ => false,
            },
            (Last::Word, TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
            (Last::Closed, TokenTree::Group(_)) => false,
            _ => true,
        };
        if is_spaced {
            text.push(' ');
        }
        let first = joint.take();
        last = match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                spell(group.stream(), text);
                text.push_str(close);
                Last::Closed
            }
            TokenTree::Punct(punct) => {
                text.push(punct.as_char());
                if punct.spacing() == Spacing::Joint {
                    joint = Some(punct.as_char());
                }
                match (first, punct.as_char()) {
                    (Some('-'), '>') | (_, ',' | ';' | '=' | '+') => Last::Separator,
                    (None, ':') if joint.is_none() => Last::Separator,
                    (_, '>') => Last::Closed,
                    _ => Last::Nothing,
                }
            }
            other => {
                let word = other.to_string();
                text.push_str(&word);
                let is_keyword = matches!(&*word, "mut" | "const" | "dyn" | "impl" | "for" | "as");
                if is_keyword || first == Some('\'') {
                    Last::Keyword
                } else {
                    Last::Word
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_usual() {
        for text in [
            "Arc<[T; N]>",
            "A<'a, T>",
            "From<&'a mut [u8]>",
            "Box<dyn Fn(&'a T, (u8, B)) -> Option<U> + Send + 'static>",
            "Box<dyn Error + Send + Sync>",
            "Iterator<Item = <T as Into<U>>::Error>",
            "*const T",
            "for<'b> fn(&'b str) -> !",
            "[(); 2]",
        ] {
            assert_eq!(spelled(&syn::parse_str::<Type>(text).unwrap()), text);
        }
    }

    #[test]
    fn paths_of_std_are_shortened() {
        let ty = syn::parse_str("std::sync::Arc<[std::net::A<other::B>]>").unwrap();
        assert_eq!(short_type(&ty), "Arc<[A<other::B>]>");
        let path = syn::parse_str("std::convert::From<std::io::Error>").unwrap();
        assert_eq!(short_path(&path), "From<Error>");
    }
}
