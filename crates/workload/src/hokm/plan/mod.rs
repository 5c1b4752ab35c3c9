//! What comes next at a place, and how it is cut into transactions.
//!
//! Everything that an action says is drawn here, when it is wished for: the steps that follow
//! only send it, however often they are tried.

mod coming_and_going;

use super::actions::Action;
use super::balance::Balance;
use super::course::{Boundary, Course};
use super::keys::GameKey;
use super::place::{Ending, Place, PlaceKind};
use super::rules::preferred_trump;
use super::state::{SEATS, Stage, State};
use super::step::{Step, Told, Who};
use super::world::World;
use model::random::Generator;
use rand::RngExt;

/// How often, at a card, somebody's connection goes: three or four times a game.
const DISCONNECT_PROBABILITY: f64 = 1.0 / 150.0;
/// How often, at a card, somebody changes their mind: two or three times a game.
const CHANGE_MIND_PROBABILITY: f64 = 1.0 / 200.0;
/// Events in a batch.
const BATCH_EVENTS: std::ops::RangeInclusive<u8> = 5..=20;

/// Fills a course with what comes next.
pub struct Planner<'a> {
    /// What all share.
    pub world: &'a World,
    /// Where it will happen.
    pub place: &'a mut Place,
    /// Its number among the client's places.
    pub index: usize,
    /// What the client draws its wishes from.
    pub random: &'a mut Generator,
    /// The promised share of reads.
    pub balance: &'a mut Balance,
    /// What is to be filled.
    pub course: &'a mut Course,
}

impl Planner<'_> {
    /// The next action: a look where one is due, else what the game asks for, or a batch.
    pub fn plan(&mut self) {
        if self.balance.is_look_due() {
            return self.plan_look();
        }
        let is_batch = self.chance(self.world.profile.batch_operation_probability);
        if is_batch && self.place.is_created {
            let count = self.random.random_range(BATCH_EVENTS);
            return self.single(Action::Batch, Step::EventBatch(count));
        }
        match self.place.kind {
            PlaceKind::Table(_) => self.plan_table(),
            PlaceKind::Lobby { .. } => self.plan_lobby(),
        }
    }

    /// A look: complex or simple.
    pub fn plan_look(&mut self) {
        let is_complex = self.chance(self.world.profile.complex_query_probability);
        let is_first = self.random.random::<bool>();
        let player = self.world.popularity.draw(self.random);
        let (action, step) = match (is_complex, is_first) {
            (true, true) => (Action::LookGameHistory, Step::GameHistory(player)),
            (true, false) => (Action::LookLeaderboard, Step::Leaderboard),
            (false, true) => self.game_look(player),
            (false, false) => (Action::LookPlayerStats, Step::PlayerRead(player)),
        };
        self.single(action, step);
    }

    /// The place's own game; before it is created another's; without tables a player.
    fn game_look(&mut self, player: u32) -> (Action, Step) {
        let tables = self.world.profile.tables();
        if self.place.is_created {
            (Action::LookGameStatus, Step::GameStatus)
        } else if tables > 0 {
            let table = self.random.random_range(0..tables);
            let game = GameKey::Table { table, number: 0 };
            (Action::LookGameStatus, Step::OtherGameStatus(game))
        } else {
            (Action::LookPlayerStats, Step::PlayerRead(player))
        }
    }

    fn plan_table(&mut self) {
        if !self.place.is_created || self.place.joined < SEATS as u8 {
            return self.plan_arrival();
        }
        let is_leaving =
            |place: &Place| place.leaving.filter(|leaving| place.cards >= leaving.after_cards);
        match (self.place.away, is_leaving(self.place)) {
            (Some(away), Some(leaving)) if away == leaving.seat => return self.plan_abandon(away),
            (Some(away), _) => return self.plan_connection(Who::Seat(away), true),
            (None, Some(leaving)) if self.place.state.stage == Stage::Play => {
                return self.plan_connection(Who::Seat(leaving.seat), false);
            }
            _ => {}
        }
        let (disconnects, changes) =
            (self.chance(DISCONNECT_PROBABILITY), self.chance(CHANGE_MIND_PROBABILITY));
        match self.place.state.stage {
            Stage::Play if disconnects => {
                let seat = self.random.random_range(0..SEATS as u8);
                self.plan_connection(Who::Seat(seat), false);
            }
            Stage::Play | Stage::Trump if changes => self.plan_change_mind(),
            Stage::Trump => self.plan_trump(),
            Stage::Play => self.plan_card(),
            _ => self.plan_finish(),
        }
    }

    fn plan_trump(&mut self) {
        let mut after = self.place.state;
        let suit = preferred_trump(&after, &mut self.place.random);
        let hakem = after.hakem;
        let _ = self.world.rules.choose_trump(&mut after, suit);
        self.plan_change(Action::ChooseTrump, after, Told::TrumpChosen(hakem, suit));
    }

    fn plan_card(&mut self) {
        let before = self.place.state;
        let legal = self.world.rules.legal(&before);
        let chosen = self.place.random.random_range(0..legal.len().max(1));
        // A game that the rules made always has a legal card; one that was adopted from a
        // corrupt row may have none, and can only be given up.
        let Some(card) = legal.nth(chosen) else { return self.plan_abandon(before.turn) };
        let (mut after, seat) = (before, before.turn);
        let _ = self.world.rules.play(&mut after, seat, card);
        let taken =
            (after.tricks != before.tricks).then(|| u8::from(after.tricks[1] > before.tricks[1]));
        self.plan_change(Action::PlayCard, after, Told::CardPlayed(seat, card, taken));
    }

    /// Reads the game, stores its next state and an event.
    fn plan_change(&mut self, action: Action, after: State, told: Told) {
        self.begin(action, after);
        if self.balance.allows(1, 2) {
            self.course.push(Step::GameLoad);
        }
        self.course.push_waiting(Step::GameSave);
        self.course.push(Step::EventAppend(told));
        self.seal();
    }

    /// Scores the hand, and the game if that decides it: the game, four players in the order of
    /// their numbers, an event.
    fn plan_finish(&mut self) {
        let decides = self.world.rules.hand_decides_game(&self.place.state);
        let mut after = self.place.state;
        let finished = self.world.rules.finish_hand(&mut after, &mut self.place.random);
        let Ok(side) = finished else { return self.plan_abandon(0) };
        let action = if decides { Action::FinishGame } else { Action::FinishHand };
        self.begin(action, after);
        let mut seats: [usize; SEATS] = std::array::from_fn(|seat| seat);
        seats.sort_unstable_by_key(|&seat| self.place.players[seat]);
        let told = side as u8;
        match decides {
            true => self.course.push(Step::GameEnd(Ending::Finished)),
            false => self.course.push(Step::GameSave),
        }
        for seat in seats {
            let player = self.place.players[seat];
            self.course.push(match decides {
                true => Step::PlayerGame(player, State::side(seat as u8) == side),
                false => Step::PlayerHand(player),
            });
        }
        self.course.push(Step::EventAppend(match decides {
            true => Told::GameFinished(told),
            false => Told::HandFinished(told),
        }));
        self.seal();
    }

    fn plan_abandon(&mut self, seat: u8) {
        let told = Told::GameAbandoned(seat);
        self.plan_end(Action::AbandonGame, Ending::Abandoned, told);
    }

    fn plan_end(&mut self, action: Action, ending: Ending, told: Told) {
        let mut after = self.place.state;
        after.version += 1;
        self.begin(action, after);
        if self.balance.allows(1, 2) {
            self.course.push(Step::GameLoad);
        }
        self.course.push_waiting(Step::GameEnd(ending));
        self.course.push(Step::EventAppend(told));
        self.seal();
    }

    /// A change that is rolled back on purpose, and a look for what it left.
    fn plan_change_mind(&mut self) {
        let stage = Stage::GameOver;
        let after = State { stage, version: self.place.state.version + 1, ..self.place.state };
        self.begin(Action::ChangeMind, after);
        self.course.open_group(Boundary::Undone);
        let size = self.draw_size();
        self.course.push(Step::GameSave);
        if size > 1 {
            self.course.push(Step::EventAppend(Told::MindChanged));
        }
        self.count();
        self.fill(size.saturating_sub(2), Step::EventAppend(Told::MindChanged));
        if self.balance.allows(1, 0) {
            self.course.open_group(Boundary::Autocommit);
            self.course.push(Step::RollbackCheck);
            self.balance.count(1, 0);
        }
    }

    /// One statement, outside of any transaction.
    fn single(&mut self, action: Action, step: Step) {
        self.course.begin(action, self.index);
        self.course.open_group(Boundary::Autocommit);
        self.course.push(step);
        self.count();
    }

    fn begin(&mut self, action: Action, after: State) {
        self.course.begin(action, self.index);
        self.course.facts.after = after;
    }

    /// Cuts the steps into transactions of drawn sizes; the last is filled up with looks, or with
    /// events where no look is due.
    fn seal(&mut self) {
        let (least, most) = self.world.profile.transaction_size;
        let random = &mut *self.random;
        let draw = || random.random_range(least..=most) as usize;
        let missing = self.course.cut_into_transactions(draw);
        self.count();
        let seat = self.random.random_range(0..SEATS as u8);
        self.fill(missing, Step::EventAppend(Told::Emote(seat)));
    }

    fn fill(&mut self, missing: usize, event: Step) {
        for _ in 0..missing {
            let step = match self.balance.is_look_due() {
                false => event,
                true if self.random.random::<bool>() => Step::GameStatus,
                true => {
                    let seat = self.random.random_range(0..SEATS);
                    Step::PlayerRead(self.place.players[seat])
                }
            };
            self.course.push(step);
            self.balance.count(u32::from(step.is_read()), u32::from(!step.is_read()));
        }
    }

    fn draw_size(&mut self) -> usize {
        let (least, most) = self.world.profile.transaction_size;
        self.random.random_range(least..=most) as usize
    }

    fn count(&mut self) {
        let (reads, writes) = self.course.counts();
        self.balance.count(reads, writes);
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.random.random::<f64>() < probability
    }
}
