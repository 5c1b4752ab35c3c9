//! Durations as a number of seconds, for the fields of a plan that end in `_s`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

pub(super) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
    value.as_secs_f64().serialize(out)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    read(f64::deserialize(input)?).map_err(D::Error::custom)
}

fn read(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|e| format!("{seconds} s: {e}"))
}

/// The same for a duration that may be absent (`null`).
pub(super) mod optional {
    use super::*;

    pub(in crate::plan) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|it| it.as_secs_f64()).serialize(out)
    }

    pub(in crate::plan) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Duration>, D::Error> {
        Option::<f64>::deserialize(input)?.map(read).transpose().map_err(D::Error::custom)
    }
}
