//! TLS, sans-IO as the rest: rustls between the socket's bytes and the protocol's.

use std::io::{BufRead, Write};

use bytes::{BufMut, BytesMut};
use rustls::ClientConnection;

use crate::error::Error;
use crate::tls::{Tls, TlsError, server_end_point};

/// Plaintext handed to rustls at a time, so that its buffer never fills: four records.
const CHUNK_BYTES: usize = 64 << 10;

pub(super) struct Secure {
    tls: ClientConnection,
    host: String,
}

impl Secure {
    /// Begins the handshake.
    pub(super) fn new(tls: &Tls, host: String, out: &mut BytesMut) -> Result<Secure, Error> {
        let connection = ClientConnection::new(tls.config.clone(), tls.server_name.clone());
        let mut tls = connection.map_err(|error| Error::Tls(TlsError::handshake(&host, error)))?;
        // What it makes is taken out at once: the limit would only cut a write short.
        tls.set_buffer_limit(None);
        let mut secure = Secure { tls, host };
        secure.take_records(out);
        Ok(secure)
    }

    /// Takes records from `input`; false when the server ended the encryption.
    pub(super) fn read(&mut self, input: &mut &[u8], out: &mut BytesMut) -> Result<bool, Error> {
        let taken = self.tls.read_tls(input).map_err(|cause| self.failed(cause))?;
        let processed = self.tls.process_new_packets();
        // Also when that failed: the alert tells the server why.
        self.take_records(out);
        processed.map_err(|error| Error::Tls(TlsError::handshake(&self.host, error)))?;
        Ok(taken > 0)
    }

    /// The next piece of decrypted bytes.
    pub(super) fn plaintext(&mut self) -> Option<&[u8]> {
        let mut reader = self.tls.reader();
        // An error means that there is nothing now, or never again; the socket's end will tell.
        match reader.fill_buf() {
            Ok([]) | Err(_) => None,
            Ok(_) => self.tls.reader().into_first_chunk().ok(),
        }
    }

    pub(super) fn consume(&mut self, len: usize) {
        self.tls.reader().consume(len);
    }

    /// Encrypts.
    pub(super) fn write(&mut self, plain: &[u8], out: &mut BytesMut) -> Result<(), Error> {
        for chunk in plain.chunks(CHUNK_BYTES) {
            self.tls.writer().write_all(chunk).map_err(|cause| self.failed(cause))?;
            self.take_records(out);
        }
        Ok(())
    }

    /// Says goodbye, to PostgreSQL and to TLS.
    pub(super) fn close(&mut self, out: &mut BytesMut) {
        let mut goodbye = BytesMut::new();
        crate::frame::terminate(&mut goodbye);
        // Hanging up without a goodbye works as well.
        let _ = self.write(&goodbye, out);
        self.tls.send_close_notify();
        self.take_records(out);
    }

    fn take_records(&mut self, out: &mut BytesMut) {
        while self.tls.wants_write() {
            // A buffer in memory takes everything.
            if self.tls.write_tls(&mut (&mut *out).writer()).is_err() {
                return;
            }
        }
    }

    /// Version and cipher, once they are agreed on.
    pub(super) fn session(&self) -> Option<(String, String)> {
        let version = self.tls.protocol_version()?;
        let version = match version {
            rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
            rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
            other => format!("{other:?}"),
        };
        Some((version, format!("{:?}", self.tls.negotiated_cipher_suite()?.suite())))
    }

    pub(super) fn is_established(&self) -> bool {
        !self.tls.is_handshaking()
    }

    /// What a login can be bound to, where the certificate yields it.
    pub(super) fn server_end_point(&self) -> Option<Vec<u8>> {
        server_end_point(self.tls.peer_certificates()?.first()?)
    }

    fn failed(&self, cause: std::io::Error) -> Error {
        Error::Tls(TlsError::Handshake { cause: cause.to_string() })
    }
}
