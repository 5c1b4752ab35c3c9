//! Texts about games and who plays in them.

use super::Tables;
use crate::postgres::{Statement, Type};
use model::catalog::Kind;

/// Creating, filling, changing and ending games, and looking at one.
pub(super) fn of_games(tables: &Tables) -> Vec<Statement> {
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

/// The complex looks: joins, aggregates, windows.
pub(super) fn complex(tables: &Tables) -> Vec<Statement> {
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
