//! Connecting: every address of the server, and what `allow` and `prefer` leave to be tried.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::socket::{Address, Socket, addresses};
use super::{Client, DEFAULT_TIMEOUT, Stop};
use crate::connection::Connection;
use crate::error::Error;
use crate::settings::{Host, Settings, SslMode};
use crate::tls::{Tls, client_config};

/// What arrives is read in pieces of this size.
const INPUT_BYTES: usize = 64 << 10;

pub(super) fn connect(
    settings: &Settings,
    tls: Option<Arc<Tls>>,
    deadline: Instant,
) -> Result<Client, Error> {
    let own = settings.connect_timeout.map(|timeout| Instant::now() + timeout);
    let deadline = own.map_or(deadline, |own| own.min(deadline));
    try_modes(settings, tls, deadline).map_err(|cause| Error::Connect {
        address: address_of(settings),
        user: settings.user.clone(),
        cause: Box::new(cause),
    })
}

fn try_modes(
    settings: &Settings,
    tls: Option<Arc<Tls>>,
    deadline: Instant,
) -> Result<Client, Error> {
    let mode = settings.effective_ssl_mode();
    let tls = match (tls, mode) {
        (_, SslMode::Disable) => None,
        (None, _) => Some(Arc::new(client_config(settings).map_err(Error::Tls)?)),
        (given, _) => given,
    };
    let attempt = |mode| attempt(&Settings { ssl_mode: mode, ..settings.clone() }, &tls, deadline);
    match mode {
        SslMode::Allow => match attempt(SslMode::Disable) {
            Err(error) if wants_other_encryption(&error) => {
                attempt(SslMode::Require).map_err(|_| error)
            }
            tried => tried,
        },
        SslMode::Prefer => match attempt(SslMode::Prefer) {
            Err(error) if wants_other_encryption(&error) => {
                attempt(SslMode::Disable).map_err(|_| error)
            }
            tried => tried,
        },
        fixed => attempt(fixed),
    }
}

/// Whether the server might take us with, or without, encryption: no line of pg_hba.conf fits
/// (28000), or the two could not agree on TLS.
fn wants_other_encryption(error: &Error) -> bool {
    matches!(error, Error::Tls(_)) || error.code() == Some("28000")
}

fn attempt(
    settings: &Settings,
    tls: &Option<Arc<Tls>>,
    deadline: Instant,
) -> Result<Client, Error> {
    let settings = Arc::new(settings.clone());
    let tls = tls.clone().filter(|_| settings.effective_ssl_mode() != SslMode::Disable);
    let (socket, _) = open(&settings, deadline)?;
    let mut client = Client {
        connection: Connection::new(settings.clone(), tls.clone()),
        socket,
        requests: BytesMut::new(),
        out: BytesMut::new(),
        input: vec![0; INPUT_BYTES].into(),
        notices: Default::default(),
        settings: settings.clone(),
        tls,
        timeout: DEFAULT_TIMEOUT,
        deadline: None,
        stop: Stop::default(),
        broken: None,
    };
    client.connection.start(&mut client.out)?;
    client.pump(deadline, Connection::is_ready, &mut |_| {})?;
    if settings.ssl_mode == SslMode::Prefer {
        let found = if client.connection.is_tls() { SslMode::Require } else { SslMode::Disable };
        client.settings = Arc::new(Settings { ssl_mode: found, ..(*settings).clone() });
    }
    Ok(client)
}

/// Opens a socket to the first address that answers. Each gets an equal share of what time is
/// left, so that a dead one does not use up the others' time.
pub(super) fn open(settings: &Settings, deadline: Instant) -> Result<(Socket, Address), Error> {
    let addresses = addresses(settings, deadline)?;
    let mut failure = Error::Timeout { during: "connecting" };
    let count = addresses.len();
    for (index, address) in addresses.into_iter().enumerate() {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / (count - index) as u32;
        match Socket::connect(&address, now + share) {
            Ok(socket) => return Ok((socket, address)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn address_of(settings: &Settings) -> String {
    match (&settings.host, settings.host_address) {
        (Host::Unix(folder), None) => format!("{}/.s.PGSQL.{}", folder.display(), settings.port),
        (host, _) => format!("{host}:{}", settings.port),
    }
}
