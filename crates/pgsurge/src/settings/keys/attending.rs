//! Who is there and for how long: users that come and go, connections that last one action, and
//! what each is to do.

use super::{Default, Flag, Key};
use crate::settings::span::Bare;
use crate::settings::takes::Takes;
use std::time::Duration;

const fn flag(group: &'static str, name: &'static str, placeholder: &'static str) -> Option<Flag> {
    Some(Flag { name, placeholder, group })
}

/// Users over time.
pub static USER_STAGES: Key = Key {
    flag: flag("Pace", "user-stages", "STAGES"),
    ..Key::new(
        "load_profile.user_stages",
        Takes::UserStages,
        "Users over time in a closed loop, as 30s:10,2m:50,30s:0: each connects when it comes and \
         leaves after its current action; the highest number is --connections",
    )
};

/// An end by count.
pub static TRANSACTIONS: Key = Key {
    flag: flag("Load", "transactions", "N"),
    ..Key::new(
        "load_profile.transactions",
        Takes::Count { min: 1, max: 1_000_000_000_000 },
        "Stop after N measured actions of each connection; a --duration beside it is the longest \
         that it may take, and there is no warm-up unless one is asked for",
    )
};

/// How slow is too slow.
pub static LATENCY_LIMIT: Key = Key {
    flag: flag("Pace", "latency-limit", "TIME"),
    ..Key::new(
        "load_profile.latency_limit",
        Takes::Span {
            min: Duration::from_micros(100),
            max: Duration::from_secs(3600),
            bare: Bare::Refused,
        },
        "Count actions that take longer than this as late; with a rate, skip those that are later \
         than this before they are sent",
    )
};

/// A connection per action.
pub static RECONNECT: Key = Key {
    flag: flag("Client", "reconnect", ""),
    default: Default::Is("false"),
    ..Key::new(
        "load_profile.reconnect",
        Takes::Switch,
        "Open a new connection for every action, as part of its response time; with --protocol \
         prepared each prepares all statements anew, --protocol extended spares that",
    )
};

/// Fewer round trips.
pub static PIPELINE: Key = Key {
    flag: flag("Client", "pipeline", ""),
    default: Default::Is("false"),
    ..Key::new(
        "load_profile.pipeline",
        Takes::Switch,
        "Send a transaction of simple-update or tpcb-like in one round trip; the game's statements \
         always travel together where they need no earlier answer",
    )
};

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] =
    &[&TRANSACTIONS, &USER_STAGES, &LATENCY_LIMIT, &RECONNECT, &PIPELINE];
