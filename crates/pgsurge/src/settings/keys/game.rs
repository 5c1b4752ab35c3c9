//! The card game: how it is played, and how much of it there is.

use super::{Default, Key, SCHEMA_VARIANT};
use crate::settings::takes::Takes;

const RATIO: Takes = Takes::Number { min: 0.0, max: 1.0 };

/// Share of reads.
pub static READ_WRITE_RATIO: Key = Key {
    default: Default::Is("0.7"),
    ..Key::new("load_profile.read_write_ratio", RATIO, "Share of the game's statements that read")
};

/// Statements per transaction.
pub static TRANSACTION_SIZE_RANGE: Key = Key {
    default: Default::Is("1-5"),
    ..Key::new(
        "load_profile.transaction_size_range",
        Takes::CountRange { min: 1, max: 1_000 },
        "Fewest and most game statements in an explicit transaction",
    )
};

/// Batches.
pub static BATCH_OPERATION_PROBABILITY: Key = Key {
    default: Default::Is("0.1"),
    ..Key::new(
        "load_profile.batch_operation_probability",
        RATIO,
        "Share of writes that are batches",
    )
};

/// Complex queries.
pub static COMPLEX_QUERY_PROBABILITY: Key = Key {
    default: Default::Is("0.05"),
    ..Key::new(
        "load_profile.complex_query_probability",
        RATIO,
        "Share of looks that are complex queries",
    )
};

/// Seats.
pub static CONCURRENT_USER_ACTIONS: Key = Key {
    default: Default::Is("100"),
    ..Key::new(
        "load_profile.concurrent_user_actions",
        Takes::Count { min: 1, max: 1_000_000 },
        "Seats played at once, four to a table",
    )
};

/// Preloaded rows.
pub static DATA_VOLUME_MULTIPLIER: Key = Key {
    default: Default::Is("1"),
    ..Key::new(
        "load_profile.data_volume_multiplier",
        Takes::Number { min: 0.001, max: 10_000.0 },
        "Size of the tables' contents before the run: 1.0 is 10,000 players, 2,500 games and \
         100,000 events",
    )
};

/// The length of a hand.
pub static TRICKS_TO_WIN: Key = Key {
    default: Default::Is("7"),
    ..Key::new(
        "load_profile.tricks_to_win",
        Takes::Count { min: 1, max: 13 },
        "Tricks that win a hand",
    )
};

/// The length of a game.
pub static HANDS_TO_WIN: Key = Key {
    default: Default::Is("7"),
    ..Key::new(
        "load_profile.hands_to_win",
        Takes::Count { min: 1, max: 100 },
        "Hands that win a game",
    )
};

/// Games that never end.
pub static ABANDON_RATE: Key = Key {
    default: Default::Is("0.02"),
    ..Key::new(
        "load_profile.abandon_rate",
        RATIO,
        "Share of the games that a player leaves for good",
    )
};

/// Hot rows.
pub static PLAYER_POPULARITY: Key = Key {
    default: Default::Is("1"),
    ..Key::new(
        "load_profile.player_popularity",
        Takes::NumberOr { min: 0.0, max: 20.0, word: "uniform" },
        "How uneven players' popularity is: the exponent of Zipf's law (the n-th most popular \
         plays n^exponent times less than the first), or uniform",
    )
};

/// What a plan holds of the game alone, by its own names.
pub static PROFILE: &[&Key] = &[
    &READ_WRITE_RATIO,
    &TRANSACTION_SIZE_RANGE,
    &BATCH_OPERATION_PROBABILITY,
    &COMPLEX_QUERY_PROBABILITY,
    &CONCURRENT_USER_ACTIONS,
    &DATA_VOLUME_MULTIPLIER,
    &TRICKS_TO_WIN,
    &HANDS_TO_WIN,
    &ABANDON_RATE,
    &PLAYER_POPULARITY,
    &SCHEMA_VARIANT,
];

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[
    &READ_WRITE_RATIO,
    &TRANSACTION_SIZE_RANGE,
    &BATCH_OPERATION_PROBABILITY,
    &COMPLEX_QUERY_PROBABILITY,
    &CONCURRENT_USER_ACTIONS,
    &DATA_VOLUME_MULTIPLIER,
    &TRICKS_TO_WIN,
    &HANDS_TO_WIN,
    &ABANDON_RATE,
    &PLAYER_POPULARITY,
];
