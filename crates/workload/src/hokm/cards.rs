//! The 52 cards, and sets of them: the deck as numbers, nothing about the game.
//!
//! A card is a number below 52 (suit × 13 + rank), a set is one bit per card, so that a whole
//! game state is a few machine words and "each card exactly once" is arithmetic.

use std::fmt;

/// Cards in a deck.
pub const DECK: usize = 52;

/// Ranks from low to high, as they are written.
const RANKS: &[u8; 13] = b"23456789TJQKA";

/// One of the four suits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suit {
    /// ♣
    Clubs,
    /// ♦
    Diamonds,
    /// ♥
    Hearts,
    /// ♠
    Spades,
}

impl Suit {
    /// All four, in order.
    pub const ALL: [Suit; 4] = [Suit::Clubs, Suit::Diamonds, Suit::Hearts, Suit::Spades];

    /// The letter it is written with.
    pub fn letter(self) -> char {
        match self {
            Suit::Clubs => 'C',
            Suit::Diamonds => 'D',
            Suit::Hearts => 'H',
            Suit::Spades => 'S',
        }
    }

    /// The suit written with `letter`.
    pub fn from_letter(letter: u8) -> Option<Suit> {
        Suit::ALL.into_iter().find(|suit| suit.letter() as u8 == letter)
    }
}

/// One card.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Card(u8);

impl Card {
    /// The card with this number; none from 52 on.
    pub fn new(index: u8) -> Option<Card> {
        (usize::from(index) < DECK).then_some(Card(index))
    }

    /// Its number, below 52.
    pub fn index(self) -> u8 {
        self.0
    }

    /// Its suit.
    pub fn suit(self) -> Suit {
        Suit::ALL[usize::from(self.0 / 13)]
    }

    /// Its rank, 0 for a two to 12 for an ace.
    pub fn rank(self) -> u8 {
        self.0 % 13
    }

    /// The two characters that it is written with: rank, suit.
    pub fn letters(self) -> [char; 2] {
        [RANKS[usize::from(self.rank())] as char, self.suit().letter()]
    }

    /// The card written as `rank`, `suit`.
    pub fn from_letters(rank: u8, suit: u8) -> Option<Card> {
        let rank = RANKS.iter().position(|&letter| letter == rank)? as u8;
        Some(Card(Suit::from_letter(suit)? as u8 * 13 + rank))
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rank, suit] = self.letters();
        write!(f, "{rank}{suit}")
    }
}

/// A set of cards.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CardSet(u64);

impl CardSet {
    /// All 52.
    pub const FULL: CardSet = CardSet((1 << DECK) - 1);

    /// No card.
    pub const EMPTY: CardSet = CardSet(0);

    /// Adds a card; false when it was there already.
    pub fn insert(&mut self, card: Card) -> bool {
        let before = self.0;
        self.0 |= 1 << card.0;
        before != self.0
    }

    /// Takes a card away; false when it was not there.
    pub fn remove(&mut self, card: Card) -> bool {
        let before = self.0;
        self.0 &= !(1 << card.0);
        before != self.0
    }

    /// True when the card is in the set.
    pub fn contains(self, card: Card) -> bool {
        self.0 >> card.0 & 1 == 1
    }

    /// How many cards are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// True when no card is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its cards of one suit.
    pub fn of_suit(self, suit: Suit) -> CardSet {
        CardSet(self.0 & (0x1fff << (suit as u32 * 13)))
    }

    /// The cards of both.
    pub fn union(self, other: CardSet) -> CardSet {
        CardSet(self.0 | other.0)
    }

    /// True when no card is in both.
    pub fn is_disjoint(self, other: CardSet) -> bool {
        self.0 & other.0 == 0
    }

    /// Its `n`th card from the lowest; none when it has no more than `n`.
    pub fn nth(self, n: usize) -> Option<Card> {
        self.iter().nth(n)
    }

    /// Its cards from the lowest number up.
    pub fn iter(self) -> impl Iterator<Item = Card> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = rest.trailing_zeros() as u8;
            rest &= rest.wrapping_sub(1);
            Card::new(index)
        })
    }
}

impl FromIterator<Card> for CardSet {
    fn from_iter<I: IntoIterator<Item = Card>>(cards: I) -> CardSet {
        let mut set = CardSet::EMPTY;
        cards.into_iter().for_each(|card| {
            set.insert(card);
        });
        set
    }
}

impl fmt::Debug for CardSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_read_back_from_what_is_written() {
        let cards: Vec<Card> = CardSet::FULL.iter().collect();
        assert_eq!(cards.len(), DECK);
        for card in cards {
            let [rank, suit] = card.letters();
            assert_eq!(Card::from_letters(rank as u8, suit as u8), Some(card));
        }
    }

    #[test]
    fn the_suits_part_the_deck() {
        let parts = Suit::ALL.map(|suit| CardSet::FULL.of_suit(suit));
        assert!(parts.iter().all(|part| part.len() == 13));
        assert_eq!(parts.into_iter().fold(CardSet::EMPTY, CardSet::union), CardSet::FULL);
    }

    #[test]
    fn a_set_takes_a_card_once_and_gives_it_once() {
        let card = Card::new(51).unwrap();
        let mut set = CardSet::EMPTY;
        assert!(set.insert(card) && !set.insert(card) && set.contains(card));
        assert!(set.remove(card) && !set.remove(card) && set.is_empty());
    }

    #[test]
    fn there_is_no_card_beyond_the_deck() {
        assert_eq!(Card::new(52), None);
        assert_eq!(Card::from_letters(b'1', b'S'), None);
        assert_eq!(Card::from_letters(b'A', b'X'), None);
    }
}
