//! What goes wrong while a connection is open: cancelled, silent, gone.

use std::time::{Duration, Instant};

use servers::PostgresOptions;
use wire::Error;
use wire::blocking::{Client, Stop};

use crate::server::{cancel_once_asleep, connect, once_asleep, settings, shared, soon, start};

#[test]
fn a_running_statement_is_cancelled_from_another_thread() {
    let server = shared();
    let mut client = connect(&server);
    let canceller = cancel_once_asleep(&server, &client);
    let error = client.query("select pg_sleep(60)", &[]).unwrap_err();
    assert_eq!(error.code(), Some("57014"));
    canceller.join().unwrap();
    assert_eq!(client.query_one("select 1", &[]).unwrap().value(0), Ok(1));
}

#[test]
fn a_stop_ends_the_call_and_what_the_server_does_for_it() {
    let server = shared();
    let (mut client, stop) = (connect(&server), Stop::default());
    client.set_stop(stop.clone());
    assert_eq!(client.query_one("select 1", &[]).unwrap().value(0), Ok(1));
    let pid = client.process_id().unwrap();
    let stopper = once_asleep(&server, &client, move || stop.raise());
    let error = client.query("select pg_sleep(60)", &[]).unwrap_err();
    assert_eq!(error.to_string(), "stopped while waiting for an answer");
    stopper.join().unwrap();
    let later = client.query("select 1", &[]).unwrap_err().to_string();
    assert!(later.ends_with("it was stopped") || later.starts_with("stopped"), "{later}");
    drop(client);
    let asleep = format!("select from pg_stat_activity where pid = {pid} and state = 'active'");
    let (mut watcher, give_up) = (connect(&server), soon());
    while !watcher.query(&asleep, &[]).unwrap().is_empty() {
        assert!(Instant::now() < give_up, "the server sleeps on");
    }
}

#[test]
fn a_text_is_read_without_being_run() {
    let mut client = connect(&shared());
    client.batch("create temp table t (a int)").unwrap();
    client.parse("insert into t values ($1)", &[wire::value::oid::INT4]).unwrap();
    let error = client.parse("insert into t (b) values (1)", &[]).unwrap_err();
    assert_eq!(error.code(), Some("42703"));
    assert_eq!(client.query_one("select count(*) from t", &[]).unwrap().value(0), Ok(0_i64));
}

#[test]
fn a_call_ends_at_its_deadline_and_the_client_says_so_ever_after() {
    let server = shared();
    let mut client = connect(&server);
    client.set_timeout(Duration::from_millis(50));
    let error = client.query("select pg_sleep(60)", &[]).unwrap_err();
    assert_eq!(error.to_string(), "timed out while waiting for an answer");
    let later = client.query("select 1", &[]).unwrap_err();
    let text = "the connection is of no use any more: a call ran into its deadline";
    assert_eq!(later.to_string(), text);
}

#[test]
fn a_paused_server_makes_every_call_and_every_connect_time_out() {
    let server = start(&PostgresOptions::default());
    let mut client = connect(&server);
    server.pause();
    let begun = Instant::now();
    client.set_deadline(Some(begun + Duration::from_millis(200)));
    assert!(client.simple_query("select 1").unwrap_err().is_timeout());
    let deadline = Instant::now() + Duration::from_millis(200);
    let error = Client::connect(&settings(&server), None, deadline).err().unwrap();
    assert!(error.is_timeout(), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    server.resume();
}

#[test]
fn the_connect_timeout_of_the_settings_counts_too() {
    let server = start(&PostgresOptions::default());
    server.pause();
    let mut settings = settings(&server);
    settings.connect_timeout = Some(Duration::from_millis(200));
    let error = Client::connect(&settings, None, soon()).err().unwrap();
    assert!(error.is_timeout(), "{error}");
    server.resume();
}

#[test]
fn a_connection_ended_by_an_administrator_tells_why() {
    let server = shared();
    let mut client = connect(&server);
    let pid = client.process_id().unwrap();
    connect(&server).batch(&format!("select pg_terminate_backend({pid}, 20000)")).unwrap();
    let error = client.query("select 1", &[]).unwrap_err();
    assert_eq!(error.code(), Some("57P01"), "{error}");
    assert!(client.is_broken());
}

#[test]
fn a_killed_server_is_a_closed_connection() {
    let mut server = start(&PostgresOptions::default());
    let mut client = connect(&server);
    server.kill();
    let error = client.query("select 1", &[]).unwrap_err();
    let closed = "the server closed the connection while waiting for an answer";
    assert!(matches!(error, Error::Closed { .. }), "{error}");
    assert_eq!(error.to_string(), closed);
    assert!(Client::connect(&settings(&server), None, soon()).is_err());
}
