//! Coming and going: games that are created, players who arrive, sessions, the lobby.

use super::Planner;
use crate::hokm::actions::Action;
use crate::hokm::course::Boundary;
use crate::hokm::place::{Ending, Visit};
use crate::hokm::state::SEATS;
use crate::hokm::step::{Step, Told, Who};

/// How often the lobby's visitor is a new one, and how often the same opens the session again.
const NEW_VISIT_PROBABILITY: f64 = 0.3;
const REOPEN_PROBABILITY: f64 = 0.1;
/// A lobby room is closed after so many events, so that no game's log grows without end.
const ROOM_EVENTS: u64 = 500;

impl Planner<'_> {
    /// The game's creation, then for each seat a session and a player.
    pub(super) fn plan_arrival(&mut self) {
        let place = &*self.place;
        if !place.is_created {
            self.begin(Action::CreateGame, place.state);
            self.course.push(Step::GameCreate);
            self.course.push(Step::EventAppend(Told::GameCreated));
            return self.seal();
        }
        let seat = place.joined;
        if place.opened <= seat {
            return self.plan_open(Who::Seat(seat), place.players[usize::from(seat)]);
        }
        let mut after = place.state;
        if seat + 1 == SEATS as u8 {
            // Everybody sits in a waiting game: dealing can't be refused.
            let _ = self.world.rules.begin(&mut after, &mut self.place.random);
        } else {
            after.version += 1;
        }
        self.begin(Action::JoinGame, after);
        self.course.push(Step::GamePlayerAdd(seat));
        self.course.push(Step::GameSeat);
        self.course.push(Step::EventAppend(Told::PlayerJoined(seat)));
        self.seal();
    }

    pub(super) fn plan_lobby(&mut self) {
        let place = &*self.place;
        if !place.is_created || place.joined < place.seats() {
            return self.plan_arrival();
        }
        if place.seq - place.first_seq >= ROOM_EVENTS {
            return self.plan_end(Action::CloseRoom, Ending::Finished, Told::RoomClosed);
        }
        let (is_new, reopens) =
            (self.chance(NEW_VISIT_PROBABILITY), self.chance(REOPEN_PROBABILITY));
        match self.place.visit {
            Some(Visit { number, player, .. }) if reopens => {
                self.plan_open(Who::Visit(number, player), player);
            }
            Some(visit) if !is_new => {
                let who = Who::Visit(visit.number, visit.player);
                self.plan_connection(who, !visit.is_connected);
            }
            last => {
                let player = self.world.popularity.draw(self.random);
                let number = last.map_or(0, |visit| visit.number + 1);
                self.plan_open(Who::Visit(number, player), player);
            }
        }
    }

    /// A session, and who opened it.
    fn plan_open(&mut self, who: Who, player: u32) {
        self.course.begin(Action::OpenSession, self.index);
        self.course.open_group(Boundary::Autocommit);
        self.course.push(Step::SessionOpen(who));
        if self.balance.allows(1, 1) {
            self.course.push(Step::PlayerRead(player));
        }
        self.count();
    }

    /// A connection goes or comes back; then its session is read back.
    pub(super) fn plan_connection(&mut self, who: Who, connected: bool) {
        let action = if connected { Action::Reconnect } else { Action::Disconnect };
        self.course.begin(action, self.index);
        self.course.open_group(Boundary::Autocommit);
        self.course.push(Step::SessionState(who, connected));
        if self.balance.allows(1, 1) {
            self.course.open_group(Boundary::Autocommit);
            self.course.push(Step::SessionRead(who, connected));
        }
        self.count();
    }
}
