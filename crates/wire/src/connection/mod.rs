//! One connection as a state machine: bytes in, events and bytes out.
//!
//! ```text
//! New ─> SslRequest ─> Handshake ─> Login ─> Running ─> Closed
//!  └────────┴──────────────────────┘           any error ─> Broken
//! ```
//! It owns no socket and no clock, and never waits. Bytes may arrive cut anywhere: whole messages
//! are read where they lie, and only an unfinished one is kept (`inbox`). What the server owes us
//! is counted in `ledger`; logging in is in `login`, encryption in `secure`.

mod inbox;
mod ledger;
mod login;
mod parameters;
mod secure;
mod session;

use std::mem;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use crate::error::Error;
use crate::event::{Event, TransactionStatus};
use crate::message::unexpected;
use crate::settings::{Settings, SslMode};
use crate::tls::Tls;
use inbox::Inbox;
use login::Login;
use secure::Secure;
use session::{Session, Stage};

/// The longest message accepted from a server unless said otherwise.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 64 << 20;

/// A connection to one PostgreSQL server, without the socket.
pub struct Connection {
    tls: Option<Arc<Tls>>,
    inbox: Inbox,
    session: Session,
    secure: Option<Box<Secure>>,
}

impl Connection {
    /// A connection that has not begun. Without `tls` it never encrypts.
    pub fn new(settings: Arc<Settings>, tls: Option<Arc<Tls>>) -> Connection {
        let session = Session::new(settings);
        Connection { tls, inbox: Inbox::default(), session, secure: None }
    }

    /// A connection that does nothing but cancel what another one is doing: once
    /// [`Connection::is_finished`], the request is in `out`, and the server hangs up.
    pub fn to_cancel(
        settings: Arc<Settings>,
        tls: Option<Arc<Tls>>,
        backend_key: (i32, i32),
    ) -> Connection {
        let mut connection = Connection::new(settings, tls);
        connection.session.cancel = Some(backend_key);
        connection
    }

    /// Limits the messages of the running session; the login has its own, smaller limit.
    pub fn set_max_frame_bytes(&mut self, max_bytes: usize) {
        self.session.max_frame_bytes = max_bytes;
    }

    /// Begins: asks for encryption, or logs in.
    pub fn start(&mut self, out: &mut BytesMut) -> Result<(), Error> {
        if !matches!(self.session.stage, Stage::New) {
            return Err(Error::Misuse("a connection starts only once"));
        }
        let mode = self.session.settings.effective_ssl_mode();
        match &self.tls {
            Some(_) if mode >= SslMode::Prefer => {
                frontend::ssl_request(out);
                self.session.stage = Stage::SslRequest;
                Ok(())
            }
            None if mode >= SslMode::Require => {
                Err(Error::Misuse("sslmode asks for TLS, and no TLS configuration was given"))
            }
            _ => self.session.begin(Login::unencrypted(), out),
        }
    }

    /// Takes bytes that arrived. Answers of the login and of TLS are appended to `out`, and each
    /// event is told to `sink` in order. After an error the connection is of no use, but `out` may
    /// still hold the reason for the server.
    #[inline]
    pub fn feed(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let fed = match (&self.secure, &self.session.stage) {
            (None, Stage::Running | Stage::Login(_)) => {
                self.inbox.feed(input, &mut self.session, out, sink)
            }
            (Some(_), _) => self.feed_secure(input, out, sink),
            (None, Stage::SslRequest) => self.feed_ssl_answer(input, out, sink),
            (None, Stage::Closed) => Ok(()),
            (None, _) => Err(Error::Misuse("bytes for a connection that is not open")),
        };
        if fed.is_err() {
            self.session.stage = Stage::Broken;
        }
        fed
    }

    /// The answer to SSLRequest is a single byte, or an error message.
    fn feed_ssl_answer(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let Some((answer, rest)) = input.split_first() else { return Ok(()) };
        match (answer, &self.tls) {
            // What follows unencrypted would pass for something the server said under encryption:
            // whoever sits between could put words into its mouth.
            (b'S', Some(_)) if !rest.is_empty() => {
                Err(Error::protocol("unencrypted bytes after it agreed to encrypt"))
            }
            (b'S', Some(tls)) => {
                let host = self.session.settings.host.to_string();
                self.secure = Some(Box::new(Secure::new(tls, host, out)?));
                self.session.stage = Stage::Handshake;
                Ok(())
            }
            (b'N', _) => {
                let mode = self.session.settings.effective_ssl_mode();
                if mode >= SslMode::Require {
                    return Err(Error::TlsRefused { mode: mode.name() });
                }
                self.session.begin(Login::unencrypted(), out)?;
                self.feed(rest, out, sink)
            }
            (b'E', _) => {
                self.session.stage = Stage::Login(Box::new(Login::refused()));
                self.inbox.feed(input, &mut self.session, out, sink)
            }
            (other, _) => Err(unexpected(*other, "in answer to the request for TLS")),
        }
    }

    fn feed_secure(
        &mut self,
        mut input: &[u8],
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let Some(secure) = &mut self.secure else { return Ok(()) };
        // Answers of the login, which must be encrypted before they go out.
        let mut reply = BytesMut::new();
        while !input.is_empty() && secure.read(&mut input, out)? {
            if matches!(self.session.stage, Stage::Handshake) && secure.is_established() {
                self.session.begin(Login::encrypted(secure.server_end_point()), &mut reply)?;
            }
            while let Some(plain) = secure.plaintext() {
                let len = plain.len();
                self.inbox.feed(plain, &mut self.session, &mut reply, sink)?;
                secure.consume(len);
            }
            secure.write(&reply, out)?;
            reply.clear();
        }
        Ok(())
    }

    /// Queues whole request messages, made with [`crate::frame`], and empties `plain`. Without TLS
    /// and with an empty `out` the buffers just change places.
    #[inline]
    pub fn send(&mut self, plain: &mut BytesMut, out: &mut BytesMut) -> Result<(), Error> {
        match self.session.stage {
            Stage::Running => {}
            Stage::Broken => return Err(Error::Unusable { since: "an earlier error" }),
            Stage::Closed => return Err(Error::Unusable { since: "it was closed" }),
            _ => return Err(Error::Misuse("requests can be sent once the login is done")),
        }
        self.session.ledger.sent(plain)?;
        match &mut self.secure {
            None if out.is_empty() => mem::swap(plain, out),
            None => {
                out.extend_from_slice(plain);
                plain.clear();
            }
            Some(secure) => {
                secure.write(plain, out)?;
                plain.clear();
            }
        }
        Ok(())
    }

    /// Says goodbye: what is in `out` then is the last to be sent.
    pub fn terminate(&mut self, out: &mut BytesMut) {
        if matches!(self.session.stage, Stage::Login(_) | Stage::Running) {
            match &mut self.secure {
                None => frontend::terminate(out),
                Some(secure) => secure.close(out),
            }
        }
        self.session.stage = Stage::Closed;
    }

    /// What it means that the server hung up now.
    pub fn closed(&mut self) -> Error {
        let error = self.inbox.old_style_error(&self.session).map(Box::new);
        match error.or(self.session.fatal.take()) {
            Some(error) => Error::Server(error),
            None => {
                let during = match self.inbox.is_empty() {
                    true => self.session.moment(),
                    false => "in the middle of a message",
                };
                Error::Closed { during }
            }
        }
    }

    /// Whether everything that was sent is answered, and requests may be sent.
    #[inline]
    pub fn is_ready(&self) -> bool {
        matches!(self.session.stage, Stage::Running) && self.session.ledger.is_idle()
    }

    /// How many batches (Syncs and simple queries) were sent and are not answered yet.
    pub fn outstanding(&self) -> u32 {
        self.session.ledger.awaited()
    }

    /// Whether it is over in good order: after `terminate`, or once a cancel request is in `out`.
    pub fn is_finished(&self) -> bool {
        matches!(self.session.stage, Stage::Closed)
    }

    /// The memory that an unfinished message takes at the moment.
    pub fn buffered_bytes(&self) -> usize {
        self.inbox.capacity_bytes()
    }

    /// What it is doing, in words that follow "while".
    pub fn moment(&self) -> &'static str {
        self.session.moment()
    }

    /// Where the last Ready left the session.
    #[inline]
    pub fn transaction_status(&self) -> TransactionStatus {
        self.session.status
    }

    /// A parameter of the session that the server reports (`server_version`, `TimeZone` …).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.session.parameters.get(name)
    }

    /// What cancelling needs: the process id and its secret.
    pub fn backend_key(&self) -> Option<(i32, i32)> {
        self.session.backend_key
    }

    /// Version of TLS and cipher; none where nothing is encrypted.
    pub fn tls_session(&self) -> Option<(String, String)> {
        self.secure.as_ref()?.session()
    }

    /// Whether what is sent now is encrypted.
    pub fn is_tls(&self) -> bool {
        self.secure.as_ref().is_some_and(|secure| secure.is_established())
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.session.settings
    }
}

#[cfg(test)]
mod tests;
