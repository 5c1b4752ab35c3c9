//! A game's state as the JSON in `games.game_data`, written and read.
//!
//! Cards are strings of two characters each (`"hands": ["2CKD…", …]`), so that the document stays
//! short, people can read it, and SQL can check that each of the 52 cards is there exactly once.
//! Reading refuses what the rules could not have written, and allocates nothing when it succeeds.

use super::cards::{Card, CardSet, Suit};
use super::state::{SEATS, Stage, State, Trick};
use serde::Deserialize;
use std::fmt::Write;
use thiserror::Error;

/// Why a document is no game of ours.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// It is not JSON of the right shape.
    #[error("cannot read game_data: {0}")]
    Shape(#[from] serde_json::Error),
    /// Two characters that are no card.
    #[error("cannot read game_data: {0:?} is no list of cards")]
    Cards(String),
    /// A field has a value that no game has.
    #[error("cannot read game_data: {0} has a value that no game has")]
    Value(&'static str),
}

/// Appends the document of `state` in the run called `run` (letters and digits only).
pub fn write(state: &State, run: &str, out: &mut String) {
    // Writing to a String can't fail.
    let _ = write!(
        out,
        "{{\"run\":\"{run}\",\"version\":{},\"stage\":\"{}\",\"hand\":{},\"hakem\":{},\"turn\":{}",
        state.version,
        state.stage.name(),
        state.hand,
        state.hakem,
        state.turn,
    );
    match state.trump {
        Some(suit) => {
            let _ = write!(out, ",\"trump\":\"{}\"", suit.letter());
        }
        None => out.push_str(",\"trump\":null"),
    }
    let _ = write!(
        out,
        ",\"tricks\":[{},{}],\"score\":[{},{}],\"seen\":",
        state.tricks[0], state.tricks[1], state.score[0], state.score[1],
    );
    write_cards(state.seen.iter(), out);
    write_list("hands", &state.hands, out);
    out.push_str(",\"table\":");
    write_cards(state.trick.iter(), out);
    write_list("won", &state.won, out);
    out.push('}');
}

fn write_list(name: &str, sets: &[CardSet], out: &mut String) {
    let _ = write!(out, ",\"{name}\":");
    for (place, set) in sets.iter().enumerate() {
        out.push(if place == 0 { '[' } else { ',' });
        write_cards(set.iter(), out);
    }
    out.push(']');
}

fn write_cards(cards: impl Iterator<Item = Card>, out: &mut String) {
    out.push('"');
    for card in cards {
        out.extend(card.letters());
    }
    out.push('"');
}

/// The document as it stands, before it is known to be a game.
#[derive(Deserialize)]
struct Document<'a> {
    version: u32,
    #[serde(borrow)]
    stage: &'a str,
    hand: u16,
    hakem: u8,
    turn: u8,
    #[serde(borrow)]
    trump: Option<&'a str>,
    tricks: [u8; 2],
    score: [u8; 2],
    #[serde(borrow)]
    seen: &'a str,
    #[serde(borrow)]
    hands: [&'a str; SEATS],
    #[serde(borrow)]
    table: &'a str,
    #[serde(borrow)]
    won: [&'a str; 2],
}

/// Reads a document. Whether each card is there exactly once is left to
/// [`State::has_every_card_once`]: a corrupt game must be readable to be reported.
///
/// # Errors
/// The text is not JSON, or not of a game.
pub fn read(text: &str) -> Result<State, Unreadable> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let trump = match document.trump.map(str::as_bytes) {
        None => None,
        Some(&[letter]) => Some(Suit::from_letter(letter).ok_or(Unreadable::Value("trump"))?),
        Some(_) => return Err(Unreadable::Value("trump")),
    };
    let [h0, h1, h2, h3] = document.hands;
    let seat = |value: u8, name| {
        if usize::from(value) < SEATS { Ok(value) } else { Err(Unreadable::Value(name)) }
    };
    Ok(State {
        stage: Stage::from_name(document.stage).ok_or(Unreadable::Value("stage"))?,
        version: document.version,
        hand: document.hand,
        hakem: seat(document.hakem, "hakem")?,
        turn: seat(document.turn, "turn")?,
        trump,
        seen: set(document.seen)?,
        hands: [set(h0)?, set(h1)?, set(h2)?, set(h3)?],
        trick: trick(document.table)?,
        won: [set(document.won[0])?, set(document.won[1])?],
        tricks: document.tricks,
        score: document.score,
    })
}

fn cards(text: &str) -> impl Iterator<Item = Result<Card, Unreadable>> {
    text.as_bytes().chunks(2).map(move |letters| {
        match letters {
            &[rank, suit] => Card::from_letters(rank, suit),
            _ => None,
        }
        .ok_or_else(|| Unreadable::Cards(text.chars().take(120).collect()))
    })
}

/// A card that stands twice in one list would vanish in a set: that is no list of cards.
fn set(text: &str) -> Result<CardSet, Unreadable> {
    let mut set = CardSet::EMPTY;
    for card in cards(text) {
        if !set.insert(card?) {
            return Err(Unreadable::Cards(text.chars().take(120).collect()));
        }
    }
    Ok(set)
}

fn trick(text: &str) -> Result<Trick, Unreadable> {
    let mut trick = Trick::default();
    for card in cards(text) {
        if !trick.push(card?) {
            return Err(Unreadable::Value("table"));
        }
    }
    Ok(trick)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hokm::rules::tests::positions;
    use proptest::prelude::*;

    fn written(state: &State) -> String {
        let mut text = String::new();
        write(state, "r1", &mut text);
        text
    }

    proptest! {
        #[test]
        fn every_position_of_a_game_is_read_back_as_it_was_written(seed in any::<u64>()) {
            for state in positions(seed) {
                prop_assert_eq!(read(&written(&state)).unwrap(), state);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = read(&text);
        }

        #[test]
        fn no_change_of_one_byte_makes_it_panic(seed in any::<u64>(), at in 0usize..600, to in 0u8..128) {
            let state = positions(seed).nth(40).unwrap();
            let mut bytes = written(&state).into_bytes();
            let at = at % bytes.len();
            bytes[at] = to;
            let _ = read(std::str::from_utf8(&bytes).unwrap());
        }
    }

    #[test]
    fn a_card_that_stands_twice_is_refused_or_seen() {
        for state in positions(3).filter(State::is_dealt) {
            let text = written(&state).replacen("AS", "KS", 1);
            assert!(!read(&text).is_ok_and(|state| state.has_every_card_once()), "{text}");
        }
    }

    #[test]
    fn the_document_stays_short() {
        assert!(positions(1).all(|state| written(&state).len() < 330));
    }
}
