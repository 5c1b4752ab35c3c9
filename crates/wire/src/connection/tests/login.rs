//! Before the session: TLS or not, admitted or not, and impostors.

use bytes::BytesMut;

use super::{message, settings, started, told};
use crate::connection::Connection;
use crate::error::Error;
use crate::settings::{ChannelBinding, Settings, SslMode};

const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];

fn with_password(change: impl FnOnce(&mut Settings)) -> Connection {
    let mut settings = settings();
    settings.password = Some("secret".into());
    change(&mut settings);
    started(settings).0
}

/// Feeds bytes; what the connection answers.
fn answer(connection: &mut Connection, bytes: &[u8]) -> Result<BytesMut, Error> {
    let mut out = BytesMut::new();
    connection.feed(bytes, &mut out, &mut |_| {})?;
    Ok(out)
}

fn authentication(code: u8, data: &[u8]) -> Vec<u8> {
    message(b'R', &[&[0, 0, 0, code], data].concat())
}

#[test]
fn the_startup_message_names_all_that_was_set() {
    let mut settings = settings();
    settings.application_name = Some("surge".into());
    settings.options = Some("-c x=1".into());
    settings.runtime_parameters = vec![("a".into(), "b".into()), ("".into(), "cut".into())];
    let (_, out) = started(settings);
    let expected = "\0\x03\0\0user\0u\0database\0d\0client_encoding\0UTF8\0application_name\0surge\0\
                    options\0-c x=1\0a\0b\0\0";
    assert_eq!(&out[4..], expected.as_bytes());
    assert_eq!(out[..4], (out.len() as u32).to_be_bytes());
}

#[test]
fn a_setting_with_a_zero_byte_is_refused() {
    let mut settings = settings();
    settings.user = "a\0b".into();
    let mut connection = Connection::new(settings.into(), None);
    assert!(matches!(connection.start(&mut BytesMut::new()), Err(Error::Frame(_))));
}

#[test]
fn a_key_and_parameters_come_with_the_admission() {
    let (mut connection, _) = started(settings());
    let stream = [
        authentication(0, b""),
        message(b'S', b"server_version\x0015.1\0"),
        message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]),
        message(b'Z', b"I"),
    ];
    told(&mut connection, &stream.concat()).unwrap();
    assert!(connection.is_ready());
    assert_eq!(connection.backend_key(), Some((1, 2)));
    assert_eq!(connection.parameter("server_version"), Some("15.1"));
}

#[test]
fn a_refusal_of_tls_falls_back_or_not_as_the_mode_says() {
    for (mode, falls_back) in [(SslMode::Prefer, true), (SslMode::Require, false)] {
        let (mut connection, out) = started(Settings { ssl_mode: mode, ..settings() });
        assert_eq!(&out[..], SSL_REQUEST);
        match answer(&mut connection, b"N") {
            Ok(out) => assert!(falls_back && out[4..].starts_with(b"\0\x03\0\0user")),
            Err(error) => {
                assert!(!falls_back && matches!(error, Error::TlsRefused { .. }), "{error}");
            }
        }
    }
}

#[test]
fn bytes_sent_before_the_encryption_begins_are_refused() {
    let prefer = Settings { ssl_mode: SslMode::Prefer, ..settings() };
    let (mut connection, _) = started(prefer.clone());
    assert!(matches!(answer(&mut connection, b"S\x16"), Err(Error::Protocol(_))));
    // In a piece of their own they are taken for TLS, which they are not.
    let (mut connection, _) = started(prefer);
    let hello = answer(&mut connection, b"S").unwrap();
    assert_eq!(hello[0], 22);
    assert!(!connection.is_tls());
    let forged = message(b'E', b"VERROR\0Mforged\0\0");
    assert!(matches!(answer(&mut connection, &forged), Err(Error::Tls(_))));
}

#[test]
fn an_error_in_place_of_an_answer_is_read_in_either_style() {
    let texts = [
        message(b'E', b"VFATAL\0C53300\0Mtoo many clients\0\0"),
        b"Ecould not fork new process for connection: no memory\n\0".to_vec(),
    ];
    let expected =
        ["too many clients (53300)", "could not fork new process for connection: no memory"];
    for (text, expected) in texts.iter().zip(expected) {
        let (mut connection, _) = started(Settings { ssl_mode: SslMode::Prefer, ..settings() });
        let error = answer(&mut connection, text).unwrap_err();
        assert!(matches!(error, Error::Server(_)));
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn an_old_error_without_end_ends_with_the_connection() {
    let (mut connection, _) = started(settings());
    told(&mut connection, b"Eno more me").unwrap();
    told(&mut connection, b"mory\n").unwrap();
    assert_eq!(connection.closed().to_string(), "no more memory");
}

#[test]
fn an_impostor_that_skips_its_own_proof_is_refused() {
    let mut connection = with_password(|_| {});
    let out = answer(&mut connection, &authentication(10, b"SCRAM-SHA-256\0\0")).unwrap();
    assert!(out[5..].starts_with(b"SCRAM-SHA-256\0"));
    let error = answer(&mut connection, &authentication(0, b"")).unwrap_err();
    assert!(error.to_string().contains("without proving"), "{error}");
}

#[test]
fn a_nonce_that_is_not_ours_is_refused() {
    let mut connection = with_password(|_| {});
    answer(&mut connection, &authentication(10, b"SCRAM-SHA-256\0\0")).unwrap();
    let error = answer(&mut connection, &authentication(11, b"r=foreign,s=QSXCR+Q6,i=1"));
    assert!(matches!(error, Err(Error::Authentication { .. })));
}

#[test]
fn without_tls_a_bound_login_is_never_chosen() {
    let offers = b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
    let mut connection = with_password(|_| {});
    let out = answer(&mut connection, &authentication(10, offers)).unwrap();
    assert!(out[5..].starts_with(b"SCRAM-SHA-256\0"));
    let require = |settings: &mut Settings| settings.channel_binding = ChannelBinding::Require;
    for request in [authentication(10, offers), authentication(3, b""), authentication(0, b"")] {
        let error = answer(&mut with_password(require), &request).unwrap_err();
        assert!(error.to_string().contains("channel_binding=require"), "{error}");
    }
}

#[test]
fn an_authentication_that_we_do_not_have_is_named() {
    let named = |request: &[u8]| answer(&mut with_password(|_| {}), request).unwrap_err();
    let kerberos = named(&authentication(2, b"")).to_string();
    let gss = named(&authentication(7, b"")).to_string();
    let sasl = named(&authentication(10, b"OAUTHBEARER\0X\0\0")).to_string();
    assert!(kerberos.ends_with("Kerberos V5") && gss.ends_with("GSSAPI"), "{kerberos}, {gss}");
    assert!(sasl.ends_with("OAUTHBEARER, X"), "{sasl}");
}

#[test]
fn a_password_is_sent_once() {
    let mut connection = with_password(|_| {});
    let out = answer(&mut connection, &authentication(5, &[0x2a, 0x3d, 0x8f, 0xe0])).unwrap();
    assert_eq!((&out[..5], out.len()), (&b"p\0\0\0\x28"[..], 41));
    let again = answer(&mut connection, &authentication(3, b""));
    assert!(matches!(again, Err(Error::Protocol(_))));
}

#[test]
fn messages_of_a_session_have_no_place_before_the_admission() {
    for early in [message(b'Z', b"I"), message(b'D', b"\0\0"), message(b'S', b"a\0b\0")] {
        assert!(matches!(told(&mut started(settings()).0, &early), Err(Error::Protocol(_))));
    }
}

#[test]
fn the_login_has_a_smaller_limit() {
    let (mut connection, _) = started(settings());
    let error = told(&mut connection, &[b'R', 0, 1, 0, 0]).unwrap_err();
    assert!(matches!(error, Error::FrameTooLong { .. }), "{error}");
}

#[test]
fn a_request_before_the_admission_is_a_misuse() {
    let (mut connection, _) = started(settings());
    let sent = connection.send(&mut BytesMut::new(), &mut BytesMut::new());
    assert!(matches!(sent, Err(Error::Misuse(_))));
    assert!(connection.closed().to_string().ends_with("while logging in"));
}

#[test]
fn a_cancel_request_takes_the_place_of_the_login() {
    let mut connection = Connection::to_cancel(settings().into(), None, (1, 2));
    let mut out = BytesMut::new();
    connection.start(&mut out).unwrap();
    assert_eq!(&out[..], [0, 0, 0, 16, 4, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 2]);
    assert!(connection.is_finished());
}

#[test]
fn after_the_goodbye_nothing_matters() {
    let mut connection = super::ready();
    let mut out = BytesMut::new();
    connection.terminate(&mut out);
    assert_eq!(&out[..], b"X\0\0\0\x04");
    assert!(connection.is_finished() && !connection.is_ready());
    assert!(told(&mut connection, b"anything").unwrap().is_empty());
}
