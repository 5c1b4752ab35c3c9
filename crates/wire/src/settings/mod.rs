//! Where and how to connect: one server, one user, one database, as libpq would understand it.
//!
//! [`Settings`] is the resolved answer, with nothing left to look up. It is not a parser and reads
//! no environment: what was typed, stored in files or handed in as a map becomes `Settings`
//! elsewhere in this folder.

mod address;
mod certificates;
mod collect;
mod connection_string;
mod fault;
mod key_value;
mod parameter;
mod password_file;
mod resolve;
mod secret;
mod service;
mod sources;
mod url;
mod variants;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use fault::{Fault, Faults, Origin, Source, Warning};
pub use resolve::Resolved;
pub use secret::Secret;
pub use sources::Sources;
pub use variants::{ChannelBinding, Host, RootCert, SslMode, TlsVersions};

/// The port of a PostgreSQL server when nothing else is said.
pub const DEFAULT_PORT: u16 = 5432;

/// Everything needed to open a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server: a name or address, or the folder of its Unix socket.
    pub host: Host,
    /// Where to connect instead of looking `host` up; `host` still names the server for TLS.
    pub host_address: Option<IpAddr>,
    /// The port, which also names the socket file in a Unix folder.
    pub port: u16,
    /// The role to log in as.
    pub user: String,
    /// The password, when there is one.
    pub password: Option<Secret>,
    /// The database to open.
    pub database: String,
    /// How much TLS is asked for. Ignored on a Unix socket: see [`Settings::effective_ssl_mode`].
    pub ssl_mode: SslMode,
    /// What the server's certificate is checked against; `None` checks nothing.
    pub ssl_root_cert: Option<RootCert>,
    /// The certificate that we show the server, when it asks for one.
    pub client_certificate: Option<ClientCertificate>,
    /// How long connecting may take, name lookup and login included; `None` waits for ever.
    pub connect_timeout: Option<Duration>,
    /// The name shown in `pg_stat_activity`.
    pub application_name: Option<String>,
    /// Command-line options for the server process (`-c statement_timeout=5s`).
    pub options: Option<String>,
    /// Further parameters of the startup message, in order.
    pub runtime_parameters: Vec<(String, String)>,
    /// Whether the login must be bound to the TLS connection.
    pub channel_binding: ChannelBinding,
    /// Which versions of TLS may be spoken.
    pub tls_versions: TlsVersions,
    /// Whether the TLS handshake names the host that is wanted.
    pub server_name_indication: bool,
}

/// A client certificate and its private key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, followed by the intermediate ones.
    pub certificate: PathBuf,
    /// The unencrypted private key.
    pub key: PathBuf,
}

impl Settings {
    /// Settings for one server, everything else as libpq's defaults.
    pub fn new(host: Host, user: impl Into<String>, database: impl Into<String>) -> Settings {
        Settings {
            host,
            host_address: None,
            port: DEFAULT_PORT,
            user: user.into(),
            password: None,
            database: database.into(),
            ssl_mode: SslMode::Prefer,
            ssl_root_cert: None,
            client_certificate: None,
            connect_timeout: None,
            application_name: None,
            options: None,
            runtime_parameters: Vec::new(),
            channel_binding: ChannelBinding::Prefer,
            tls_versions: TlsVersions::Any,
            server_name_indication: true,
        }
    }

    /// How much TLS this connection uses: none on a Unix socket, as in libpq.
    pub fn effective_ssl_mode(&self) -> SslMode {
        match (&self.host, self.host_address) {
            (Host::Unix(_), None) => SslMode::Disable,
            _ => self.ssl_mode,
        }
    }

    /// The server as `user@host:port/database`, never with the password.
    pub fn redacted(&self) -> String {
        self.to_string()
    }

    /// The same settings as a URL, without the password.
    pub fn url(&self) -> String {
        url::of(self)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}/{}", self.user, self.host, self.port, self.database)
    }
}
