//! TLS as [`Settings`] ask for it: a rustls configuration with libpq's meaning of each `sslmode`.
//!
//! It makes configurations and puts failures into words. It opens no connection: whoever owns the
//! socket feeds the bytes.

mod binding;
mod client;
mod error;
mod verify;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

pub use binding::server_end_point;
pub use client::client_config;
pub use error::TlsError;

use crate::settings::Settings;

/// What a TLS connection to one server needs.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The protocol versions, our certificate, and how the server's is checked.
    pub config: Arc<ClientConfig>,
    /// The name the server must be known by.
    pub server_name: ServerName<'static>,
}

impl Tls {
    /// The same as [`client_config`].
    pub fn new(settings: &Settings) -> Result<Tls, TlsError> {
        client_config(settings)
    }
}
