//! Every SQL text that the game server sends: one name, one text.
//!
//! No text holds a constant: `pg_stat_statements` would show it as another text than ours, and
//! our counts could not be held against the server's. Columns of JSON are cast to `jsonb` where they are looked into, so that a user's own table may
//! hold them as `json` or `text`. Rows are locked in one order everywhere: games, players by id,
//! sessions, events.

use crate::identifier::qualified;
use crate::postgres::{FIRST, Statement, Type};
use model::catalog::Kind;

/// Opens a session, or takes an open one up again.
pub const SESSION_OPEN: u16 = FIRST;
/// Sets a session's connection state.
pub const SESSION_STATE: u16 = FIRST + 1;
/// Reads a session back.
pub const SESSION_READ: u16 = FIRST + 2;
/// Deletes stale sessions, a bounded number.
pub const SESSION_EXPIRE: u16 = FIRST + 3;
/// Reads a player.
pub const PLAYER_READ: u16 = FIRST + 4;
/// Counts a finished hand for a player.
pub const PLAYER_HAND: u16 = FIRST + 5;
/// Counts a finished game, and a win, for a player.
pub const PLAYER_GAME: u16 = FIRST + 6;
/// Creates a game.
pub const GAME_CREATE: u16 = FIRST + 7;
/// Adds a player to a game.
pub const GAME_PLAYER_ADD: u16 = FIRST + 8;
/// Counts the players of a game, and deals when they are four.
pub const GAME_SEAT: u16 = FIRST + 9;
/// Reads a game that is about to change.
pub const GAME_LOAD: u16 = FIRST + 10;
/// Stores a game's new state.
pub const GAME_SAVE: u16 = FIRST + 11;
/// Stores a game's end.
pub const GAME_END: u16 = FIRST + 12;
/// Reads a game to look at it.
pub const GAME_STATUS: u16 = FIRST + 13;
/// A player's last games: joins, aggregates and windows.
pub const GAME_HISTORY: u16 = FIRST + 14;
/// The best players: windows, aggregates and joins.
pub const LEADERBOARD: u16 = FIRST + 15;
/// Appends one event.
pub const EVENT_APPEND: u16 = FIRST + 16;
/// Appends several events at once.
pub const EVENT_BATCH: u16 = FIRST + 17;
/// Deletes events of ended games, a bounded number.
pub const EVENT_EXPIRE: u16 = FIRST + 18;
/// Looks for what a transaction left that was rolled back on purpose.
pub const ROLLBACK_CHECK: u16 = FIRST + 19;
/// Reads which events of a game are stored, from a number on.
pub const EVENT_READ_BACK: u16 = FIRST + 20;
/// Counts the players that are stored for a game.
pub const GAME_PLAYER_READ_BACK: u16 = FIRST + 21;

/// How long a session must have been silent to be stale, and how long an ended game's events are
/// kept, in seconds.
pub const STALE_AFTER_S: u64 = 10;

/// The tables' names as SQL writes them.
#[derive(Clone, Debug)]
pub struct Tables {
    /// `games`.
    pub games: String,
    /// `players`.
    pub players: String,
    /// `sessions`.
    pub sessions: String,
    /// `game_events`.
    pub events: String,
    /// `game_players`.
    pub game_players: String,
}

impl Tables {
    /// The five in a schema, or on the search path.
    pub fn new(schema: Option<&str>) -> Tables {
        let name = |table| qualified(schema, table);
        Tables {
            games: name("games"),
            players: name("players"),
            sessions: name("sessions"),
            events: name("game_events"),
            game_players: name("game_players"),
        }
    }
}

impl Tables {
    /// The qualified name of one of the five.
    pub fn named(&self, table: &str) -> &str {
        match table {
            "games" => &self.games,
            "players" => &self.players,
            "sessions" => &self.sessions,
            "game_players" => &self.game_players,
            _ => &self.events,
        }
    }
}

/// All statements, in the order of their numbers.
pub fn all(schema: Option<&str>) -> Vec<Statement> {
    let tables = Tables::new(schema);
    let mut all = of_sessions(&tables);
    all.extend(of_players(&tables));
    all.extend(of_games(&tables));
    all.extend(complex(&tables));
    all.extend(of_events(&tables));
    all.extend(of_recovery(&tables));
    all
}

fn of_sessions(tables: &Tables) -> Vec<Statement> {
    let Tables { games, sessions, .. } = tables;
    vec![
        Statement::new(
            "session_open",
            Kind::Insert,
            format!(
                "insert into {sessions} as s (session_id, player_id, game_id, created_at, \
                 last_activity, connection_state, session_data) \
                 values ($1, $2, $3, now(), now(), $4, $5) \
                 on conflict (session_id) do update set last_activity = excluded.last_activity, \
                 connection_state = excluded.connection_state, \
                 session_data = excluded.session_data returning s.connection_state::text"
            ),
            &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Jsonb],
        ),
        Statement::new(
            "session_state",
            Kind::Update,
            format!(
                "update {sessions} set connection_state = $1, last_activity = now() \
                 where session_id = $2 returning connection_state::text"
            ),
            &[Type::Text, Type::Text],
        ),
        Statement::new(
            "session_read",
            Kind::Select,
            format!(
                "select connection_state::text, player_id::text, game_id::text \
                 from {sessions} where session_id = $1"
            ),
            &[Type::Text],
        ),
        Statement::new(
            "session_expire",
            Kind::Delete,
            format!(
                "delete from {sessions} where session_id in (select s.session_id \
                 from {sessions} s join {games} g on g.game_id = s.game_id \
                 where s.last_activity < now() - make_interval(secs => $1) \
                 and starts_with(s.session_id, $2) and g.status = any($3) \
                 order by s.last_activity limit $4 for update of s skip locked) \
                 returning session_id::text"
            ),
            &[Type::Float8, Type::Text, Type::TextArray, Type::Int8],
        ),
    ]
}

fn of_players(tables: &Tables) -> Vec<Statement> {
    let players = &tables.players;
    vec![
        Statement::new(
            "player_read",
            Kind::Select,
            format!(
                "select username::text, total_games::int8, wins::int8, player_data::jsonb \
                 from {players} where player_id = $1"
            ),
            &[Type::Text],
        ),
        Statement::new(
            "player_hand",
            Kind::Update,
            format!(
                "update {players} set player_data = jsonb_set(player_data::jsonb, $1, \
                 to_jsonb((player_data::jsonb #>> $1)::int8 + $2)), updated_at = now() \
                 where player_id = $3"
            ),
            &[Type::TextArray, Type::Int8, Type::Text],
        ),
        Statement::new(
            "player_game",
            Kind::Update,
            format!(
                "update {players} set player_data = jsonb_set(player_data::jsonb, $1, \
                 to_jsonb((player_data::jsonb #>> $1)::int8 + $2)), updated_at = now(), \
                 total_games = total_games + $3, wins = wins + $4 where player_id = $5"
            ),
            &[Type::TextArray, Type::Int8, Type::Int4, Type::Int4, Type::Text],
        ),
    ]
}

fn of_games(tables: &Tables) -> Vec<Statement> {
    let Tables { games, game_players, .. } = tables;
    vec![
        Statement::new(
            "game_create",
            Kind::Insert,
            format!(
                "insert into {games} (game_id, status, created_at, updated_at, current_phase, \
                 player_count, game_data) values ($1, $2, now(), now(), $3, $4, $5)"
            ),
            &[Type::Text, Type::Text, Type::Text, Type::Int4, Type::Jsonb],
        ),
        Statement::new(
            "game_player_add",
            Kind::Insert,
            format!(
                "insert into {game_players} (game_id, player_id, joined_at) \
                 values ($1, $2, now())"
            ),
            &[Type::Text, Type::Text],
        ),
        Statement::new(
            "game_seat",
            Kind::Update,
            format!(
                "update {games} set player_count = player_count + $1, status = $2, \
                 current_phase = $3, game_data = $4, updated_at = now() \
                 where game_id = $5 returning player_count::int8"
            ),
            &[Type::Int4, Type::Text, Type::Text, Type::Jsonb, Type::Text],
        ),
        Statement::new(
            "game_load",
            Kind::Select,
            format!(
                "select status::text, player_count::int8, game_data::jsonb \
                 from {games} where game_id = $1 for update"
            ),
            &[Type::Text],
        ),
        Statement::new(
            "game_save",
            Kind::Update,
            format!(
                "update {games} set current_phase = $1, game_data = $2, updated_at = now() \
                 where game_id = $3 returning current_phase::text"
            ),
            &[Type::Text, Type::Jsonb, Type::Text],
        ),
        Statement::new(
            "game_end",
            Kind::Update,
            format!(
                "update {games} set status = $1, current_phase = $2, game_data = $3, \
                 updated_at = now() where game_id = $4 returning status::text"
            ),
            &[Type::Text, Type::Text, Type::Jsonb, Type::Text],
        ),
        Statement::new(
            "game_status",
            Kind::Select,
            format!(
                "select status::text, current_phase::text, player_count::int8, \
                 game_data::jsonb, updated_at::timestamp from {games} where game_id = $1"
            ),
            &[Type::Text],
        ),
    ]
}

fn complex(tables: &Tables) -> Vec<Statement> {
    let Tables { games, players, events, game_players, .. } = tables;
    vec![
        Statement::new(
            "game_history",
            Kind::Select,
            format!(
                "select g.game_id::text, g.status::text, g.created_at::timestamp, \
                 count(distinct o.player_id) as opponents, count(distinct e.event_id) as events, \
                 row_number() over (order by g.created_at desc) as place, \
                 sum(count(distinct e.event_id)) over (order by g.created_at desc)::int8 \
                 as events_so_far \
                 from (select m.game_id from {game_players} m where m.player_id = $1 \
                 order by m.joined_at desc limit $2) mine \
                 join {games} g on g.game_id = mine.game_id \
                 left join {game_players} o on o.game_id = g.game_id and o.player_id <> $1 \
                 left join {events} e on e.game_id = g.game_id \
                 group by g.game_id, g.status, g.created_at order by g.created_at desc"
            ),
            &[Type::Text, Type::Int8],
        ),
        Statement::new(
            "leaderboard",
            Kind::Select,
            format!(
                "select best.player_id::text, best.username::text, best.wins::int8, \
                 best.total_games::int8, \
                 rank() over (order by best.wins desc, best.total_games desc) as place, \
                 best.wins::float8 / greatest(best.total_games, $1) as win_ratio, \
                 count(m.game_id) as games, max(m.joined_at)::timestamp as last_joined \
                 from (select player_id, username, wins, total_games from {players} \
                 order by wins desc, total_games desc limit $2) best \
                 left join {game_players} m on m.player_id = best.player_id \
                 group by best.player_id, best.username, best.wins, best.total_games \
                 order by place"
            ),
            &[Type::Int4, Type::Int8],
        ),
    ]
}

fn of_events(tables: &Tables) -> Vec<Statement> {
    let Tables { games, events, .. } = tables;
    vec![
        Statement::new(
            "event_append",
            Kind::Insert,
            format!("insert into {events} (game_id, event_type, event_data) values ($1, $2, $3)"),
            &[Type::Text, Type::Text, Type::Jsonb],
        ),
        Statement::new(
            "event_batch",
            Kind::Insert,
            format!(
                "insert into {events} (game_id, event_type, event_data) \
                 select $1, $2, event_data from unnest($3) as batch (event_data)"
            ),
            &[Type::Text, Type::Text, Type::JsonbArray],
        ),
        Statement::new(
            "event_expire",
            Kind::Delete,
            format!(
                "delete from {events} where event_id in (select e.event_id \
                 from {events} e join {games} g on g.game_id = e.game_id \
                 where e.game_id = any($1) and g.status = any($2) \
                 order by e.event_id limit $3) \
                 returning game_id::text, (event_data::jsonb ->> $4)::int8"
            ),
            &[Type::TextArray, Type::TextArray, Type::Int8, Type::Text],
        ),
    ]
}

fn of_recovery(tables: &Tables) -> Vec<Statement> {
    let Tables { games, events, game_players, .. } = tables;
    vec![
        Statement::new(
            "rollback_check",
            Kind::Select,
            format!(
                "select (select count(*) from {events} e where e.game_id = g.game_id \
                 and e.event_type = $1), g.current_phase::text \
                 from {games} g where g.game_id = $2"
            ),
            &[Type::Text, Type::Text],
        ),
        Statement::new(
            "event_read_back",
            Kind::Select,
            format!(
                "select (event_data::jsonb ->> $1)::int8 as seq from {events} \
                 where game_id = $2 and (event_data::jsonb ->> $1)::int8 >= $3 order by seq"
            ),
            &[Type::Text, Type::Text, Type::Int8],
        ),
        Statement::new(
            "game_player_read_back",
            Kind::Select,
            format!("select count(*) from {game_players} where game_id = $1"),
            &[Type::Text],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        let all = all(None);
        let name = |id: u16| all[usize::from(id - FIRST)].name;
        assert_eq!(name(SESSION_EXPIRE), "session_expire");
        assert_eq!(name(PLAYER_GAME), "player_game");
        assert_eq!(name(GAME_STATUS), "game_status");
        assert_eq!(name(LEADERBOARD), "leaderboard");
        assert_eq!(name(EVENT_EXPIRE), "event_expire");
        assert_eq!(name(GAME_PLAYER_READ_BACK), "game_player_read_back");
        assert_eq!(all.len(), usize::from(GAME_PLAYER_READ_BACK - FIRST) + 1);
    }

    #[test]
    fn names_and_texts_are_one_to_one() {
        let all = all(Some("it\"s"));
        for (index, statement) in all.iter().enumerate() {
            let same =
                |other: &&Statement| other.name == statement.name || other.sql == statement.sql;
            assert_eq!(all.iter().position(|other| same(&other)), Some(index));
        }
    }

    #[test]
    fn no_text_holds_a_constant() {
        for statement in all(None) {
            let mut rest = statement.sql.clone();
            for number in 1..=9 {
                rest = rest.replace(&format!("${number}"), "");
            }
            for name in ["int8", "float8"] {
                rest = rest.replace(name, "");
            }
            let is_constant = |c: char| c == '\'' || c.is_ascii_digit();
            assert!(!rest.contains(is_constant), "{}", statement.sql);
        }
    }
}
