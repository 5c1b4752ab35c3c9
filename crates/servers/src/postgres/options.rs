//! What a caller can ask of a throwaway PostgreSQL.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;

/// Settings that decide where the server is; they are ours, or we would not find it.
const NOT_FOR_CALLERS: [&str; 5] =
    ["port", "data_directory", "hba_file", "unix_socket_directories", "external_pid_file"];

/// What to start. `PostgresOptions::default()` is a server like a small production one.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// PostgreSQL's `max_connections`.
    pub max_connections: u32,
    /// More settings by name, which win over ours.
    pub settings: Vec<(String, String)>,
    /// The database to create.
    pub database: String,
    /// None: TCP connections need no password. Some: they need this one, with SCRAM-SHA-256.
    pub password: Option<String>,
    /// How the password is asked for, where it is not to be SCRAM-SHA-256.
    pub auth_method: AuthMethod,
    /// Lines of `pg_hba.conf` that are tried before ours.
    pub hba: Vec<String>,
    /// A certificate and key: the server offers TLS.
    pub tls: Option<TlsFiles>,
    /// The folder of PostgreSQL's programs, instead of looking for one.
    pub bin_dir: Option<PathBuf>,
    /// The folder to put the server's folder in, instead of one on a disk that we find.
    pub base_dir: Option<PathBuf>,
    /// How long a start may take, recovery after a crash included.
    pub start_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 100,
            settings: Vec::new(),
            database: "pgsurge".to_owned(),
            password: None,
            auth_method: AuthMethod::default(),
            hba: Vec::new(),
            tls: None,
            bin_dir: None,
            base_dir: None,
            start_timeout: Duration::from_secs(120),
        }
    }
}

/// How the server asks for the password on TCP. Without a password it doesn't ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthMethod {
    /// SCRAM-SHA-256.
    #[default]
    ScramSha256,
    /// MD5.
    Md5,
    /// In clear text.
    Password,
}

impl AuthMethod {
    /// As `pg_hba.conf` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            AuthMethod::ScramSha256 => "scram-sha-256",
            AuthMethod::Md5 => "md5",
            AuthMethod::Password => "password",
        }
    }
}

/// A server certificate (with its chain) and its key, both PEM. They are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl PostgresOptions {
    /// Finds what would fail later with a message that is harder to understand.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |option, reason: String| Err(Error::Option { option, reason });
        // PostgreSQL's own limit; 3 connections are reserved for the superuser.
        if !(4..=262_143).contains(&self.max_connections) {
            let reason = format!("{} is not from 4 to 262143", self.max_connections);
            return wrong("max_connections", reason);
        }
        if self.database.is_empty() || self.database.len() > 63 || self.database.contains('\0') {
            return wrong("database", "a name has 1 to 63 bytes, none of them zero".to_owned());
        }
        let bad_password = |p: &String| p.is_empty() || p.contains(['\n', '\r', '\0']);
        if self.password.as_ref().is_some_and(bad_password) {
            return wrong("password", "it is empty or has a line break".to_owned());
        }
        if self.hba.iter().any(|line| line.contains(['\n', '\r'])) {
            return wrong("hba", "a line has a line break".to_owned());
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        for (name, value) in &self.settings {
            let lower = name.to_ascii_lowercase();
            if NOT_FOR_CALLERS.contains(&lower.as_str()) {
                return wrong("settings", format!("{name} is set by the throwaway server itself"));
            }
            if name.is_empty() || !name.chars().all(plain) || value.contains('\0') {
                return wrong("settings", format!("{name:?} is not the name of a setting"));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the password, which must not reach a log.
        f.debug_struct("PostgresOptions")
            .field("max_connections", &self.max_connections)
            .field("settings", &self.settings)
            .field("database", &self.database)
            .field("auth_method", &self.auth_method)
            .field("tls", &self.tls)
            .field("bin_dir", &self.bin_dir)
            .field("base_dir", &self.base_dir)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_fine() {
        assert!(PostgresOptions::default().check().is_ok());
    }

    #[test]
    fn settings_that_would_hide_the_server_are_refused() {
        let settings = vec![("PORT".to_owned(), "1".to_owned())];
        let options = PostgresOptions { settings, ..Default::default() };
        let error = options.check().unwrap_err().to_string();
        assert!(error.contains("PORT is set by the throwaway server"), "{error}");
    }

    #[test]
    fn impossible_numbers_of_connections_are_refused() {
        for max_connections in [0, 3, 1_000_000] {
            let options = PostgresOptions { max_connections, ..Default::default() };
            assert!(options.check().is_err(), "{max_connections}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let password = Some("secret".to_owned());
        let options = PostgresOptions { password, ..Default::default() };
        assert!(!format!("{options:?}").contains("secret"));
    }
}
