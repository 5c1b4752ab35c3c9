//! A throwaway PgBouncer does what it promises.

use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use servers::{Error, PgBouncer, PgBouncerOptions, PoolMode, Postgres, PostgresOptions};

use crate::base::{Base, is_alive, is_listened_on, small};
use crate::environment;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let options = PostgresOptions { settings: small(), ..Default::default() };
    Postgres::start(&environment(), &options).unwrap()
});

fn start(options: &PgBouncerOptions) -> PgBouncer {
    PgBouncer::start(&environment(), &SERVER, options).expect("a PgBouncer")
}

/// What `psql` prints, or complains about, for statements at a URL.
fn psql(server: &Postgres, url: &str, statements: &[&str]) -> String {
    let mut command = Command::new(server.bin_dir().join("psql"));
    command.args(["--no-psqlrc", "--tuples-only", "--no-align", "--dbname", url]);
    for statement in statements {
        command.args(["--command", statement]);
    }
    let output = command.env("PGCONNECT_TIMEOUT", "10").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap().trim().to_owned()
}

#[test]
fn leads_to_the_server_once_started_and_is_gone_once_stopped() {
    let [bouncer, other] = [(); 2].map(|()| start(&PgBouncerOptions::default()));
    assert_ne!(bouncer.port(), other.port());
    assert_eq!(psql(&SERVER, &bouncer.url(), &["SHOW port"]), SERVER.port().to_string());
    assert!(bouncer.version().starts_with("1."), "{}", bouncer.version());
    let (pid, port) = (bouncer.pid(), bouncer.port());
    let folder = bouncer.data_dir().parent().unwrap().to_owned();
    bouncer.stop();
    assert!(!is_alive(pid) && !is_listened_on(port) && !folder.exists());
    assert_eq!(psql(&SERVER, &other.url(), &["SELECT 1"]), "1");
}

#[test]
fn pools_as_it_was_told_and_shows_it_to_an_administrator() {
    let options = PgBouncerOptions {
        pool_mode: PoolMode::Session,
        pool_size: 3,
        settings: vec![("server_idle_timeout".to_owned(), "77".to_owned())],
        ..Default::default()
    };
    let bouncer = start(&options);
    let shown = psql(&SERVER, &bouncer.admin_url(), &["SHOW CONFIG"]);
    for line in ["pool_mode|session", "default_pool_size|3", "server_idle_timeout|77"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn comes_back_after_a_crash_and_after_a_shutdown_on_its_port() {
    let mut bouncer = start(&PgBouncerOptions::default());
    let port = bouncer.port();
    for end in [PgBouncer::kill, PgBouncer::shut_down] {
        end(&mut bouncer);
        assert!(!is_listened_on(port));
        bouncer.restart().unwrap();
        assert_eq!(bouncer.port(), port);
        assert_eq!(psql(&SERVER, &bouncer.url(), &["SELECT 1"]), "1");
    }
}

#[test]
fn asks_for_the_servers_password_where_it_has_one() {
    let password = Some("p@ss \"w\\rd".to_owned());
    let options = PostgresOptions { password, settings: small(), ..Default::default() };
    let server = Postgres::start(&environment(), &options).unwrap();
    let options = PgBouncerOptions::default();
    let bouncer = PgBouncer::start(&environment(), &server, &options).unwrap();
    assert_eq!(psql(&server, &bouncer.url(), &["SELECT 1"]), "1");
    let wrong = bouncer.url().replace("p%40ss", "pass");
    assert!(psql(&server, &wrong, &["SELECT 1"]).contains("FATAL"));
}

#[test]
fn a_failed_start_shows_the_log_and_leaves_nothing() {
    let base = Base::new();
    let options = PgBouncerOptions {
        settings: vec![("auth_type".to_owned(), "guess".to_owned())],
        base_dir: Some(base.path().to_owned()),
        start_timeout: Duration::from_secs(20),
        ..Default::default()
    };
    let error = PgBouncer::start(&environment(), &SERVER, &options).unwrap_err();
    assert!(matches!(error, Error::Ended { .. }), "{error:?}");
    assert!(error.to_string().contains("auth_type"), "{error}");
    assert!(base.folders().is_empty());
}

#[test]
fn a_named_folder_without_it_is_an_error_that_says_what_to_install() {
    let base = Base::new();
    let bin_dir = Some(base.path().to_owned());
    let options = PgBouncerOptions { bin_dir, ..Default::default() };
    let error = PgBouncer::start(&environment(), &SERVER, &options).unwrap_err();
    assert!(error.to_string().contains("no pgbouncer"), "{error}");
    assert!(error.hint().unwrap().contains("apt-get install pgbouncer"), "{error}");
}

#[test]
fn settings_that_would_hide_it_are_refused() {
    let settings = vec![("listen_port".to_owned(), "1".to_owned())];
    let options = PgBouncerOptions { settings, ..Default::default() };
    let error = PgBouncer::start(&environment(), &SERVER, &options).unwrap_err();
    assert!(error.to_string().contains("set by the throwaway PgBouncer"), "{error}");
}
