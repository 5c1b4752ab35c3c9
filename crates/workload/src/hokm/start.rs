//! Where the live tables stand when the run begins: at positions spread over a game's life, so
//! that the mix of actions is stationary from the first second.
//!
//! A pure function of seed and table: set-up makes the rows from it and the players begin from
//! it, without telling each other. Events before the start are not made; numbering begins where
//! it would stand.

use super::place::{Leaving, draw_leaving};
use super::rules::preferred_trump;
use super::state::{SEATS, Stage, State};
use super::world::World;
use model::random::{Generator, generator};
use rand::RngExt;

/// One table's start.
#[derive(Clone, Debug)]
pub struct Start {
    /// The game's state.
    pub state: State,
    /// Who sits where.
    pub players: [u32; SEATS],
    /// Cards played so far.
    pub cards: u32,
    /// The next event's number.
    pub seq: u64,
    /// Who will leave for good.
    pub leaving: Option<Leaving>,
    /// Where the game's further course is drawn from.
    pub random: Generator,
}

/// A game's creation and four players' arrival: one event each.
const EVENTS_BEFORE_DEAL: u64 = 1 + SEATS as u64;

impl Start {
    /// Who sits at `table`, and where the rest of the start is drawn from.
    pub fn players(world: &World, table: u32) -> ([u32; SEATS], Generator) {
        let mut random = generator(world.profile.seed, "hokm-start", u64::from(table));
        (world.popularity.draw_four(&mut random), random)
    }

    /// Where `table` stands.
    pub fn of(world: &World, table: u32) -> Start {
        let (players, mut random) = Start::players(world, table);
        let leaving = draw_leaving(world, &mut random)
            .filter(|leaving| random.random::<f64>() < share_alive(world, leaving.after_cards));
        let end = leaving.map(|leaving| leaving.after_cards);
        // Each table gets its own slice of a game's life; the seed says who gets the first.
        let tables = world.profile.tables().max(1);
        let slice = (u64::from(table) + world.profile.seed % u64::from(tables)) % u64::from(tables);
        let share = (slice as f64 + random.random::<f64>()) / f64::from(tables);
        let game = random.clone();
        let length = play(world, &mut game.clone(), |_, cards| end == Some(cards)).1;
        let target = (share * f64::from(length)) as u32;
        let mut random = game;
        let (state, steps, cards) = {
            let mut steps = 0;
            let (state, _, cards) = play(world, &mut random, |_, _| {
                steps += 1;
                steps > target
            });
            (state, target, cards)
        };
        let seq = EVENTS_BEFORE_DEAL + u64::from(steps);
        Start { state, players, cards, seq, leaving, random }
    }
}

/// A game that somebody leaves is short, so of the games alive at a moment fewer are such than of
/// those that begin: how often a drawn one stays, if its length is `cards`. Without this a short
/// run would see many times the abandoned games of a long one.
fn share_alive(world: &World, cards: u32) -> f64 {
    let (rate, cards) = (world.profile.abandon_rate, f64::from(cards));
    let whole = f64::from(world.rules.shortest_game_cards()) * GAME_BY_SHORTEST;
    cards / (rate * cards + (1.0 - rate) * whole)
}

/// Cards of a mean game by those of the shortest: 490 by 196 with 7 tricks and 7 hands.
const GAME_BY_SHORTEST: f64 = 2.5;

/// Plays on from the first deal until `stop` says so or the game is won; one step is one event.
/// `stop` is asked before each step with the state and the cards played. Returns the state, the
/// steps and the cards.
fn play(
    world: &World,
    random: &mut Generator,
    mut stop: impl FnMut(&State, u32) -> bool,
) -> (State, u32, u32) {
    let (rules, mut state) = (&world.rules, State::waiting());
    let (mut steps, mut cards) = (0, 0);
    // Each step is what the stage asks for, so none of them is refused.
    let _ = rules.begin(&mut state, random);
    while !stop(&state, cards) {
        let next = match state.stage {
            Stage::Trump => {
                let suit = preferred_trump(&state, random);
                rules.choose_trump(&mut state, suit)
            }
            Stage::Play => {
                let legal = rules.legal(&state);
                let Some(card) = legal.nth(random.random_range(0..legal.len().max(1))) else {
                    break;
                };
                cards += 1;
                let seat = state.turn;
                rules.play(&mut state, seat, card)
            }
            Stage::HandOver if rules.hand_decides_game(&state) => break,
            Stage::HandOver => rules.finish_hand(&mut state, random).map(|_| ()),
            Stage::Waiting | Stage::GameOver => break,
        };
        if next.is_err() {
            break;
        }
        steps += 1;
    }
    (state, steps, cards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hokm::profile::HokmProfile;

    fn starts(profile: HokmProfile) -> Vec<Start> {
        let world = World::new(profile);
        (0..world.profile.tables()).map(|table| Start::of(&world, table)).collect()
    }

    #[test]
    fn positions_are_whole_games_spread_over_a_games_life() {
        let starts = starts(HokmProfile { seats: 800, ..HokmProfile::default() });
        assert!(starts.iter().all(|start| start.state.has_every_card_once()));
        assert!(starts.iter().all(|start| start.state.stage != Stage::GameOver));
        for quarter in 0..4 {
            let range = quarter * 120..(quarter + 1) * 120;
            let inside = starts.iter().filter(|start| range.contains(&start.cards)).count();
            assert!((25..=80).contains(&inside), "{quarter}: {inside}");
        }
        let mean = starts.iter().map(|start| start.cards).sum::<u32>() / 200;
        assert!((210..=280).contains(&mean), "{mean}");
    }

    #[test]
    fn the_same_seed_gives_the_same_starts_and_another_gives_others() {
        let states = |seed| {
            let profile = HokmProfile { seed, ..HokmProfile::default() };
            starts(profile).into_iter().map(|start| start.state).collect::<Vec<_>>()
        };
        assert_eq!(states(1), states(1));
        assert_ne!(states(1), states(2));
    }

    #[test]
    fn of_the_games_alive_few_are_about_to_be_abandoned() {
        let profile =
            HokmProfile { abandon_rate: 0.02, seats: 4 * 4_000, ..HokmProfile::default() };
        let leaving = starts(profile).iter().filter(|start| start.leaving.is_some()).count();
        // 0.02 · 98 cards by 0.02 · 98 + 0.98 · 490 of them: 0.4 %, which is 16 of 4,000.
        assert!((4..=36).contains(&leaving), "{leaving}");
    }

    #[test]
    fn nobody_stands_beyond_the_card_after_which_somebody_leaves() {
        let starts = starts(HokmProfile { abandon_rate: 1.0, ..HokmProfile::default() });
        for start in starts {
            assert!(start.cards <= start.leaving.unwrap().after_cards);
        }
    }
}
