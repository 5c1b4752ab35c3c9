//! The files that settings come from: services, passwords, certificates.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wire::settings::{ClientCertificate, Faults, Resolved, RootCert, Source, SslMode};

use super::{Environment, environment, sources};

/// A home folder with one file in it, readable by its owner only.
fn home(name: &str, text: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), name, text);
    home
}

fn write(home: &Path, name: &str, text: &str) -> PathBuf {
    let path = home.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    allow(&path, 0o600);
    path
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn at_home(home: &TempDir) -> Environment {
    environment(&[("HOME", home.path().to_str().unwrap())])
}

fn resolve(home: &TempDir, text: &str) -> Result<Resolved, Faults> {
    sources(&at_home(home)).connection("--database-url", text).resolve()
}

fn password(resolved: &Resolved) -> Option<&str> {
    resolved.settings.password.as_ref().map(|it| it.expose())
}

#[test]
fn the_password_file_is_asked_last() {
    let home = home(".pgpass", "db:5432:d:me:from-file\n");
    let resolved = resolve(&home, "host=db dbname=d").unwrap();
    assert_eq!(password(&resolved), Some("from-file"));
    let source = Source::PasswordFile(home.path().join(".pgpass"));
    assert!(resolved.origins.iter().any(|it| it.source == source && it.value == "***"));
    let resolved = resolve(&home, "host=db dbname=d password=given").unwrap();
    assert_eq!(password(&resolved), Some("given"));
    assert_eq!(password(&resolve(&home, "host=db dbname=e").unwrap()), None);
}

#[test]
fn the_default_socket_is_localhost_in_the_password_file() {
    let home = home(".pgpass", "localhost:*:*:*:pw");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".s.PGSQL.5432"), "").unwrap();
    let environment = at_home(&home);
    let sources = sources(&environment).socket_folders(vec![folder.path().to_owned()]);
    assert_eq!(password(&sources.resolve().unwrap()), Some("pw"));
}

#[test]
fn another_password_file_can_be_named() {
    let home = home("mine", "*:*:*:*:pw");
    let mine = home.path().join("mine");
    let text = format!("passfile={}", mine.display());
    assert_eq!(password(&resolve(&home, &text).unwrap()), Some("pw"));
    fs::remove_file(&mine).unwrap();
    let resolved = resolve(&home, &text).unwrap();
    assert!(resolved.warnings[0].message.contains("does not exist"), "{:?}", resolved.warnings);
}

#[test]
fn a_password_file_that_others_can_read_is_not_used() {
    let home = home(".pgpass", "*:*:*:*:pw");
    for mode in [0o640, 0o604] {
        allow(&home.path().join(".pgpass"), mode);
        let resolved = resolve(&home, "host=db").unwrap();
        assert_eq!(password(&resolved), None);
        assert!(resolved.warnings[0].message.contains("others can read it"));
    }
}

#[test]
fn the_users_services_come_before_the_systems() {
    let home = home(".pg_service.conf", "[game]\nhost=mine\nport=1\n");
    let system = tempfile::tempdir().unwrap();
    write(system.path(), "pg_service.conf", "[game]\nhost=theirs\n[other]\nhost=other\nuser=u\n");
    let environment = at_home(&home);
    let host_of = |service: &str| {
        let sources = sources(&environment).service_folders(vec![system.path().to_owned()]);
        let resolved = sources.given("--db-service", "service", service).resolve();
        resolved.unwrap().settings.to_string()
    };
    assert_eq!(host_of("game"), "me@mine:1/me");
    assert_eq!(host_of("other"), "u@other:5432/u");
}

#[test]
fn a_service_file_with_a_fault_is_named_with_its_line() {
    let home = home(".pg_service.conf", "[game]\nhost\n");
    let faults = resolve(&home, "service=game").unwrap_err().to_string();
    assert!(faults.contains(".pg_service.conf, line 2"), "{faults}");
    let home = self::home(".pg_service.conf", "[game]\nhots=db\n");
    let faults = resolve(&home, "service=game").unwrap_err().to_string();
    assert!(faults.contains("service \"game\" of") && faults.contains("\"host\""), "{faults}");
}

#[test]
fn the_usual_root_certificate_is_used_where_it_counts() {
    let home = home(".postgresql/root.crt", "");
    let root = Some(RootCert::File(home.path().join(".postgresql/root.crt")));
    for (mode, expected) in [
        ("prefer", None),
        ("require", root.clone()),
        ("verify-ca", root.clone()),
        ("verify-full", root),
    ] {
        let resolved = resolve(&home, &format!("host=db sslmode={mode}")).unwrap();
        assert_eq!(resolved.settings.ssl_root_cert, expected, "{mode}");
    }
}

#[test]
fn the_systems_certificates_mean_full_verification() {
    let bundle = vec![PathBuf::from("/some/bundle.crt")];
    let environment = environment(&[("PGSSLROOTCERT", "system"), ("PGHOST", "db")]);
    let resolved = sources(&environment).system_bundles(bundle.clone()).resolve().unwrap();
    assert_eq!(resolved.settings.ssl_root_cert, Some(RootCert::System(bundle)));
    assert_eq!(resolved.settings.ssl_mode, SslMode::VerifyFull);
}

#[test]
fn a_root_certificate_that_is_not_there_is_found_before_connecting() {
    let home = home("x", "");
    let faults = resolve(&home, "sslmode=require sslrootcert=/no/such").unwrap_err();
    assert!(faults.to_string().contains("there is no file /no/such"));
    assert!(resolve(&home, "host=/tmp sslmode=require sslrootcert=/no/such").is_ok());
}

#[test]
fn a_client_certificate_needs_a_key_of_its_owners_own() {
    let home = home(".postgresql/postgresql.crt", "");
    let faults = resolve(&home, "host=db").unwrap_err().to_string();
    assert!(faults.contains("has no key"), "{faults}");
    let key = write(home.path(), ".postgresql/postgresql.key", "");
    let certificate = home.path().join(".postgresql/postgresql.crt");
    let resolved = resolve(&home, "host=db").unwrap();
    let pair = ClientCertificate { certificate, key: key.clone() };
    assert_eq!(resolved.settings.client_certificate, Some(pair));
    allow(&key, 0o644);
    let faults = resolve(&home, "host=db").unwrap_err().to_string();
    assert!(faults.contains("others can read the private key"), "{faults}");
    assert!(resolve(&home, "host=db sslcertmode=disable").is_ok());
}
