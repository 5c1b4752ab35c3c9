//! Which server: what the user said, settled as libpq would, or a throwaway one.

use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::{Given, Layers};
use super::source::Source;
use super::value::Value;
use crate::error::io_words;
use crate::surroundings::Surroundings;
use model::plan::{ServerName, Target};
use std::io::{BufRead, BufReader, Read};
use wire::settings::{Host, RootCert, Settings, Sources};

/// Settings and libpq's names for them; the URL and the password file go other ways.
static PARAMETERS: [(&Key, &str); 7] = [
    (&keys::HOST, "host"),
    (&keys::PORT_NUMBER, "port"),
    (&keys::DATABASE, "dbname"),
    (&keys::USER, "user"),
    (&keys::PASSWORD, "password"),
    (&keys::SSLMODE, "sslmode"),
    (&keys::SSLROOTCERT, "sslrootcert"),
];
/// Those that say which server, rather than how to log in.
static NAMING: [&Key; 5] =
    [&keys::URL, &keys::HOST, &keys::PORT_NUMBER, &keys::DATABASE, &keys::USER];
/// The same in libpq's environment. A user's name alone is set in many shells and names nothing.
const NAMING_VARIABLES: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE"];

/// The server of a run.
#[derive(Debug)]
pub struct Server {
    /// As the plan shows it.
    pub target: Target,
    /// How to connect; none for a throwaway server.
    pub settings: Option<Settings>,
    /// Who named each part, by libpq's names of them.
    pub sources: Vec<(&'static str, String)>,
}

/// Settles it. Faults and warnings are added to the others.
pub fn server(
    layers: &Layers,
    surroundings: &Surroundings,
    faults: &mut Vec<Fault>,
    warnings: &mut Vec<String>,
) -> Server {
    let throwaway = || Server { target: Target::Throwaway, settings: None, sources: Vec::new() };
    warn_about_open_passwords(layers, warnings);
    if !is_named(layers, surroundings) {
        refuse_login_to_nowhere(layers, faults);
        return throwaway();
    }
    let mut sources = Sources::new(&surroundings.environment).os_user(surroundings.os_user.clone());
    for (rank, layer) in layers.0.iter().enumerate() {
        if rank > 0 {
            sources = sources.weaker();
        }
        for (key, parameter) in PARAMETERS {
            if let Some(given) = layer.find(key) {
                sources = sources.given(&given.source.to_string(), parameter, plain(&given.value));
            }
        }
        if let Some(given) = layer.find(&keys::PASSWORD_FILE) {
            if let Some(both) = layer.find(&keys::PASSWORD) {
                let words = format!("there is one password: {} already says it", both.source);
                faults.push(Fault::new(given.source.clone(), words));
            }
            match password(given) {
                Ok(password) => {
                    sources = sources.given(&given.source.to_string(), "password", password);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if let Some(given) = layer.find(&keys::URL) {
            sources = sources.connection(&given.source.to_string(), plain(&given.value));
        }
    }
    match sources.resolve() {
        Ok(resolved) => {
            warnings.extend(resolved.warnings.iter().map(ToString::to_string));
            let sources =
                resolved.origins.iter().map(|it| (it.parameter, it.source.to_string())).collect();
            let target = Target::Server(name(&resolved.settings));
            Server { target, settings: Some(resolved.settings), sources }
        }
        Err(all) => {
            // Their text carries its place already.
            let words = all.0.iter().map(|it| Fault::new(Source::Default, it.to_string()));
            faults.extend(words);
            throwaway()
        }
    }
}

fn is_named(layers: &Layers, surroundings: &Surroundings) -> bool {
    NAMING.iter().any(|key| layers.given(key).is_some())
        || NAMING_VARIABLES.iter().any(|it| surroundings.variable(it).is_some())
}

/// A throwaway server takes no password of the user's: they meant another one.
fn refuse_login_to_nowhere(layers: &Layers, faults: &mut Vec<Fault>) {
    let login = [&keys::PASSWORD, &keys::PASSWORD_FILE, &keys::SSLMODE, &keys::SSLROOTCERT];
    for given in login.into_iter().filter_map(|key| layers.given(key)) {
        let words = "no server is named that this could be for; add --db-host or --database-url";
        faults.push(Fault::new(given.source.clone(), words));
    }
}

fn warn_about_open_passwords(layers: &Layers, warnings: &mut Vec<String>) {
    let Some(given) = layers.given(&keys::PASSWORD).filter(|it| it.source.is_flag()) else {
        return;
    };
    warnings.push(format!(
        "{}: other users of this machine can read a password on the command line; PGPASSWORD, \
         ~/.pgpass or --password-file hide it",
        given.source
    ));
}

/// The first line of a password file.
fn password(given: &Given) -> Result<String, Fault> {
    /// Longer than any password; a file without lines is not read to its end.
    const LONGEST_BYTES: u64 = 64 << 10;
    let path = plain(&given.value);
    let fault = |words: String| Fault::new(given.source.clone(), words);
    let mut line = String::new();
    std::fs::File::open(&path)
        .and_then(|file| BufReader::new(file.take(LONGEST_BYTES)).read_line(&mut line))
        .map_err(|e| fault(format!("cannot read the password from {path}: {}", io_words(&e))))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(fault(format!("the first line of {path} is empty: expected a password"))),
        password => Ok(password.to_owned()),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Secret(secret) => secret.expose().to_owned(),
        other => other.to_string(),
    }
}

fn name(settings: &Settings) -> ServerName {
    ServerName {
        host: match &settings.host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        },
        hostaddr: settings.host_address,
        port: settings.port,
        database: settings.database.clone(),
        user: settings.user.clone(),
        sslmode: settings.effective_ssl_mode().name().to_owned(),
        sslrootcert: settings.ssl_root_cert.as_ref().map(|it| match it {
            RootCert::File(path) => path.display().to_string(),
            RootCert::System(_) => "system".to_owned(),
        }),
    }
}
