//! Texts about events, and those that find out what is stored.

use super::Tables;
use crate::postgres::{Statement, Type};
use model::catalog::Kind;

/// Appending and expiring events.
pub(super) fn of_events(tables: &Tables) -> Vec<Statement> {
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

/// Reading back what is in doubt.
pub(super) fn of_recovery(tables: &Tables) -> Vec<Statement> {
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
        // Who has gone is no row, for which nobody waits; who is there is one, for which the server
        // waits as it counts it.
        Statement::new(
            "backend_wait",
            Kind::Select,
            "select pg_backend_pid()::int8, count(pg_sleep($1)) \
             from pg_catalog.pg_stat_activity where pid = $2"
                .to_owned(),
            &[Type::Float8, Type::Int4],
        ),
    ]
}
