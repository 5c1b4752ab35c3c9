//! A step: one statement of an action with what it says, known when the action is wished for.

use super::cards::{Card, Suit};
use super::keys::GameKey;
use super::place::Ending;

/// Whose session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who sits in this seat.
    Seat(u8),
    /// The lobby's visitor: which visit, and who.
    Visit(u32, u32),
}

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A game was created.
    GameCreated,
    /// A player sat down.
    PlayerJoined(u8),
    /// Trump was named.
    TrumpChosen(u8, Suit),
    /// A card was played; the side that took the trick with it, if it was the fourth.
    CardPlayed(u8, Card, Option<u8>),
    /// A side won a hand.
    HandFinished(u8),
    /// A side won the game.
    GameFinished(u8),
    /// A player left for good.
    GameAbandoned(u8),
    /// A lobby room was closed.
    RoomClosed,
    /// Somebody waved, laughed or sighed.
    Emote(u8),
    /// What must never be seen: it is rolled back.
    MindChanged,
}

impl Told {
    /// The text stored in `game_events.event_type`.
    pub fn event_type(self) -> &'static str {
        match self {
            Told::GameCreated => "game_created",
            Told::PlayerJoined(_) => "player_joined",
            Told::TrumpChosen(..) => "trump_chosen",
            Told::CardPlayed(..) => "card_played",
            Told::HandFinished(_) => "hand_finished",
            Told::GameFinished(_) => "game_finished",
            Told::GameAbandoned(_) => "game_abandoned",
            Told::RoomClosed => "room_closed",
            Told::Emote(_) => "emote",
            Told::MindChanged => "mind_changed",
        }
    }
}

/// One statement of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Upserts a session.
    SessionOpen(Who),
    /// Sets whether a session is connected.
    SessionState(Who, bool),
    /// Reads a session that must be connected, or not.
    SessionRead(Who, bool),
    /// Deletes stale sessions.
    SessionExpire,
    /// Reads a player.
    PlayerRead(u32),
    /// Counts a hand for a player.
    PlayerHand(u32),
    /// Counts a game for a player, won or lost.
    PlayerGame(u32, bool),
    /// Inserts the place's game.
    GameCreate,
    /// Inserts who sits in this seat into the game's players.
    GamePlayerAdd(u8),
    /// Counts the game's players; stores the state that the action leads to.
    GameSeat,
    /// Reads the game with its lock.
    GameLoad,
    /// Stores the state that the action leads to.
    GameSave,
    /// Stores that state and the game's end.
    GameEnd(Ending),
    /// Looks at the place's game.
    GameStatus,
    /// Looks at another game.
    OtherGameStatus(GameKey),
    /// Looks at a player's last games.
    GameHistory(u32),
    /// Looks at the best players.
    Leaderboard,
    /// Appends an event.
    EventAppend(Told),
    /// Appends so many at once.
    EventBatch(u8),
    /// Deletes events of ended games.
    EventExpire,
    /// Looks for what a rollback left.
    RollbackCheck,
    /// Reads back which events are stored from the first that is not acknowledged.
    EventReadBack,
    /// Reads back how many players the game has.
    GamePlayerReadBack,
}

impl Step {
    /// Whether it only reads.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Step::SessionRead(..)
                | Step::PlayerRead(_)
                | Step::GameLoad
                | Step::GameStatus
                | Step::OtherGameStatus(_)
                | Step::GameHistory(_)
                | Step::Leaderboard
                | Step::RollbackCheck
                | Step::EventReadBack
                | Step::GamePlayerReadBack
        )
    }

    /// Whether it stores the state that the action leads to.
    pub fn stores_state(self) -> bool {
        matches!(self, Step::GameSeat | Step::GameSave | Step::GameEnd(_))
    }

    /// How many events it appends.
    pub fn events(self) -> u64 {
        match self {
            Step::EventAppend(_) => 1,
            Step::EventBatch(count) => u64::from(count),
            _ => 0,
        }
    }
}
