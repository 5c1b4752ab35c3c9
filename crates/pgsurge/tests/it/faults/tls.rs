//! Encryption that is asked for and can't be had: told before anything is sent that matters.

use super::document::{self, Chapter};
use crate::database::{Database, server};
use crate::running::{Ended, Load};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use servers::{Postgres, PostgresOptions, TlsFiles};
use std::path::PathBuf;
use tempfile::TempDir;

/// An authority and what it signed, as PEM files in a folder.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Authority {
        let (key, folder) = (KeyPair::generate().unwrap(), tempfile::tempdir().unwrap());
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of the tests");
        let root = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("root.crt"), root.pem()).unwrap();
        Authority { issuer: Issuer::new(params, key), folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root.crt")
    }

    /// A server with a certificate for this name or address.
    fn server(&self, name: &str, change: impl Fn(&mut CertificateParams)) -> Postgres {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |name| self.folder.path().join(name);
        std::fs::write(path("server.crt"), certificate.pem()).unwrap();
        std::fs::write(path("server.key"), key.serialize_pem()).unwrap();
        let tls = Some(TlsFiles { cert: path("server.crt"), key: path("server.key") });
        server(PostgresOptions { tls, ..PostgresOptions::default() })
    }
}

fn unchanged(_params: &mut CertificateParams) {}

/// A second of the smallest load, encrypted as `mode` says and checked against `root`.
fn run(server: &Postgres, mode: &str, root: &Authority) -> Ended {
    let url = format!("{}?sslmode={mode}&sslrootcert={}", server.url(), root.root().display());
    let load = Load::at(&url).args("--workload select-only --connections 1 --warm-up 0");
    load.args("--rate 20 --duration 1s").run()
}

#[test]
fn tls_that_the_server_does_not_offer_is_told_with_the_mode() {
    let database = Database::new("without_tls");
    let url = database.url().replace("sslmode=disable", "sslmode=require");
    let ended = Load::at(&url).run();
    let told = ended.refused(3);
    assert!(told.contains("does not support TLS, but sslmode=require requires it"), "{told}");
    assert!(told.contains("hint: turn ssl on in the server"), "{told}");
    document::refused(Chapter::Connecting, "TLS is required and not offered", &ended);
}

#[test]
fn a_certificate_of_another_host_is_told_with_both_names() {
    let ours = Authority::new();
    let server = ours.server("db.example", unchanged);
    let ended = run(&server, "verify-full", &ours);
    let told = ended.refused(3);
    assert!(told.contains("is not for \"127.0.0.1\" but for db.example"), "{told}");
    assert!(told.contains("hint: connect by a name that the certificate has"), "{told}");
    document::refused(Chapter::Connecting, "the certificate is another host's", &ended);
    let unnamed = run(&server, "verify-ca", &ours);
    assert_eq!(unnamed.result().load_metrics.all_actions.succeeded, 20, "the hint holds");
}

#[test]
fn a_certificate_of_another_authority_is_told_with_the_setting() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let ended = run(&ours.server("127.0.0.1", unchanged), "verify-full", &theirs);
    let told = ended.refused(3);
    assert!(told.contains("not issued by an authority of the root certificate"), "{told}");
    assert!(told.contains("hint: sslrootcert must hold"), "{told}");
    document::refused(Chapter::Connecting, "the certificate is of another authority", &ended);
}

#[test]
fn an_expired_certificate_is_told() {
    let ours = Authority::new();
    let long_ago = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(1990, 1, 1);
        params.not_after = date_time_ymd(1999, 1, 1);
    };
    let ended = run(&ours.server("127.0.0.1", long_ago), "verify-full", &ours);
    let told = ended.refused(3);
    assert!(told.contains("has expired") && told.contains("hint: renew the certificate"), "{told}");
    document::refused(Chapter::Connecting, "the certificate has expired", &ended);
}
