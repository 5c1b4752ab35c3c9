//! A hot standby that is watched while its recovery is in the way of a statement.

use crate::follower::{HBA, follow};
use crate::server::{Place, environment, for_looks, start, until};
use servers::{Postgres, PostgresOptions};

const ROWS: &str = "CREATE TABLE rows (id int); INSERT INTO rows SELECT generate_series(1, 1000)";

/// A primary with rows, and a standby whose recovery waits for nobody.
fn pair() -> (Postgres, Postgres) {
    let options = PostgresOptions { hba: vec![HBA.to_owned()], ..PostgresOptions::default() };
    let primary = Postgres::start(&environment(), &options).unwrap();
    primary.psql(ROWS).unwrap();
    let mut standby = start(&[("max_standby_streaming_delay", "0")]);
    follow(&primary, &mut standby);
    (primary, standby)
}

#[test]
fn a_statement_that_recovery_cancels_is_a_conflict_of_its_kind() {
    let (primary, standby) = pair();
    let place = Place::of(&standby, standby.database());
    let seen = place.watch(|| {
        let mut reader = place.client();
        reader.batch("BEGIN ISOLATION LEVEL REPEATABLE READ").unwrap();
        reader.batch("SELECT count(*) FROM rows").unwrap();
        primary.psql("DELETE FROM rows").unwrap();
        primary.psql("VACUUM rows").unwrap();
        // The vacuum takes away what this one may still see.
        assert!(reader.batch("SELECT pg_sleep(60)").is_err());
        drop(reader);
        let counted = "SELECT conflicts::float8 FROM pg_stat_database \
                       WHERE datname = current_database()";
        until("the conflict is counted", || place.number(counted) == 1.0);
        for_looks(20);
    });
    let database = seen.database;
    let transactions = database.transaction_stats.data().unwrap();
    assert_eq!(transactions.conflicts, 1, "{transactions:?}");
    assert_eq!(transactions.conflicts_by_kind.get("snapshot"), Some(&1), "{transactions:?}");
    assert!(database.replication.data().unwrap().standby, "{:?}", database.replication);
    // A standby writes no log of its own.
    assert_eq!(database.wal_checkpoints.data().unwrap().wal_bytes, None);
    assert_eq!(database.monitor.data().unwrap().statements_failed, 0, "{:?}", database.monitor);
}
