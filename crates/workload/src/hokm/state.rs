//! What stands on one table: hands, trick, won cards, tricks, scores, whose turn it is.
//!
//! Plain data with its invariant; what may happen next is `rules`. It knows no database: how it
//! is stored is `stored`.

use super::cards::{Card, CardSet, Suit};

/// Players at a table.
pub const SEATS: usize = 4;

/// Where a game stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Players are still sitting down; no card is dealt.
    Waiting,
    /// The hakem has seen five cards and must name the trump suit.
    Trump,
    /// A card must be played.
    Play,
    /// A side has won the hand; it must be scored and the next one dealt.
    HandOver,
    /// A side has won the game.
    GameOver,
}

impl Stage {
    /// The text stored in `games.current_phase`.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Waiting => "waiting",
            Stage::Trump => "trump",
            Stage::Play => "play",
            Stage::HandOver => "hand_over",
            Stage::GameOver => "game_over",
        }
    }

    /// The stage stored as `name`.
    pub fn from_name(name: &str) -> Option<Stage> {
        [Stage::Waiting, Stage::Trump, Stage::Play, Stage::HandOver, Stage::GameOver]
            .into_iter()
            .find(|stage| stage.name() == name)
    }
}

/// The cards of the trick under way, in the order played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trick {
    cards: [Option<Card>; SEATS],
    len: u8,
}

impl Trick {
    /// Lays a card; none fits after the fourth, and it is not laid.
    pub fn push(&mut self, card: Card) -> bool {
        let Some(place) = self.cards.get_mut(usize::from(self.len)) else { return false };
        *place = Some(card);
        self.len += 1;
        true
    }

    /// How many cards lie.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// True when no card lies.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The cards in the order played.
    pub fn iter(&self) -> impl Iterator<Item = Card> {
        self.cards.into_iter().flatten()
    }

    /// The suit that must be followed.
    pub fn led(&self) -> Option<Suit> {
        self.cards[0].map(Card::suit)
    }
}

/// One game's whole state. Seats go round 0, 1, 2, 3; seats 0 and 2 are side 0, the others side 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Where the game stands.
    pub stage: Stage,
    /// Grows by one with every change.
    pub version: u32,
    /// Which hand of the game it is, from 1; 0 while players are sitting down.
    pub hand: u16,
    /// Who names trump in this hand.
    pub hakem: u8,
    /// Whose turn it is.
    pub turn: u8,
    /// The trump suit, once named.
    pub trump: Option<Suit>,
    /// The five cards that the hakem has seen, while trump is to be named.
    pub seen: CardSet,
    /// Cards in hand, by seat.
    pub hands: [CardSet; SEATS],
    /// The trick under way.
    pub trick: Trick,
    /// Cards of the tricks won in this hand, by side.
    pub won: [CardSet; 2],
    /// Tricks won in this hand, by side.
    pub tricks: [u8; 2],
    /// Hands won in this game, by side.
    pub score: [u8; 2],
}

impl State {
    /// A table at which players are still sitting down.
    pub fn waiting() -> State {
        State {
            stage: Stage::Waiting,
            version: 0,
            hand: 0,
            hakem: 0,
            turn: 0,
            trump: None,
            seen: CardSet::EMPTY,
            hands: [CardSet::EMPTY; SEATS],
            trick: Trick::default(),
            won: [CardSet::EMPTY; 2],
            tricks: [0; 2],
            score: [0; 2],
        }
    }

    /// True when cards have been dealt, and so all 52 must be somewhere.
    pub fn is_dealt(&self) -> bool {
        self.stage != Stage::Waiting
    }

    /// True when each of the 52 cards is exactly once in the hands, the trick or a won trick.
    pub fn has_every_card_once(&self) -> bool {
        let trick: CardSet = self.trick.iter().collect();
        let places = self.hands.into_iter().chain(self.won).chain([trick]);
        let mut all = CardSet::EMPTY;
        for place in places {
            if !all.is_disjoint(place) {
                return false;
            }
            all = all.union(place);
        }
        all == CardSet::FULL && trick.len() == self.trick.len()
    }

    /// The side that a seat belongs to.
    pub fn side(seat: u8) -> usize {
        usize::from(seat % 2)
    }

    /// The seat after `seat`.
    pub fn after(seat: u8) -> u8 {
        (seat + 1) % SEATS as u8
    }

    /// The side with more hands won.
    pub fn leading_side(&self) -> usize {
        usize::from(self.score[1] > self.score[0])
    }
}
