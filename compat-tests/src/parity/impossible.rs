//! Impls that no shim with types of its own can have.

use super::probe::Implemented;
use crate::map::path;
use crate::shims::Shims;
use std::collections::HashSet;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Path, PathArguments, Type};

/// What knows which types and traits a shim has itself.
pub(crate) struct Rules<'a> {
    pub(crate) shims: &'a Shims,
    /// Items that std itself has from `core` or `alloc`, as a shim would, and those that the shims have from std.
    pub(crate) foreign: &'a HashSet<String>,
}

impl Rules<'_> {
    /// Why there can be no such impl.
    pub(crate) fn impossible(&self, implemented: &Implemented) -> Option<&'static str> {
        let Implemented {
            of,
            target,
            is_sealed,
        } = implemented;
        let mut found = HasOwn {
            rules: self,
            found: false,
        };
        let mut inside = (of.clone(), target.clone());
        visit_mut::visit_path_mut(&mut found, &mut inside.0);
        found.visit_type_mut(&mut inside.1);
        if !found.found {
            return None; // It comes with the types of std.
        }
        if self.is_own_path(of) {
            return None;
        }
        if *is_sealed {
            return Some("sealed trait");
        }
        let mut arguments = arguments(of);
        let is_allowed = self.is_own(target) || arguments.any(|argument| self.is_own(argument));
        (!is_allowed).then_some("orphan rule")
    }

    fn is_own_path(&self, of: &Path) -> bool {
        let name = spelled(of);
        !self.foreign.contains(&name) && is_replaced(self.shims, &name)
    }

    /// Whether the shim can implement traits of others for it.
    fn is_own(&self, ty: &Type) -> bool {
        match ty {
            Type::Reference(reference) => self.is_own(&reference.elem),
            Type::Path(of) if is_fundamental(&of.path) => {
                arguments(&of.path).any(|ty| self.is_own(ty))
            }
            Type::Path(of) => self.is_own_path(&of.path),
            _ => false,
        }
    }
}

/// A path without its arguments.
pub(crate) fn spelled(path: &Path) -> String {
    let names = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string());
    names.collect::<Vec<_>>().join("::")
}

/// Whether the shims have something of their own for `name` of std.
pub(crate) fn is_replaced(shims: &Shims, name: &str) -> bool {
    let name = path(name);
    shims.apply(&name) != name
}

/// `&T` and these count as `T`.
fn is_fundamental(path: &Path) -> bool {
    let names: Vec<_> = path
        .segments
        .iter()
        .map(|of| of.ident.to_string())
        .collect();
    names == ["std", "boxed", "Box"] || names == ["std", "pin", "Pin"]
}

fn arguments(path: &Path) -> impl Iterator<Item = &Type> {
    let last = path.segments.last().map(|last| &last.arguments);
    let arguments = match last {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// Looks for something of the shim.
struct HasOwn<'a> {
    rules: &'a Rules<'a>,
    found: bool,
}

impl VisitMut for HasOwn<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        self.found |= self.rules.is_own_path(path);
        visit_mut::visit_path_mut(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Of a shim for `std::net` and `std::sync`.
    fn impossible(of: &str, target: &str, is_sealed: bool) -> Option<&'static str> {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("shims.toml");
        fs::write(&file, "[map]\n'std::net' = 'gnet'\n'std::sync' = 'gsync'\n").unwrap();
        let rules = Rules {
            shims: &Shims::read(&file).unwrap(),
            foreign: &HashSet::from(["std::sync::Arc".to_owned()]),
        };
        rules.impossible(&Implemented {
            of: syn::parse_str(of).unwrap(),
            target: syn::parse_str(target).unwrap(),
            is_sealed,
        })
    }

    #[test]
    fn the_orphan_rule_wants_something_of_the_shim_up_front() {
        let orphan = Some("orphan rule");
        assert_eq!(impossible("std::io::Read", "std::net::A", false), None);
        assert_eq!(
            impossible("std::io::Read", "&'a std::boxed::Box<std::net::A>", false),
            None
        );
        assert_eq!(
            impossible("std::convert::From<std::net::A>", "std::fd::B", false),
            None
        );
        assert_eq!(
            impossible("std::io::Read", "std::sync::Arc<std::net::A>", false),
            orphan
        );
        assert_eq!(
            impossible("std::convert::From<B<std::net::A>>", "B", false),
            orphan
        );
    }

    #[test]
    fn traits_of_the_shim_can_be_implemented() {
        assert_eq!(impossible("std::net::T", "B<std::net::A>", false), None);
        assert_eq!(impossible("std::net::T", "std::net::A", true), None);
    }

    #[test]
    fn types_of_std_bring_their_impls() {
        assert_eq!(impossible("std::io::Read", "B<u8>", false), None);
        assert_eq!(
            impossible("std::io::Read", "std::sync::Arc<u8>", true),
            None
        );
    }

    #[test]
    fn sealed_traits_cannot_be_implemented() {
        assert_eq!(
            impossible("std::os::Ext", "std::net::A", true),
            Some("sealed trait")
        );
    }
}
