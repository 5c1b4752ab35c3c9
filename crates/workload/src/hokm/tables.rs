//! The seed's five tables: what we need of them, and how we make them where they are missing.

use super::profile::SchemaVariant;
use super::statements::Tables;
use crate::schema::{Column, NewTable, Privilege, Table};

const ALL: &[Privilege] =
    &[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete];
const INSERT_AND_DELETE: &[Privilege] = &[Privilege::Select, Privilege::Insert, Privilege::Delete];

/// Prefix, kind, and two numbers of ten digits at most.
const GAME_CHARS: u32 = 60 + 2 + 10 + 1 + 10;
const SESSION_CHARS: u32 = GAME_CHARS + 2 + 10;
const PLAYER_CHARS: u32 = 60 + 2 + 10;

/// What statements name of each table, in the order in which rows are loaded.
pub static NEEDED: [Table; 5] = [
    Table {
        name: "players",
        columns: &[
            Column::text("player_id", PLAYER_CHARS),
            Column::text("username", 17),
            Column::written("total_games", "int4"),
            Column::written("wins", "int4"),
            Column::written("created_at", "timestamptz"),
            Column::written("updated_at", "timestamptz"),
            Column::written("player_data", "jsonb"),
        ],
        unique: None,
        privileges: ALL,
    },
    Table {
        name: "games",
        columns: &[
            Column::text("game_id", GAME_CHARS),
            Column::text("status", 9),
            Column::written("created_at", "timestamptz"),
            Column::written("updated_at", "timestamptz"),
            Column::text("current_phase", 9),
            Column::written("player_count", "int4"),
            Column::written("game_data", "jsonb"),
        ],
        unique: None,
        privileges: ALL,
    },
    Table {
        name: "game_players",
        columns: &[
            Column::text("game_id", GAME_CHARS),
            Column::text("player_id", PLAYER_CHARS),
            Column::written("joined_at", "timestamptz"),
        ],
        unique: None,
        privileges: INSERT_AND_DELETE,
    },
    Table {
        name: "sessions",
        columns: &[
            Column::text("session_id", SESSION_CHARS),
            Column::text("player_id", PLAYER_CHARS),
            Column::text("game_id", GAME_CHARS),
            Column::written("created_at", "timestamptz"),
            Column::written("last_activity", "timestamptz"),
            Column::text("connection_state", 12),
            Column::written("session_data", "jsonb"),
        ],
        unique: Some(&["session_id"]),
        privileges: ALL,
    },
    Table {
        name: "game_events",
        columns: &[
            Column::read("event_id", "int8"),
            Column::text("game_id", GAME_CHARS),
            Column::text("event_type", 14),
            Column::written("event_data", "jsonb"),
            Column::written("created_at", "timestamptz"),
        ],
        unique: None,
        privileges: INSERT_AND_DELETE,
    },
];

/// The statements that make the table called `name`, one of the five.
pub fn new_table(tables: &Tables, name: &str, variant: SchemaVariant) -> NewTable {
    let qualified = tables.named(name);
    let mut sql = format!("CREATE TABLE {qualified} ({})", columns(name));
    if variant == SchemaVariant::Careful
        && let Some(index) = careful_index(name)
    {
        sql.push_str(&format!("; CREATE INDEX ON {qualified} {index}"));
    }
    NewTable { name: qualified.to_owned(), sql }
}

/// The column that every row's prefix stands in.
pub fn key_column(table: &str) -> &'static str {
    match table {
        "players" => "player_id",
        "sessions" => "session_id",
        _ => "game_id",
    }
}

fn columns(name: &str) -> &'static str {
    match name {
        "games" => {
            "game_id VARCHAR(255) PRIMARY KEY, status VARCHAR(50), \
             created_at TIMESTAMP DEFAULT NOW(), updated_at TIMESTAMP DEFAULT NOW(), \
             current_phase VARCHAR(50), player_count INTEGER DEFAULT 0, game_data JSONB"
        }
        "players" => {
            "player_id VARCHAR(255) PRIMARY KEY, username VARCHAR(255), \
             total_games INTEGER DEFAULT 0, wins INTEGER DEFAULT 0, \
             created_at TIMESTAMP DEFAULT NOW(), updated_at TIMESTAMP DEFAULT NOW(), \
             player_data JSONB"
        }
        "sessions" => {
            "session_id VARCHAR(255) PRIMARY KEY, player_id VARCHAR(255), \
             game_id VARCHAR(255), created_at TIMESTAMP DEFAULT NOW(), \
             last_activity TIMESTAMP DEFAULT NOW(), connection_state VARCHAR(50), \
             session_data JSONB"
        }
        "game_players" => {
            "game_id VARCHAR(255), player_id VARCHAR(255), \
             joined_at TIMESTAMP DEFAULT NOW(), PRIMARY KEY (game_id, player_id)"
        }
        _ => {
            "event_id SERIAL PRIMARY KEY, game_id VARCHAR(255), event_type VARCHAR(100), \
             event_data JSONB, created_at TIMESTAMP DEFAULT NOW()"
        }
    }
}

/// The index that a careful team would have beside the primary key.
fn careful_index(name: &str) -> Option<&'static str> {
    match name {
        "games" => Some("(created_at)"),
        "players" => Some("(wins DESC, total_games DESC)"),
        "sessions" => Some("(last_activity)"),
        "game_players" => Some("(player_id)"),
        "game_events" => Some("(game_id, event_id)"),
        _ => None,
    }
}
