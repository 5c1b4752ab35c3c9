//! What all players together remember, as the checks need it.

use crate::hokm::doubt::{Acknowledged, Doubt};
use crate::hokm::keys::{Fold, GameKey};
use crate::hokm::memory::{Ended, Tally};
use crate::hokm::player::HokmPlayer;
use crate::hokm::step::Step;

/// One live game.
pub(super) struct Live {
    /// As it was acknowledged.
    pub(super) game: Acknowledged,
    /// Its key.
    pub(super) key: String,
    /// What a commit that was never answered may have stored.
    pub(super) doubt: Option<Doubt>,
}

/// What is in doubt at the end of the run.
fn doubt_of(player: &HokmPlayer) -> Option<Doubt> {
    let course = &player.main;
    (course.is_in_doubt && course.is_pending).then(|| Doubt::of(course))
}

/// Sums over all players.
#[derive(Default)]
pub(super) struct Remembered {
    pub(super) live: Vec<Live>,
    pub(super) ended_events: Fold,
    pub(super) history_expired: Fold,
    pub(super) events: u64,
    pub(super) games_created: u64,
    pub(super) rooms_created: u64,
    pub(super) games_finished: u64,
    pub(super) games_abandoned: u64,
    pub(super) rooms_closed: u64,
    pub(super) hands_won: u64,
    pub(super) members: u64,
    pub(super) members_unknown: u64,
    pub(super) sessions_opened: u64,
    pub(super) sessions_opened_unknown: u64,
    pub(super) sessions_expired: u64,
    pub(super) sessions_expired_unknown: u64,
    pub(super) rollbacks: u64,
    pub(super) answers: Tally,
    pub(super) rollback_looks: Tally,
    pub(super) expiry: Tally,
    /// Ended games of which an unanswered expiry may have taken events.
    pub(super) uncertain: Vec<Ended>,
    /// Gains that may be stored: player, games, wins; each is a hand too.
    pub(super) gains: Vec<(u32, u32, u32)>,
}

impl Remembered {
    pub(super) fn of(players: &[HokmPlayer]) -> Remembered {
        let mut all = Remembered::default();
        players.iter().for_each(|player| all.add(player));
        all
    }

    fn add(&mut self, player: &HokmPlayer) {
        let memory = &player.memory;
        self.ended_events = self.ended_events.plus(memory.ended_events);
        self.history_expired = self.history_expired.plus(memory.history_expired);
        self.events += memory.events;
        self.games_created += memory.games_created;
        self.rooms_created += memory.rooms_created;
        self.games_finished += memory.games_finished;
        self.games_abandoned += memory.games_abandoned;
        self.rooms_closed += memory.rooms_closed;
        self.hands_won += memory.hands_won;
        self.members += memory.members;
        self.sessions_opened += memory.sessions_opened;
        self.sessions_expired += memory.sessions_expired;
        self.sessions_expired_unknown += memory.sessions_expired_unknown;
        self.rollbacks += memory.rollbacks;
        self.answers.merge(&memory.answers);
        self.rollback_looks.merge(&memory.rollback_looks);
        self.expiry.merge(&memory.expiry);
        let expiring = player.side.facts.expiring.iter().filter(|_| player.side.is_pending);
        let ended = memory.queue.iter().chain(expiring);
        self.uncertain.extend(ended.filter(|ended| ended.is_uncertain).cloned());
        self.add_places(player);
    }

    fn add_places(&mut self, player: &HokmPlayer) {
        let mut doubt = doubt_of(player);
        for (index, place) in player.places.iter().enumerate() {
            let doubt = if index == player.main.place { doubt.take() } else { None };
            self.add_game(player, Acknowledged::of(place), doubt);
        }
        for given_up in &player.memory.given_up {
            self.add_game(player, given_up.game, Some(given_up.doubt.clone()));
        }
    }

    fn add_game(&mut self, player: &HokmPlayer, game: Acknowledged, doubt: Option<Doubt>) {
        for step in doubt.iter().flat_map(|doubt| doubt.steps.iter()) {
            match step {
                Step::GamePlayerAdd(_) => self.members_unknown += 1,
                Step::SessionOpen(_) => self.sessions_opened_unknown += 1,
                Step::PlayerHand(player) => self.gains.push((*player, 0, 0)),
                Step::PlayerGame(player, won) => self.gains.push((*player, 1, u32::from(*won))),
                _ => {}
            }
        }
        let may_exist = |doubt: &Doubt| doubt.has(|step| *step == Step::GameCreate);
        if game.is_created || doubt.as_ref().is_some_and(may_exist) {
            let key = game.game.text(player.world.prefix());
            self.live.push(Live { game, key, doubt });
        }
    }

    /// The keys of ended games with uncertain events that are not preloaded ones.
    pub(super) fn uncertain_run_games(&self) -> impl Iterator<Item = &Ended> {
        self.uncertain.iter().filter(|ended| !is_history(ended.game))
    }

    /// The same, preloaded.
    pub(super) fn uncertain_history(&self) -> impl Iterator<Item = &Ended> {
        self.uncertain.iter().filter(|ended| is_history(ended.game))
    }
}

fn is_history(game: GameKey) -> bool {
    matches!(game, GameKey::History { .. })
}
