//! Every way to prove who we are, and every way to fail at it.

use servers::{AuthMethod, Postgres, PostgresOptions};
use wire::Error;
use wire::blocking::Client;
use wire::settings::{ChannelBinding, Host};

use crate::server::{connect, settings, shared, soon, start};

fn server(auth_method: AuthMethod) -> Postgres {
    start(&PostgresOptions { password: Some("secret".into()), auth_method, ..Default::default() })
}

fn refusal(server: &Postgres, change: impl FnOnce(&mut wire::settings::Settings)) -> Error {
    let mut settings = settings(server);
    change(&mut settings);
    Client::connect(&settings, None, soon()).err().expect("a refusal")
}

fn admits_only_with_the_password(auth: AuthMethod) {
    let server = server(auth);
    assert_eq!(connect(&server).query_one("select 1", &[]).unwrap().value(0), Ok(1));
    let wrong = refusal(&server, |settings| settings.password = Some("wrong".into()));
    assert_eq!(wrong.code(), Some("28P01"));
    assert!(wrong.hint().unwrap().contains("PGPASSWORD"));
    let missing = refusal(&server, |settings| settings.password = None);
    assert!(missing.to_string().ends_with("asks for a password, and none was given"), "{missing}");
    assert!(missing.hint().unwrap().contains("PGPASSWORD"));
}

#[test]
fn scram_admits_only_with_the_password() {
    admits_only_with_the_password(AuthMethod::ScramSha256);
}

#[test]
fn md5_admits_only_with_the_password() {
    admits_only_with_the_password(AuthMethod::Md5);
}

#[test]
fn a_clear_text_password_admits_only_with_the_password() {
    admits_only_with_the_password(AuthMethod::Password);
}

#[test]
fn a_password_is_not_sent_where_it_must_be_bound_to_tls() {
    let server = server(AuthMethod::Password);
    let error = refusal(&server, |settings| settings.channel_binding = ChannelBinding::Require);
    assert!(matches!(error.root(), Error::Authentication { .. }), "{error}");
}

#[test]
fn a_unix_socket_serves_as_well() {
    let server = shared();
    let mut settings = settings(&server);
    settings.host = Host::Unix(server.socket_dir().to_owned());
    let mut client = Client::connect(&settings, None, soon()).unwrap();
    let row = client.query_one("select inet_client_addr()::text", &[]).unwrap();
    assert_eq!(row.value::<Option<&str>>(0), Ok(None));
}

#[test]
fn an_unknown_database_is_named_with_address_and_user() {
    let server = shared();
    let error = refusal(&server, |settings| settings.database = "nosuch".to_owned());
    let text = format!(
        "cannot connect to 127.0.0.1:{} as \"{}\": database \"nosuch\" does not exist (3D000)",
        server.port(),
        server.user()
    );
    assert_eq!(error.to_string(), text);
}

#[test]
fn too_many_connections_are_told_as_such() {
    let server = start(&PostgresOptions { max_connections: 5, ..Default::default() });
    let clients: Vec<_> =
        (0..20).map_while(|_| Client::connect(&settings(&server), None, soon()).ok()).collect();
    let error = refusal(&server, |_| {});
    assert_eq!(error.code(), Some("53300"), "{error} after {} connections", clients.len());
    assert!(error.hint().unwrap().contains("max_connections"));
}

#[test]
fn a_port_without_server_is_refused_with_a_hint() {
    let server = shared();
    let error = refusal(&server, |settings| settings.port = 1);
    assert!(matches!(error.root(), Error::Io { .. }), "{error}");
    assert!(error.hint().unwrap().contains("running"));
}
