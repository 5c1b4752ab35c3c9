//! Whole games by random legal players, and single tricks worked out by hand.

use super::*;
use model::random::generator;
use proptest::prelude::*;

/// Every state of a whole game by random legal players.
pub(in crate::hokm) fn positions(seed: u64) -> impl Iterator<Item = State> {
    played(Rules::default(), seed)
}

fn played(rules: Rules, seed: u64) -> impl Iterator<Item = State> {
    let mut random = generator(seed, "rules-test", 0);
    std::iter::successors(Some(State::waiting()), move |state| {
        let mut next = *state;
        match state.stage {
            Stage::Waiting => rules.begin(&mut next, &mut random).unwrap(),
            Stage::Trump => {
                let suit = preferred_trump(state, &mut random);
                rules.choose_trump(&mut next, suit).unwrap();
            }
            Stage::Play => {
                let legal = rules.legal(state);
                let card = legal.nth(random.random_range(0..legal.len())).unwrap();
                rules.play(&mut next, state.turn, card).unwrap();
            }
            Stage::HandOver => {
                rules.finish_hand(&mut next, &mut random).unwrap();
            }
            Stage::GameOver => return None,
        }
        Some(next)
    })
}

fn card(text: &str) -> Card {
    Card::from_letters(text.as_bytes()[0], text.as_bytes()[1]).unwrap()
}

fn winner(cards: [&str; 4], trump: Suit) -> u8 {
    let mut trick = Trick::default();
    cards.iter().for_each(|text| assert!(trick.push(card(text))));
    trick_winner(&trick, Some(trump))
}

/// A state in which seat 1 must answer a led heart.
fn heart_led(hand: &[&str]) -> State {
    let mut state = State { stage: Stage::Play, turn: 1, ..State::waiting() };
    state.trick.push(card("KH"));
    state.hands[1] = hand.iter().map(|text| card(text)).collect();
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whole_games_keep_the_invariants(seed in any::<u64>(), tricks in 1u8..=13, hands in 1u8..=9) {
        let rules = Rules { tricks_to_win: tricks, hands_to_win: hands };
        let mut last = State::waiting();
        for (step, state) in played(rules, seed).enumerate() {
            prop_assert_eq!(state.version as usize, step);
            prop_assert!(!state.is_dealt() || state.has_every_card_once());
            let trick_cards = usize::from(state.tricks[0] + state.tricks[1]) * 4;
            prop_assert_eq!(state.won[0].union(state.won[1]).len(), trick_cards);
            prop_assert_eq!(state.won[0].len(), usize::from(state.tricks[0]) * 4);
            prop_assert!(state.score.iter().all(|&won| won <= hands));
            last = state;
        }
        prop_assert_eq!(last.stage, Stage::GameOver);
        prop_assert_eq!(last.score[last.leading_side()], hands);
        prop_assert!(last.score[1 - last.leading_side()] < hands);
    }

    #[test]
    fn illegal_plays_are_refused_and_change_nothing(seed in any::<u64>(), index in 0u8..52) {
        let rules = Rules::default();
        let card = Card::new(index).unwrap();
        for state in positions(seed).step_by(7) {
            let legal = rules.legal(&state).contains(card);
            for seat in 0..SEATS as u8 {
                let mut next = state;
                let played = rules.play(&mut next, seat, card);
                prop_assert_eq!(played.is_ok(), legal && seat == state.turn);
                prop_assert!(played.is_ok() || next == state);
            }
        }
    }

    #[test]
    fn the_hakem_passes_on_exactly_when_his_side_loses(seed in any::<u64>()) {
        let states: Vec<State> = positions(seed).collect();
        for pair in states.windows(2).filter(|pair| pair[0].stage == Stage::HandOver) {
            let side = usize::from(pair[1].score[1] > pair[0].score[1]);
            let kept = State::side(pair[0].hakem) == side || pair[1].stage == Stage::GameOver;
            let expected = if kept { pair[0].hakem } else { State::after(pair[0].hakem) };
            prop_assert_eq!(pair[1].hakem, expected);
        }
    }
}

#[test]
fn the_highest_trump_takes_the_trick_else_the_highest_of_the_suit_led() {
    assert_eq!(winner(["2H", "AH", "AS", "AD"], Suit::Clubs), 1);
    assert_eq!(winner(["AH", "2C", "KH", "3C"], Suit::Clubs), 3);
    assert_eq!(winner(["5S", "AD", "4S", "AC"], Suit::Hearts), 0);
    assert_eq!(winner(["TH", "JH", "QH", "9H"], Suit::Hearts), 2);
}

#[test]
fn the_suit_led_must_be_followed_while_it_is_held() {
    let rules = Rules::default();
    let mut state = heart_led(&["2H", "AS"]);
    assert_eq!(rules.play(&mut state, 1, card("AS")), Err(Illegal::MustFollow));
    assert_eq!(rules.play(&mut state, 1, card("3H")), Err(Illegal::NotHeld));
    assert_eq!(rules.play(&mut state, 2, card("2H")), Err(Illegal::Turn));
    assert_eq!(rules.play(&mut state, 1, card("2H")), Ok(()));
    assert_eq!(rules.play(&mut heart_led(&["2S", "AS"]), 1, card("AS")), Ok(()));
}

#[test]
fn the_hakem_sees_five_of_his_own_cards_and_names_the_longest_suit() {
    for seed in 0..20 {
        let state = positions(seed).nth(1).unwrap();
        assert_eq!((state.stage, state.seen.len()), (Stage::Trump, 5));
        assert!(state.seen.iter().all(|card| state.hands[usize::from(state.hakem)].contains(card)));
        let suit = preferred_trump(&state, &mut generator(seed, "t", 0));
        let longest = Suit::ALL.map(|suit| state.seen.of_suit(suit).len());
        assert_eq!(state.seen.of_suit(suit).len(), *longest.iter().max().unwrap());
    }
}

#[test]
fn what_does_not_come_next_is_refused() {
    let (rules, mut random) = (Rules::default(), generator(1, "t", 0));
    let mut waiting = State::waiting();
    assert_eq!(rules.choose_trump(&mut waiting, Suit::Clubs), Err(Illegal::Stage));
    assert_eq!(rules.play(&mut waiting, 0, card("2C")), Err(Illegal::Stage));
    assert_eq!(rules.finish_hand(&mut waiting, &mut random), Err(Illegal::Stage));
    assert_eq!(waiting, State::waiting());
}

#[test]
fn a_game_takes_about_490_cards() {
    let cards = |seed| positions(seed).filter(|state| state.stage == Stage::Play).count();
    let mean = (0..200).map(cards).sum::<usize>() / 200;
    assert!((430..=540).contains(&mean), "{mean}");
}
