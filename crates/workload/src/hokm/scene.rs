//! Where an action happens: the shared world, the place, what the client remembers. Here steps
//! become statements with parameters.

use super::course::Facts;
use super::keys::{write_player, write_seat_session, write_visit_session};
use super::memory::Memory;
use super::of_run;
use super::place::Place;
use super::state::{Stage, State};
use super::statements as sql;
use super::step::{Step, Told, Who};
use super::stored;
use super::world::World;
use crate::postgres::Request;
use std::fmt::Write;

/// Sessions and events that one expiry deletes at most.
pub const EXPIRE_SESSIONS_MOST: u32 = 200;
/// Events that one expiry deletes at most.
pub const EXPIRE_EVENTS_MOST: u32 = 1_000;

/// Games in a player's history.
const HISTORY_GAMES: i64 = 5;
/// Players on the leaderboard.
const BEST_PLAYERS: i64 = 10;
/// The statuses of games that have ended.
const ENDED: [&str; 2] = ["finished", "abandoned"];
/// Where a player's hands are counted.
const HANDS: &str = "hands";
/// Where an event's number stands.
const SEQ: &str = "seq";

/// Texts that are made anew for each statement, in memory that is kept.
#[derive(Debug, Default)]
pub struct Scratch {
    key: String,
    json: String,
    ends: Vec<usize>,
}

/// What a step needs to be encoded, checked and remembered.
pub struct Scene<'a> {
    /// What all share.
    pub world: &'a World,
    /// Where it happens.
    pub place: &'a mut Place,
    /// What the client remembers.
    pub memory: &'a mut Memory,
    /// Memory for texts.
    pub scratch: &'a mut Scratch,
}

impl Scene<'_> {
    /// Appends a step's statement; `seq` is the number of its first event.
    pub fn encode(&mut self, step: Step, facts: &Facts, seq: u64, request: &mut Request) {
        match step {
            Step::SessionOpen(_)
            | Step::SessionState(..)
            | Step::SessionRead(..)
            | Step::SessionExpire => self.encode_session(step, request),
            Step::PlayerRead(_)
            | Step::PlayerHand(_)
            | Step::PlayerGame(..)
            | Step::GameHistory(_)
            | Step::Leaderboard => self.encode_player(step, request),
            Step::EventAppend(_) | Step::EventBatch(_) | Step::EventExpire => {
                self.encode_events(step, facts, seq, request);
            }
            Step::EventReadBack => {
                self.encode_event_read_back(request);
            }
            _ => self.encode_game(step, facts, request),
        }
    }

    /// Asks which events are stored from the first that is not acknowledged.
    pub fn encode_event_read_back(&self, request: &mut Request) {
        let seq = i64::try_from(self.place.seq).unwrap_or(i64::MAX);
        let call = request.call(sql::EVENT_READ_BACK).text(SEQ);
        call.text(&self.place.key).int8(seq).end();
    }

    fn encode_player(&mut self, step: Step, request: &mut Request) {
        match step {
            Step::PlayerHand(player) => {
                let call = request.call(sql::PLAYER_HAND).text_array([HANDS]).int8(1);
                call.text(self.player(player)).end();
            }
            Step::PlayerGame(player, won) => {
                let call = request.call(sql::PLAYER_GAME).text_array([HANDS]).int8(1);
                call.int4(1).int4(i32::from(won)).text(self.player(player)).end();
            }
            Step::GameHistory(player) => {
                let call = request.call(sql::GAME_HISTORY).text(self.player(player));
                call.int8(HISTORY_GAMES).end();
            }
            Step::PlayerRead(player) => {
                request.call(sql::PLAYER_READ).text(self.player(player)).end();
            }
            // Dividing by at least one game.
            _ => request.call(sql::LEADERBOARD).int4(1).int8(BEST_PLAYERS).end(),
        }
    }

    fn encode_session(&mut self, step: Step, request: &mut Request) {
        match step {
            Step::SessionOpen(who) => {
                let player = match who {
                    Who::Seat(seat) => self.place.players[usize::from(seat)],
                    Who::Visit(_, player) => player,
                };
                let Scratch { key, json, .. } = &mut *self.scratch;
                json.clear();
                write_player(self.world.prefix(), player, json);
                let split = json.len();
                let _ = write!(json, "{{\"run\":\"{}\",\"client\":\"", self.world.prefix());
                json.push_str(if player.is_multiple_of(3) { "web\"}" } else { "mobile\"}" });
                session_key(self.place, who, key);
                let (player, data) = json.split_at(split);
                let call = request.call(sql::SESSION_OPEN).text(key).text(player);
                call.text(&self.place.key).text("connected").jsonb(data).end();
            }
            Step::SessionState(who, connected) => {
                let state = if connected { "connected" } else { "disconnected" };
                let key = &mut self.scratch.key;
                session_key(self.place, who, key);
                request.call(sql::SESSION_STATE).text(state).text(key).end();
            }
            Step::SessionRead(who, _) => {
                let key = &mut self.scratch.key;
                session_key(self.place, who, key);
                request.call(sql::SESSION_READ).text(key).end();
            }
            _ => {
                let key = &mut self.scratch.key;
                key.clear();
                of_run::write_least(self.world.prefix(), key);
                let call = request.call(sql::SESSION_EXPIRE).float8(sql::STALE_AFTER_S as f64);
                let call = call.text(key).text_array(ENDED).int8(EXPIRE_SESSIONS_MOST.into());
                key.clear();
                of_run::write_most(self.world.prefix(), key);
                call.text(key).end();
            }
        }
    }

    fn encode_game(&mut self, step: Step, facts: &Facts, request: &mut Request) {
        let json = &mut self.scratch.json;
        let mut document = |state: &State| {
            json.clear();
            stored::write(state, self.world.prefix(), json);
        };
        let key = self.place.key.as_str();
        let phase = facts.after.stage.name();
        match step {
            Step::GameCreate => {
                document(&self.place.state);
                let call = request.call(sql::GAME_CREATE).text(key).text("waiting");
                call.text(Stage::Waiting.name()).int4(0).jsonb(json).end();
            }
            Step::GameSeat => {
                document(&facts.after);
                let status = if facts.after.is_dealt() { "playing" } else { "waiting" };
                let call = request.call(sql::GAME_SEAT).int4(1);
                call.text(status).text(phase).jsonb(json).text(key).end();
            }
            Step::GameSave => {
                document(&facts.after);
                request.call(sql::GAME_SAVE).text(phase).jsonb(json).text(key).end();
            }
            Step::GameEnd(ending) => {
                document(&facts.after);
                let call = request.call(sql::GAME_END).text(ending.status());
                call.text(phase).jsonb(json).text(key).end();
            }
            Step::GamePlayerAdd(seat) => {
                let player = self.place.players[usize::from(seat)];
                let scratch = &mut self.scratch.key;
                scratch.clear();
                write_player(self.world.prefix(), player, scratch);
                request.call(sql::GAME_PLAYER_ADD).text(key).text(scratch).end();
            }
            Step::OtherGameStatus(game) => {
                let other = &mut self.scratch.key;
                other.clear();
                game.write(self.world.prefix(), other);
                request.call(sql::GAME_STATUS).text(other).end();
            }
            Step::GameLoad => request.call(sql::GAME_LOAD).text(key).end(),
            Step::RollbackCheck => {
                let never = Told::MindChanged.event_type();
                request.call(sql::ROLLBACK_CHECK).text(never).text(key).end();
            }
            Step::GamePlayerReadBack => {
                request.call(sql::GAME_PLAYER_READ_BACK).text(key).end();
            }
            _ => request.call(sql::GAME_STATUS).text(key).end(),
        }
    }

    fn encode_events(&mut self, step: Step, facts: &Facts, seq: u64, request: &mut Request) {
        let Scratch { json, ends, .. } = &mut *self.scratch;
        let prefix = self.world.prefix();
        let (key, hand) = (self.place.key.as_str(), self.place.state.hand);
        json.clear();
        match step {
            Step::EventAppend(told) => {
                write_event(prefix, seq, hand, told, json);
                let call = request.call(sql::EVENT_APPEND).text(key);
                call.text(told.event_type()).jsonb(json).end();
            }
            Step::EventBatch(count) => {
                ends.clear();
                for nth in 0..count {
                    let told = Told::Emote(nth % 4);
                    write_event(prefix, seq + u64::from(nth), hand, told, json);
                    ends.push(json.len());
                }
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let documents = starts.zip(&*ends).map(|(start, &end)| &json[start..end]);
                let call = request.call(sql::EVENT_BATCH).text(key);
                call.text("emote").jsonb_array(documents).end();
            }
            _ => {
                let games = facts.expiring.iter().map(|ended| ended.game.text(prefix));
                let call = request.call(sql::EVENT_EXPIRE).text_array(games).text_array(ENDED);
                call.int8(EXPIRE_EVENTS_MOST.into()).text(SEQ).end();
            }
        }
    }

    fn player(&mut self, player: u32) -> &str {
        let key = &mut self.scratch.key;
        key.clear();
        write_player(self.world.prefix(), player, key);
        key
    }
}

fn session_key(place: &Place, who: Who, key: &mut String) {
    key.clear();
    match who {
        Who::Seat(seat) => write_seat_session(&place.key, seat, key),
        Who::Visit(visit, _) => write_visit_session(&place.key, visit, key),
    }
}

/// Every event carries the run and its number; its game is in its row's own column.
pub fn write_event(run: &str, seq: u64, hand: u16, told: Told, out: &mut String) {
    let _ = write!(out, "{{\"run\":\"{run}\",\"seq\":{seq},\"hand\":{hand}");
    let _ = match told {
        Told::GameCreated | Told::RoomClosed | Told::MindChanged => Ok(()),
        Told::PlayerJoined(seat) | Told::GameAbandoned(seat) | Told::Emote(seat) => {
            write!(out, ",\"seat\":{seat}")
        }
        Told::TrumpChosen(seat, suit) => {
            write!(out, ",\"seat\":{seat},\"trump\":\"{}\"", suit.letter())
        }
        Told::CardPlayed(seat, card, taken) => {
            let [rank, suit] = card.letters();
            let _ = write!(out, ",\"seat\":{seat},\"card\":\"{rank}{suit}\"");
            taken.map_or(Ok(()), |side| write!(out, ",\"trick_to\":{side}"))
        }
        Told::HandFinished(side) | Told::GameFinished(side) => write!(out, ",\"side\":{side}"),
    };
    out.push('}');
}
