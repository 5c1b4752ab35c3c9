//! The names of what users do, in the order of their numbers.

/// One thing that a user, or the game server itself, wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Action {
    /// A user opens a session, or takes it up again.
    OpenSession,
    /// A user opens a table, or a lobby room opens.
    CreateGame,
    /// A user sits down.
    JoinGame,
    /// The hakem names trump.
    ChooseTrump,
    /// A user plays a card.
    PlayCard,
    /// A hand is scored and the next one dealt.
    FinishHand,
    /// The last hand of a game is scored.
    FinishGame,
    /// A game whose player left for good is given up.
    AbandonGame,
    /// A lobby room is closed.
    CloseRoom,
    /// A user's connection goes away.
    Disconnect,
    /// It comes back.
    Reconnect,
    /// A user looks at a game.
    LookGameStatus,
    /// A user looks at a player.
    LookPlayerStats,
    /// A user looks at a player's last games.
    LookGameHistory,
    /// A user looks at the best players.
    LookLeaderboard,
    /// Several events at once.
    Batch,
    /// A user changes their mind: a transaction is rolled back on purpose.
    ChangeMind,
    /// Stale sessions and old events are deleted.
    Expire,
    /// A game is read back after its outcome was in doubt.
    ReadBack,
}

impl Action {
    /// All of them, in order.
    pub const ALL: [Action; 19] = [
        Action::OpenSession,
        Action::CreateGame,
        Action::JoinGame,
        Action::ChooseTrump,
        Action::PlayCard,
        Action::FinishHand,
        Action::FinishGame,
        Action::AbandonGame,
        Action::CloseRoom,
        Action::Disconnect,
        Action::Reconnect,
        Action::LookGameStatus,
        Action::LookPlayerStats,
        Action::LookGameHistory,
        Action::LookLeaderboard,
        Action::Batch,
        Action::ChangeMind,
        Action::Expire,
        Action::ReadBack,
    ];

    /// Its number in the catalogue.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Action::OpenSession => "open_session",
            Action::CreateGame => "create_game",
            Action::JoinGame => "join_game",
            Action::ChooseTrump => "choose_trump",
            Action::PlayCard => "play_card",
            Action::FinishHand => "finish_hand",
            Action::FinishGame => "finish_game",
            Action::AbandonGame => "abandon_game",
            Action::CloseRoom => "close_room",
            Action::Disconnect => "disconnect",
            Action::Reconnect => "reconnect",
            Action::LookGameStatus => "look_game_status",
            Action::LookPlayerStats => "look_player_stats",
            Action::LookGameHistory => "look_game_history",
            Action::LookLeaderboard => "look_leaderboard",
            Action::Batch => "batch",
            Action::ChangeMind => "change_mind",
            Action::Expire => "expire",
            Action::ReadBack => "read_back",
        }
    }

    /// Whether a user wants it, rather than the game server for itself.
    pub fn is_by_a_player(self) -> bool {
        !matches!(self, Action::Expire | Action::ReadBack | Action::CloseRoom)
    }

    /// Whether it is a look.
    pub fn is_look(self) -> bool {
        matches!(
            self,
            Action::LookGameStatus
                | Action::LookPlayerStats
                | Action::LookGameHistory
                | Action::LookLeaderboard
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_in_the_list() {
        let numbers = Action::ALL.map(Action::number);
        assert!(numbers.into_iter().eq(0..Action::ALL.len() as u16));
    }
}
