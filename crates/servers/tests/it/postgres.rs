//! A throwaway PostgreSQL is what was asked for.

use std::process::Command;
use std::time::Duration;

use servers::{AuthMethod, Error, Postgres, PostgresOptions, TlsFiles};

use crate::base::{Base, is_listened_on, small};
use crate::environment;

/// A server with these options, but small.
fn start_with(mut options: PostgresOptions) -> Postgres {
    options.settings.extend(small());
    Postgres::start(&environment(), &options).expect("a server")
}

fn setting(server: &Postgres, name: &str) -> String {
    server.psql(&format!("show {name}")).unwrap()
}

/// Connects with `psql` by a URL, over TCP; what it prints, or what it complains about.
fn psql_by_url(server: &Postgres, url: &str, sql: &str) -> Result<String, String> {
    let mut command = Command::new(server.bin_dir().join("psql"));
    command.args(["-XAtqw", "-c", sql, url]).env_clear();
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn servers_live_beside_each_other_and_each_goes_when_dropped() {
    let [one, two] = [start_with(Default::default()), start_with(Default::default())];
    assert_ne!(one.port(), two.port());
    assert_eq!(psql_by_url(&one, &one.url(), "select 1 + 1").unwrap(), "2");
    let folder = one.data_dir().parent().unwrap().to_owned();
    assert!(folder.exists());
    let port = one.port();
    one.stop();
    assert!(!folder.exists() && !is_listened_on(port));
    assert_eq!(two.psql("select current_database()").unwrap(), "pgsurge");
}

#[test]
fn is_durable_and_sized_like_a_small_production_server() {
    let options = PostgresOptions { max_connections: 321, ..Default::default() };
    let server = Postgres::start(&environment(), &options).unwrap();
    for durable in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(setting(&server, durable), "on", "{durable}");
    }
    assert_eq!(setting(&server, "max_connections"), "321");
    assert_ne!(setting(&server, "shared_buffers"), "128MB");
    assert_eq!(setting(&server, "server_version").split(' ').next().unwrap(), server.version());
    assert!(server.version().starts_with(&server.major_version().to_string()));
}

#[test]
fn counts_statements_where_contrib_is_installed() {
    let server = start_with(Default::default());
    let available =
        "select count(*) from pg_available_extensions where name = 'pg_stat_statements'";
    let is_available = server.psql(available).unwrap() == "1";
    assert_eq!(server.has_pg_stat_statements(), is_available);
    if is_available {
        let counted = server.psql("select count(*) > 0 from pg_stat_statements").unwrap();
        assert_eq!(counted, "t");
    }
}

#[test]
fn goes_without_pg_stat_statements_where_its_library_is_missing() {
    let settings = vec![("dynamic_library_path".to_owned(), "/nonexistent".to_owned())];
    let server = start_with(PostgresOptions { settings, ..Default::default() });
    assert!(!server.has_pg_stat_statements());
    assert_eq!(server.psql("select 1").unwrap(), "1");
}

#[test]
fn takes_settings_and_a_database_name_that_needs_quotes() {
    let settings = vec![("work_mem".to_owned(), "7MB".to_owned())];
    let database = "Schöne \"Daten\"".to_owned();
    let server = start_with(PostgresOptions { settings, database, ..Default::default() });
    assert_eq!(setting(&server, "work_mem"), "7MB");
    let name = psql_by_url(&server, &server.url(), "select current_database()");
    assert_eq!(name.unwrap(), "Schöne \"Daten\"");
}

#[test]
fn asks_for_the_password_on_tcp_in_the_way_that_was_chosen() {
    for auth_method in [AuthMethod::ScramSha256, AuthMethod::Md5, AuthMethod::Password] {
        let password = Some("p@ss w0rd/".to_owned());
        let server = start_with(PostgresOptions { password, auth_method, ..Default::default() });
        assert_eq!(psql_by_url(&server, &server.url(), "select 1").unwrap(), "1");
        let without = server.url().replace("p%40ss%20w0rd%2F", "wrong");
        let refused = psql_by_url(&server, &without, "select 1").unwrap_err();
        assert!(refused.contains("password authentication failed"), "{refused}");
        let stored = server.psql("select left(rolpassword, 3) from pg_authid where oid = 10");
        let md5 = auth_method == AuthMethod::Md5;
        assert_eq!(stored.unwrap(), if md5 { "md5" } else { "SCR" });
    }
}

#[test]
fn lines_of_ones_own_decide_about_access_first() {
    let hba = vec!["host all eve 127.0.0.1/32 reject".to_owned()];
    let server = start_with(PostgresOptions { hba, ..Default::default() });
    server.psql("create role eve login").unwrap();
    let url = server.url().replace("postgres@", "eve@");
    let refused = psql_by_url(&server, &url, "select 1").unwrap_err();
    assert!(refused.contains("pg_hba.conf rejects"), "{refused}");
}

#[test]
fn the_socket_moves_when_its_path_would_be_too_long() {
    let base = Base::new();
    let deep = base.path().join("a-very-deep-folder".repeat(6));
    std::fs::create_dir(&deep).unwrap();
    let base_dir = Some(deep.canonicalize().unwrap());
    let server = start_with(PostgresOptions { base_dir, ..Default::default() });
    assert!(server.data_dir().starts_with(&deep) && !server.socket_dir().starts_with(&deep));
    let socket_dir = server.socket_dir().to_owned();
    assert_eq!(server.psql("select 1").unwrap(), "1");
    drop(server);
    assert!(!socket_dir.parent().unwrap().exists());
}

#[test]
fn a_statement_that_fails_is_an_error_with_the_servers_words() {
    let server = start_with(Default::default());
    let error = server.psql("select 1; select nonsense; select 2").unwrap_err().to_string();
    assert!(error.contains("column \"nonsense\" does not exist"), "{error}");
}

#[test]
fn a_failed_start_shows_the_log_and_leaves_nothing() {
    let base = Base::new();
    let settings = vec![("shared_buffers".to_owned(), "plenty".to_owned())];
    let base_dir = Some(base.path().to_owned());
    let options = PostgresOptions { settings, base_dir, ..Default::default() };
    let error = Postgres::start(&environment(), &options).unwrap_err();
    assert!(matches!(error, Error::Ended { .. }), "{error:?}");
    assert!(
        error.to_string().contains("invalid value for parameter \"shared_buffers\""),
        "{error}"
    );
    assert!(base.folders().is_empty());
}

#[test]
fn a_start_that_takes_too_long_says_so_and_leaves_nothing() {
    let base = Base::new();
    let base_dir = Some(base.path().to_owned());
    let start_timeout = Duration::from_millis(1);
    let options = PostgresOptions { start_timeout, base_dir, ..Default::default() };
    let error = Postgres::start(&environment(), &options).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert!(base.folders().is_empty());
}

#[test]
fn offers_tls_with_the_given_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, include_str!("../data/server.crt")).unwrap();
    std::fs::write(&key, include_str!("../data/server.key")).unwrap();
    let tls = Some(TlsFiles { cert, key });
    let server = start_with(PostgresOptions { tls, ..Default::default() });
    let url = format!("{}?sslmode=require", server.url());
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(psql_by_url(&server, &url, sql).unwrap(), "t");
}
