//! A probe: the code that compiles if a shim has what std has.

use proc_macro2::TokenStream;
use syn::{Path, Type};

/// What a probe asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Item,
    Method,
    Field,
    Variant,
    Const,
    TraitItem,
    Impl,
    Auto,
    Signature,
}

impl Kind {
    /// Its name in keys and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Item => "item",
            Kind::Method => "method",
            Kind::Field => "field",
            Kind::Variant => "variant",
            Kind::Const => "const",
            Kind::TraitItem => "trait-item",
            Kind::Impl => "impl",
            Kind::Auto => "auto",
            Kind::Signature => "signature",
        }
    }

    /// Whether only the presence of a name is asked for, not what it is.
    pub(crate) fn is_name(self) -> bool {
        !matches!(self, Kind::Impl | Kind::Auto | Kind::Signature)
    }
}

/// The trait and the type of an impl.
#[derive(Clone, Debug)]
pub(crate) struct Implemented {
    pub(crate) of: Path,
    pub(crate) target: Type,
    pub(crate) is_sealed: bool,
}

/// One thing that std has.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) module: String,
    pub(crate) kind: Kind,
    /// The type, trait or function.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Items, with paths of std.
    pub(crate) code: TokenStream,
    pub(crate) implemented: Option<Implemented>,
}

impl Probe {
    /// What tells it from all others.
    pub(crate) fn key(&self) -> String {
        key(self.kind, &self.module, &self.owner, &self.name)
    }
}

/// The key of such a probe.
pub(crate) fn key(kind: Kind, module: &str, owner: &str, name: &str) -> String {
    format!("{}|{module}|{owner}|{name}", kind.name())
}

/// Compares code, whatever its spaces.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_same_code(code: &impl quote::ToTokens, expected: &str) {
    let unspaced = |text: &str| text.split_whitespace().collect::<String>();
    let code = unspaced(&code.to_token_stream().to_string());
    assert_eq!(code.replace(",>", ">"), unspaced(expected));
}
