//! The target under load: one server, one set of statements, one protocol.

use super::connection::PostgresConnection;
use super::encode::Encoder;
use super::statement::{Protocol, Statement};
use crate::error::Error;
use engine::{Address, Backend};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use wire::settings::{Host, Settings};
use wire::tls::Tls;

/// How long one address may take to answer while we look for one that does, when the settings
/// don't say.
const PROBE: Duration = Duration::from_secs(10);

/// PostgreSQL as the engine's backend.
pub struct Postgres {
    address: Address,
    settings: Arc<Settings>,
    tls: Option<Arc<Tls>>,
    encoder: Arc<Encoder>,
}

impl Postgres {
    /// A backend for the workload's own statements (transaction control is added before them).
    /// Looks the host up, once: a name server is not what is under test.
    ///
    /// # Errors
    /// When the name is unknown, or a statement can't be put into a message.
    pub fn new(
        settings: &Settings,
        tls: Option<Arc<Tls>>,
        statements: Vec<Statement>,
        protocol: Protocol,
    ) -> Result<Postgres, Error> {
        let encoder = Encoder::new(statements, protocol)
            .map_err(|cause| Error::Settings(format!("encoding the statements: {cause}")))?;
        let mut settings = settings.clone();
        let style = |(name, _): &(String, String)| name.eq_ignore_ascii_case("datestyle");
        if protocol == Protocol::Simple && !settings.runtime_parameters.iter().any(style) {
            // Times come as text, and only one style can be read without guessing.
            settings.runtime_parameters.push(("DateStyle".to_owned(), "ISO".to_owned()));
        }
        let address = address(&settings)?;
        Ok(Postgres { address, settings: Arc::new(settings), tls, encoder: Arc::new(encoder) })
    }
}

impl Backend for Postgres {
    type Connection = PostgresConnection;

    fn address(&self) -> &Address {
        &self.address
    }

    fn connection(&self) -> PostgresConnection {
        let wire = wire::Connection::new(self.settings.clone(), self.tls.clone());
        PostgresConnection::new(wire, self.encoder.clone())
    }
}

/// Where the settings lead to. Of several addresses the first that answers is taken, as libpq
/// does; when none does, the first: the engine then counts its refusals.
fn address(settings: &Settings) -> Result<Address, Error> {
    let name = match (&settings.host, settings.host_address) {
        (_, Some(ip)) => return Ok(Address::Tcp(SocketAddr::new(ip, settings.port))),
        (Host::Unix(folder), None) => {
            return Ok(Address::Unix(folder.join(format!(".s.PGSQL.{}", settings.port))));
        }
        (Host::Tcp(name), None) => name,
    };
    let found = (name.as_str(), settings.port).to_socket_addrs();
    let found: Vec<_> = found.map_err(|cause| unknown(name, &cause.to_string()))?.collect();
    let patience = settings.connect_timeout.filter(|it| !it.is_zero()).unwrap_or(PROBE);
    let answers = |it: &&SocketAddr| TcpStream::connect_timeout(it, patience).is_ok();
    let chosen = match found.as_slice() {
        [] => return Err(unknown(name, "it has no address")),
        [only] => *only,
        [first, ..] => *found.iter().find(answers).unwrap_or(first),
    };
    Ok(Address::Tcp(chosen))
}

fn unknown(name: &str, cause: &str) -> Error {
    Error::Lookup { name: name.to_owned(), cause: cause.to_owned() }
}
