//! Standbys that do not keep up.

use crate::place::Place;
use crate::running::until;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use servers::PostgresOptions;
use std::fs;

pub const SCENES: [Scene; 1] = [Scene {
    name: "a standby's replay is paused while 150 MB of log come in",
    rule: Some(("replica_behind", Leads)),
    also: &["wal_sync"],
    play: behind,
}];

/// A server that follows `primary`.
fn standby_of(primary: &Place) -> Place {
    let mut standby = Place::new(&[]);
    standby.shut_down();
    let folder = standby.data_dir().to_owned();
    // What says where this server is remains its own.
    let own = ["postgresql.conf", "pg_hba.conf"].map(|name| folder.join(name));
    let own = own.map(|path| (fs::read(&path).unwrap(), path));
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => fs::remove_dir_all(entry.path()).unwrap(),
            false => fs::remove_file(entry.path()).unwrap(),
        }
    }
    let mut copy = standby.program("pg_basebackup");
    copy.args(["--write-recovery-conf", "--checkpoint=fast", "-h", "127.0.0.1", "-U", "postgres"]);
    copy.args(["-p", &primary.port().to_string(), "-D"]).arg(&folder);
    assert!(copy.status().unwrap().success(), "pg_basebackup failed");
    own.iter().for_each(|(text, path)| fs::write(path, text).unwrap());
    standby.restart().unwrap();
    let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
    until("the standby follows", || primary.number(streams) == 1.0);
    standby
}

fn behind() -> Seen {
    let hba = vec!["host replication postgres 127.0.0.1/32 trust".to_owned()];
    let primary = Place::with(&[], PostgresOptions { hba, ..PostgresOptions::default() });
    let standby = standby_of(&primary);
    standby.sql("SELECT pg_wal_replay_pause()");
    let sql = "SELECT pg_logical_emit_message(true, '', repeat('x', 1000000))";
    let seen = Seen::of(&primary.statements(sql, 1, "--connections 8 --rate 25").run());
    let received = "pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()";
    let truth = standby.number(&format!("SELECT pg_wal_lsn_diff({received})"));
    near("behind", seen.value("replica_behind", "replay_lag_bytes.max"), truth, 10.0);
    seen
}
