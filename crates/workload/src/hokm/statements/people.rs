//! Texts about sessions and players.

use super::Tables;
use crate::postgres::{Statement, Type};
use model::catalog::Kind;

/// Opening, changing, reading and expiring sessions.
pub(super) fn of_sessions(tables: &Tables) -> Vec<Statement> {
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
                 and starts_with(s.session_id, $2) and s.session_id >= $2 \
                 and s.session_id < $5 and g.status = any($3) \
                 order by s.last_activity limit $4 for update of s skip locked) \
                 returning session_id::text"
            ),
            &[Type::Float8, Type::Text, Type::TextArray, Type::Int8, Type::Text],
        ),
    ]
}

/// Reading players and counting what they did.
pub(super) fn of_players(tables: &Tables) -> Vec<Statement> {
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
