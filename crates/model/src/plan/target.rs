//! The server under load, as a reader of the result may know it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// Which server a run is aimed at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One that is started for the run and gone after it.
    Throwaway,
    /// One that the user named.
    Server(ServerName),
}

/// A server, a role and a database, without anything that opens them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerName {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    /// Where to connect instead of looking `host` up (libpq's hostaddr).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostaddr: Option<IpAddr>,
    /// The port, which also names the socket file.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// libpq's word for how much TLS is asked for.
    pub sslmode: String,
    /// What its certificate is checked against: a PEM file, or the word `system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sslrootcert: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Throwaway => f.write_str("a throwaway server"),
            Target::Server(it) => {
                // An address with colons needs its brackets, or the port could not be told apart.
                let host = match it.host.contains(':') {
                    true => format!("[{}]", it.host),
                    false => it.host.clone(),
                };
                let address = it.hostaddr.map(|it| format!(" ({it})")).unwrap_or_default();
                write!(f, "{}@{host}{address}:{}/{}", it.user, it.port, it.database)
            }
        }
    }
}
