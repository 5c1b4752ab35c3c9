//! Everything that may say something about a connection, and which of it wins.
//!
//! libpq's order: a parameter given by itself, then the connection string, then the service, then
//! the environment, then defaults. The environment is a map that the program hands in; files (the
//! service file, the password file, certificates) are looked up where that map says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fault::{Fault, Faults, Source, Warning};
use super::parameter::{self, PARAMETERS, Use};
use super::resolve::{self, Resolved};
use super::{connection_string, service};

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
    environment: &'a BTreeMap<String, String>,
    layers: Vec<Layer>,
    pub(super) os_user: Option<String>,
    pub(super) home: Option<PathBuf>,
    pub(super) socket_folders: Vec<PathBuf>,
    pub(super) system_bundles: Vec<PathBuf>,
    service_folders: Vec<PathBuf>,
}

#[derive(Clone, Default)]
struct Layer {
    given: Vec<Labelled>,
    connections: Vec<(String, String)>,
}

#[derive(Clone)]
struct Labelled {
    label: String,
    name: String,
    value: String,
}

// The values may be passwords.
impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.given.iter().map(|it| &it.name);
        f.debug_list().entries(names).entries(self.connections.iter().map(|it| &it.0)).finish()
    }
}

/// A value and who set it. An empty value stops weaker sources and stands for the default.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) source: Source,
}

/// The winning value of each parameter, by libpq's name.
pub(super) type Merged = BTreeMap<&'static str, Value>;

/// Merged values, with what was noticed on the way.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) merged: Merged,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
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

    /// Where Unix sockets are looked for when no host is named; see the module's defaults.
    pub fn socket_folders(mut self, folders: Vec<PathBuf>) -> Sources<'a> {
        self.socket_folders = folders;
        self
    }

    /// Where `sslrootcert=system` finds its certificates: the first of these that exists.
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
        resolve::resolve(self, self.collect())
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

    fn collect(&self) -> Collected {
        let mut all = Collected::default();
        for layer in &self.layers {
            for it in &layer.given {
                all.add(&it.name, it.value.clone(), Source::Given(it.label.clone()));
            }
            for (label, text) in &layer.connections {
                all.connection(text, Source::Connection(label.clone()));
            }
        }
        self.add_service(&mut all);
        for it in PARAMETERS.iter().filter(|it| !it.variable.is_empty()) {
            if let Some(value) = self.environment.get(it.variable) {
                let source = Source::Environment(it.variable);
                let value = Value { text: value.clone(), source };
                all.merged.entry(it.name).or_insert(value);
            }
        }
        all.judge_usage();
        all
    }

    fn add_service(&self, all: &mut Collected) {
        let from_map =
            |all: &Collected, name: &str, variable: &'static str| match all.merged.get(name) {
                Some(value) => Some(value.clone()).filter(|it| !it.text.is_empty()),
                None => self.variable(variable).map(|text| Value {
                    text: text.to_owned(),
                    source: Source::Environment(variable),
                }),
            };
        let Some(service) = from_map(all, "service", "PGSERVICE") else { return };
        let named = from_map(all, "servicefile", "PGSERVICEFILE").map(|it| PathBuf::from(it.text));
        let files = self.service_files(named);
        let shown = files.iter().map(|it| it.display().to_string()).collect::<Vec<_>>().join(", ");
        match service::find(&service.text, &files) {
            Ok(Some(found)) => {
                let source = Source::Service { name: service.text, file: found.file };
                for (name, value) in found.pairs {
                    all.add(&name, value, source.clone());
                }
            }
            Ok(None) => {
                let message = format!("there is no service \"{}\"", service.text);
                let expected = format!("a section of that name in one of: {shown}");
                let fault = Fault::new("service", &service.source, message).expected(expected);
                all.faults.push(fault);
            }
            Err(message) => all.faults.push(Fault::new("service", &service.source, message)),
        }
    }

    fn service_files(&self, named: Option<PathBuf>) -> Vec<PathBuf> {
        let own = || self.home.as_ref().map(|it| it.join(".pg_service.conf"));
        let mut files: Vec<PathBuf> = named.or_else(own).into_iter().collect();
        match self.variable("PGSYSCONFDIR") {
            Some(folder) => files.push(PathBuf::from(folder).join("pg_service.conf")),
            None => files.extend(self.service_folders.iter().map(|it| it.join("pg_service.conf"))),
        }
        files
    }
}

impl Collected {
    /// Adds a value unless a stronger source has one.
    fn add(&mut self, name: &str, text: String, source: Source) {
        match parameter::find(name) {
            Some(known) => {
                self.merged.entry(known.name).or_insert(Value { text, source });
            }
            None => {
                let expected = match parameter::nearest(name) {
                    Some(near) => format!("\"{near}\""),
                    None => "one of libpq's parameters".to_owned(),
                };
                let message = format!("unknown parameter \"{name}\"");
                self.faults.push(Fault::new(name, &source, message).expected(expected));
            }
        }
    }

    fn connection(&mut self, text: &str, source: Source) {
        match connection_string::parse(text) {
            Ok(pairs) => {
                // Inside one string the last of a name wins.
                for (name, value) in pairs.into_iter().rev() {
                    self.add(&name, value, source.clone());
                }
            }
            Err(malformed) => {
                let mut fault = Fault::new("connection string", &source, malformed.message);
                fault.expected = malformed.expected.map(str::to_owned);
                self.faults.push(fault);
            }
        }
    }

    /// Refuses what we can't honour, and says what has no effect.
    fn judge_usage(&mut self) {
        for it in PARAMETERS {
            let Some(value) = self.merged.get(it.name).filter(|it| !it.text.is_empty()) else {
                continue;
            };
            match it.usage {
                Use::Honoured => {}
                Use::Ignored(why) => self.warnings.push(Warning {
                    parameter: it.name,
                    message: format!("{} ({}) has no effect: {why}", it.name, value.source),
                }),
                Use::Only(allowed) => {
                    if allowed.iter().any(|ok| ok.eq_ignore_ascii_case(value.text.trim())) {
                        continue;
                    }
                    let fault = match allowed {
                        // Some of these are secrets, so the value is not shown.
                        [] => Fault::new(
                            it.name,
                            &value.source,
                            format!("{} is not supported", it.name),
                        ),
                        allowed => Fault::new(
                            it.name,
                            &value.source,
                            format!("{} \"{}\" is not supported", it.name, value.text),
                        )
                        .expected(allowed.join(" or ")),
                    };
                    self.faults.push(fault);
                }
            }
        }
    }
}
