//! Servers that are broken on purpose, and mended.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use servers::{Postgres, PostgresOptions};

use crate::base::{is_alive, is_listened_on, processes_in, small};
use crate::environment;

fn start() -> Postgres {
    let options = PostgresOptions { settings: small(), ..Default::default() };
    Postgres::start(&environment(), &options).expect("a server")
}

/// A connection that has asked for TLS: one byte comes back from a server that is awake.
fn knock(server: &Postgres) -> TcpStream {
    let mut stream = TcpStream::connect((server.host(), server.port())).unwrap();
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    stream
}

#[test]
fn comes_back_after_a_crash_with_its_data_on_its_port() {
    let mut server = start();
    server.psql("create table t (a int); insert into t values (42)").unwrap();
    let (port, pid) = (server.port(), server.pid());
    server.kill();
    assert!(!is_listened_on(port) && processes_in(server.data_dir()).is_empty());
    server.restart().unwrap();
    assert_ne!(server.pid(), pid);
    assert_eq!((server.port(), server.psql("select a from t").unwrap().as_str()), (port, "42"));
    let log = std::fs::read_to_string(server.log_path()).unwrap();
    assert!(log.contains("database system was not properly shut down"), "{log}");
}

#[test]
fn a_restart_fails_when_someone_else_has_taken_the_port_and_works_once_they_are_gone() {
    let mut server = start();
    server.shut_down();
    let thief = TcpListener::bind((server.host(), server.port())).unwrap();
    let error = server.restart().unwrap_err().to_string();
    assert!(error.contains("could not bind"), "{error}");
    drop(thief);
    server.restart().unwrap();
    assert_eq!(server.psql("select 1").unwrap(), "1");
}

#[test]
fn a_running_server_is_restarted_without_recovery() {
    let mut server = start();
    server.psql("create table t (a int); insert into t values (42)").unwrap();
    server.restart().unwrap();
    assert_eq!(server.psql("select a from t").unwrap(), "42");
    let log = std::fs::read_to_string(server.log_path()).unwrap();
    assert!(!log.contains("not properly shut down"), "{log}");
}

#[test]
fn a_paused_server_answers_nobody_until_it_is_resumed() {
    let server = start();
    server.pause();
    let mut stream = knock(&server);
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "it answered");
    server.resume();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 1);
}

#[test]
fn a_paused_server_can_be_killed_restarted_and_dropped() {
    let mut server = start();
    server.pause();
    server.kill();
    server.restart().unwrap();
    server.pause();
    server.restart().unwrap();
    server.pause();
    let pid = server.pid();
    drop(server);
    assert!(!is_alive(pid));
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_server_leaves_no_shared_memory() {
    let mut server = start();
    let pid_file = server.data_dir().join("postmaster.pid");
    // Of all processes: a backend's segment may be unknown to the postmaster.
    let pids = processes_in(server.data_dir());
    let maps = pids
        .iter()
        .map(|pid| std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default());
    let maps = maps.collect::<String>();
    let words = maps.split_whitespace().filter(|word| word.starts_with("/dev/shm/PostgreSQL."));
    let files: Vec<&Path> = words.map(Path::new).collect();
    let line = std::fs::read_to_string(pid_file).unwrap().lines().nth(6).unwrap().to_owned();
    let segment = line.split_whitespace().nth(1).unwrap().to_owned();
    server.kill();
    assert!(!files.is_empty() && files.iter().all(|file| file.exists()));
    assert!(has_segment(&segment));
    drop(server);
    assert!(!files.iter().any(|file| file.exists()) && !has_segment(&segment));
}

fn has_segment(id: &str) -> bool {
    let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
    table.lines().any(|line| line.split_whitespace().nth(1) == Some(id))
}
