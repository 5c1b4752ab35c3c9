//! TLS, certificates and channel binding with a real PostgreSQL.

use servers::{AuthMethod, Postgres, PostgresOptions, TlsFiles};
use wire::Error;
use wire::blocking::Client;
use wire::settings::{ChannelBinding, ClientCertificate, RootCert, Settings, SslMode};
use wire::tls::TlsError;

use super::authority::{Authority, Pair};
use crate::server::{settings, shared, soon, start};

const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

fn encrypted(pair: Pair, more: PostgresOptions) -> Postgres {
    let tls = Some(TlsFiles { cert: pair.certificate, key: pair.key });
    start(&PostgresOptions { tls, password: Some("pässword".to_owned()), ..more })
}

fn with(server: &Postgres, mode: SslMode, root: Option<&Authority>) -> Settings {
    let mut settings = settings(server);
    settings.ssl_mode = mode;
    settings.ssl_root_cert = root.map(|it| RootCert::File(it.root()));
    settings
}

fn connect(settings: &Settings) -> Result<Client, Error> {
    Client::connect(settings, None, soon())
}

fn refused(settings: &Settings) -> Error {
    connect(settings).err().expect("no connection")
}

/// What the server says about this connection, which is not ours to make up.
fn server_says(client: &mut Client) -> (bool, Option<String>) {
    const SQL: &str = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = client.query_one(SQL, &[]).unwrap();
    (row.value(0).unwrap(), row.value::<Option<String>>(1).unwrap())
}

#[test]
fn a_fully_verified_login_is_bound_to_its_connection() {
    // The hash that binds is the one that the authority signed with.
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let ours = Authority::with_own_key("ours", key);
        let server = encrypted(ours.server(&LOCAL), PostgresOptions::default());
        let mut settings = with(&server, SslMode::VerifyFull, Some(&ours));
        settings.channel_binding = ChannelBinding::Require;
        let mut client = connect(&settings).unwrap();
        assert_eq!(server_says(&mut client), (true, Some("TLSv1.3".to_owned())));
    }
}

#[test]
fn a_server_that_is_not_the_one_wanted_gets_no_password() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = encrypted(ours.server(&["db.example"]), PostgresOptions::default());
    let other_host = refused(&with(&server, SslMode::VerifyFull, Some(&ours)));
    assert!(matches!(other_host.root(), Error::Tls(TlsError::OtherHost { .. })), "{other_host}");
    let unknown = refused(&with(&server, SslMode::VerifyCa, Some(&theirs)));
    assert!(matches!(unknown.root(), Error::Tls(TlsError::OtherAuthority)), "{unknown}");
    assert!(unknown.hint().unwrap().contains("sslrootcert"));
    assert!(connect(&with(&server, SslMode::VerifyCa, Some(&ours))).is_ok());
}

#[test]
fn the_weaker_modes_take_what_there_is() {
    let ours = Authority::new("ours");
    let server = encrypted(ours.server(&["db.example"]), PostgresOptions::default());
    for (mode, encrypted) in [
        (SslMode::Disable, false),
        (SslMode::Allow, false),
        (SslMode::Prefer, true),
        (SslMode::Require, true),
    ] {
        let mut client = connect(&with(&server, mode, None)).unwrap();
        assert_eq!(
            (server_says(&mut client).0, client.is_tls()),
            (encrypted, encrypted),
            "{mode:?}"
        );
    }
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_required() {
    let server = shared();
    let error = refused(&with(&server, SslMode::Require, None));
    let words = error.to_string();
    assert!(words.contains("does not support TLS, but sslmode=require requires it"), "{words}");
    assert!(error.hint().unwrap().contains("turn ssl on"));
    let mut client = connect(&with(&server, SslMode::Prefer, None)).unwrap();
    assert!(!server_says(&mut client).0);
}

#[test]
fn allow_encrypts_where_the_server_insists() {
    let pair = Authority::new("ours");
    let hba = vec!["hostnossl all all all reject".to_owned()];
    let more = PostgresOptions { hba, ..Default::default() };
    let server = encrypted(pair.server(&LOCAL), more);
    assert!(connect(&with(&server, SslMode::Disable, None)).is_err());
    let mut client = connect(&with(&server, SslMode::Allow, None)).unwrap();
    assert!(server_says(&mut client).0);
}

#[test]
fn prefer_goes_without_where_the_server_refuses_encryption() {
    let pair = Authority::new("ours");
    let hba = vec!["hostssl all all all reject".to_owned()];
    let more = PostgresOptions { hba, ..Default::default() };
    let server = encrypted(pair.server(&LOCAL), more);
    assert!(connect(&with(&server, SslMode::Require, None)).is_err());
    let mut client = connect(&with(&server, SslMode::Prefer, None)).unwrap();
    assert!(!server_says(&mut client).0);
}

#[test]
fn a_login_that_cannot_be_bound_is_refused_where_binding_is_required() {
    let ours = Authority::new("ours");
    let scram = encrypted(ours.server(&LOCAL), PostgresOptions::default());
    let md5 = PostgresOptions { auth_method: AuthMethod::Md5, ..Default::default() };
    let md5 = encrypted(ours.server(&LOCAL), md5);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let hashless = Authority::with_own_key("hashless", key);
    let no_hash = encrypted(hashless.server(&LOCAL), PostgresOptions::default());
    use SslMode::{Disable, Require};
    for (server, mode) in [(&scram, Disable), (&md5, Require), (&no_hash, Require)] {
        let mut settings = with(server, mode, None);
        assert!(connect(&settings).is_ok());
        settings.channel_binding = ChannelBinding::Require;
        let error = refused(&settings);
        assert!(error.to_string().contains("channel_binding=require"), "{error}");
    }
}

#[test]
fn a_client_certificate_is_asked_for_and_shown() {
    let ours = Authority::new("ours");
    let (server_pair, client_pair) = (ours.server(&LOCAL), ours.common_name_only("postgres"));
    let settings = vec![("ssl_ca_file".to_owned(), ours.root().display().to_string())];
    let hba = vec!["hostssl all all all trust clientcert=verify-ca".to_owned()];
    let server = encrypted(server_pair, PostgresOptions { settings, hba, ..Default::default() });
    let mut settings = with(&server, SslMode::VerifyFull, Some(&ours));
    let error = refused(&settings);
    assert!(error.to_string().contains("client certificate"), "{error}");
    let Pair { certificate, key } = client_pair;
    settings.client_certificate = Some(ClientCertificate { certificate, key });
    assert!(connect(&settings).unwrap().is_tls());
}
