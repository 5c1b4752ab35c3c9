//! Beside a user's many rows: the run's own are found by an index, in any collation.

use crate::database::Database;
use crate::hokm::{play, profile, set_up};
use std::time::{Duration, Instant};
use workload::Workload;
use workload::postgres::Protocol;

/// The seed's tables with an index on every key, and the text columns' collation.
fn tables_of(collation: &str) -> String {
    format!(
        "CREATE TABLE players (player_id varchar(255) COLLATE {collation} PRIMARY KEY,
             username text, total_games int, wins int, created_at timestamp,
             updated_at timestamp, player_data jsonb);
         CREATE TABLE games (game_id varchar(255) COLLATE {collation} PRIMARY KEY, status text,
             created_at timestamp, updated_at timestamp, current_phase text, player_count int,
             game_data jsonb);
         CREATE TABLE game_players (game_id varchar(255) COLLATE {collation},
             player_id varchar(255), joined_at timestamp, PRIMARY KEY (game_id, player_id));
         CREATE TABLE sessions (session_id varchar(255) COLLATE {collation} PRIMARY KEY,
             player_id text, game_id varchar(255) COLLATE {collation}, created_at timestamp,
             last_activity timestamp, connection_state text, session_data jsonb);
         CREATE TABLE game_events (event_id serial PRIMARY KEY,
             game_id varchar(255) COLLATE {collation}, event_type text, event_data jsonb,
             created_at timestamp);
         CREATE INDEX ON game_events (game_id);"
    )
}

/// 100,000 rows of others in each table: before ours, after ours, and with names like ours.
const OTHERS: &str = "
    CREATE TABLE others AS SELECT (array['a', 'run', 'run1-', 'RUN-', 'z'])[1 + i % 5] || i AS id
        FROM generate_series(1, 100000) i;
    INSERT INTO players (player_id, username, wins, total_games) SELECT id, id, 0, 0 FROM others;
    INSERT INTO games (game_id, status) SELECT id, 'finished' FROM others;
    INSERT INTO game_players (game_id, player_id) SELECT id, id FROM others;
    INSERT INTO sessions (session_id, game_id, last_activity)
        SELECT id, id, now() - interval '1 year' FROM others;
    INSERT INTO game_events (game_id, event_type, event_data) SELECT id, 'over', '{}' FROM others;
    DROP TABLE others;
    VACUUM (ANALYZE)";

const OTHERS_LEFT: &str = "game_events 100000, game_players 100000, games 100000, \
                           players 100000, sessions 100000";

fn with_others(name: &str, collation: &str) -> Database {
    let database = Database::new(name);
    database.run(&tables_of(collation));
    OTHERS.split(';').for_each(|sql| database.run(sql));
    database
}

/// Rows read by scans of these tables, once the server has counted all of them.
fn scanned(database: &Database, tables: &str) -> i64 {
    let deadline = Instant::now() + Duration::from_secs(10);
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid()";
    while database.number(busy) > 0 {
        assert!(Instant::now() < deadline, "a connection is still there");
    }
    database.number(&format!(
        "SELECT sum(seq_tup_read)::int8 FROM pg_stat_user_tables WHERE relname IN ({tables})"
    ))
}

#[test]
fn no_users_row_is_scanned_for_sessions_while_load_runs_nor_by_clean_up() {
    let database = with_others("hokm_scans", "\"en-x-icu\"");
    let before = scanned(&database, "'sessions'");
    let mut run = play(&database, profile(), Protocol::Prepared);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
    assert_eq!(scanned(&database, "'sessions'"), before);
    let all = "'players', 'games', 'game_players', 'sessions', 'game_events'";
    let before = scanned(&database, all);
    let cleaned = run.workload.clean_up(&database.server()).unwrap();
    assert!(cleaned.rows_removed > 1_000, "{cleaned:?}");
    assert_eq!(scanned(&database, all), before);
    assert_eq!(database.tables(), OTHERS_LEFT);
}

#[test]
fn the_index_serves_expiry_and_clean_up_and_says_so() {
    let database = with_others("hokm_scans_explained", "\"en-x-icu\"");
    let workload = set_up(&database, profile());
    let expire = workload.statements().into_iter().find(|it| it.name == "session_expire");
    let mut client = database.client();
    client.batch(&format!("PREPARE expire AS {}", expire.unwrap().sql)).unwrap();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        client.batch(&format!("SET plan_cache_mode = {mode}")).unwrap();
        let explain = "EXPLAIN EXECUTE expire (10, 'run-', '{finished}', 200, 'run-z')";
        let rows = client.query(explain, &[]).unwrap();
        let plan: Vec<&str> = rows.iter().map(|row| row.value(0).unwrap()).collect();
        let plan = plan.join("\n");
        let has_range = |line: &str| line.contains("Index Cond") && line.contains("::text < ");
        assert!(plan.lines().any(has_range), "{plan}");
        assert!(!plan.contains("Seq Scan on sessions"), "{plan}");
    }
}

#[test]
fn where_a_collation_ignores_hyphens_and_counts_digits_nothing_is_missed() {
    let database = Database::new("hokm_odd_collation");
    // Estonian: z comes before t.
    let collation = "CREATE COLLATION odd (provider = icu, locale = 'et-u-ka-shifted-kn-true')";
    database.run(collation);
    database.run(&tables_of("odd"));
    let mut run = play(&database, profile(), Protocol::Prepared);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
    run.workload.clean_up(&database.server()).unwrap();
    let empty = "game_events 0, game_players 0, games 0, players 0, sessions 0";
    assert_eq!(database.tables(), empty);
}
