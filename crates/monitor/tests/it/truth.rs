//! What was provoked, against what was counted.

use crate::provoke;
use crate::server::{Place, for_looks, start};
use model::database_metrics::{StatementLoad, Status};
use model::series::ServerRow;
use std::time::{Duration, Instant};

const ROWS: &str = "CREATE TABLE rows (id int PRIMARY KEY, value int); \
                    INSERT INTO rows SELECT i, 0 FROM generate_series(1, 20000) i";

/// Two sessions that take two rows in opposite order: one of them is ended.
fn deadlock(place: &Place) {
    let (mut one, mut other) = (place.client(), place.client());
    for (client, id) in [(&mut one, 1), (&mut other, 2)] {
        let sql = format!(
            "SET deadlock_timeout = '10ms'; BEGIN; \
                           UPDATE rows SET value = 1 WHERE id = {id}"
        );
        sql.split("; ").for_each(|sql| client.batch(sql).unwrap());
    }
    let ends = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| one.batch("UPDATE rows SET value = 1 WHERE id = 2").is_ok());
        let ended = other.batch("UPDATE rows SET value = 1 WHERE id = 1").is_ok();
        other.batch("ROLLBACK").unwrap();
        [waiting.join().unwrap(), ended]
    });
    one.batch("ROLLBACK").unwrap();
    assert_eq!(ends.iter().filter(|ok| **ok).count(), 1, "no deadlock");
}

#[test]
fn deadlocks_rollbacks_commits_and_temporary_files_are_those_that_were_provoked() {
    let place = Place::new("provoked");
    place.sql(ROWS);
    let watched = place.watch(|| {
        (0..3).for_each(|_| deadlock(&place));
        let mut client = place.client();
        for _ in 0..5 {
            client.batch("SELECT 1/0").unwrap_err();
        }
        for _ in 0..40 {
            client.batch("SELECT 1").unwrap();
        }
        client.batch("SET work_mem = '64kB'").unwrap();
        for _ in 0..4 {
            client.batch("SELECT id FROM rows ORDER BY value, id DESC OFFSET 19999").unwrap();
        }
    });
    let counted = watched.database.transaction_stats.data().unwrap();
    // Of each deadlock both sessions roll back.
    assert_eq!((counted.deadlocks, counted.rollbacks), (3, 6 + 5));
    // Those of the load's own connects and settings: 40 + 4 + SET, a SET and a login each.
    assert_eq!(counted.commits, 40 + 4 + 1 + 1 + 3 * 4, "{counted:?}");
    let temp = watched.database.temp_files.data().unwrap();
    assert_eq!(temp.files, 4, "{temp:?}");
    assert!(temp.bytes >= 4 * 20_000 * 8, "{temp:?}");
    assert_eq!(watched.database.lock_contention.data().unwrap().deadlocks, Some(3));
}

#[test]
fn blocks_commits_and_pages_are_counted_where_they_were_provoked() {
    provoke::storage(&Place::new("storage"));
}

#[test]
fn a_table_tells_its_rows_its_size_and_what_its_index_is() {
    provoke::relations(&Place::new("sized"));
}

#[test]
fn names_of_relations_are_sql_and_what_rests_on_an_index_is_told() {
    provoke::named_relations(&Place::new("named"));
}

#[test]
fn a_table_that_is_locked_against_everyone_holds_nobody_up() {
    provoke::locked_relations(&Place::new("held"));
}

#[test]
fn sessions_of_others_idle_ones_and_what_they_keep_are_told_with_their_owners() {
    provoke::sessions(&Place::new("sessions"));
}

#[test]
fn a_slot_that_nobody_reads_and_a_follower_are_seen() {
    provoke::replication(&Place::new("replicated"));
}

#[test]
fn settings_are_told_as_they_are_at_the_end_with_where_they_come_from() {
    let place = Place::new("settings");
    let seen = place.watch(|| place.sql("ALTER DATABASE settings SET work_mem = '5MB'"));
    let values = &seen.database.settings.data().unwrap().values;
    let buffers = &values["shared_buffers"];
    assert_eq!((buffers.value.as_str(), buffers.unit.as_deref()), ("2048", Some("8kB")));
    assert_eq!((values["autovacuum"].value.as_str(), values.len() > 60), ("off", true));
    assert!(values["max_wal_size"].unit.is_some() && !values["fsync"].source.is_empty());
    assert!(values.keys().all(|name| !name.contains("conninfo") && !name.contains("passphrase")));
}

#[test]
fn the_cache_hit_ratio_is_that_of_the_views() {
    let place = Place::new("cached");
    place.sql(ROWS);
    let blocks = || {
        let sum = "SELECT sum({})::float8 FROM pg_stat_database WHERE datname = 'cached'";
        ["blks_hit", "blks_read"].map(|column| place.number(&sum.replace("{}", column)))
    };
    let before = blocks();
    let watched = place.watch(|| {
        let mut client = place.client();
        (0..300).for_each(|_| client.batch("SELECT count(*) FROM rows").unwrap());
    });
    let after = blocks();
    let (hit, read) = (after[0] - before[0], after[1] - before[1]);
    let cache = watched.database.buffer_cache.data().unwrap();
    let ratio = cache.hit_ratio.unwrap();
    assert!(cache.blocks_hit > 20_000, "{cache:?}");
    assert!((ratio - hit / (hit + read)).abs() < 0.005, "{cache:?}, by the views {hit} {read}");
}

#[test]
fn active_sessions_agree_with_the_time_that_statements_took() {
    // Of its own: sessions are those of the whole server.
    let server = start(&[("max_connections", "20")]);
    let place = Place::of(&server, server.database());
    place.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    // Some wait, one computes for much longer than 5 ms, and all are idle in between.
    let computing = "SELECT sum(n) FROM generate_series(1, 400000) n";
    let each = ["SELECT pg_sleep(0.1)", "SELECT pg_sleep(0.1)", "SELECT pg_sleep(0.02)", computing];
    let mut seconds = 0.0;
    let watched = place.watch(|| {
        let began = Instant::now();
        std::thread::scope(|scope| {
            for statement in each {
                scope.spawn(|| {
                    let mut client = place.client();
                    while began.elapsed() < Duration::from_secs(30) {
                        client.batch(statement).unwrap();
                        std::thread::sleep(Duration::from_millis(7));
                    }
                });
            }
        });
        seconds = began.elapsed().as_secs_f64();
    });
    let queries = watched.database.query_performance.data().unwrap();
    let waits = watched.database.wait_events.data().unwrap();
    let by_statements = queries.total_exec_time_ms / 1000.0 / seconds;
    let sampled = waits.active_sessions.mean;
    assert!((sampled / by_statements - 1.0).abs() < 0.1, "{sampled} of {by_statements}");
    assert_eq!(waits.events[0].event, "PgSleep", "{waits:?}");
    let top = &queries.statements[0];
    assert_eq!(top.text.as_deref(), Some("SELECT pg_sleep($1)"));
    let calls: u64 = queries.statements.iter().map(|it| it.calls).sum();
    assert_eq!((queries.calls, queries.statements.len()), (calls, 2), "{queries:?}");
    let computed = &queries.statements[1];
    assert!(computed.mean_exec_time_ms >= 5.0, "{queries:?}");
    let (by_itself, on_cpu) =
        (computed.total_exec_time_ms / 1000.0 / seconds, waits.by_class["CPU"]);
    assert!((on_cpu / by_itself - 1.0).abs() < 0.1, "{on_cpu} of {by_itself}: {waits:?}");
}

#[test]
fn each_number_of_a_statement_is_that_of_the_extension() {
    let place = Place::new("numbers");
    place.sql(ROWS);
    let watched = place.watch(|| {
        let mut client = place.client();
        client.batch("SET work_mem = '64kB'").unwrap();
        for _ in 0..3 {
            client.batch("UPDATE rows SET value = value + 1").unwrap();
            client.batch("SELECT id FROM rows ORDER BY value, id DESC OFFSET 19999").unwrap();
        }
    });
    let queries = watched.database.query_performance.data().unwrap();
    let begins = |it: &StatementLoad, with: &str| it.text.as_deref().unwrap().starts_with(with);
    for (text, columns) in
        [("UPDATE", "wal_bytes, shared_blks_dirtied"), ("SELECT", "rows, temp_blks_written")]
    {
        let it = queries.statements.iter().find(|it| begins(it, text)).unwrap();
        let counted = |column: &str| {
            let from = "FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database \
                        WHERE datname = current_database())";
            place.number(&format!("SELECT {column}::float8 {from} AND queryid = {}", it.queryid))
        };
        let ours = [
            ("calls", Some(it.calls)),
            ("rows", Some(it.rows)),
            ("shared_blks_hit", it.blocks_hit),
            ("shared_blks_read", it.blocks_read),
            ("shared_blks_dirtied", it.blocks_dirtied),
            ("temp_blks_written", it.temp_blocks_written),
            ("wal_bytes", it.wal_bytes),
        ];
        for (column, value) in ours {
            assert_eq!(value.map(|it| it as f64), Some(counted(column)), "{column} of {it:?}");
        }
        assert!(columns.split(", ").all(|it| counted(it) > 0.0), "{it:?}");
    }
}

#[test]
fn tables_and_indexes_are_those_that_were_used() {
    let place = Place::new("relations");
    place.sql(&format!("{ROWS}; CREATE TABLE idle (id int); CREATE INDEX unused ON rows (value)"));
    let watched = place.watch(|| {
        let mut client = place.client();
        for id in 1..=100 {
            client.batch(&format!("UPDATE rows SET id = id WHERE id = {id}")).unwrap();
        }
        client.batch("SELECT count(*) FROM rows").unwrap();
    });
    let tables = &watched.database.table_stats.data().unwrap().tables;
    assert_eq!(tables.len(), 1, "{tables:?}");
    let rows = &tables[0];
    assert_eq!((rows.table.as_str(), rows.rows_updated), ("public.rows", 100));
    assert_eq!((rows.sequential_scans, rows.sequential_rows, rows.index_scans), (1, 20_000, 100));
    let indexes = &watched.database.index_usage.data().unwrap().indexes;
    let scans: Vec<(&str, u64)> =
        indexes.iter().map(|index| (index.index.as_str(), index.scans)).collect();
    assert_eq!(scans, [("public.rows_pkey", 100), ("public.unused", 0)]);
}

#[test]
fn a_warm_up_is_in_no_number_of_the_window() {
    let place = Place::new("warmed");
    let watching = place.watching(Duration::from_secs(2), true);
    let watched = watching.during(|| {
        let mut client = place.client();
        (0..50).for_each(|_| client.batch("SELECT 1").unwrap());
        drop(client);
        std::thread::sleep(Duration::from_secs(4));
        let mut client = place.client();
        (0..7).for_each(|_| client.batch("SELECT 1").unwrap());
    });
    let queries = &watched.database.query_performance;
    assert_eq!(queries.data().unwrap().calls, 7);
    assert!(queries.from_s.unwrap() > -0.1 && queries.to_s.unwrap() > 1.5, "{queries:?}");
}

#[test]
fn the_monitor_tells_what_it_cost() {
    let place = Place::new("cost");
    let watched = place.watch(|| for_looks(20));
    let cost = watched.database.monitor.data().unwrap();
    assert!(cost.statements > 30 && cost.statements_failed == 0, "{cost:?}");
    let exec_ms = cost.exec_time_ms.unwrap();
    assert!(exec_ms > 0.0 && exec_ms < cost.round_trip_ms, "{cost:?}");
    assert!(cost.cpu_ms.unwrap() > 0.0 && cost.server_cpu_percent.unwrap() > 0.0, "{cost:?}");
    // What its backend took is part of the time that it took to answer.
    let server_ms = cost.server_cpu_ms.unwrap();
    assert!(server_ms > 1.0 && server_ms < cost.round_trip_ms, "{cost:?}");
    // Nothing of it is taken for the load's.
    assert_eq!(watched.database.query_performance.data().unwrap().calls, 0);
    assert_eq!(watched.database.query_performance.status, Status::Ok);
}

#[test]
fn the_server_plans_a_look_once_however_often_it_is_taken() {
    let place = Place::new("kept");
    place.sql("ALTER DATABASE kept SET pg_stat_statements.track_planning = on");
    place.watch(|| for_looks(20));
    let of_sessions = |what| {
        let sql = "FROM pg_stat_statements WHERE query LIKE '%pgsurge-monitor%wait_event_type%'";
        place.number(&format!("SELECT max({what})::float8 {sql}"))
    };
    let (calls, plans) = (of_sessions("calls"), of_sessions("plans"));
    // One with a parameter has plans of its own for the first five of its values.
    assert!(calls >= 15.0 && plans <= 8.0, "{calls} calls, {plans} plans");
}

#[test]
fn what_the_seconds_count_is_what_was_provoked() {
    let server = start(&[("max_connections", "20"), ("checkpoint_timeout", "1h")]);
    let place = Place::of(&server, server.database());
    place.sql("CREATE TABLE counted (n int)");
    let (seen, rows) = place.watching(Duration::ZERO, true).seconds(|| {
        for_looks(12);
        place.sql("INSERT INTO counted SELECT generate_series(1, 50000)");
        place.sql("CHECKPOINT");
        let mut client = place.client();
        (0..200).for_each(|_| client.batch("SELECT 1").unwrap());
        drop(client);
        // Counters come a second late, and the second after that is told when it is over.
        for_looks(25);
    });
    let sum = |of: fn(&ServerRow) -> Option<f64>| rows.iter().filter_map(of).sum::<f64>();
    let total = |of: fn(&ServerRow) -> Option<f64>| {
        rows.iter().filter_map(|row| Some(of(row)? * row.length_s?)).sum::<f64>()
    };
    assert_eq!(sum(|row| row.checkpoints), 1.0, "{rows:?}");
    assert!((total(|row| row.rows_changed_per_s) / 50_000.0 - 1.0).abs() < 0.01, "{rows:?}");
    // 50,000 rows of 32 bytes are 221 pages of 8 kB.
    assert!(total(|row| row.buffers_written_per_s) >= 221.0, "{rows:?}");
    assert!(total(|row| row.wal_bytes_per_s) > 50_000.0 * 32.0, "{rows:?}");
    // And the database is larger by them.
    let size = seen.database.database_size.data().unwrap();
    assert!(size.growth_bytes >= 221 * 8192 && size.growth_bytes < 4 << 20, "{size:?}");
    // Those, two statements and three connects; the monitor's own, about twenty a second, are none of
    // them, but for those that the server tells of a second late.
    let transactions = total(|row| row.transactions_per_s);
    assert!((170.0..240.0).contains(&transactions), "{transactions}: {rows:?}");
}

#[test]
fn a_checkpoint_is_seen_for_as_long_as_it_is_at_work() {
    let server = start(&[]);
    provoke::checkpoint(&Place::of(&server, server.database()));
}

#[test]
fn statements_that_are_compiled_take_the_time_that_the_extension_counts() {
    provoke::jit(&Place::new("compiled"));
}

#[test]
fn workers_that_were_not_there_are_counted_where_the_version_does() {
    provoke::workers(&Place::new("alone"));
}
