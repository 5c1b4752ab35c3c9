//! What the server does beside executing statements: a checkpoint that takes its time, compiling,
//! workers that a plan counts on.

use super::{found, has};
use crate::server::{Place, for_looks};

/// A checkpoint is seen for as long as it is at work, whatever its version calls what it waits for;
/// nobody else uses the server of `place`.
pub fn checkpoint(place: &Place) {
    place.sql("CREATE TABLE dirty AS SELECT i AS id FROM generate_series(1, 100000) i");
    let seen = place.watch(|| {
        begin_checkpoint(place);
        for_looks(20);
        // Who is in a hurry ends it, and comes back when it has ended.
        place.sql("CHECKPOINT");
        for_looks(20);
    });
    let log = found(&seen.database.wal_checkpoints, true).unwrap();
    let percent = log.checkpoint_active_percent.unwrap();
    // 2.5 s of 4.5, and a moment more or less.
    assert!((25.0..85.0).contains(&percent), "{log:?}");
}

/// Begins one that is spread over minutes: a backup waits for such a one, and gives up.
fn begin_checkpoint(place: &Place) {
    let number = place.number("SELECT current_setting('server_version_num')::float8");
    let begin = match number < 150_000.0 {
        true => "SELECT pg_start_backup('spread', false, false)",
        false => "SELECT pg_backup_start('spread', false)",
    };
    let mut client = place.client();
    client.batch("SET statement_timeout = 500").unwrap();
    client.batch(begin).unwrap_err();
}

/// Statements that are compiled take the time for it that the extension counts.
pub fn jit(place: &Place) {
    let can_compile = place.number("SELECT pg_jit_available()::int::float8") > 0.0;
    let seen = place.watch(|| {
        let mut client = place.client();
        client.batch("SET jit = on; SET jit_above_cost = 0").unwrap();
        (0..5).for_each(|_| {
            client.batch("SELECT sum(i * 2) FROM generate_series(1, 900) i").unwrap()
        });
    });
    let told = found(&seen.database.query_performance, true).unwrap().total_jit_time_ms;
    if place.number("SELECT current_setting('server_version_num')::float8") < 150_000.0 {
        assert_eq!(told, None);
        return;
    }
    let parts = ["generation", "inlining", "optimization", "emission"];
    let sum = parts.map(|part| format!("jit_{part}_time")).join(" + ");
    let truth = place.number(&format!(
        "SELECT coalesce(sum({sum}), 0)::float8 FROM pg_stat_statements WHERE query LIKE '%sum(i *%'"
    ));
    assert!((told.unwrap() - truth).abs() < 0.01, "{told:?}, in truth {truth}");
    assert_eq!(truth > 0.0, can_compile);
}

/// Plans for two workers each, and none to be had.
pub fn workers(place: &Place) {
    place.sql("CREATE TABLE counted AS SELECT i AS id FROM generate_series(1, 100000) i");
    let settings = "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; \
                    SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; \
                    SET max_parallel_workers = 0";
    let seen = place.watch(|| {
        let mut client = place.client();
        client.batch(settings).unwrap();
        (0..6).for_each(|_| client.batch("SELECT count(*) FROM counted WHERE id > 7").unwrap());
    });
    let sessions = found(&seen.database.connection_stats, true).unwrap();
    let are_counted = has(place, "pg_stat_database.parallel_workers_launched");
    assert_eq!(sessions.parallel_workers_planned, are_counted.then_some(12), "{sessions:?}");
    assert_eq!(sessions.parallel_workers_launched, are_counted.then_some(0), "{sessions:?}");
}
