//! A small blocking connection for set-up, loading, monitoring and verification.
//!
//! Every call has a deadline: it ends, however silent the server. It is not for making load: one
//! thread waits for one answer. A call that runs into its deadline leaves the connection in the
//! middle of a conversation, so it is closed then, and later calls say so.

mod cancel;
mod connect;
mod copy;
mod param;
mod pump;
mod query;
mod rows;
mod socket;
mod stop;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::connection::Connection;
use crate::error::Error;
use crate::event::TransactionStatus;
use crate::server_error::OwnedServerError;
use crate::settings::Settings;
use crate::tls::Tls;
use socket::Socket;

pub use cancel::CancelToken;
pub use copy::CopyWriter;
pub use param::Param;
pub use rows::{Answer, OwnedColumn, OwnedRow};
pub use stop::Stop;

/// How long a call may take unless said otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Notices beyond this push the oldest out.
const MAX_NOTICES: usize = 100;

/// A connection that waits for its answers.
pub struct Client {
    connection: Connection,
    socket: Socket,
    /// Requests being written, not yet encrypted.
    requests: BytesMut,
    /// Bytes for the socket.
    out: BytesMut,
    /// Where the socket's bytes arrive.
    input: Box<[u8]>,
    notices: VecDeque<OwnedServerError>,
    settings: Arc<Settings>,
    tls: Option<Arc<Tls>>,
    timeout: Duration,
    deadline: Option<Instant>,
    stop: Stop,
    /// Why it is of no use any more.
    broken: Option<&'static str>,
}

impl Client {
    /// Connects and logs in before `deadline`, or before the settings' own timeout. Without `tls`
    /// a configuration is made as the settings ask. What sslmode `allow` and `prefer` left open is
    /// decided then: see [`Client::settings`].
    pub fn connect(
        settings: &Settings,
        tls: Option<Arc<Tls>>,
        deadline: Instant,
    ) -> Result<Client, Error> {
        connect::connect(settings, tls, deadline)
    }

    /// Limits how long each call may take, from its start.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Sets a moment that no call may outlast, however long its timeout.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    fn call_deadline(&self) -> Instant {
        let own = Instant::now() + self.timeout;
        self.deadline.map_or(own, |deadline| own.min(deadline))
    }

    /// The settings that led to this connection: sslmode is `disable` or at least `require`, so
    /// that whoever connects next needs no second attempt.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// The TLS configuration in use, to share.
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref().filter(|_| self.connection.is_tls())
    }

    /// A parameter of the session that the server reports (`server_version`, `TimeZone` …).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.connection.parameter(name)
    }

    /// The server's process for this connection, as `pg_stat_activity.pid` has it.
    pub fn process_id(&self) -> Option<i32> {
        self.connection.backend_key().map(|(process_id, _)| process_id)
    }

    /// Where the last call left the session.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.connection.transaction_status()
    }

    /// Version of TLS and cipher; none where nothing is encrypted.
    pub fn tls_session(&self) -> Option<(String, String)> {
        self.connection.tls_session()
    }

    /// Whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }

    /// Whether it can be used no more.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Takes the notices and warnings that came since the last time, the latest 100 of them.
    pub fn take_notices(&mut self) -> Vec<OwnedServerError> {
        self.notices.drain(..).collect()
    }

    /// Says goodbye. Dropping it does the same, without telling whether that worked.
    pub fn close(mut self) -> Result<(), Error> {
        self.say_goodbye()
    }

    fn say_goodbye(&mut self) -> Result<(), Error> {
        if self.broken.replace("it was closed").is_some() {
            return Ok(());
        }
        self.out.clear();
        self.connection.terminate(&mut self.out);
        self.flush(self.call_deadline().min(Instant::now() + Duration::from_secs(1)))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The server notices a vanished client as well.
        let _ = self.say_goodbye();
    }
}
