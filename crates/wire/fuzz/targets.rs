//! What is fuzzed: any bytes, cut anywhere, end in events or an error.
//!
//! The first byte of the input says how the rest is cut. libFuzzer runs these functions on its
//! own inputs; the crate's tests run them on random ones, so that no nightly compiler is needed to
//! see them hold.
#![allow(dead_code)] // each fuzzer uses one of them

use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use wire::settings::{Host, Settings, SslMode};
use wire::tls::Tls;
use wire::value::{Array, Decode, Jsonb, TimestampUs};
use wire::{Connection, Event};

/// The longest message allowed here, small so that the limit is met often.
const MAX_FRAME_BYTES: usize = 4096;

/// What the library itself may add to that: growing by doubling, and the login's own limit.
const MAX_BUFFERED_BYTES: usize = 2 * (32 << 10) + MAX_FRAME_BYTES;

/// An admission without password, and Ready.
const ADMITTED: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

/// Bytes in the middle of a session that owes us answers.
pub fn session(data: &[u8]) {
    let open = || {
        let mut connection = connection(SslMode::Disable);
        let mut out = BytesMut::new();
        connection.feed(ADMITTED, &mut out, &mut |_| {}).expect("an admission");
        connection.set_max_frame_bytes(MAX_FRAME_BYTES);
        let mut requests = BytesMut::new();
        for _ in 0..4 {
            wire::frame::query(&mut requests, "select 1").expect("a query");
        }
        connection.send(&mut requests, &mut out).expect("sent");
        connection
    };
    any_cut_is_the_same(data, open);
}

/// Bytes in answer to the startup message, or to the request for TLS.
pub fn login(data: &[u8]) {
    any_cut_is_the_same(data, || connection(SslMode::Disable));
    // What follows agreement to encrypt is refused or not, depending on the cut.
    if data.get(1) != Some(&b'S') {
        any_cut_is_the_same(data, || connection(SslMode::Prefer));
    }
}

/// Bytes as values of every type.
pub fn values(data: &[u8]) {
    fn both<'a, T: Decode<'a>>(data: &'a [u8]) {
        let _ = (T::from_binary(data), T::from_text(data));
    }
    both::<bool>(data);
    both::<i16>(data);
    both::<i32>(data);
    both::<i64>(data);
    both::<u32>(data);
    both::<f64>(data);
    both::<&str>(data);
    both::<Jsonb<'_>>(data);
    both::<TimestampUs>(data);
    if let Ok(array) = Array::from_binary(data) {
        assert_eq!(array.elements::<Option<&[u8]>>().count(), array.len());
    }
}

fn connection(ssl_mode: SslMode) -> Connection {
    let mut settings = Settings::new(Host::Tcp("localhost".into()), "u", "d");
    settings.password = Some("p".into());
    settings.ssl_mode = ssl_mode;
    static TLS: OnceLock<Arc<Tls>> = OnceLock::new();
    let tls = || Arc::new(wire::tls::client_config(&settings).expect("a configuration"));
    let tls = (ssl_mode != SslMode::Disable).then(|| TLS.get_or_init(tls).clone());
    let mut connection = Connection::new(Arc::new(settings), tls);
    connection.start(&mut BytesMut::new()).expect("a start");
    connection
}

/// What a connection told, and how it ended.
fn outcome<'a>(
    mut connection: Connection,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<String>, String) {
    let mut events = Vec::new();
    let mut out = BytesMut::new();
    for piece in pieces {
        let fed = connection.feed(piece, &mut out, &mut |event: Event<'_>| {
            events.push(format!("{event:?}"));
        });
        if let Err(error) = fed {
            return (events, error.to_string());
        }
        assert!(connection.buffered_bytes() <= MAX_BUFFERED_BYTES + piece.len());
    }
    let end = connection.closed().to_string();
    (events, end)
}

fn any_cut_is_the_same(data: &[u8], open: impl Fn() -> Connection) {
    let Some((cut, stream)) = data.split_first() else { return };
    let whole = outcome(open(), std::iter::once(stream));
    let pieces = outcome(open(), stream.chunks(usize::from(*cut).max(1)));
    assert_eq!(whole, pieces);
}
