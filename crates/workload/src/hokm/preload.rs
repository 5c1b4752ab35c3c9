//! The rows that exist before the run, each computed from its index alone: players, ended games
//! with their players, sessions and events, and the live tables as they stand at the start.

use super::keys::{GameKey, write_player, write_seat_session};
use super::made::Made;
use super::scene::write_event;
use super::start::Start;
use super::state::{SEATS, Stage, State};
use super::statements::Tables;
use super::step::Told;
use super::stored;
use super::world::World;
use crate::loading::{Rows, TextRow};
use model::random::generator;
use rand::RngExt;

/// How far back the ended games go.
const HISTORY_DAYS: u64 = 30;
const DAY_US: i64 = 86_400_000_000;

/// What a player's row says before the run: hands, games, wins.
pub fn first_counts(world: &World, player: u32) -> [u32; 3] {
    let mut random = generator(world.profile.seed, "hokm-player", player.into());
    let games = random.random_range(0..200);
    let wins = random.random_range(0..=games);
    [games * 10, games, wins]
}

/// Who sat in an ended game, by seat.
fn history_players(world: &World, index: u32) -> [u32; SEATS] {
    let mut random = generator(world.profile.seed, "hokm-history", index.into());
    world.popularity.draw_four(&mut random)
}

/// What all the tables' rows are made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The run.
    pub world: &'a World,
    /// Where the rows go.
    pub tables: &'a Tables,
    /// The server's clock when loading began, µs since 1970.
    pub now_us: i64,
}

impl Source<'_> {
    /// The game of a row: ended ones first, then the live tables'.
    fn game(&self, index: u64) -> GameKey {
        let history = u64::from(self.world.volume.games);
        match index.checked_sub(history) {
            // Both counts are 32 bits wide.
            None => GameKey::History { index: index as u32 },
            Some(table) => GameKey::Table { table: table as u32, number: 0 },
        }
    }

    fn games(&self) -> u64 {
        u64::from(self.world.volume.games) + u64::from(self.world.profile.tables())
    }

    fn players(&self, game: GameKey) -> [u32; SEATS] {
        match game {
            GameKey::Table { table, .. } => Start::players(self.world, table).0,
            GameKey::History { index } | GameKey::Lobby { client: index, .. } => {
                history_players(self.world, index)
            }
        }
    }

    /// When a game began: the ended ones are spread over the past days, oldest first.
    fn began_us(&self, game: GameKey) -> i64 {
        match game {
            GameKey::History { index } => {
                let share = f64::from(index) / f64::from(self.world.volume.games.max(1));
                let age_days = HISTORY_DAYS as f64 * (1.0 - share) + 1.0;
                self.now_us - (age_days * DAY_US as f64) as i64
            }
            _ => self.now_us,
        }
    }

    fn prefix(&self) -> &str {
        self.world.prefix()
    }
}

/// The rows of `players`.
pub struct Players<'a>(pub Source<'a>);

impl Rows for Players<'_> {
    fn name(&self) -> &str {
        "players"
    }

    fn copy_sql(&self) -> String {
        format!(
            "COPY {} (player_id, username, total_games, wins, created_at, updated_at, \
             player_data) FROM STDIN",
            self.0.tables.players
        )
    }

    fn count(&self) -> u64 {
        self.0.world.volume.players.into()
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        let (player, mut key) = (index as u32, String::new());
        let [hands, games, wins] = first_counts(self.0.world, player);
        write_player(self.0.prefix(), player, &mut key);
        let began_us = self.0.now_us - HISTORY_DAYS as i64 * DAY_US;
        out.text(&key).text(&format!("player {player}"));
        out.int(games.into()).int(wins.into());
        out.timestamp_us(began_us).timestamp_us(self.0.now_us);
        // One row says for all of them what they were made from.
        let made = match index {
            0 => format!(",\"made\":{}", Made::of(&self.0.world.profile).json()),
            _ => String::new(),
        };
        out.text(&format!("{{\"run\":\"{}\",\"hands\":{hands}{made}}}", self.0.prefix()));
    }
}

/// The rows of `games`.
pub struct Games<'a>(pub Source<'a>);

impl Rows for Games<'_> {
    fn name(&self) -> &str {
        "games"
    }

    fn copy_sql(&self) -> String {
        format!(
            "COPY {} (game_id, status, created_at, updated_at, current_phase, player_count, \
             game_data) FROM STDIN",
            self.0.tables.games
        )
    }

    fn count(&self) -> u64 {
        self.0.games()
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        let game = self.0.game(index);
        let (status, state) = match game {
            GameKey::Table { table, .. } => ("playing", Start::of(self.0.world, table).state),
            _ => ("finished", ended_state(self.0.world, index)),
        };
        let mut data = String::new();
        stored::write(&state, self.0.prefix(), &mut data);
        let began_us = self.0.began_us(game);
        out.text(&game.text(self.0.prefix())).text(status);
        out.timestamp_us(began_us).timestamp_us(began_us);
        out.text(state.stage.name()).int(SEATS as i64).text(&data);
    }
}

/// How an ended game stands; its cards are long put away.
fn ended_state(world: &World, index: u64) -> State {
    let mut random = generator(world.profile.seed, "hokm-ended", index);
    let lost = random.random_range(0..world.profile.hands_to_win);
    let mut score = [lost, world.profile.hands_to_win];
    score.rotate_left(random.random_range(0..2));
    let hand = score.iter().map(|&won| u16::from(won)).sum();
    State { stage: Stage::GameOver, hand, score, ..State::waiting() }
}

/// The rows of `game_players`.
pub struct GamePlayers<'a>(pub Source<'a>);

impl Rows for GamePlayers<'_> {
    fn name(&self) -> &str {
        "game_players"
    }

    fn copy_sql(&self) -> String {
        let table = &self.0.tables.game_players;
        format!("COPY {table} (game_id, player_id, joined_at) FROM STDIN")
    }

    fn count(&self) -> u64 {
        self.0.games() * SEATS as u64
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        let game = self.0.game(index / SEATS as u64);
        let player = self.0.players(game)[(index % SEATS as u64) as usize];
        let mut key = String::new();
        write_player(self.0.prefix(), player, &mut key);
        out.text(&game.text(self.0.prefix())).text(&key).timestamp_us(self.0.began_us(game));
    }
}

/// The rows of `sessions`: a stale one for each ended game, four for each live table.
pub struct Sessions<'a>(pub Source<'a>);

impl Rows for Sessions<'_> {
    fn name(&self) -> &str {
        "sessions"
    }

    fn copy_sql(&self) -> String {
        format!(
            "COPY {} (session_id, player_id, game_id, created_at, last_activity, \
             connection_state, session_data) FROM STDIN",
            self.0.tables.sessions
        )
    }

    fn count(&self) -> u64 {
        let tables = u64::from(self.0.world.profile.tables());
        u64::from(self.0.world.volume.games) + tables * SEATS as u64
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        let history = u64::from(self.0.world.volume.games);
        let (game, seat, state) = match index.checked_sub(history) {
            None => (self.0.game(index), 0, "disconnected"),
            Some(seat) => {
                let seats = SEATS as u64;
                (self.0.game(history + seat / seats), (seat % seats) as u8, "connected")
            }
        };
        let (key, mut session, mut player) =
            (game.text(self.0.prefix()), String::new(), String::new());
        write_seat_session(&key, seat, &mut session);
        write_player(self.0.prefix(), self.0.players(game)[usize::from(seat)], &mut player);
        let began_us = self.0.began_us(game);
        out.text(&session).text(&player).text(&key);
        out.timestamp_us(began_us).timestamp_us(began_us).text(state);
        out.text(&format!("{{\"run\":\"{}\",\"client\":\"web\"}}", self.0.prefix()));
    }
}

/// The rows of `game_events`: those of the ended games.
pub struct Events<'a>(pub Source<'a>);

impl Rows for Events<'_> {
    fn name(&self) -> &str {
        "game_events"
    }

    fn copy_sql(&self) -> String {
        let table = &self.0.tables.events;
        format!("COPY {table} (game_id, event_type, event_data, created_at) FROM STDIN")
    }

    fn count(&self) -> u64 {
        self.0.world.volume.events()
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        let each = u64::from(self.0.world.volume.events_per_game);
        let (game, seq) = (self.0.game(index / each), index % each);
        let told = match seq {
            0 => Told::GameCreated,
            1..=4 => Told::PlayerJoined(seq as u8 - 1),
            _ if seq + 1 == each => Told::GameFinished((seq % 2) as u8),
            _ => Told::HandFinished((seq % 2) as u8),
        };
        let mut data = String::new();
        write_event(self.0.prefix(), seq, 1, told, &mut data);
        out.text(&game.text(self.0.prefix())).text(told.event_type()).text(&data);
        out.timestamp_us(self.0.began_us(game));
    }
}
