//! A throwaway Redis does what it promises.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use servers::{Error, Redis, RedisOptions};

use crate::base::{Base, is_alive, is_listened_on};
use crate::environment;

fn start() -> Redis {
    Redis::start(&environment(), &RedisOptions::default()).expect("a server")
}

/// The first line that each command is answered with.
fn say(server: &Redis, commands: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect((server.host(), server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut answer = |command: &&str| {
        stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    commands.iter().map(&mut answer).collect()
}

#[test]
fn answers_once_started_and_is_gone_once_stopped() {
    let [server, other] = [start(), start()];
    assert_ne!(server.port(), other.port());
    assert_eq!(say(&server, &["PING"]), ["+PONG"]);
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}/0", server.port()));
    assert!(server.version().starts_with(|c: char| c.is_ascii_digit()), "{}", server.version());
    let (pid, port) = (server.pid(), server.port());
    let folder = server.data_dir().parent().unwrap().to_owned();
    server.stop();
    assert!(!is_alive(pid) && !is_listened_on(port) && !folder.exists());
    assert_eq!(say(&other, &["PING"]), ["+PONG"]);
}

#[test]
fn comes_back_after_a_crash_with_its_data_on_its_port() {
    let mut server = start();
    let port = server.port();
    assert_eq!(say(&server, &["SET a 42"]), ["+OK"]);
    server.kill();
    assert!(!is_listened_on(port));
    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(say(&server, &["STRLEN a"]), [":2"]);
}

#[test]
fn a_paused_server_answers_nobody_until_it_is_resumed() {
    let server = start();
    server.pause();
    let mut stream = TcpStream::connect((server.host(), server.port())).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut answer = String::new();
    let mut answers = BufReader::new(stream);
    assert!(answers.read_line(&mut answer).is_err(), "it answered");
    server.resume();
    answers.get_ref().set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    answers.read_line(&mut answer).unwrap();
    assert_eq!(answer, "+PONG\r\n");
}

#[test]
fn a_password_is_asked_for_and_settings_are_taken() {
    let password = Some("p@ss \"w\\rd".to_owned());
    let settings = vec![("maxmemory".to_owned(), "64mb".to_owned())];
    let options = RedisOptions { password, settings, ..Default::default() };
    let server = Redis::start(&environment(), &options).unwrap();
    let said = say(&server, &["PING", r#"AUTH "p@ss \"w\\rd""#, "CONFIG GET maxmemory"]);
    assert!(said[0].starts_with("-NOAUTH"), "{said:?}");
    assert_eq!(said[1..], ["+OK", "*2"]);
    assert!(server.url().contains(":p%40ss%20%22w%5Crd@"), "{}", server.url());
}

#[test]
fn a_failed_start_shows_the_log_and_leaves_nothing() {
    let base = Base::new();
    let settings = vec![("maxmemory".to_owned(), "plenty".to_owned())];
    let base_dir = Some(base.path().to_owned());
    let options = RedisOptions { settings, base_dir, ..Default::default() };
    let error = Redis::start(&environment(), &options).unwrap_err();
    assert!(matches!(error, Error::Ended { .. }), "{error:?}");
    assert!(error.to_string().contains("maxmemory"), "{error}");
    assert!(base.folders().is_empty());
}
