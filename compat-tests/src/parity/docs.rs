//! The standard library's documentation: where it is, and what its pages say of modules and traits.

use super::page::{Item, Page, Trait};
use crate::library::rustc;
use anyhow::{Context, Result, bail};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::{env, fs};

/// Where Debian's package has the pages.
const DEBIAN: &str = "/usr/share/doc/rust-doc/html";

/// All pages, and what is known of their traits.
pub(crate) struct Docs {
    root: PathBuf,
    traits: RefCell<HashMap<PathBuf, Rc<Trait>>>,
}

impl Docs {
    /// Those of the folder that `STD_DOCS` names, or of the toolchain.
    pub(crate) fn find() -> Result<Docs> {
        let places = match env::var_os("STD_DOCS") {
            Some(folder) => vec![PathBuf::from(folder)],
            None => {
                let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?);
                vec![sysroot.join("share/doc/rust/html"), PathBuf::from(DEBIAN)]
            }
        };
        match places.iter().find(|root| is_there(root, "std")) {
            Some(root) => Ok(Docs {
                root: root.clone(),
                traits: RefCell::default(),
            }),
            None => {
                let places = places.iter().map(|root| root.display().to_string());
                bail!(
                    "std's documentation is needed, and is not in {}. One of these brings it:\n\
                     \x20   rustup component add rust-docs\n\
                     \x20   apt-get install rust-doc         (Debian)\n\
                     \x20   STD_DOCS=/path/to/html",
                    places.collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    /// The version that they are of, as `rustc -V` has it behind its name.
    pub(crate) fn version(&self) -> Result<String> {
        let page = self.page(Path::new("std/index.html"))?;
        page.version()
            .context("std/index.html: no version of rustdoc's")
    }

    /// Whether this version of std has `module`.
    pub(crate) fn has_module(&self, module: &str) -> bool {
        is_there(&self.root, module)
    }

    /// The page at `path`, relative to the root.
    pub(crate) fn page(&self, path: &Path) -> Result<Page> {
        let whole = self.root.join(path);
        let text = fs::read_to_string(&whole).with_context(|| whole.display().to_string())?;
        Ok(Page::new(path, &text))
    }

    /// The stable items of `module`, without its modules.
    pub(crate) fn items(&self, module: &str) -> Result<Vec<Item>> {
        let folder = PathBuf::from(module.replace("::", "/"));
        Ok(self.page(&folder.join("index.html"))?.items())
    }

    /// What the page of a trait, to which `page` links by `href`, says of it.
    pub(crate) fn linked_trait(&self, page: &Page, href: &str) -> Result<Rc<Trait>> {
        let path = page.link(href);
        if let Some(known) = self.traits.borrow().get(&path) {
            return Ok(known.clone());
        }
        let read = match fs::read_to_string(self.root.join(&path)) {
            Ok(text) => {
                // What follows is long: the members, and all types that have the trait.
                let head = text.split(r#"class="section-header""#).next();
                Page::new(&path, head.unwrap_or_default()).as_trait()?
            }
            Err(_) => Trait::default(),
        };
        let read = Rc::new(read);
        self.traits.borrow_mut().insert(path, read.clone());
        Ok(read)
    }
}

fn is_there(root: &Path, module: &str) -> bool {
    root.join(module.replace("::", "/"))
        .join("index.html")
        .is_file()
}
