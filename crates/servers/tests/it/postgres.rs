//! A throwaway PostgreSQL does what it promises.

use servers::{Postgres, PostgresOptions};

use crate::environment;

fn start() -> Postgres {
    Postgres::start(&environment(), &PostgresOptions::default()).expect("a server")
}

#[test]
fn answers_once_started_and_is_gone_once_dropped() {
    let server = start();
    assert_eq!(server.psql("select 1 + 1").unwrap(), "2");
    let folder = server.data_dir().to_owned();
    drop(server);
    assert!(!folder.exists());
}

#[test]
fn comes_back_after_a_crash_with_its_data_on_its_port() {
    let mut server = start();
    server.psql("create table t (a int); insert into t values (42)").unwrap();
    let port = server.port();
    server.kill();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(server.psql("select a from t").unwrap(), "42");
}
