//! Settings from every source at once: which wins, what is refused, what is never shown.

mod files;
mod properties;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use wire::settings::{
    ChannelBinding, Faults, Host, Resolved, Settings, Source, Sources, SslMode, TlsVersions,
};

pub(crate) type Environment = BTreeMap<String, String>;

pub(crate) fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Sources that find nothing on the machine that runs the test.
pub(crate) fn sources(environment: &Environment) -> Sources<'_> {
    Sources::new(environment)
        .os_user(Some("me".to_owned()))
        .socket_folders(vec![])
        .service_folders(vec![])
}

pub(crate) fn from_text(text: &str) -> Result<Resolved, Faults> {
    sources(&Environment::new()).connection("--database-url", text).resolve()
}

fn settings(text: &str) -> Settings {
    from_text(text).unwrap().settings
}

fn faults(text: &str) -> String {
    from_text(text).unwrap_err().to_string()
}

fn origin(resolved: &Resolved, parameter: &str) -> (String, String) {
    let it = resolved.origins.iter().find(|it| it.parameter == parameter).unwrap();
    (it.value.clone(), it.source.to_string())
}

#[test]
fn nothing_given_means_this_user_on_this_machine() {
    let resolved = sources(&Environment::new()).resolve().unwrap();
    assert_eq!(resolved.settings.to_string(), "me@localhost:5432/me");
    assert_eq!(resolved.settings.ssl_mode, SslMode::Prefer);
    assert!(resolved.origins.iter().all(|it| it.source == Source::Default));
}

#[test]
fn a_socket_of_the_port_is_preferred_to_tcp() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".s.PGSQL.6000"), "").unwrap();
    let environment = Environment::new();
    let at = |port: &str| {
        let sources = sources(&environment)
            .socket_folders(vec![PathBuf::from("/nowhere"), folder.path().to_owned()])
            .given("--db-port", "port", port);
        sources.resolve().unwrap().settings.host
    };
    assert_eq!(at("6000"), Host::Unix(folder.path().to_owned()));
    assert_eq!(at("6001"), Host::Tcp("localhost".to_owned()));
}

/// Each row takes the strongest source away.
#[test]
fn the_strongest_source_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    std::fs::write(&file, "[s]\nport=3\n").unwrap();
    let file = file.to_str().unwrap();
    for (given, text, variables, port, source) in [
        ("1", "port=2", &["PGSERVICE", "PGPORT"][..], 1, "--db-port"),
        ("", "port=2", &["PGSERVICE", "PGPORT"], 2, "--database-url"),
        ("", "user=x", &["PGSERVICE", "PGPORT"], 3, "service \"s\""),
        ("", "service=s", &["PGPORT"], 3, "service \"s\""),
        ("", "user=x", &["PGPORT"], 4, "PGPORT"),
        ("", "user=x", &[], 5432, "default"),
        ("", "port=''", &["PGPORT"], 5432, "default"),
    ] {
        let all = [("PGSERVICEFILE", file), ("PGSERVICE", "s"), ("PGPORT", "4")];
        let set = |it: &&(&str, &str)| it.0 == "PGSERVICEFILE" || variables.contains(&it.0);
        let environment = environment(&all.iter().filter(set).copied().collect::<Vec<_>>());
        let resolved = sources(&environment)
            .connection("--database-url", text)
            .given("--db-port", "port", given)
            .resolve()
            .unwrap();
        assert_eq!(resolved.settings.port, port, "{given} {text} {variables:?}");
        assert!(origin(&resolved, "port").1.starts_with(source), "{:?}", resolved.origins);
    }
}

#[test]
fn a_weaker_layer_fills_only_what_is_open() {
    let environment = environment(&[("PGDATABASE", "env")]);
    let resolved = sources(&environment)
        .connection("--database-url", "postgres://flag-host")
        .weaker()
        .given("config.json: database.host", "host", "file-host")
        .given("config.json: database.user", "user", "file-user")
        .resolve()
        .unwrap();
    assert_eq!(resolved.settings.to_string(), "file-user@flag-host:5432/env");
    let expected = ("file-user".to_owned(), "config.json: database.user".to_owned());
    assert_eq!(origin(&resolved, "user"), expected);
}

#[test]
fn every_variable_reaches_its_setting() {
    let environment = environment(&[
        ("PGHOST", "db"),
        ("PGHOSTADDR", "10.0.0.5"),
        ("PGPORT", "6000"),
        ("PGUSER", "u"),
        ("PGPASSWORD", "p"),
        ("PGDATABASE", "d"),
        ("PGSSLMODE", "require"),
        ("PGCONNECT_TIMEOUT", "7"),
        ("PGAPPNAME", "a"),
        ("PGOPTIONS", "-c geqo=off"),
        ("PGCHANNELBINDING", "require"),
        ("PGSSLSNI", "0"),
        ("PGSSLMINPROTOCOLVERSION", "TLSv1.3"),
        ("PGTZ", "UTC"),
        ("PGDATESTYLE", "default"),
    ]);
    let mut expected = Settings::new(Host::Tcp("db".to_owned()), "u", "d");
    expected.host_address = Some([10, 0, 0, 5].into());
    expected.port = 6000;
    expected.password = Some("p".into());
    expected.ssl_mode = SslMode::Require;
    expected.connect_timeout = Some(Duration::from_secs(7));
    expected.application_name = Some("a".to_owned());
    expected.options = Some("-c geqo=off".to_owned());
    expected.channel_binding = ChannelBinding::Require;
    expected.server_name_indication = false;
    expected.tls_versions = TlsVersions::Only13;
    expected.runtime_parameters = vec![("timezone".to_owned(), "UTC".to_owned())];
    assert_eq!(sources(&environment).resolve().unwrap().settings, expected);
}

#[test]
fn sources_name_a_server_or_only_how_to_log_in() {
    for (variable, names) in [("PGHOST", true), ("PGSERVICE", true), ("PGPASSWORD", false)] {
        let environment = environment(&[(variable, "x")]);
        assert_eq!(sources(&environment).names_a_server(), names, "{variable}");
    }
    let nothing = Environment::new();
    assert!(!sources(&nothing).given("--db-host", "host", "").names_a_server());
    assert!(sources(&nothing).connection("--database-url", "").names_a_server());
}

#[test]
fn a_url_and_its_parameters_mean_what_they_mean_in_psql() {
    let it = settings("postgres://u:p%40ss@[::1]:6000/d?connect_timeout=0&sslmode=disable");
    assert_eq!(it.to_string(), "u@[::1]:6000/d");
    assert_eq!(it.password.unwrap().expose(), "p@ss");
    assert_eq!((it.connect_timeout, it.ssl_mode), (None, SslMode::Disable));
}

#[test]
fn inside_one_string_the_last_of_a_name_wins() {
    assert_eq!(settings("port=1 port=2").port, 2);
    assert_eq!(settings("postgres://a:1/d?port=2&host=b").to_string(), "me@b:2/d");
}

#[test]
fn a_folder_as_host_is_a_socket_and_needs_no_tls() {
    let it = settings("postgresql://%2Ftmp/d?sslmode=verify-full");
    assert_eq!(it.host, Host::Unix(PathBuf::from("/tmp")));
    assert_eq!(it.effective_ssl_mode(), SslMode::Disable);
    assert_eq!(settings("host=/tmp hostaddr=::1").effective_ssl_mode(), SslMode::Prefer);
}

#[test]
fn an_address_alone_is_also_the_host() {
    let it = settings("hostaddr=10.1.1.1");
    assert_eq!(it.host, Host::Tcp("10.1.1.1".to_owned()));
}

#[test]
fn an_address_from_elsewhere_is_pointed_out() {
    let environment = environment(&[("PGHOSTADDR", "10.0.0.5")]);
    let resolved = sources(&environment).given("--db-host", "host", "db").resolve().unwrap();
    let message = resolved.warnings[0].to_string();
    assert_eq!(message, "PGHOSTADDR decides where to connect, --db-host only names it");
}

#[test]
fn all_faults_are_reported_at_once() {
    let environment = environment(&[("PGSSLMODE", "always"), ("PGREQUIREPEER", "root")]);
    let sources = sources(&environment)
        .os_user(None)
        .connection("--database-url", "host=a,b port=70000 connect_timeout=soon sslmod=x")
        .given("--db-password", "password", "a\0b");
    let faults = sources.resolve().unwrap_err();
    let mut named: Vec<&str> = faults.0.iter().map(|it| it.parameter.as_str()).collect();
    named.sort_unstable();
    let expected =
        ["connect_timeout", "host", "password", "port", "requirepeer", "sslmod", "sslmode", "user"];
    assert_eq!(named, expected, "{faults}");
}

#[test]
fn faults_name_their_place_and_what_was_expected() {
    for (text, message) in [
        ("port=0", "--database-url: \"0\" is not a port; expected a number from 1 to 65535"),
        ("sslmod=x", "--database-url: unknown parameter \"sslmod\"; expected \"sslmode\""),
        ("gssencmode=require", "gssencmode \"require\" is not supported; expected disable or"),
        ("sslcrl=x", "--database-url: sslcrl is not supported"),
        ("service=none", "there is no service \"none\""),
        ("hostaddr=db", "\"db\" is not a network address"),
        ("sslmode=on", "unknown sslmode \"on\"; expected disable, allow, prefer, require,"),
        ("sslmode=verify-full", "sslmode verify-full needs a root certificate"),
        ("sslmode=require sslrootcert=system", "expected verify-full"),
        ("ssl_max_protocol_version=TLSv1.1", "TLS below version 1.2 is not supported"),
        ("sslcert=/no/such", "there is no file /no/such"),
        ("mysql://db/x", "scheme is not PostgreSQL's"),
        ("replication=database", "replication \"database\" is not supported"),
    ] {
        assert!(faults(text).contains(message), "{text}: {}", faults(text));
    }
}

#[test]
fn harmless_parameters_are_accepted_and_said_to_do_nothing() {
    let resolved = from_text("keepalives=1 gssencmode=prefer client_encoding=UTF8").unwrap();
    let warned: Vec<&str> = resolved.warnings.iter().map(|it| it.parameter).collect();
    assert_eq!(warned, ["keepalives"]);
}

#[test]
fn a_password_is_never_shown() {
    let resolved = from_text("postgres://u:hush@h/d").unwrap();
    let shown = format!("{resolved:?} {} {}", resolved.settings, resolved.settings.url());
    assert!(!shown.contains("hush"), "{shown}");
    assert_eq!(origin(&resolved, "password").0, "***");
}

#[test]
fn a_badly_encoded_password_is_explained_without_showing_it() {
    for url in ["postgres://u:hu@sh@h/d", "postgres://u:hu/sh@h/d", "password=hu sh@ host=h"] {
        let text = faults(url);
        assert!(!text.contains("hu") && !text.contains("sh@"), "{text}");
        assert!(text.contains("percent-encoded") || text.contains("single quotes"), "{text}");
    }
}
