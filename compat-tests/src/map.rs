//! Which paths of std lead to a shim, and what is to be said of others.

use crate::shims;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A path, segment by segment.
pub(crate) type Path = Vec<String>;

/// Splits `a::b::c`.
pub(crate) fn path(text: &str) -> Path {
    text.split("::").map(str::to_owned).collect()
}

/// Paths and what stands for them; the longest that fits counts.
#[derive(Debug, Default)]
pub(crate) struct Paths<T>(BTreeMap<Path, T>);

impl<T> Paths<T> {
    pub(crate) fn new(entries: impl IntoIterator<Item = (String, T)>) -> Paths<T> {
        let entries = entries.into_iter();
        Paths(entries.map(|(from, to)| (path(&from), to)).collect())
    }

    /// The longest entry that `path` begins with: how many segments it has, and what stands for them.
    pub(crate) fn find(&self, path: &[String]) -> Option<(usize, &T)> {
        (1..=path.len())
            .rev()
            .find_map(|length| Some((length, self.0.get(&path[..length])?)))
    }

    /// Whether `path` is not an entry, but leads to some.
    pub(crate) fn is_on_the_way(&self, path: &[String]) -> bool {
        !self.0.contains_key(path) && self.0.keys().any(|entry| entry.starts_with(path))
    }
}

/// `port.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    std: BTreeMap<String, String>,
    crates: BTreeMap<String, String>,
}

/// All that is known of paths.
#[derive(Debug)]
pub(crate) struct Map {
    /// From std to the shims.
    pub(crate) shims: Paths<Path>,
    /// What of std has no counterpart, and why.
    pub(crate) left: Paths<String>,
    /// Crates that block, or have tasks of their own, and what to do.
    pub(crate) crates: BTreeMap<String, String>,
}

impl Map {
    /// That of this version.
    pub(crate) fn current() -> Result<Map, toml::de::Error> {
        Map::from_toml(include_str!("../shims.toml"), include_str!("../port.toml"))
    }

    fn from_toml(shims: &str, left: &str) -> Result<Map, toml::de::Error> {
        let left: Left = toml::from_str(left)?;
        Ok(Map {
            shims: shims::map(shims)?,
            left: Paths::new(left.std),
            crates: left.crates,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_entry_counts() {
        let paths = Paths::new([("a".to_owned(), 1), ("a::b".to_owned(), 2)]);
        assert_eq!(paths.find(&path("a::b::c")), Some((2, &2)));
        assert_eq!(paths.find(&path("a::c")), Some((1, &1)));
        assert_eq!(paths.find(&path("b::a")), None);
    }

    #[test]
    fn what_is_on_the_way_is_no_entry() {
        let paths = Paths::new([("a::b::c".to_owned(), ())]);
        assert!(paths.is_on_the_way(&path("a::b")));
        assert!(!paths.is_on_the_way(&path("a::b::c")));
        assert!(!paths.is_on_the_way(&path("a::c")));
    }

    #[test]
    fn the_files_of_this_version_can_be_read() {
        let map = Map::current().unwrap();
        assert_eq!(map.shims.find(&path("std::net::TcpStream")).unwrap().0, 2);
        assert!(
            map.left
                .find(&path("std::os::unix::thread::JoinHandleExt"))
                .is_some()
        );
    }
}
