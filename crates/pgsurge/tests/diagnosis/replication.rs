//! Standbys that do not keep up.

use crate::follower::{HBA, follow};
use crate::place::Place;
use crate::running::until;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use servers::PostgresOptions;

pub const SCENES: [Scene; 1] = [Scene {
    name: "a standby's replay is paused while 150 MB of log come in",
    rule: Some(("replica_behind", Leads)),
    also: &["wal_sync"],
    play: behind,
}];

/// A server that follows `primary`.
fn standby_of(primary: &Place) -> Place {
    let mut standby = Place::new(&[]);
    follow(primary, &mut standby);
    let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
    until("the standby follows", || primary.number(streams) == 1.0);
    standby
}

fn behind() -> Seen {
    let hba = vec![HBA.to_owned()];
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
