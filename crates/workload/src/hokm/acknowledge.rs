//! What an answer means: whether it is what was acknowledged before, and what it adds to that.

use super::course::Facts;
use super::keys::{Fold, GameKey};
use super::memory::Ended;
use super::place::{Ending, Visit};
use super::scene::{EXPIRE_EVENTS_MOST, Scene};
use super::state::{Stage, State};
use super::step::{Step, Who};
use super::stored;
use crate::postgres::{Reply, Row};

impl Scene<'_> {
    /// What is wrong with the reply to a step, if anything; `expected` is the state that the game
    /// must have.
    pub fn fault(&self, step: Step, expected: &State, reply: Reply<'_>) -> Option<String> {
        match step {
            Step::GameLoad => same_state(expected, reply, 2),
            Step::GameStatus => same_state(expected, reply, 3),
            Step::SessionRead(_, connected) => {
                let text = reply.row(0).and_then(|row| row.text(0).ok());
                let state = if connected { "connected" } else { "disconnected" };
                (text != Some(state)).then(|| format!("session is {text:?}, not {state:?}"))
            }
            Step::RollbackCheck => rollback_left(expected, reply),
            Step::EventBatch(count) => changed(reply, u64::from(count)),
            Step::SessionExpire
            | Step::EventExpire
            | Step::OtherGameStatus(_)
            | Step::GameHistory(_)
            | Step::Leaderboard
            | Step::EventReadBack
            | Step::GamePlayerReadBack => None,
            // Everything else is about exactly one row.
            _ => changed(reply, 1),
        }
    }

    /// The fault in words that say where.
    pub fn describe(&self, step: Step, fault: &str) -> String {
        format!("game {}, {step:?}: {fault}", self.place.key)
    }

    /// Remembers what a committed step changed.
    pub fn acknowledge(&mut self, step: Step, facts: &mut Facts, reply: Option<Reply<'_>>) {
        let (place, memory) = (&mut *self.place, &mut *self.memory);
        match step {
            Step::GameCreate => {
                place.is_created = true;
                let created = match place.is_table() {
                    true => &mut memory.games_created,
                    false => &mut memory.rooms_created,
                };
                *created += 1;
            }
            Step::GamePlayerAdd(_) => {
                place.joined += 1;
                memory.members += 1;
            }
            Step::GameSeat => {
                place.state = facts.after;
                place.seated += 1;
            }
            Step::GameSave => {
                place.cards += u32::from(place.state.stage == Stage::Play);
                place.state = facts.after;
            }
            Step::GameEnd(ending) => {
                place.state = facts.after;
                place.ended = Some(ending);
            }
            Step::EventAppend(_) | Step::EventBatch(_) => {
                place.seq += step.events();
                memory.events += step.events();
            }
            Step::PlayerHand(player) => self.world.gains.add(player, 0, 0),
            Step::PlayerGame(player, won) => {
                self.world.gains.add(player, 1, u32::from(won));
            }
            Step::SessionOpen(who) => self.opened(who),
            Step::SessionState(who, connected) => self.connected(who, connected),
            Step::SessionExpire => {
                let prefix = self.world.prefix();
                for row in reply.into_iter().flat_map(Reply::iter) {
                    memory.sessions_expired += 1;
                    let ours = row.text(0).is_ok_and(|key| key.starts_with(prefix));
                    memory.expiry.expect(ours, || format!("session {:?} expired", row.text(0)));
                }
            }
            Step::EventExpire => self.expired(&mut facts.expiring, reply),
            _ => {}
        }
    }

    fn opened(&mut self, who: Who) {
        let place = &mut *self.place;
        let is_new = match who {
            Who::Seat(seat) => {
                let is_new = seat >= place.opened;
                place.opened = place.opened.max(seat + 1);
                is_new
            }
            Who::Visit(number, player) => {
                let known = place.visit.is_some_and(|it| it.number == number && it.is_open);
                place.visit = Some(Visit { number, player, is_open: true, is_connected: true });
                !known
            }
        };
        self.memory.sessions_opened += u64::from(is_new);
    }

    fn connected(&mut self, who: Who, connected: bool) {
        match (who, &mut self.place.visit) {
            (Who::Seat(seat), _) => self.place.away = (!connected).then_some(seat),
            (Who::Visit(..), Some(visit)) => visit.is_connected = connected,
            (Who::Visit(..), None) => {}
        }
    }

    /// Takes the reported events off what must be stored, and compares them with what the ended
    /// games had: an event that was missing or doubled shows here.
    fn expired(&mut self, expiring: &mut Vec<Ended>, reply: Option<Reply<'_>>) {
        let prefix = self.world.prefix();
        let keys: Vec<String> = expiring.iter().map(|ended| ended.game.text(prefix)).collect();
        let rows = reply.map_or(0, |reply| reply.rows());
        for row in reply.into_iter().flat_map(Reply::iter) {
            let Some((index, seq)) = expired_event(&row, &keys) else {
                let sample = || format!("event of game {:?} expired", row.text(0));
                self.memory.expiry.violate(sample);
                continue;
            };
            let ended = &mut expiring[index];
            let event = Fold::of_one(ended.game.code(), seq);
            ended.left = ended.left.minus(event);
            self.memory.events_expired += 1;
            self.gone(ended.game, event);
        }
        let is_drained = rows < EXPIRE_EVENTS_MOST as usize;
        for (ended, key) in expiring.drain(..).zip(keys) {
            if !is_drained {
                self.memory.queue.push_front(ended);
            } else if ended.is_uncertain {
                // An expiry that was never answered took the rest.
                self.gone(ended.game, ended.left);
            } else {
                let exact = ended.left == Fold::default();
                let sample = || format!("events of game {key} expired: not those it had");
                self.memory.expiry.expect(exact, sample);
            }
        }
    }

    fn gone(&mut self, game: GameKey, events: Fold) {
        match game {
            GameKey::History { .. } => {
                self.memory.history_expired = self.memory.history_expired.plus(events);
            }
            _ => self.memory.ended_events = self.memory.ended_events.minus(events),
        }
    }

    /// The action is over: counts it, and makes way for the next game where one has ended.
    pub fn conclude(&mut self, now: std::time::Duration, is_measured: bool) {
        let Some(ending) = self.place.ended else { return };
        let (place, memory) = (&mut *self.place, &mut *self.memory);
        memory.remember_ended(place.game(), place.fold(), now);
        if place.is_table() {
            memory.hands_won += place.state.score.iter().map(|&won| u64::from(won)).sum::<u64>();
        }
        match (place.is_table(), ending) {
            (false, _) => memory.rooms_closed += 1,
            (true, Ending::Finished) => {
                memory.games_finished += 1;
                memory.measured.games_completed += u64::from(is_measured);
            }
            (true, Ending::Abandoned) => {
                memory.games_abandoned += 1;
                memory.measured.games_abandoned += u64::from(is_measured);
            }
        }
        let timed = place.is_table() && is_measured && ending == Ending::Finished;
        if let Some(begun) = place.begun.filter(|_| timed) {
            memory.measured.timed_games += 1;
            memory.measured.timed_games_s += now.saturating_sub(begun).as_secs_f64();
        }
        place.begin_next(self.world);
    }
}

fn changed(reply: Reply<'_>, rows: u64) -> Option<String> {
    let affected = reply.affected();
    (affected != rows).then(|| format!("{affected} rows, not {rows}"))
}

/// The state in a row's column, unless it is the one expected.
fn same_state(expected: &State, reply: Reply<'_>, column: usize) -> Option<String> {
    let Some(row) = reply.row(0) else { return Some("no such row".to_owned()) };
    match row.jsonb(column).map_err(|error| error.to_string()) {
        Err(error) => Some(error),
        Ok(text) => match stored::read(text) {
            Err(error) => Some(error.to_string()),
            Ok(state) if state == *expected => None,
            Ok(state) => Some(format!(
                "version {} is stored, version {} was acknowledged{}",
                state.version,
                expected.version,
                if state.version == expected.version { ": the content differs" } else { "" },
            )),
        },
    }
}

fn rollback_left(expected: &State, reply: Reply<'_>) -> Option<String> {
    let row = reply.row(0)?;
    let events = row.int8(0).ok();
    let phase = row.text(1).ok();
    let nothing = events == Some(0) && phase == Some(expected.stage.name());
    (!nothing).then(|| format!("rolled back, yet {events:?} events and phase {phase:?} are left"))
}

/// Which of the games an expired event is of, and its number.
fn expired_event(row: &Row<'_>, keys: &[String]) -> Option<(usize, u64)> {
    let key = row.text(0).ok()?;
    let seq = u64::try_from(row.int8(1).ok()?).ok()?;
    Some((keys.iter().position(|other| other == key)?, seq))
}
