//! The write-ahead log, checkpoints, and who waits for them.

use crate::network::far_from;
use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use servers::PostgresOptions;
use std::process::{Child, Command, Stdio};

pub const SCENES: [Scene; 8] = [
    Scene {
        name: "8 clients commit two changes each",
        rule: Some(("wal_sync", Leads)),
        also: &["cpu_saturated", "idle_in_transaction", "no_hot_updates", "stale_statistics"],
        play: sync,
    },
    Scene {
        name: "8 clients commit one change each",
        rule: Some(("commit_heavy", Leads)),
        also: &["wal_sync", "cpu_saturated", "stale_statistics", "no_hot_updates", "dead_rows"],
        play: commit_heavy,
    },
    Scene {
        name: "7 MB of log a second, and max_wal_size is 32 MB",
        rule: Some(("checkpoints_too_frequent", Leads)),
        // Up to version 15, pages that make a table longer count as written by sessions.
        also: &["wal_sync", "backend_writes", "relation_extension"],
        play: checkpoints,
    },
    Scene {
        name: "each change after a checkpoint is of another page",
        rule: Some(("full_page_images", Leads)),
        also: &[],
        play: images,
    },
    Scene {
        name: "each change after one of three checkpoints compresses whole pages",
        rule: Some(("checkpoint_stalls", Leads)),
        also: &["full_page_images", "stale_statistics"],
        play: stalls,
    },
    Scene {
        name: "transactions of 500 kB with wal_buffers of 32 kB",
        rule: Some(("wal_buffers_full", Leads)),
        also: &["wal_sync", "backend_writes", "relation_extension"],
        play: buffers,
    },
    Scene {
        name: "commits wait for a standby that is 3 ms away",
        rule: Some(("sync_replication", Leads)),
        also: &["wal_sync", "commit_heavy", "stale_statistics"],
        play: standby,
    },
    Scene {
        name: "a slot's log was lost",
        rule: Some(("slot_retention", Leads)),
        also: &[],
        play: slot,
    },
];

/// How far two samples of who waits for a disk may be apart, percent: one or two sessions do, we look
/// for four of the load's seconds, and a disk's pace changes from one to the next.
const OF_A_DISK: f64 = 50.0;
const TO_DISK: &str = "wait_event IN ('WALSync', 'WALWrite', 'WALWriteLock')";

fn sync() -> Seen {
    let place = Place::new(&[]);
    let mut running = place.load("--workload simple-update --scale 2 --connections 8").start();
    let sessions = place.sessions(&mut running, TO_DISK);
    let seen = Seen::of(&running.wait());
    near("waiting", seen.value("wal_sync", "wait_events.events"), sessions, OF_A_DISK);
    seen
}

fn commit_heavy() -> Seen {
    let place = Place::with_game(&[], 20_000);
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let mut running = place.statements(sql, 20_000, "--connections 8").start();
    let sessions = place.sessions(&mut running, TO_DISK);
    let seen = Seen::of(&running.wait());
    near("waiting", seen.value("commit_heavy", "wait_events.events"), sessions, OF_A_DISK);
    let text = &seen.finding("commit_heavy").evidence;
    assert!(text.iter().any(|it| it.text.starts_with("1.0 rows changed per commit")), "{text:?}");
    seen
}

/// Adds so many rows of 7 kB each: few enough that the planner's statistics stay right.
fn add(rows: u32) -> String {
    let body = "string_agg(md5(random()::text), '') FROM generate_series(1, 220)";
    format!(
        "INSERT INTO bulk SELECT i, body FROM generate_series(1, {rows}) i, (SELECT {body}) s(body)"
    )
}

fn bulk(settings: &[(&str, &str)]) -> Place {
    let place = Place::new(settings);
    place.sql("CREATE TABLE bulk (i int, body text)");
    place.sql("ALTER TABLE bulk ALTER body SET STORAGE PLAIN");
    place
}

fn checkpoints() -> Seen {
    let place = bulk(&[("max_wal_size", "32MB"), ("min_wal_size", "32MB")]);
    let asked = "SELECT checkpoints_req FROM pg_stat_bgwriter";
    let before = place.number(asked);
    let load = place.statements(&add(80), 1, "--connections 2 --rate 12 --duration 10s");
    let seen = Seen::of(&load.run());
    let truth = place.number(asked) - before;
    let told = seen.value("checkpoints_too_frequent", "checkpoints_requested");
    assert!(told >= 3.0 && (truth - told).abs() <= 1.0, "{told}, in truth {truth}");
    seen
}

fn images() -> Seen {
    let place = Place::with_game(&[], 400_000);
    // Updates find room on their page.
    place.sql("ALTER TABLE game SET (fillfactor = 70)");
    place.sql("VACUUM FULL game");
    place.sql("VACUUM ANALYZE game");
    place.sql("CHECKPOINT");
    let images = "SELECT wal_fpi FROM pg_stat_wal";
    let before = place.number(images);
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let load = place.statements(sql, 400_000, "--connections 4 --rate 450 --duration 10s");
    let seen = Seen::of(&load.run());
    let truth = place.number(images) - before;
    near("images", seen.value("full_page_images", "wal_full_page_images"), truth, 5.0);
    seen
}

/// A table whose 600 groups have 200 rows each, no two of them on a page.
fn scattered(settings: &[(&str, &str)]) -> Place {
    let place = Place::new(settings);
    place.sql("CREATE TABLE game (grp int, n int NOT NULL, body text) WITH (fillfactor = 70)");
    place.sql(
        "INSERT INTO game SELECT i % 600, 0, body FROM generate_series(1, 120000) i, \
         LATERAL (SELECT string_agg(md5((i * 9 + j)::text), '') FROM generate_series(1, 6) j) s(body) \
         ORDER BY random()",
    );
    place.sql("CREATE INDEX ON game (grp)");
    place.sql("VACUUM ANALYZE game");
    place.sql("CHECKPOINT");
    place
}

/// Checkpoints that are spread over four seconds, as a backup asks for them, and four seconds without
/// one after each. Disks of today are too fast for 40 MB to stall them; compressing whole pages takes
/// its time on all.
fn stalls() -> Seen {
    let place = scattered(&[
        ("wal_compression", "on"),
        ("checkpoint_timeout", "30s"),
        ("checkpoint_completion_target", "0.13"),
    ]);
    let sql = "UPDATE game SET n = n + 1 WHERE grp = $1";
    // Before it is measured every page has been changed since the last checkpoint.
    let shape = "--connections 2 --rate 20 --warm-up 5s --duration 24s";
    let mut running = place.statements(sql, 600, shape).start();
    let mut client = place.client();
    client.batch("SET statement_timeout = 50").unwrap();
    for second in [2, 10, 18] {
        running.wait_for_second(second);
        // The backup gives up waiting, the checkpoint goes on.
        client.batch("SELECT pg_backup_start('spread', false)").unwrap_err();
    }
    let seen = Seen::of(&running.wait());
    near("checkpoints", seen.value("checkpoint_stalls", "periods"), 3.0, 0.0);
    let stage = &seen.result.load_metrics.stages[0];
    let seconds = stage.checkpoint_overlap.as_ref().unwrap().with.seconds as f64;
    near("seconds with one", seconds, 12.0, 30.0);
    seen
}

fn buffers() -> Seen {
    let place = bulk(&[("wal_buffers", "32kB")]);
    let full = "SELECT wal_buffers_full FROM pg_stat_wal";
    let before = place.number(full);
    let load = place.statements(&add(70), 1, "--connections 2 --rate 10");
    let seen = Seen::of(&load.run());
    let truth = place.number(full) - before;
    near("full", seen.value("wal_buffers_full", "wal_buffers_full"), truth, 5.0);
    seen
}

/// A standby that only takes the log; ended with this value.
struct Receiver(Child);

impl Receiver {
    fn start(place: &Place, folder: &std::path::Path) -> Receiver {
        let mut command = Command::new(place.bin_dir().join("pg_receivewal"));
        command.args(["--synchronous", "--no-loop", "-h", "127.0.0.1", "-U", "postgres", "-D"]);
        command.arg(folder).args(["-p", &far_from(place.port()).to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let receiver = Receiver(command.spawn().unwrap());
        let streams = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        crate::running::until("the standby follows", || place.number(streams) == 1.0);
        receiver
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn standby() -> Seen {
    let hba = vec!["host replication postgres 127.0.0.1/32 trust".to_owned()];
    let place = Place::with(&[], PostgresOptions { hba, ..PostgresOptions::default() });
    place.sql("CREATE TABLE game AS SELECT i AS id, 0 AS n FROM generate_series(1, 1000) i");
    place.sql("CREATE UNIQUE INDEX ON game (id)");
    let folder = tempfile::TempDir::new().unwrap();
    place.sql("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()");
    let receiver = Receiver::start(&place, folder.path());
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let mut running = place.statements(sql, 1000, "--connections 8").start();
    let sessions = place.sessions(&mut running, "wait_event = 'SyncRep'");
    let seen = Seen::of(&running.wait());
    place.sql("ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()");
    drop(receiver);
    near("waiting", seen.value("sync_replication", "wait_events.events"), sessions, 35.0);
    seen
}

fn slot() -> Seen {
    let place = bulk(&[
        ("max_slot_wal_keep_size", "1MB"),
        ("max_wal_size", "32MB"),
        ("min_wal_size", "32MB"),
    ]);
    place.sql("SELECT pg_create_physical_replication_slot('archive', true)");
    for _ in 0..4 {
        place.sql("INSERT INTO bulk VALUES (1, ''); SELECT pg_switch_wal()");
    }
    place.sql("CHECKPOINT");
    let status = place.sql("SELECT wal_status FROM pg_replication_slots");
    let seen = Seen::of(&place.load("--workload select-only --connections 4 --rate 50").run());
    let evidence = &seen.finding("slot_retention").evidence;
    assert!(evidence.iter().any(|it| it.text.contains(&status)), "{status}: {evidence:?}");
    seen
}
