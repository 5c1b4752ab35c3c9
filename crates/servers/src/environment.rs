//! The environment variables that decide where programs are found, handed in as a map.
//!
//! Only the program reads the process environment; this crate is told. What is used:
//! `PGSURGE_PG_BIN`, `PGSURGE_REDIS_BIN` and `PGSURGE_PGBOUNCER_BIN` (folders), `PATH`, `TMPDIR`,
//! and the library search paths of self-compiled servers, which are handed on to the servers.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// Variables that are handed on to the servers' programs; everything else is withheld from them,
/// since a stray `PGDATA` or `PGOPTIONS` would change what they do.
const HANDED_ON: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ"];

/// Environment variables by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Collects pairs of name and value, such as those of `std::env::vars_os`.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect() }
    }

    /// The value of a variable, where it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// The absolute folders of `PATH`, in order; relative ones depend on where we happen to stand.
    pub(crate) fn path_folders(&self) -> Vec<PathBuf> {
        let Some(path) = self.get("PATH") else { return Vec::new() };
        std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect()
    }

    /// The first file of that name in the folders of `PATH`.
    pub(crate) fn find_in_path(&self, program: &str) -> Option<PathBuf> {
        self.path_folders().into_iter().map(|folder| folder.join(program)).find(|p| p.is_file())
    }

    /// What a server's program gets to see.
    pub(crate) fn handed_on(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let own =
            HANDED_ON.into_iter().filter_map(|name| Some((OsStr::new(name), self.get(name)?)));
        // Messages of the servers are compared with English text, whatever the user's language.
        own.chain([(OsStr::new("LC_ALL"), OsStr::new("C"))])
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values may hold passwords, which must not reach a log.
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::from_pairs([("A", ""), ("B", "x")]);
        assert_eq!(environment.get("A"), None);
        assert_eq!(environment.get("B"), Some(OsStr::new("x")));
    }

    #[test]
    fn values_are_not_shown() {
        let environment = Environment::from_pairs([("PGPASSWORD", "secret")]);
        assert_eq!(format!("{environment:?}"), "{\"PGPASSWORD\"}");
    }

    #[test]
    fn relative_folders_of_the_path_are_left_out() {
        let environment = Environment::from_pairs([("PATH", "/a:.:b::/c")]);
        assert_eq!(environment.path_folders(), [PathBuf::from("/a"), PathBuf::from("/c")]);
    }

    #[test]
    fn programs_see_only_what_is_handed_on() {
        let environment = Environment::from_pairs([("PATH", "/a"), ("PGDATA", "/b")]);
        let seen: Vec<_> = environment.handed_on().map(|(name, _)| name).collect();
        assert_eq!(seen, ["PATH", "LC_ALL"]);
    }
}
