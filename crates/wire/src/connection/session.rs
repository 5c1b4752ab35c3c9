//! What is known of the server's side, and what each message changes in it.

use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use super::DEFAULT_MAX_FRAME_BYTES;
use super::ledger::Ledger;
use super::login::Login;
use super::parameters::SessionParameters;
use crate::error::Error;
use crate::event::{Event, TransactionStatus};
use crate::message::{self, unexpected};
use crate::server_error::{OwnedServerError, ServerError};
use crate::settings::Settings;

/// The longest message before the first Ready. libpq allows 30,000 bytes for an error.
const MAX_LOGIN_FRAME_BYTES: usize = 32 << 10;

/// How far a connection is.
pub(super) enum Stage {
    /// Nothing was sent.
    New,
    /// SSLRequest was sent: one byte answers it.
    SslRequest,
    /// TLS is being negotiated.
    Handshake,
    /// The startup message was sent: the server admits us or not.
    Login(Box<Login>),
    /// Requests and answers.
    Running,
    /// We said goodbye.
    Closed,
    /// Something failed: nothing that comes now can be trusted.
    Broken,
}

pub(super) struct Session {
    pub(super) settings: Arc<Settings>,
    pub(super) stage: Stage,
    pub(super) ledger: Ledger,
    pub(super) status: TransactionStatus,
    pub(super) parameters: SessionParameters,
    pub(super) backend_key: Option<(i32, i32)>,
    pub(super) max_frame_bytes: usize,
    /// Set on a connection that only cancels: sent in place of the login.
    pub(super) cancel: Option<(i32, i32)>,
    /// Why the server is about to hang up.
    pub(super) fatal: Option<Box<OwnedServerError>>,
}

impl Session {
    pub(super) fn new(settings: Arc<Settings>) -> Session {
        Session {
            settings,
            stage: Stage::New,
            ledger: Ledger::default(),
            status: TransactionStatus::Idle,
            parameters: SessionParameters::default(),
            backend_key: None,
            max_frame_bytes: DEFAULT_MAX_FRAME_BYTES,
            cancel: None,
            fatal: None,
        }
    }

    /// Sends the startup message, or what stands in its place.
    pub(super) fn begin(&mut self, login: Login, out: &mut BytesMut) -> Result<(), Error> {
        if let Some((process_id, secret_key)) = self.cancel {
            frontend::cancel_request(process_id, secret_key, out);
            self.stage = Stage::Closed;
            return Ok(());
        }
        login.begin(&self.settings, out)?;
        self.stage = Stage::Login(Box::new(login));
        Ok(())
    }

    /// Takes one message.
    #[inline]
    pub(super) fn take(
        &mut self,
        tag: u8,
        body: &[u8],
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        match &self.stage {
            Stage::Running => self.converse(tag, body, sink),
            Stage::Login(_) => self.log_in(tag, body, out, sink),
            // It crossed our goodbye.
            Stage::Closed => Ok(()),
            _ => Err(unexpected(tag, "before the login")),
        }
    }

    #[inline]
    fn converse(
        &mut self,
        tag: u8,
        body: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        if self.ledger.is_idle() && !matches!(tag, b'E' | b'N' | b'S' | b'A') {
            return Err(unexpected(tag, "while nothing was asked"));
        }
        match tag {
            b'Z' => {
                self.status = message::transaction_status(body)?;
                self.ledger.answered()?;
                sink(Event::Ready(self.status));
                Ok(())
            }
            b'S' => self.note_parameter(body, sink),
            b'E' => {
                let error = ServerError::parse(body)?;
                if error.is_fatal() {
                    self.fatal = Some(Box::new(error.to_owned()));
                }
                sink(Event::Error(error));
                Ok(())
            }
            tag => message::tell(tag, body, sink),
        }
    }

    #[cold]
    fn log_in(
        &mut self,
        tag: u8,
        body: &[u8],
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let Stage::Login(login) = &mut self.stage else { return Ok(()) };
        match (tag, login.is_admitted()) {
            (b'E', _) => Err(Error::Server(Box::new(ServerError::parse(body)?.to_owned()))),
            (b'N', _) => message::tell(tag, body, sink),
            (b'R', _) => login.answer(body, &self.settings, out),
            (b'S', true) => self.note_parameter(body, sink),
            (b'K', true) => {
                self.backend_key = Some(message::backend_key(body)?);
                Ok(())
            }
            (b'Z', true) => {
                self.status = message::transaction_status(body)?;
                self.stage = Stage::Running;
                sink(Event::Ready(self.status));
                Ok(())
            }
            _ => Err(unexpected(tag, "during the login")),
        }
    }

    fn note_parameter(
        &mut self,
        body: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let (name, value) = message::parameter(body)?;
        self.parameters.set(&name, &value)?;
        sink(Event::Parameter { name: &name, value: &value });
        Ok(())
    }

    /// The longest message accepted now.
    #[inline]
    pub(super) fn limit_bytes(&self) -> usize {
        match self.stage {
            Stage::Running => self.max_frame_bytes,
            _ => MAX_LOGIN_FRAME_BYTES,
        }
    }

    pub(super) fn is_logging_in(&self) -> bool {
        matches!(self.stage, Stage::Login(_))
    }

    /// What is being done, in words that follow "while".
    pub(super) fn moment(&self) -> &'static str {
        match &self.stage {
            Stage::New => "connecting",
            Stage::SslRequest => "asking for TLS",
            Stage::Handshake => "negotiating TLS",
            Stage::Login(login) if login.is_admitted() => "starting the session",
            Stage::Login(_) => "logging in",
            Stage::Running if self.ledger.is_idle() => "idle",
            Stage::Running => "waiting for an answer",
            Stage::Closed => "closing the connection",
            Stage::Broken => "the connection was already broken",
        }
    }
}
