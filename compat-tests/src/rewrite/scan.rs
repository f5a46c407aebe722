//! Finding imports and paths among the tokens, those of macros included.

use super::use_item::UseItem;
use super::{Alias, File};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

/// Rewrites every `use`, and keeps what the names stand for.
pub(super) fn imports(file: &mut File<'_>, tokens: TokenStream) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((item, end)) = UseItem::at(&tokens, at) {
            item.port(file);
            at = end;
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            imports(file, group.stream());
        }
        at += 1;
    }
}

/// Rewrites every path outside the imports.
pub(super) fn paths(file: &mut File<'_>, tokens: TokenStream) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((_, end)) = UseItem::at(&tokens, at) {
            at = end;
            continue;
        }
        at = match &tokens[at] {
            TokenTree::Group(group) => {
                paths(file, group.stream());
                at + 1
            }
            TokenTree::Ident(first) if begins_a_path(&tokens, at) => {
                let segments = segments(&tokens, at);
                one_path(file, &tokens, at, first, &segments);
                // The separators are two tokens each.
                at + 3 * segments.len() - 2
            }
            _ => at + 1,
        };
    }
}

fn one_path(
    file: &mut File<'_>,
    tokens: &[TokenTree],
    at: usize,
    first: &Ident,
    segments: &[Ident],
) {
    let mut path: Vec<String> = segments.iter().map(Ident::to_string).collect();
    if first == "std" {
        file.seen.insert(first.span().byte_range().start);
    }
    let ident = |at: usize, name: &str| matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if ident == name);
    if at >= 2 && ident(at - 2, "extern") && ident(at - 1, "crate") {
        if first == "std" && ident(at + 1, "as") {
            file.leave(first.span(), &path, "another name of std is not followed");
        }
        return;
    }
    // How many segments of the source stand for the beginning of `path`, and how many of that they are.
    let mut shorter_by = 0;
    let mut left_by_import = false;
    if first == "std" {
    } else if path.len() == 1 && is_called(tokens, at) && file.is_macro_of_std(&path[0]) {
        path.insert(0, "std".to_owned());
        shorter_by = 1;
    } else if let Some(alias) = file.aliases.get(&path[0])
        && path.len() > 1
    {
        shorter_by = alias.path.len() - 1;
        left_by_import = file.map.left.find(&alias.path).is_some();
        let moved = alias.moved;
        path = [&alias.path[..], &path[1..]].concat();
        if moved {
            // The import leads to the shim.
            say_if_left(file, first.span(), &path);
            return;
        }
    } else {
        if path.len() > 1
            && let Some(why) = file.map.crates.get(&path[0])
        {
            let why = why.clone();
            file.leave(first.span(), &path[..1], &why);
        }
        return;
    }
    if !left_by_import {
        say_if_left(file, first.span(), &path);
    }
    if let Some((length, shim)) = file.shim_of(&path)
        && length > shorter_by
    {
        let last = segments[length - 1 - shorter_by].span().byte_range();
        let begin = leading_colons(tokens, at).unwrap_or(first.span());
        file.edit(begin.byte_range().start..last.end, shim.join("::"));
    }
}

/// Says so if a path leads to what has no counterpart.
pub(super) fn say_if_left(file: &mut File<'_>, at: Span, path: &[String]) {
    if let Some((length, why)) = file.map.left.find(path) {
        let why = why.clone();
        file.leave(at, &path[..length], &why);
    }
}

/// Keeps what a name stands for.
pub(super) fn keep_alias(file: &mut File<'_>, name: String, path: Vec<String>, moved: bool) {
    file.aliases.insert(name, Alias { path, moved });
}

pub(crate) fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Whether two tokens from `at` on are a `::`.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

/// The `::` before the path that begins at `at`, if it begins with one.
pub(crate) fn leading_colons(tokens: &[TokenTree], at: usize) -> Option<Span> {
    (at >= 2 && is_separator(tokens, at - 2)).then(|| tokens[at - 2].span())
}

/// Whether the identifier at `at` is the first of a path, and not a field, a method or a part of one.
pub(crate) fn begins_a_path(tokens: &[TokenTree], at: usize) -> bool {
    if at >= 1
        && is_punct(tokens.get(at - 1), '.')
        && !(at >= 2 && is_punct(tokens.get(at - 2), '.'))
    {
        return false;
    }
    if at >= 1 && is_punct(tokens.get(at - 1), '$') {
        return false;
    }
    if leading_colons(tokens, at).is_none() {
        return true;
    }
    // `a::b`, `<T>::b` and `$crate::b` go on; `::b` begins, also behind a keyword.
    const KEYWORDS: [&str; 16] = [
        "as", "break", "dyn", "else", "extern", "for", "if", "impl", "in", "let", "match", "mut",
        "ref", "return", "where", "while",
    ];
    match at.checked_sub(3).map(|before| &tokens[before]) {
        None | Some(TokenTree::Literal(_)) => true,
        Some(TokenTree::Ident(ident)) => KEYWORDS.iter().any(|keyword| ident == keyword),
        Some(TokenTree::Punct(punct)) => punct.as_char() != '>' || is_arrow(tokens, at - 3),
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
    }
}

/// Whether the `>` at `at` ends a `->` or a `=>`.
fn is_arrow(tokens: &[TokenTree], at: usize) -> bool {
    at >= 1 && (is_punct(tokens.get(at - 1), '-') || is_punct(tokens.get(at - 1), '='))
}

/// Whether the identifier at `at` is a macro that is called.
fn is_called(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at + 1), '!')
        && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)))
        && leading_colons(tokens, at).is_none()
}

/// The segments of the path that begins at `at`, up to arguments or whatever else.
pub(crate) fn segments(tokens: &[TokenTree], at: usize) -> Vec<Ident> {
    let mut segments = Vec::new();
    let mut at = at;
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        segments.push(ident.clone());
        if !is_separator(tokens, at + 1) {
            break;
        }
        at += 3;
    }
    segments
}
