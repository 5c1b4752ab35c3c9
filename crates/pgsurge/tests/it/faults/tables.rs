//! Tables of the user's that don't fit: named before any load, and left as they are.

use super::document::{self, Chapter};
use crate::database::Database;
use crate::running::Load;

/// A column too wrong to take our value, and one that we know nothing of and that must be given.
const UNFIT: &str = "
    CREATE TABLE games (game_id VARCHAR(255) PRIMARY KEY, status VARCHAR(50),
        created_at TIMESTAMP, updated_at TIMESTAMP, current_phase VARCHAR(50),
        player_count BOOLEAN, game_data JSONB);
    CREATE TABLE players (player_id VARCHAR(255) PRIMARY KEY, username VARCHAR(255),
        total_games INTEGER, wins INTEGER, created_at TIMESTAMP, updated_at TIMESTAMP,
        player_data JSONB, tenant INTEGER NOT NULL);
    INSERT INTO games (game_id, player_count) VALUES ('mine', true);";

#[test]
fn every_column_that_does_not_fit_is_named_before_any_load() {
    let database = Database::new("unfit_columns");
    database.psql(UNFIT);
    let before = database.contents();
    let ended = Load::hokm(&database.url()).args("--duration 1s").run();
    let told = ended.refused(3);
    assert!(told.contains("player_count") && told.contains("boolean"), "{told}");
    assert!(told.contains("tenant"), "{told}");
    document::refused(
        Chapter::Connecting,
        "a table of the user's that can't take our rows",
        &ended,
    );
    assert_eq!(database.contents(), before);
}

#[test]
fn a_pgbench_table_with_a_wrong_column_is_named_before_any_load() {
    let database = Database::new("unfit_pgbench");
    database.psql(
        "CREATE TABLE pgbench_branches (bid int, bbalance int); \
         CREATE TABLE pgbench_tellers (tid int, bid int, tbalance int); \
         CREATE TABLE pgbench_accounts (aid int, bid int, abalance date); \
         CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp); \
         INSERT INTO pgbench_branches VALUES (1, 0)",
    );
    let before = database.contents();
    let ended = Load::at(&database.url()).args("--workload tpcb-like --duration 1s").run();
    let told = ended.refused(3);
    assert!(told.contains("abalance") && told.contains("date"), "{told}");
    assert_eq!(database.contents(), before);
}
