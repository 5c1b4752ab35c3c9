//! A place that a client looks after: a live table, or the lobby of a client without one.
//!
//! It holds what the server has acknowledged and nothing else; what an action will change stands
//! in the action until its commit is answered.

use super::keys::{Fold, GameKey};
use super::start::Start;
use super::state::{SEATS, State};
use super::world::World;
use model::random::{Generator, generator};
use rand::RngExt;
use std::time::Duration;

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// The live table of this number.
    Table(u32),
    /// The lobby of this client, with so many taken seats (those that fill no table).
    Lobby {
        /// The client.
        client: u32,
        /// Taken seats, 0 to 3.
        seats: u8,
    },
}

/// Who plans to leave a game for good, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// After how many cards of the game.
    pub after_cards: u32,
    /// Who.
    pub seat: u8,
}

/// A lobby's current visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Which visit to this room it is, from 0.
    pub number: u32,
    /// Who visits.
    pub player: u32,
    /// Whether the session is known to exist.
    pub is_open: bool,
    /// Whether the visitor is connected.
    pub is_connected: bool,
}

/// One place and the game on it.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it is.
    pub kind: PlaceKind,
    /// Which game of this place it is, from 0.
    pub number: u32,
    /// The game's key.
    pub key: String,
    /// Whether the game's row exists.
    pub is_created: bool,
    /// How many of the players have sat down.
    pub joined: u8,
    /// How many of them the game's row counts.
    pub seated: u8,
    /// How many of the seats' sessions exist.
    pub opened: u8,
    /// Who sits or will sit, by seat.
    pub players: [u32; SEATS],
    /// Who is disconnected.
    pub away: Option<u8>,
    /// Who will leave for good.
    pub leaving: Option<Leaving>,
    /// Cards played in this game.
    pub cards: u32,
    /// The lobby's visitor.
    pub visit: Option<Visit>,
    /// The game's acknowledged state.
    pub state: State,
    /// How the game ended, once it has.
    pub ended: Option<Ending>,
    /// The first event's number.
    pub first_seq: u64,
    /// The next event's number: all before it are acknowledged.
    pub seq: u64,
    /// When the game was created, if that was in this run.
    pub begun: Option<Duration>,
    /// What happens in this game is drawn from here.
    pub random: Generator,
    /// Something is in doubt: the game must be read back before anything else happens to it.
    pub must_read_back: bool,
}

/// How a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A side won, or a lobby room was closed.
    Finished,
    /// A player left for good.
    Abandoned,
}

impl Ending {
    /// The text stored in `games.status`.
    pub fn status(self) -> &'static str {
        match self {
            Ending::Finished => "finished",
            Ending::Abandoned => "abandoned",
        }
    }
}

impl Place {
    /// A live table as it stands when the run begins.
    pub fn started(world: &World, table: u32) -> Place {
        let start = Start::of(world, table);
        let mut place = Place::empty(world, PlaceKind::Table(table));
        place.is_created = true;
        place.joined = SEATS as u8;
        place.seated = SEATS as u8;
        place.opened = SEATS as u8;
        place.players = start.players;
        place.state = start.state;
        place.first_seq = start.seq;
        place.seq = start.seq;
        place.cards = start.cards;
        place.leaving = start.leaving;
        place.random = start.random;
        place
    }

    /// A place whose first game is still to be created.
    pub fn empty(world: &World, kind: PlaceKind) -> Place {
        let mut place = Place {
            kind,
            number: 0,
            key: String::new(),
            is_created: false,
            joined: 0,
            seated: 0,
            opened: 0,
            players: [0; SEATS],
            away: None,
            leaving: None,
            cards: 0,
            visit: None,
            state: State::waiting(),
            ended: None,
            first_seq: 0,
            seq: 0,
            begun: None,
            random: generator(world.profile.seed, "hokm-lobby", 0),
            must_read_back: false,
        };
        place.prepare(world);
        place
    }

    /// Makes way for the next game.
    pub fn begin_next(&mut self, world: &World) {
        self.number += 1;
        self.prepare(world);
    }

    fn prepare(&mut self, world: &World) {
        let (purpose, index) = match self.kind {
            PlaceKind::Table(table) => ("hokm-game", table),
            PlaceKind::Lobby { client, .. } => ("hokm-lobby", client),
        };
        let index = u64::from(index) << 32 | u64::from(self.number);
        self.random = generator(world.profile.seed, purpose, index);
        self.key.clear();
        let key = self.game();
        key.write(world.prefix(), &mut self.key);
        self.is_created = false;
        (self.joined, self.seated, self.opened, self.cards) = (0, 0, 0, 0);
        self.players = world.popularity.draw_four(&mut self.random);
        self.leaving = draw_leaving(world, &mut self.random);
        (self.away, self.visit, self.ended, self.begun) = (None, None, None, None);
        self.state = State::waiting();
        (self.first_seq, self.seq) = (0, 0);
        self.must_read_back = false;
    }

    /// The game's key in numbers.
    pub fn game(&self) -> GameKey {
        match self.kind {
            PlaceKind::Table(table) => GameKey::Table { table, number: self.number },
            PlaceKind::Lobby { client, .. } => GameKey::Lobby { client, number: self.number },
        }
    }

    /// The acknowledged events of the game.
    pub fn fold(&self) -> Fold {
        Fold::of_range(self.game().code(), self.first_seq, self.seq)
    }

    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.kind, PlaceKind::Table(_))
    }

    /// How many players sit down here.
    pub fn seats(&self) -> u8 {
        match self.kind {
            PlaceKind::Table(_) => SEATS as u8,
            PlaceKind::Lobby { seats, .. } => seats,
        }
    }

    /// The game's status as it is stored.
    pub fn status(&self) -> &'static str {
        match self.ended {
            Some(ending) => ending.status(),
            None if self.state.is_dealt() => "playing",
            None => "waiting",
        }
    }
}

/// Whether and when somebody leaves the game for good. Any game lasts long enough for it, so that
/// the share of abandoned games is the rate that was asked for.
pub fn draw_leaving(world: &World, random: &mut Generator) -> Option<Leaving> {
    let leaves = random.random::<f64>() < world.profile.abandon_rate;
    let after_cards = random.random_range(1..world.rules.shortest_game_cards().max(2));
    let seat = random.random_range(0..SEATS as u8);
    leaves.then_some(Leaving { after_cards, seat })
}
