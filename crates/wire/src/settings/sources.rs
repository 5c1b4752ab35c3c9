//! Everything that may say something about a connection, and which of it wins.
//!
//! libpq's order: a parameter given by itself, then the connection string, then the service, then
//! the environment, then defaults. The environment is a map that the program hands in; files (the
//! service file, the password file, certificates) are looked up where that map says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::collect;
use super::fault::Faults;
use super::resolve::{self, Resolved};

/// What a program knows about a connection before it is resolved.
///
/// ```
/// use std::collections::BTreeMap;
/// use wire::settings::Sources;
///
/// let environment = BTreeMap::from([("PGPORT".to_owned(), "6000".to_owned())]);
/// let resolved = Sources::new(&environment)
///     .connection("--database-url", "postgres://bench@db1/game")
///     .given("--db-host", "host", "db2")
///     .resolve()
///     .unwrap();
/// assert_eq!(resolved.settings.to_string(), "bench@db2:6000/game");
/// ```
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) layers: Vec<Layer>,
    pub(super) os_user: Option<String>,
    pub(super) home: Option<PathBuf>,
    pub(super) socket_folders: Vec<PathBuf>,
    pub(super) system_bundles: Vec<PathBuf>,
    pub(super) service_folders: Vec<PathBuf>,
}

/// What was given with the same rank: single parameters, and behind them connection strings as
/// (label, text).
#[derive(Clone, Default)]
pub(super) struct Layer {
    pub(super) given: Vec<Labelled>,
    pub(super) connections: Vec<(String, String)>,
}

#[derive(Clone)]
pub(super) struct Labelled {
    pub(super) label: String,
    pub(super) name: String,
    pub(super) value: String,
}

// The values may be passwords.
impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.given.iter().map(|it| &it.name);
        f.debug_list().entries(names).entries(self.connections.iter().map(|it| &it.0)).finish()
    }
}

impl<'a> Sources<'a> {
    /// Starts from an environment; `HOME` of that map says where the user's files are.
    pub fn new(environment: &'a BTreeMap<String, String>) -> Sources<'a> {
        let paths = |all: &[&str]| all.iter().map(PathBuf::from).collect();
        let home = environment.get("HOME").filter(|it| !it.is_empty()).map(PathBuf::from);
        Sources {
            environment,
            layers: vec![Layer::default()],
            os_user: None,
            home,
            socket_folders: paths(&["/var/run/postgresql", "/tmp"]),
            system_bundles: paths(&[
                "/etc/ssl/certs/ca-certificates.crt",
                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                "/etc/pki/tls/certs/ca-bundle.crt",
                "/etc/ssl/ca-bundle.pem",
                "/etc/ssl/cert.pem",
            ]),
            service_folders: paths(&["/etc/postgresql-common", "/etc/sysconfig/pgsql", "/etc"]),
        }
    }

    /// Adds one parameter under libpq's name for it; `label` is the user's name for it
    /// (`--db-host`). An empty value counts as not given.
    pub fn given(mut self, label: &str, name: &str, value: impl Into<String>) -> Sources<'a> {
        let (label, name, value) = (label.to_owned(), name.to_owned(), value.into());
        if !value.is_empty() {
            self.layer().given.push(Labelled { label, name, value });
        }
        self
    }

    /// Adds a URL or a `key=value` string.
    pub fn connection(mut self, label: &str, text: impl Into<String>) -> Sources<'a> {
        self.layer().connections.push((label.to_owned(), text.into()));
        self
    }

    /// What is added from here on gives way to all that was added before: flags first, then a
    /// settings file.
    pub fn weaker(mut self) -> Sources<'a> {
        self.layers.push(Layer::default());
        self
    }

    /// The name of the user who runs the program, which is the default role.
    pub fn os_user(mut self, name: Option<String>) -> Sources<'a> {
        self.os_user = name;
        self
    }

    /// Where Unix sockets are looked for when no host is named: by default `/var/run/postgresql`,
    /// then `/tmp`. Where none has one, it is `localhost` by TCP.
    pub fn socket_folders(mut self, folders: Vec<PathBuf>) -> Sources<'a> {
        self.socket_folders = folders;
        self
    }

    /// Where `sslrootcert=system` finds its certificates: the first of these that exists, by
    /// default the bundles of the usual distributions.
    pub fn system_bundles(mut self, files: Vec<PathBuf>) -> Sources<'a> {
        self.system_bundles = files;
        self
    }

    /// Where the system's `pg_service.conf` may be, unless `PGSYSCONFDIR` says.
    pub fn service_folders(mut self, folders: Vec<PathBuf>) -> Sources<'a> {
        self.service_folders = folders;
        self
    }

    /// Whether anybody said which server to use, rather than only how to log in.
    pub fn names_a_server(&self) -> bool {
        const WHERE: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE"];
        let given = |it: &Layer| !it.given.is_empty() || !it.connections.is_empty();
        self.layers.iter().any(given) || WHERE.iter().any(|it| self.variable(it).is_some())
    }

    /// Settles every parameter, or reports everything that is wrong.
    pub fn resolve(&self) -> Result<Resolved, Faults> {
        resolve::resolve(self, collect::collect(self))
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|it| !it.is_empty())
    }

    fn layer(&mut self) -> &mut Layer {
        if self.layers.is_empty() {
            self.layers.push(Layer::default());
        }
        let last = self.layers.len() - 1;
        &mut self.layers[last]
    }
}
