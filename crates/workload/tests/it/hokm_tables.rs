//! Tables that are there, tables that are not, and what is left when a run is gone.

use crate::database::Database;
use crate::hokm::{load, play, profile};
use std::time::Duration;
use workload::hokm::{Hokm, HokmProfile, SchemaVariant, clean_run};
use workload::postgres::Protocol;
use workload::{CleanUp, Error, Server, Workload};

/// What a user may have made of the seed's tables: other types, more columns, foreign keys.
const THEIRS: &str = "
    CREATE TABLE players (player_id text PRIMARY KEY, username varchar(40), mail text,
        total_games bigint NOT NULL DEFAULT 0, wins numeric, created_at timestamptz,
        updated_at timestamptz NOT NULL DEFAULT now(), player_data json);
    CREATE TABLE games (game_id varchar(120) PRIMARY KEY, status text NOT NULL,
        created_at timestamptz, updated_at timestamptz, current_phase text,
        player_count smallint, game_data json, number int GENERATED ALWAYS AS IDENTITY);
    CREATE TABLE game_players (game_id varchar(120) REFERENCES games,
        player_id text REFERENCES players, joined_at timestamptz,
        PRIMARY KEY (game_id, player_id));
    CREATE TABLE sessions (session_id text PRIMARY KEY, player_id text REFERENCES players,
        game_id varchar(120) REFERENCES games, created_at timestamptz,
        last_activity timestamptz, connection_state text, session_data jsonb);
    CREATE TABLE game_events (event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        game_id varchar(120) REFERENCES games, event_type text, event_data json,
        created_at timestamptz DEFAULT now());
    INSERT INTO players VALUES ('run1-p00000001', 'their player', NULL, 3, 1, now(), now(), '{}');
    INSERT INTO games VALUES ('their game', 'finished', now(), now(), 'over', 1, '{}');
    INSERT INTO game_players VALUES ('their game', 'run1-p00000001', now());
    INSERT INTO sessions VALUES ('their session', 'run1-p00000001', 'their game',
        '2001-01-01', '2001-01-01', 'gone', '{}');
    INSERT INTO game_events (game_id, event_type, event_data)
        VALUES ('their game', 'over', '{\"seq\": 1}');
";

const ONE_ROW_EACH: &str = "game_events 1, game_players 1, games 1, players 1, sessions 1";

#[test]
fn tables_of_the_users_own_are_used_and_left_as_they_were() {
    let database = Database::new("hokm_theirs");
    database.run(THEIRS);
    let mut run = play(&database, profile(), Protocol::Prepared);
    assert_eq!(run.finished.measured.failures.total(), 0);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
    let cleaned = run.workload.clean_up(&database.server()).unwrap();
    assert!(cleaned.dropped.is_empty() && cleaned.rows_removed > 1_000, "{cleaned:?}");
    assert_eq!(database.tables(), ONE_ROW_EACH);
}

#[test]
fn what_is_missing_is_made_and_only_that_is_dropped() {
    let database = Database::new("hokm_some_missing");
    database.run(
        "CREATE TABLE players (player_id text PRIMARY KEY, username text, \
                  total_games int, wins int, created_at timestamp, updated_at timestamp, \
                  player_data jsonb)",
    );
    let mut run = play(&database, profile(), Protocol::Prepared);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
    assert_eq!(run.workload.clean_up(&database.server()).unwrap().dropped.len(), 4);
    assert_eq!(database.tables(), "players 0");
}

#[test]
fn every_column_that_does_not_fit_is_named_before_anything_happens() {
    let database = Database::new("hokm_unfit");
    database.run(
        "CREATE TABLE players (player_id uuid PRIMARY KEY, username varchar(8), total_games int,
            wins int, created_at timestamp, updated_at timestamp, player_data jsonb);
         CREATE TABLE sessions (session_id text, player_id text, game_id text,
            created_at timestamp, last_activity timestamp, connection_state text,
            session_data jsonb, secret text NOT NULL)",
    );
    let error = Hokm::new(profile()).unwrap().set_up(&database.server()).unwrap_err();
    assert!(matches!(error, Error::Unfit(_)));
    let text = error.to_string();
    for part in [
        "column players.player_id is uuid, which does not take our text",
        "column players.username is character varying(8)",
        "table sessions has no unique index on (session_id)",
        "column sessions.secret is NOT NULL without a default",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(database.tables(), "players 0, sessions 0");
}

#[test]
fn careful_tables_have_their_indexes_and_the_seeds_are_bare() {
    let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'";
    for (variant, count, name) in
        [(SchemaVariant::Careful, 10, "hokm_careful"), (SchemaVariant::Seed, 5, "hokm_bare")]
    {
        let database = Database::new(name);
        let asked = HokmProfile { schema_variant: variant, ..profile() };
        let made = Hokm::new(asked).unwrap().set_up(&database.server()).unwrap();
        assert_eq!((database.number(indexes), made.created.len()), (count, 5));
    }
}

#[test]
fn the_volume_is_what_the_multiplier_says() {
    let database = Database::new("hokm_volume");
    let asked = HokmProfile { data_volume_multiplier: 1.0, seats: 100, ..profile() };
    let made = Hokm::new(asked).unwrap().set_up(&database.server()).unwrap();
    let expected =
        "game_events 100000, game_players 10100, games 2525, players 10000, sessions 2600";
    assert_eq!(database.tables(), expected);
    assert_eq!(made.rows_loaded, 100_000 + 10_100 + 2_525 + 10_000 + 2_600);
}

#[test]
fn tables_live_in_the_schema_that_was_asked_for() {
    let database = Database::new("hokm_schema");
    let schema = Some("Load test".to_owned());
    let asked = HokmProfile { schema: schema.clone(), ..profile() };
    let mut run = play(&database, asked, Protocol::Prepared);
    let server = Server { schema, ..database.server() };
    assert_eq!(run.failed_checks(&server), [""; 0]);
    assert_eq!(database.tables().matches(", ").count(), 4);
    assert_eq!(run.workload.clean_up(&server).unwrap().dropped.len(), 6);
    assert_eq!(database.number(SCHEMAS), 0);
}

const SCHEMAS: &str = "SELECT count(*) FROM pg_namespace WHERE nspname = 'Load test'";

#[test]
fn a_schema_that_was_there_stays() {
    let database = Database::new("hokm_schema_theirs");
    database.run("CREATE SCHEMA \"Load test\"");
    let asked = HokmProfile { schema: Some("Load test".to_owned()), ..profile() };
    let mut workload = Hokm::new(asked).unwrap();
    workload.set_up(&database.server()).unwrap();
    assert_eq!(workload.clean_up(&database.server()).unwrap().dropped.len(), 5);
    assert_eq!(database.number(SCHEMAS), 1);
}

#[test]
fn what_a_killed_run_left_is_cleaned_by_its_name() {
    let database = Database::new("hokm_clean_run");
    // It never came to its own clean-up.
    drop(play(&database, profile(), Protocol::Prepared));
    let cleaned = clean_run(&database.server(), "run").unwrap();
    assert_eq!(cleaned.dropped.len(), 5);
    assert_eq!(database.tables(), "");
    database.run(THEIRS);
    drop(play(&database, profile(), Protocol::Prepared));
    assert!(clean_run(&database.server(), "run").unwrap().dropped.is_empty());
    assert_eq!(database.tables(), ONE_ROW_EACH);
}

#[test]
fn made_tables_into_which_others_put_rows_stay() {
    let database = Database::new("hokm_shared_since");
    drop(play(&database, profile(), Protocol::Prepared));
    database.run("INSERT INTO players (player_id) VALUES ('someone')");
    let cleaned = clean_run(&database.server(), "run").unwrap();
    assert_eq!((cleaned.dropped.len(), cleaned.notes.len()), (4, 1));
    assert_eq!(database.tables(), "players 1");
}

#[test]
fn a_run_of_the_same_name_is_refused_and_its_rows_stay() {
    let database = Database::new("hokm_occupied");
    drop(play(&database, profile(), Protocol::Prepared));
    let before = database.tables();
    let mut second = Hokm::new(profile()).unwrap();
    let error = second.set_up(&database.server()).unwrap_err();
    assert!(error.to_string().contains("rows of a run called run"), "{error}");
    second.clean_up(&database.server()).unwrap();
    assert_eq!(database.tables(), before);
}

#[test]
fn two_runs_share_the_tables_that_one_of_them_made() {
    let database = Database::new("hokm_two_runs");
    let named = |run: &str| HokmProfile { run_prefix: run.to_owned(), ..profile() };
    let mut first = play(&database, named("one"), Protocol::Prepared);
    let mut second = play(&database, named("two"), Protocol::Prepared);
    for run in [&mut first, &mut second] {
        assert_eq!(run.failed_checks(&database.server()), [""; 0]);
    }
    // The maker goes first: its rows go, the tables stay with the other's.
    let cleaned = first.workload.clean_up(&database.server()).unwrap();
    assert!(cleaned.dropped.is_empty() && cleaned.rows_removed > 1_000, "{cleaned:?}");
    assert!(cleaned.notes.iter().all(|note| note.contains("run two needs it")), "{cleaned:?}");
    assert_eq!(second.failed_checks(&database.server()), [""; 0]);
    assert_eq!(second.workload.clean_up(&database.server()).unwrap().dropped.len(), 5);
    assert_eq!(database.tables(), "");
}

#[test]
fn another_applications_tables_of_the_same_names_are_nobodys_rows() {
    let database = Database::new("hokm_other_games");
    database.run(
        "CREATE TABLE games (game_id int PRIMARY KEY); CREATE VIEW players AS SELECT 1 AS n;
         CREATE TABLE sessions (id text); INSERT INTO sessions VALUES ('run-s1')",
    );
    let cleaned = clean_run(&database.server(), "run").unwrap();
    assert_eq!(cleaned, CleanUp::default());
    assert_eq!(database.tables(), "games 0, sessions 1");
}

/// The rows of run `run` as they were left by a set-up without load.
fn kept(database: &Database) -> u64 {
    let mut first = Hokm::new(HokmProfile { keep_data: true, ..profile() }).unwrap();
    let made = first.set_up(&database.server()).unwrap();
    first.clean_up(&database.server()).unwrap();
    made.rows_loaded
}

fn reusing() -> HokmProfile {
    HokmProfile { reuse_data: true, ..profile() }
}

#[test]
fn what_was_kept_is_used_again_and_again_and_stays() {
    let database = Database::new("hokm_reused");
    let loaded = kept(&database);
    let before = database.tables();
    for _ in 0..2 {
        let mut workload = Hokm::new(reusing()).unwrap();
        // What was played with is put back: the live tables and sessions, not all the rest.
        let again = workload.set_up(&database.server()).unwrap().rows_loaded;
        assert!(again < loaded / 2, "{again} of {loaded}");
        assert_eq!(database.tables(), before);
        let how = (8, Duration::from_millis(1_500));
        let mut run = load(&database, workload, Protocol::Prepared, how);
        assert_eq!(run.failed_checks(&database.server()), [""; 0]);
        let cleaned = run.workload.clean_up(&database.server()).unwrap();
        assert_eq!((cleaned.rows_removed, cleaned.dropped.len()), (0, 0));
        assert_ne!(database.tables(), before);
    }
    assert_eq!(clean_run(&database.server(), "run").unwrap().dropped.len(), 5);
}

#[test]
fn rows_in_tables_of_the_users_own_are_put_back_too() {
    let database = Database::new("hokm_reused_theirs");
    database.run(THEIRS);
    kept(&database);
    let (before, first) = (database.tables(), play(&database, reusing(), Protocol::Prepared));
    drop(first);
    Hokm::new(reusing()).unwrap().set_up(&database.server()).unwrap();
    assert_eq!(database.tables(), before);
    clean_run(&database.server(), "run").unwrap();
    assert_eq!(database.tables(), ONE_ROW_EACH);
}

#[test]
fn rows_that_were_made_otherwise_or_changed_by_others_are_refused_and_stay() {
    let database = Database::new("hokm_reuse_refused");
    let refused = |asked: HokmProfile| {
        let mut workload = Hokm::new(asked).unwrap();
        let error = workload.set_up(&database.server()).unwrap_err().to_string();
        workload.clean_up(&database.server()).unwrap();
        error
    };
    assert!(refused(reusing()).contains("no rows of run run are there"));
    kept(&database);
    let before = database.tables();
    let error = refused(HokmProfile { seed: 9, hands_to_win: 3, ..reusing() });
    assert!(error.ends_with("other settings: hands_to_win 2, not 3; seed 11, not 9"), "{error}");
    database.run("DELETE FROM game_players WHERE game_id = 'run-h0-0'");
    let error = refused(reusing());
    assert!(error.contains("something else has changed them"), "{error}");
    database
        .run("INSERT INTO game_players SELECT 'run-h0-0', 'p' || i FROM generate_series(1, 4) i");
    assert_eq!(database.tables(), before);
}
