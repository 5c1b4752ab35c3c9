//! Cancelling from elsewhere: another thread, while the connection waits for its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};

use super::{Client, connect};
use crate::connection::Connection;
use crate::error::Error;
use crate::settings::Settings;
use crate::tls::Tls;

/// What it takes to cancel a connection's statement. Any thread may use it, any number of times.
#[derive(Debug, Clone)]
pub struct CancelToken {
    settings: Arc<Settings>,
    tls: Option<Arc<Tls>>,
    backend_key: (i32, i32),
}

impl Client {
    /// What it takes to cancel this connection's statements; `None` where the server gave no key.
    pub fn cancel_token(&self) -> Option<CancelToken> {
        let backend_key = self.connection.backend_key()?;
        let (settings, tls) = (self.settings.clone(), self.tls().cloned());
        Some(CancelToken { settings, tls, backend_key })
    }
}

impl CancelToken {
    /// Asks the server, over a connection of its own. The server does not say whether there was
    /// anything to cancel; the cancelled statement fails with 57014.
    pub fn cancel(&self, deadline: Instant) -> Result<(), Error> {
        let (mut socket, _) = connect::open(&self.settings, deadline)?;
        let (settings, tls) = (self.settings.clone(), self.tls.clone());
        let mut connection = Connection::to_cancel(settings, tls, self.backend_key);
        let (mut out, mut input) = (BytesMut::new(), [0; 4096]);
        connection.start(&mut out)?;
        let failed = |cause: std::io::Error| match cause.kind() {
            std::io::ErrorKind::TimedOut => Error::Timeout { during: "cancelling" },
            _ => Error::Io { doing: "cannot cancel", cause },
        };
        // The server hangs up when it has taken the request.
        loop {
            if let Some(count) = socket.write(&out).map_err(failed)? {
                out.advance(count);
            }
            match socket.read(&mut input) {
                Ok(Some(0)) if connection.is_finished() => return Ok(()),
                Err(_) if connection.is_finished() => return Ok(()),
                Ok(Some(0)) => return Err(connection.closed()),
                Ok(Some(count)) => connection.feed(&input[..count], &mut out, &mut |_| {})?,
                Ok(None) => {
                    socket.wait(!out.is_empty(), deadline, Duration::MAX).map_err(failed)?
                }
                Err(cause) => return Err(failed(cause)),
            }
        }
    }
}
