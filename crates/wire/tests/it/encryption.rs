//! Traffic over TLS: more of it than rustls's buffers hold, and cancelling. Certificates are
//! `tls`'s affair.

use std::fs;

use servers::{Postgres, PostgresOptions, TlsFiles};
use wire::blocking::Client;
use wire::frame::copy_row::TextRow;
use wire::settings::SslMode;

use crate::server::{cancel_once_asleep, settings, soon, start};

fn encrypted() -> (Postgres, Client) {
    let folder = tempfile::tempdir().unwrap();
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("server.crt"), folder.path().join("server.key"));
    fs::write(&cert, pair.cert.pem()).unwrap();
    fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let tls = Some(TlsFiles { cert, key });
    let server = start(&PostgresOptions { tls, ..Default::default() });
    let mut settings = settings(&server);
    settings.ssl_mode = SslMode::Require;
    let client = Client::connect(&settings, None, soon()).unwrap();
    assert!(client.is_tls());
    (server, client)
}

#[test]
fn a_bulk_of_rows_goes_in_and_comes_out_encrypted() {
    let (_server, mut client) = encrypted();
    client.batch("create temp table t (a int8, b text)").unwrap();
    let text = "x".repeat(100);
    let mut writer = client.copy_in("copy t from stdin").unwrap();
    for n in 0..50_000 {
        writer.append(|buf| TextRow::new(buf).int(n).text(&text).end()).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), 50_000);
    let mut bytes = 0;
    assert_eq!(client.copy_out("copy t to stdout", |line| bytes += line.len()).unwrap(), 50_000);
    assert!(bytes > 5_000_000);
    let long = client.query_one("select repeat('y', 3000000)", &[]).unwrap();
    assert_eq!(long.value::<&str>(0).unwrap().len(), 3_000_000);
}

#[test]
fn a_cancel_request_is_encrypted_too() {
    let (server, mut client) = encrypted();
    let canceller = cancel_once_asleep(&server, &client);
    let error = client.query("select pg_sleep(60)", &[]).unwrap_err();
    assert_eq!(error.code(), Some("57014"));
    canceller.join().unwrap();
}
