//! The card game's part of a plan, from layers of values.

use super::keys;
use super::layer::Layers;
use super::value::Value;
use model::plan::{Hokm, PlayerPopularity, SchemaVariant};

/// The game's numbers; a slip in one is a fault already.
pub fn profile(layers: &Layers) -> Hokm {
    let number = |key| layers.number(key).unwrap_or_default();
    let small = |key| layers.small_count(key).unwrap_or_default();
    // Both end far below 256.
    let smallest = |key| u8::try_from(small(key)).unwrap_or_default();
    Hokm {
        read_write_ratio: number(&keys::READ_WRITE_RATIO),
        transaction_size_range: layers
            .count_range(&keys::TRANSACTION_SIZE_RANGE)
            .unwrap_or_default(),
        batch_operation_probability: number(&keys::BATCH_OPERATION_PROBABILITY),
        complex_query_probability: number(&keys::COMPLEX_QUERY_PROBABILITY),
        concurrent_user_actions: small(&keys::CONCURRENT_USER_ACTIONS),
        data_volume_multiplier: number(&keys::DATA_VOLUME_MULTIPLIER),
        tricks_to_win: smallest(&keys::TRICKS_TO_WIN),
        hands_to_win: smallest(&keys::HANDS_TO_WIN),
        abandon_rate: number(&keys::ABANDON_RATE),
        player_popularity: match layers.effective(&keys::PLAYER_POPULARITY).value {
            Some(Value::Number(exponent)) => PlayerPopularity::Zipf(exponent),
            _ => PlayerPopularity::UNIFORM,
        },
        schema_variant: match layers.choice(&keys::SCHEMA_VARIANT) {
            Some("seed") => SchemaVariant::Seed,
            _ => SchemaVariant::Careful,
        },
    }
}
