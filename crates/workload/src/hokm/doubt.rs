//! What may be stored or not: the group of an action whose commit was never answered, and the games
//! that nobody goes on with for it. Only what the verification needs is kept, and of so many games
//! at most: faults must not fill the memory.

use super::course::Course;
use super::keys::GameKey;
use super::place::{Ending, Place};
use super::state::{Stage, State};
use super::step::Step;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the verification compares of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How often it has changed.
    pub version: u32,
    /// Where the game stands.
    pub stage: Stage,
    /// Hands won by each side.
    pub score: [u8; 2],
}

impl Summary {
    /// Of this state.
    pub fn of(state: &State) -> Summary {
        Summary { version: state.version, stage: state.stage, score: state.score }
    }
}

/// What was acknowledged of a game, as the verification compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Which.
    pub game: GameKey,
    /// Whether its row exists.
    pub is_created: bool,
    /// Whether cards are dealt.
    pub is_dealt: bool,
    /// How many players its row counts.
    pub seated: u8,
    /// How it ended, once it has.
    pub ended: Option<Ending>,
    /// Its state.
    pub state: Summary,
    /// The first event's number.
    pub first_seq: u64,
    /// The next event's number: all before it are acknowledged.
    pub seq: u64,
}

impl Acknowledged {
    /// Of the game at this place.
    pub fn of(place: &Place) -> Acknowledged {
        Acknowledged {
            game: place.game(),
            is_created: place.is_created,
            is_dealt: place.state.is_dealt(),
            seated: place.seated,
            ended: place.ended,
            state: Summary::of(&place.state),
            first_seq: place.first_seq,
            seq: place.seq,
        }
    }

    /// Whether it is a table's.
    pub fn is_table(&self) -> bool {
        matches!(self.game, GameKey::Table { .. })
    }

    /// The game's status as it is stored.
    pub fn status(&self) -> &'static str {
        match self.ended {
            Some(ending) => ending.status(),
            None if self.is_dealt => "playing",
            None => "waiting",
        }
    }
}

/// A group in doubt.
#[derive(Clone, Debug, Default)]
pub struct Doubt {
    /// Those of its steps that leave something to count.
    pub steps: Box<[Step]>,
    /// The state, where the group stores one.
    pub after: Option<Summary>,
    /// How many events it appends.
    pub events: u64,
}

impl Doubt {
    /// The open group of an action.
    pub fn of(course: &Course) -> Doubt {
        let stores = course.open_steps().any(|step| step.stores_state());
        let events = course.open_steps().map(Step::events).sum();
        let steps = course.open_steps().filter(|step| is_counted(*step)).collect();
        Doubt { after: stores.then(|| Summary::of(&course.facts.after)), events, steps }
    }

    /// Whether it has such a step.
    pub fn has(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        self.steps.iter().any(wanted)
    }
}

fn is_counted(step: Step) -> bool {
    matches!(
        step,
        Step::GameCreate
            | Step::GamePlayerAdd(_)
            | Step::GameSeat
            | Step::GameEnd(_)
            | Step::SessionOpen(_)
            | Step::PlayerHand(_)
            | Step::PlayerGame(..)
    )
}

/// A game that nobody goes on with, as a commit may still change it.
#[derive(Clone, Debug)]
pub struct GivenUp {
    /// As it was acknowledged.
    pub game: Acknowledged,
    /// What the commit would add.
    pub doubt: Doubt,
}

/// Games given up beyond this are counted and no longer followed, in all of a run.
pub const MOST_FOLLOWED: u64 = 100_000;

/// How many games all players have given up.
#[derive(Debug, Default)]
pub struct GivenUpCount(AtomicU64);

impl GivenUpCount {
    /// Counts one more; whether it is still to be followed.
    pub fn add(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) < MOST_FOLLOWED
    }

    /// How many are not followed.
    pub fn unfollowed(&self) -> u64 {
        self.0.load(Ordering::Relaxed).saturating_sub(MOST_FOLLOWED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_game_given_up_is_small_and_only_so_many_are_followed() {
        assert!(size_of::<GivenUp>() <= 128, "{} bytes", size_of::<GivenUp>());
        let count = GivenUpCount::default();
        let followed = (0..MOST_FOLLOWED + 5).filter(|_| count.add()).count();
        assert_eq!((followed as u64, count.unfollowed()), (MOST_FOLLOWED, 5));
    }
}
