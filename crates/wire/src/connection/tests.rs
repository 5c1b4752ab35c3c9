//! The state machine fed by hand: streams, cuts, and servers that misbehave as no real one does.

mod login;
mod stream;

use std::sync::Arc;

use bytes::BytesMut;

use super::Connection;
use crate::error::Error;
use crate::event::Event;
use crate::settings::{Host, Settings, SslMode};

/// A message of the server.
fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u32 + 4;
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

fn settings() -> Settings {
    let mut settings = Settings::new(Host::Tcp("localhost".into()), "u", "d");
    settings.ssl_mode = SslMode::Disable;
    settings
}

/// A connection that has begun, and what it said.
fn started(settings: Settings) -> (Connection, BytesMut) {
    let tls = (settings.ssl_mode >= SslMode::Prefer)
        .then(|| Arc::new(crate::tls::client_config(&settings).unwrap()));
    let mut connection = Connection::new(Arc::new(settings), tls);
    let mut out = BytesMut::new();
    connection.start(&mut out).unwrap();
    (connection, out)
}

/// A connection that is ready.
fn ready() -> Connection {
    let (mut connection, _) = started(settings());
    let admitted = [message(b'R', &[0; 4]), message(b'Z', b"I")].concat();
    assert_eq!(told(&mut connection, &admitted).unwrap(), ["Ready(Idle)"]);
    connection
}

/// Feeds bytes; the events in `Debug`'s words.
fn told(connection: &mut Connection, bytes: &[u8]) -> Result<Vec<String>, Error> {
    let mut events = Vec::new();
    let note = &mut |event: Event<'_>| events.push(format!("{event:?}"));
    connection.feed(bytes, &mut BytesMut::new(), note)?;
    Ok(events)
}

fn send(connection: &mut Connection, write: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let (mut requests, mut out) = (BytesMut::new(), BytesMut::new());
    write(&mut requests);
    connection.send(&mut requests, &mut out).unwrap();
    out
}
