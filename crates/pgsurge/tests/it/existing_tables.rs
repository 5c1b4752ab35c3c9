//! Tables that a user already has: used as they are, and found again as they were.

use crate::database::Database;
use crate::running::{Load, SMALL};

/// The five tables with a user's own columns, indexes and rows.
const TABLES: &str = "
    CREATE TABLE games (game_id TEXT PRIMARY KEY, status VARCHAR(50),
        created_at TIMESTAMPTZ DEFAULT now(), updated_at TIMESTAMPTZ DEFAULT now(),
        current_phase VARCHAR(50), player_count BIGINT DEFAULT 0, game_data JSONB,
        tenant INTEGER NOT NULL DEFAULT 1);
    CREATE TABLE players (player_id TEXT PRIMARY KEY, username TEXT, total_games INTEGER DEFAULT 0,
        wins INTEGER DEFAULT 0, created_at TIMESTAMPTZ DEFAULT now(),
        updated_at TIMESTAMPTZ DEFAULT now(), player_data JSONB);
    CREATE TABLE sessions (session_id TEXT PRIMARY KEY, player_id TEXT, game_id TEXT,
        created_at TIMESTAMPTZ DEFAULT now(), last_activity TIMESTAMPTZ DEFAULT now(),
        connection_state TEXT, session_data JSONB);
    CREATE TABLE game_events (event_id BIGSERIAL PRIMARY KEY, game_id TEXT, event_type TEXT,
        event_data JSONB, created_at TIMESTAMPTZ DEFAULT now());
    CREATE TABLE game_players (game_id TEXT, player_id TEXT,
        joined_at TIMESTAMPTZ DEFAULT now(), PRIMARY KEY (game_id, player_id));
    CREATE INDEX by_status ON games (status) WHERE status <> 'finished';
    CREATE INDEX by_name ON players (lower(username));
    CREATE INDEX ON game_events USING gin (event_data);
    INSERT INTO games (game_id, status, game_data)
        SELECT 'mine-' || i, 'finished', '{}' FROM generate_series(1, 50) i;
    INSERT INTO players (player_id, username) SELECT 'p' || i, 'me' FROM generate_series(1, 50) i;
    INSERT INTO sessions (session_id, player_id, game_id, last_activity)
        SELECT 's' || i, 'p' || i, 'mine-' || i, now() - interval '1 year'
        FROM generate_series(1, 50) i;
    INSERT INTO game_players (game_id, player_id)
        SELECT 'mine-' || i, 'p' || i FROM generate_series(1, 50) i;
    INSERT INTO game_events (game_id, event_type, event_data)
        SELECT 'mine-' || i, 'card_played', '{\"seq\": 1}' FROM generate_series(1, 50) i;";

/// The five tables as years have left them: columns in another order and of other types, columns
/// and constraints that we know nothing of, triggers, tables that point at them, 100,000 rows.
const GROWN: &str = "
    CREATE TABLE clubs (club_id SERIAL PRIMARY KEY, name TEXT UNIQUE);
    INSERT INTO clubs (name) SELECT 'club ' || i FROM generate_series(1, 100) i;
    CREATE TABLE players (player_data JSON, updated_at TIMESTAMPTZ, wins BIGINT, username TEXT,
        club_id INTEGER REFERENCES clubs, player_id TEXT PRIMARY KEY, total_games NUMERIC,
        created_at TIMESTAMPTZ, level INTEGER NOT NULL DEFAULT 1, tags TEXT[],
        searched TEXT GENERATED ALWAYS AS (lower(username)) STORED);
    CREATE TABLE games (game_data JSON, tenant INTEGER NOT NULL DEFAULT 7, game_id TEXT PRIMARY KEY,
        player_count SMALLINT, current_phase TEXT, updated_at TIMESTAMPTZ, status TEXT NOT NULL,
        created_at TIMESTAMPTZ, rated BOOLEAN, changes INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE game_players (joined_at TIMESTAMPTZ, player_id TEXT REFERENCES players,
        game_id TEXT REFERENCES games, note TEXT, PRIMARY KEY (player_id, game_id));
    CREATE TABLE sessions (connection_state TEXT, session_data JSON, game_id TEXT,
        last_activity TIMESTAMPTZ, player_id TEXT REFERENCES players, created_at TIMESTAMPTZ,
        session_id TEXT PRIMARY KEY, address INET);
    CREATE TABLE game_events (event_data JSON, created_at TIMESTAMPTZ, event_type TEXT,
        game_id TEXT, event_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source TEXT);
    CREATE TABLE ratings (player_id TEXT REFERENCES players ON DELETE CASCADE, rating INTEGER);
    CREATE INDEX ON games (tenant, created_at DESC) INCLUDE (status);
    CREATE UNIQUE INDEX ON players (md5(player_id));
    CREATE INDEX ON game_events (game_id) WHERE event_type = 'card_played';
    CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END $$;
    CREATE TRIGGER changed BEFORE UPDATE ON games FOR EACH ROW EXECUTE FUNCTION count_change();
    INSERT INTO players (player_id, username, club_id, wins, total_games, player_data)
        SELECT 'p' || i, 'Me', 1 + i % 100, i % 5, i % 50, '{\"hands\": 1}'
        FROM generate_series(1, 20000) i;
    INSERT INTO games (game_id, status, game_data, player_count, rated)
        SELECT 'mine-' || i, 'playing', '{}', 4, true FROM generate_series(1, 20000) i;
    INSERT INTO game_players (game_id, player_id)
        SELECT 'mine-' || i, 'p' || i FROM generate_series(1, 20000) i;
    INSERT INTO sessions (session_id, player_id, game_id, last_activity, connection_state)
        SELECT 's' || i, 'p' || i, 'mine-' || i, now() - interval '1 year', 'connected'
        FROM generate_series(1, 20000) i;
    INSERT INTO game_events (game_id, event_type, event_data)
        SELECT 'mine-' || i, 'card_played', '{\"seq\": 1}' FROM generate_series(1, 20000) i;
    INSERT INTO ratings SELECT 'p' || i, i FROM generate_series(1, 1000) i;";

/// pgbench's tables at scale 1, with an index and a row of history of the user's own.
pub const PGBENCH: &str = "
    CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
    CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
    CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
    CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp,
        filler char(22));
    CREATE INDEX by_balance ON pgbench_accounts (abalance) WHERE abalance < -1000000;
    INSERT INTO pgbench_branches VALUES (1, 7);
    INSERT INTO pgbench_tellers SELECT i, 1, 0 FROM generate_series(1, 10) i;
    INSERT INTO pgbench_accounts SELECT i, 1, 0 FROM generate_series(1, 100000) i;
    INSERT INTO pgbench_history VALUES (1, 1, 1, 7, '2020-01-01', 'mine');";

/// A database with the game's tables, as a user has them.
pub fn game(name: &str) -> Database {
    let database = Database::new(name);
    database.psql(TABLES);
    database
}

#[test]
fn the_games_tables_are_left_as_they_were_found() {
    let database = game("existing_game");
    let before = database.contents();
    let ended = Load::hokm(&database.url())
        .args("--connections 4 --rate 200 --warm-up 500ms --duration 3s")
        .run();
    let result = ended.result();
    let load = &result.load_metrics;
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    // It did write, and expire.
    for name in ["event_append", "event_batch", "game_save", "session_expire"] {
        assert!(load.statements[name].totals.session_count > 0, "{name} was never run");
    }
    assert_eq!(database.contents(), before);
    assert!(!ended.err.contains("trigger"), "{}", ended.err);
}

#[test]
fn a_grown_database_of_100_000_rows_is_left_as_it_was_found() {
    let database = Database::new("existing_grown");
    database.psql(GROWN);
    let rows = "SELECT (SELECT count(*) FROM players) + (SELECT count(*) FROM games) \
                + (SELECT count(*) FROM game_players) + (SELECT count(*) FROM sessions) \
                + (SELECT count(*) FROM game_events)";
    assert_eq!(database.psql(rows), "100000");
    let before = database.contents();
    let ended = Load::hokm(&database.url())
        .args("--connections 4 --rate 200 --warm-up 0 --duration 4s --seed 7")
        .run();
    let load = ended.result().load_metrics;
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    assert_eq!(load.all_actions.failed, 0, "{:?}", load.errors);
    let warning = "warning: the load fires triggers of yours: \"changed\" on games: what they do";
    let at = |text: &str| ended.err.find(text).unwrap_or_else(|| panic!("{text}: {}", ended.err));
    assert!(at("tables ready") < at(warning) && at(warning) < at("result: "), "{}", ended.err);
    for name in ["event_append", "game_save", "player_hand", "session_expire"] {
        assert!(load.statements[name].totals.session_count > 0, "{name} was never run");
    }
    assert_eq!(database.contents(), before);
}

#[test]
fn rows_that_are_to_be_kept_carry_the_runs_prefix() {
    let database = game("existing_kept");
    let config = SMALL.replace("{\"data", "{\"keep_data\": true, \"data");
    let load = Load::at(&database.url()).config(&config);
    load.args("--connections 2 --rate 50 --warm-up 0 --duration 1s").run().result();
    for (table, key) in [("games", "game_id"), ("players", "player_id"), ("game_events", "game_id")]
    {
        let prefixes = database.psql(&format!(
            "SELECT count(*) > 50, count(DISTINCT split_part({key}, '-', 1)) FROM {table} \
             WHERE {key} !~ '^(mine-|p[0-9])'"
        ));
        assert_eq!(prefixes, "t|1", "{table}");
    }
}

#[test]
fn pgbenchs_tables_are_read_and_left_as_they_were_found() {
    let database = Database::new("existing_pgbench");
    database.psql(PGBENCH);
    let before = database.contents();
    let load = Load::at(&database.url()).args("--workload select-only --qps-target 0");
    let result = load.args("--connections 4 --warm-up 0 --duration 1s").run().result();
    assert!(result.load_metrics.all_actions.succeeded > 100);
    assert_eq!(database.contents(), before);
}

#[test]
fn pgbenchs_tables_are_updated_in_place_and_nothing_else() {
    let database = Database::new("existing_pgbench_written");
    database.psql(PGBENCH);
    let load = Load::at(&database.url()).args("--workload tpcb-like --qps-target 0");
    let result = load.args("--connections 4 --warm-up 0 --duration 1s").run().result();
    let load = &result.load_metrics;
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    let committed = load.transactions.committed;
    assert!(committed > 20, "{committed}");
    let counts = database.psql(
        "SELECT (SELECT count(*) FROM pgbench_accounts), (SELECT count(*) FROM pgbench_tellers), \
         (SELECT count(*) FROM pgbench_branches), (SELECT count(*) FROM pgbench_history), \
         (SELECT count(*) FROM pgbench_history WHERE filler = 'mine'), \
         (SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'pgbench%'), \
         (SELECT sum(delta) FROM pgbench_history) = (SELECT bbalance FROM pgbench_branches)",
    );
    assert_eq!(counts, format!("100000|10|1|{}|1|4|t", committed + 1));
}
