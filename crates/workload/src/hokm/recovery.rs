//! After an outcome that nobody knows: the game is read back, and what the server has is taken
//! for true.
//!
//! A group commits as a whole, so any trace of it (the game's version, its events, its players)
//! says whether it is stored. Only player rows leave no trace of who changed them: a group of
//! nothing else stays unknown, and the verification allows for it.
//!
//! All of that holds where the server's process that was at the commit has gone (`read_back`). Where
//! that is not certain, what is stored is stored, but what is not may still come: the group is not
//! tried again, nobody goes on with the game, and the verification takes it either way.

use super::course::Course;
use super::doubt::{Acknowledged, Doubt, GivenUp};
use super::scene::Scene;
use super::state::State;
use super::statements as sql;
use super::step::Step;
use super::stored;
use crate::postgres::{Answer, Request};

/// What was read back of a game.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Its state; none when it has no row.
    pub state: Option<State>,
    /// Its players.
    pub members: u64,
    /// Events from the first that is not acknowledged.
    pub events: Vec<u64>,
}

/// What that says about the group in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Stored,
    /// It is not.
    NotStored,
    /// It left no trace that could tell.
    Unknowable,
    /// What is there is neither.
    Contradiction,
}

impl Scene<'_> {
    /// Asks for everything that tells. The game's lock waits for whoever may still hold it.
    pub fn ask(&mut self, request: &mut Request) {
        let key = self.place.key.as_str();
        request.call(sql::GAME_LOAD).text(key).end();
        self.encode_event_read_back(request);
        request.call(sql::GAME_PLAYER_READ_BACK).text(key).end();
    }

    /// What the answer to that says; an error when the row is no game of ours.
    pub fn found(&self, answer: &Answer) -> Result<Found, String> {
        let mut found = Found::default();
        if let Some(row) = answer.reply(0).and_then(|reply| reply.row(0)) {
            let text = row.jsonb(2).map_err(|error| error.to_string())?;
            found.state = Some(stored::read(text).map_err(|error| error.to_string())?);
        }
        for row in answer.reply(1).into_iter().flat_map(|reply| reply.iter()) {
            let seq = row.int8(0).map_err(|error| error.to_string())?;
            found.events.push(u64::try_from(seq).map_err(|error| error.to_string())?);
        }
        if let Some(row) = answer.reply(2).and_then(|reply| reply.row(0)) {
            let members = row.int8(0).map_err(|error| error.to_string())?;
            found.members = u64::try_from(members).unwrap_or(0);
        }
        Ok(found)
    }

    /// Settles what was in doubt; `is_certain` says that nothing of it can still be stored. Where
    /// the game is not as it was left it is adopted as it is, and the action at this place makes no
    /// sense any more.
    pub fn settle(&mut self, course: &mut Course, found: &Found, is_certain: bool) {
        self.place.must_read_back = false;
        let verdict = match course.is_in_doubt {
            true => self.verdict(course, found),
            false if self.is_as_left(found) => Verdict::NotStored,
            false => Verdict::Contradiction,
        };
        if course.is_in_doubt
            && !is_certain
            && matches!(verdict, Verdict::NotStored | Verdict::Contradiction)
        {
            return self.give_up(course);
        }
        let stored = |_: &Step| verdict == Verdict::Stored;
        let steps: Vec<Step> = course.open_steps().filter(stored).collect();
        match verdict {
            Verdict::NotStored => {
                course.is_in_doubt = false;
                course.is_pending &= !course.is_done();
            }
            Verdict::Stored => {
                for step in steps {
                    self.acknowledge(step, &mut course.facts, None);
                }
                course.is_pending = !course.skip_group();
            }
            Verdict::Unknowable => {
                self.doubt_gains(course);
                course.is_pending = !course.skip_group();
            }
            Verdict::Contradiction => {
                let key = &self.place.key;
                let left = (self.place.state.version, self.place.joined, self.place.seq);
                self.memory.answers.violate(|| {
                    format!("game {key}: version, players, events {left:?} left, {found:?} found")
                });
                (course.is_pending, course.is_in_doubt) = (false, false);
                self.adopt(found);
            }
        }
    }

    /// Leaves the game to a commit that may still come, and makes way for the next.
    fn give_up(&mut self, course: &mut Course) {
        if self.world.given_up.add() {
            let (game, doubt) = (Acknowledged::of(self.place), Doubt::of(course));
            self.memory.given_up.push(GivenUp { game, doubt });
        }
        (course.is_pending, course.is_in_doubt) = (false, false);
        self.place.begin_next(self.world);
    }

    fn is_as_left(&self, found: &Found) -> bool {
        let state = self.place.is_created.then_some(self.place.state);
        found.state == state
            && found.members == u64::from(self.place.joined)
            && found.events.is_empty()
    }

    /// Whether the group in doubt is stored.
    pub fn verdict(&self, course: &Course, found: &Found) -> Verdict {
        let (mut events, mut has_gains) = (0, false);
        let mut votes = [0_u32; 2];
        let mut vote = |stored: bool| votes[usize::from(stored)] += 1;
        for step in course.open_steps() {
            match step {
                Step::GameCreate => vote(found.state.is_some()),
                Step::GamePlayerAdd(_) => {
                    vote(found.members == u64::from(self.place.joined) + 1);
                }
                Step::PlayerHand(_) | Step::PlayerGame(..) => has_gains = true,
                _ if step.stores_state() => vote(found.state == Some(course.facts.after)),
                _ => events += step.events(),
            }
        }
        let seq = self.place.seq;
        if events > 0 {
            vote(found.events.iter().copied().eq(seq..seq + events));
        }
        match votes {
            [0, 0] if has_gains && self.is_as_left(found) => Verdict::Unknowable,
            [_, 0] if self.is_as_left(found) => Verdict::NotStored,
            [0, yes] if yes > 0 && self.is_as_if_stored(course, found, events) => Verdict::Stored,
            _ => Verdict::Contradiction,
        }
    }

    /// Whether what the group did not touch is as it was left.
    fn is_as_if_stored(&self, course: &Course, found: &Found, events: u64) -> bool {
        let has = |wanted: fn(Step) -> bool| course.open_steps().any(wanted);
        let state = match has(Step::stores_state) {
            true => found.state == Some(course.facts.after),
            false => found.state == Some(self.place.state),
        };
        let joins = has(|step| matches!(step, Step::GamePlayerAdd(_)));
        state
            && found.members == u64::from(self.place.joined) + u64::from(joins)
            && found.events.len() as u64 == events
    }

    fn doubt_gains(&self, course: &Course) {
        for step in course.open_steps() {
            let (player, games, wins) = match step {
                Step::PlayerHand(player) => (player, 0, 0),
                Step::PlayerGame(player, won) => (player, 1, u32::from(won)),
                _ => continue,
            };
            self.world.unknown_gains.add(player, games, wins);
        }
    }

    /// Goes on from what the server has. Numbering goes on behind whatever is there, so that one
    /// fault is not reported as many.
    fn adopt(&mut self, found: &Found) {
        match found.state {
            Some(state) => {
                self.place.state = state;
                self.place.joined = found.members.min(4) as u8;
                self.place.seated = self.place.joined;
                self.place.is_created = true;
            }
            None if self.place.is_created => {
                // The row is gone: the verification misses it, the events stay to be found.
                let fold = self.place.fold();
                self.memory.ended_events = self.memory.ended_events.plus(fold);
                self.place.begin_next(self.world);
            }
            None => {}
        }
    }
}
