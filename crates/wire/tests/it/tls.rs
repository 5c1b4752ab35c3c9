//! TLS against a real rustls server: which certificate passes in which `sslmode`, and what is said
//! about those that don't.

mod authority;
mod postgres;

use std::sync::Arc;

use authority::{Authority, Pair, as_version_1};
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use wire::settings::{ClientCertificate, Host, RootCert, Settings, SslMode, TlsVersions};
use wire::tls::{TlsError, client_config};

const HOST: &str = "db.example";

fn settings(mode: SslMode, root: Option<&Authority>) -> Settings {
    let mut settings = Settings::new(Host::Tcp(HOST.to_owned()), "u", "d");
    settings.ssl_mode = mode;
    settings.ssl_root_cert = root.map(|it| RootCert::File(it.root()));
    settings
}

fn server(pair: &Pair) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(pair.chain(), pair.key())
        .unwrap()
}

/// Shakes hands in memory; the client's error where there is one, else the server's.
fn handshake(settings: &Settings, server: ServerConfig) -> Result<(), TlsError> {
    let tls = client_config(settings)?;
    let mut client = ClientConnection::new(tls.config, tls.server_name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let explain = |error| TlsError::handshake(HOST, error);
    // A handshake takes two round trips at most; one more brings the last alert.
    for _ in 0..3 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        server.read_tls(&mut bytes.as_slice()).unwrap();
        let refused = server.process_new_packets().err();
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets().map_err(explain)?;
        if let Some(error) = refused {
            return Err(explain(error));
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(())
}

fn outcome(settings: &Settings, server: ServerConfig) -> &'static str {
    match handshake(settings, server) {
        Ok(()) => "ok",
        Err(TlsError::OtherHost { .. }) => "other host",
        Err(TlsError::OtherAuthority) => "other authority",
        Err(TlsError::Expired) => "expired",
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn each_mode_checks_what_libpq_checks() {
    let ours = Authority::new("ours");
    let good = ours.server(&[HOST]);
    let other_host = ours.server(&["other.example"]);
    let expired = ours.expired(&[HOST]);
    let (theirs, namesake) = (Authority::new("theirs"), Authority::new("ours"));
    let (other_authority, same_name) = (theirs.server(&[HOST]), namesake.server(&[HOST]));
    use SslMode::{Prefer, Require, VerifyCa, VerifyFull};
    let no_root = [(Prefer, None), (Require, None)].map(|it| (it, "ok"));
    for (pair, with_root) in [
        (&good, ["ok", "ok", "ok"]),
        (&other_host, ["ok", "ok", "other host"]),
        (&other_authority, ["other authority"; 3]),
        (&same_name, ["other authority"; 3]),
        (&expired, ["expired"; 3]),
    ] {
        let modes = [Require, VerifyCa, VerifyFull].map(|it| (it, Some(&ours)));
        let rows = modes.into_iter().zip(with_root);
        for ((mode, root), expected) in no_root.into_iter().chain(rows) {
            for versions in [TlsVersions::Only12, TlsVersions::Only13] {
                let mut settings = settings(mode, root);
                settings.tls_versions = versions;
                let found = outcome(&settings, server(pair));
                assert_eq!(found, expected, "{mode:?} {} {versions:?}", pair.key.display());
            }
        }
    }
}

#[test]
fn an_address_is_checked_against_the_addresses_of_the_certificate() {
    let ours = Authority::new("ours");
    for (host, names, expected) in [
        ("127.0.0.1", ["127.0.0.1", "db"], "ok"),
        ("::1", ["::1", "db"], "ok"),
        ("127.0.0.2", ["127.0.0.1", "db"], "other host"),
    ] {
        let mut settings = settings(SslMode::VerifyFull, Some(&ours));
        settings.host = Host::Tcp(host.to_owned());
        assert_eq!(outcome(&settings, server(&ours.server(&names))), expected, "{host}");
    }
}

#[test]
fn a_certificate_of_another_host_is_told_with_both_names() {
    let ours = Authority::new("ours");
    let pair = ours.server(&["one.example", "10.0.0.1"]);
    let error = handshake(&settings(SslMode::VerifyFull, Some(&ours)), server(&pair)).unwrap_err();
    let words = error.to_string();
    assert!(words.contains("not for \"db.example\" but for one.example, 10.0.0.1"), "{words}");
    assert!(error.hint().unwrap().contains("subjectAltName"));
}

#[test]
fn a_common_name_alone_is_not_enough_and_the_error_says_so() {
    let ours = Authority::new("ours");
    let pair = ours.common_name_only(HOST);
    let error = handshake(&settings(SslMode::VerifyFull, Some(&ours)), server(&pair)).unwrap_err();
    assert!(error.to_string().contains("no subjectAltName"), "{error}");
    assert_eq!(outcome(&settings(SslMode::VerifyCa, Some(&ours)), server(&pair)), "ok");
}

#[test]
fn a_self_made_authority_as_server_encrypts_but_cannot_be_verified() {
    let ours = Authority::new("ours");
    let pair = ours.self_signed_authority(&[HOST]);
    let mut verified = settings(SslMode::VerifyCa, None);
    verified.ssl_root_cert = Some(RootCert::File(pair.certificate.clone()));
    let error = handshake(&verified, server(&pair)).unwrap_err();
    assert!(error.to_string().contains("CA:TRUE"), "{error}");
    assert!(error.hint().unwrap().contains("version 3 certificate"));
    assert_eq!(outcome(&settings(SslMode::Require, None), server(&pair)), "ok");
}

/// Shows whatever it is given, fitting or not.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

fn server_showing(
    certificate: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: &Pair,
) -> ServerConfig {
    let key = ring::sign::any_supported_type(&key.key()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(CertifiedKey::new(certificate, key)))))
}

#[test]
fn a_server_without_the_key_of_its_certificate_fails_in_every_mode() {
    let ours = Authority::new("ours");
    let (shown, own) = (ours.server(&[HOST]), ours.server(&[HOST]));
    for (mode, root) in [(SslMode::Prefer, None), (SslMode::VerifyFull, Some(&ours))] {
        for versions in [TlsVersions::Only12, TlsVersions::Only13] {
            let mut settings = settings(mode, root);
            settings.tls_versions = versions;
            let found = handshake(&settings, server_showing(shown.chain(), &own));
            assert!(found.is_err(), "{mode:?} {versions:?}");
        }
    }
}

#[test]
fn a_version_1_certificate_encrypts_but_cannot_be_verified() {
    let ours = Authority::new("ours");
    let pair = ours.server(&[HOST]);
    let old = vec![as_version_1(&pair.chain()[0])];
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let mut settings = settings(SslMode::Require, None);
        settings.tls_versions = versions;
        assert_eq!(outcome(&settings, server_showing(old.clone(), &pair)), "ok");
    }
    let verified = settings(SslMode::VerifyCa, Some(&ours));
    let error = handshake(&verified, server_showing(old, &pair)).unwrap_err();
    assert!(error.to_string().contains("version 1"), "{error}");
}

#[test]
fn every_kind_of_key_encrypts() {
    let ours = Authority::new("ours");
    for algorithm in
        [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519]
    {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let pair = ours.with_key(&[HOST], key);
        for versions in [TlsVersions::Only12, TlsVersions::Only13] {
            let mut settings = settings(SslMode::Require, None);
            settings.tls_versions = versions;
            assert_eq!(outcome(&settings, server(&pair)), "ok", "{algorithm:?}");
        }
    }
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let ours = Authority::new("ours");
    let (server_pair, client_pair) = (ours.server(&[HOST]), ours.server(&["u"]));
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(Pair { certificate: ours.root(), ..client_pair.clone() }.chain().remove(0)).unwrap();
    let asking = || {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.clone().into(), provider.clone());
        ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(server_pair.chain(), server_pair.key())
            .unwrap()
    };
    let mut settings = settings(SslMode::VerifyFull, Some(&ours));
    assert!(handshake(&settings, asking()).is_err());
    let Pair { certificate, key } = client_pair;
    settings.client_certificate = Some(ClientCertificate { certificate, key });
    assert_eq!(outcome(&settings, asking()), "ok");
}

#[test]
fn files_that_hold_nothing_usable_are_named() {
    let ours = Authority::new("ours");
    let pair = ours.server(&[HOST]);
    for (root, message) in [
        (RootCert::File("/no/such".into()), "could not read root certificate /no/such"),
        (RootCert::File(pair.key.clone()), "holds no certificate"),
        (RootCert::System(vec!["/no/such".into()]), "that this system trusts (looked at /no/such)"),
    ] {
        let mut settings = settings(SslMode::VerifyFull, None);
        settings.ssl_root_cert = Some(root);
        let error = client_config(&settings).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().is_some());
    }
    let error = client_config(&settings(SslMode::VerifyCa, None)).unwrap_err();
    assert!(error.to_string().contains("verify-ca needs a root certificate"), "{error}");
}

#[test]
fn a_key_under_a_password_is_refused_in_words() {
    let ours = Authority::new("ours");
    let Pair { certificate, key } = ours.server(&[HOST]);
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")).unwrap();
    let mut settings = settings(SslMode::Require, None);
    settings.client_certificate = Some(ClientCertificate { certificate, key });
    let error = client_config(&settings).unwrap_err().to_string();
    assert!(error.contains("holds no unencrypted private key"), "{error}");
}

#[test]
fn the_systems_bundle_is_the_first_that_exists() {
    let ours = Authority::new("ours");
    let mut settings = settings(SslMode::VerifyFull, None);
    settings.ssl_root_cert = Some(RootCert::System(vec!["/no/such".into(), ours.root()]));
    assert_eq!(outcome(&settings, server(&ours.server(&[HOST]))), "ok");
}
