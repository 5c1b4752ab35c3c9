//! The rules of Hokm: deal, name trump, follow suit, take tricks, win hands, win the game.
//!
//! Pure functions on a `State`. Randomness is handed in; an illegal wish is refused and changes
//! nothing.

use super::cards::{Card, CardSet, DECK, Suit};
use super::state::{SEATS, Stage, State, Trick};
use model::random::Generator;
use rand::RngExt;
use thiserror::Error;

/// Why a wish is against the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Illegal {
    /// It is not what comes next.
    #[error("cannot do that while the game is in another stage")]
    Stage,
    /// Somebody else must play.
    #[error("cannot play out of turn")]
    Turn,
    /// The player doesn't hold the card.
    #[error("cannot play a card that is not in hand")]
    NotHeld,
    /// The player holds a card of the suit led.
    #[error("cannot leave the suit that was led while holding it")]
    MustFollow,
}

/// The two numbers that a table may agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Tricks that win a hand, 1 to 13.
    pub tricks_to_win: u8,
    /// Hands that win the game, at least 1.
    pub hands_to_win: u8,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { tricks_to_win: 7, hands_to_win: 7 }
    }
}

impl Rules {
    /// The fewest cards that can decide a game.
    pub fn shortest_game_cards(&self) -> u32 {
        u32::from(self.tricks_to_win) * SEATS as u32 * u32::from(self.hands_to_win)
    }

    /// Everybody sits: draws the first hakem and deals the first hand.
    pub fn begin(&self, state: &mut State, random: &mut Generator) -> Result<(), Illegal> {
        require(state, Stage::Waiting)?;
        state.hakem = random.random_range(0..SEATS as u8);
        state.version += 1;
        deal(state, random);
        Ok(())
    }

    /// The hakem names the trump suit and leads.
    pub fn choose_trump(&self, state: &mut State, suit: Suit) -> Result<(), Illegal> {
        require(state, Stage::Trump)?;
        state.trump = Some(suit);
        state.seen = CardSet::EMPTY;
        state.stage = Stage::Play;
        state.turn = state.hakem;
        state.version += 1;
        Ok(())
    }

    /// The cards that whose turn it is may play.
    pub fn legal(&self, state: &State) -> CardSet {
        if state.stage != Stage::Play {
            return CardSet::EMPTY;
        }
        let hand = state.hands[usize::from(state.turn)];
        let following = state.trick.led().map_or(CardSet::EMPTY, |suit| hand.of_suit(suit));
        if following.is_empty() { hand } else { following }
    }

    /// Plays a card. The fourth of a trick also takes it; the trick that decides ends the hand.
    pub fn play(&self, state: &mut State, seat: u8, card: Card) -> Result<(), Illegal> {
        require(state, Stage::Play)?;
        if seat != state.turn {
            return Err(Illegal::Turn);
        }
        if !state.hands[usize::from(seat)].contains(card) {
            return Err(Illegal::NotHeld);
        }
        if !self.legal(state).contains(card) {
            return Err(Illegal::MustFollow);
        }
        state.hands[usize::from(seat)].remove(card);
        state.trick.push(card);
        state.turn = State::after(seat);
        state.version += 1;
        if state.trick.len() == SEATS {
            self.take_trick(state);
        }
        Ok(())
    }

    fn take_trick(&self, state: &mut State) {
        // After four cards the turn is back at the leader.
        let leader = state.turn;
        let winner = (leader + trick_winner(&state.trick, state.trump)) % SEATS as u8;
        let side = State::side(winner);
        state.won[side] = state.won[side].union(state.trick.iter().collect());
        state.tricks[side] += 1;
        state.trick = Trick::default();
        state.turn = winner;
        let exhausted = state.hands.iter().all(|hand| hand.is_empty());
        if state.tricks[side] >= self.tricks_to_win || exhausted {
            state.stage = Stage::HandOver;
        }
    }

    /// Scores the hand: the hakem passes on if the hakem's side lost it; deals the next hand
    /// unless the game is won. Returns the side that won the hand.
    pub fn finish_hand(&self, state: &mut State, random: &mut Generator) -> Result<usize, Illegal> {
        require(state, Stage::HandOver)?;
        let side = usize::from(state.tricks[1] > state.tricks[0]);
        state.score[side] += 1;
        state.version += 1;
        if state.score[side] >= self.hands_to_win {
            state.stage = Stage::GameOver;
            return Ok(side);
        }
        if side != State::side(state.hakem) {
            state.hakem = State::after(state.hakem);
        }
        deal(state, random);
        Ok(side)
    }

    /// True when scoring this hand ends the game.
    pub fn hand_decides_game(&self, state: &State) -> bool {
        let side = usize::from(state.tricks[1] > state.tricks[0]);
        state.stage == Stage::HandOver && state.score[side] + 1 >= self.hands_to_win
    }
}

/// The suit that the hakem names: the longest of the five cards seen, drawn where they tie.
pub fn preferred_trump(state: &State, random: &mut Generator) -> Suit {
    let length = |suit| state.seen.of_suit(suit).len();
    let longest = Suit::ALL.map(length).into_iter().max().unwrap_or(0);
    let ties = Suit::ALL.into_iter().filter(|&suit| length(suit) == longest);
    let chosen = random.random_range(0..ties.clone().count().max(1));
    ties.clone().nth(chosen).unwrap_or(Suit::Spades)
}

/// Which card of a full trick takes it, by its place: the highest trump, else the highest of the
/// suit led.
pub fn trick_winner(trick: &Trick, trump: Option<Suit>) -> u8 {
    let led = trick.led();
    let strength = |card: Card| {
        let suit = Some(card.suit());
        let level = if suit == trump { 2 } else { u8::from(suit == led) };
        (level, card.rank())
    };
    // Cards are all different, so no two have the same strength above level 0, and the card led
    // is never at level 0.
    let best = trick.iter().enumerate().max_by_key(|&(_, card)| strength(card));
    best.map_or(0, |(place, _)| place as u8)
}

/// Shuffles and deals 13 to each; the hakem sees the first five of his.
fn deal(state: &mut State, random: &mut Generator) {
    let mut deck: [u8; DECK] = std::array::from_fn(|index| index as u8);
    for last in (1..DECK).rev() {
        deck.swap(last, random.random_range(0..=last));
    }
    let cards = |numbers: &[u8]| numbers.iter().filter_map(|&n| Card::new(n)).collect::<CardSet>();
    for (seat, numbers) in deck.chunks_exact(DECK / SEATS).enumerate() {
        state.hands[seat] = cards(numbers);
        if seat == usize::from(state.hakem) {
            state.seen = cards(&numbers[..5]);
        }
    }
    state.stage = Stage::Trump;
    state.hand += 1;
    state.turn = state.hakem;
    state.trump = None;
    state.trick = Trick::default();
    state.won = [CardSet::EMPTY; 2];
    state.tricks = [0; 2];
}

fn require(state: &State, stage: Stage) -> Result<(), Illegal> {
    if state.stage == stage { Ok(()) } else { Err(Illegal::Stage) }
}

#[cfg(test)]
pub(in crate::hokm) mod tests;
