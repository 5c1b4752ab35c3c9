//! The load: how much, how long, of what, and how patient.

use super::{Default, Flag, Key, Null};
use crate::settings::span::Bare;
use crate::settings::stages::MAX_PER_S;
use crate::settings::takes::Takes;
use std::time::Duration;

/// As many connections as one client machine could ever need; sockets are what runs out first.
pub const MAX_CONNECTIONS: u64 = 100_000;

const LOAD: &str = "Load";
const PACE: &str = "Pace";
const CLIENT: &str = "Client";
const HOUR: Duration = Duration::from_secs(3600);
const RATE_PER_S: Takes = Takes::Number { min: 0.0, max: MAX_PER_S };

const fn flag(group: &'static str, name: &'static str, placeholder: &'static str) -> Option<Flag> {
    Some(Flag { name, placeholder, group })
}

const fn span(min: Duration, max: Duration) -> Takes {
    Takes::Span { min, max, bare: Bare::Refused }
}

/// What users do.
pub static WORKLOAD: Key = Key {
    flag: flag(LOAD, "workload", "NAME[@WEIGHT],…"),
    default: Default::Is("hokm"),
    ..Key::new(
        "load_profile.workload",
        Takes::Mix,
        "What users do: a workload, or several by weight, as hokm@9,select-only@1",
    )
};

/// What only an own workload understands.
pub static WORKLOAD_OPTION: Key = Key {
    flag: flag(LOAD, "workload-option", "NAME=VALUE"),
    ..Key::new(
        "load_profile.workload_options",
        Takes::Pairs("NAME=VALUE"),
        "Option of a workload that is not built in; can be repeated",
    )
};

/// How many connections.
pub static CONNECTIONS: Key = Key {
    aliases: &["load_profile.connections", "concurrent_connections"],
    flag: flag(LOAD, "connections", "N"),
    default: Default::Is("50"),
    ..Key::new(
        "load_profile.concurrent_connections",
        Takes::Count { min: 1, max: MAX_CONNECTIONS },
        "Connections that carry the load",
    )
};

/// The measured time.
pub static DURATION: Key = Key {
    aliases: &["load_profile.duration", "duration_minutes"],
    flag: flag(LOAD, "duration", "TIME"),
    default: Default::Is("10m"),
    ..Key::new(
        "load_profile.duration_minutes",
        Takes::Span {
            min: Duration::from_millis(100),
            max: Duration::from_secs(366 * 24 * 3600),
            bare: Bare::Minutes,
        },
        "Measured time; a number alone is minutes",
    )
};

/// Load before it.
pub static WARM_UP: Key = Key {
    flag: flag(LOAD, "warm-up", "TIME"),
    default: Default::Follows("a tenth of the duration, at most 30s; with stages none"),
    ..Key::new(
        "load_profile.warm_up",
        span(Duration::ZERO, Duration::from_secs(24 * 3600)),
        "Load before the measured time, recorded apart; 0 for none",
    )
};

/// Statements per second.
pub static QPS_TARGET: Key = Key {
    aliases: &["load_profile.qps_target", "queries_per_second_target"],
    flag: flag(PACE, "qps-target", "N"),
    default: Default::Is("1000"),
    null: Null::Off,
    ..Key::new(
        "load_profile.queries_per_second_target",
        RATE_PER_S,
        "Statements per second to offer, whatever the server does; 0 for as fast as it answers",
    )
};

/// Actions per second.
pub static RATE: Key = Key {
    flag: flag(PACE, "rate", "N"),
    null: Null::Off,
    ..Key::new(
        "load_profile.rate",
        RATE_PER_S,
        "Actions per second to offer, instead of --qps-target",
    )
};

/// A rate that moves.
pub static STAGES: Key = Key {
    flag: flag(PACE, "stages", "STAGES"),
    ..Key::new(
        "load_profile.stages",
        Takes::Stages,
        "Actions per second over time, as 30s:100,2m:500,30s:0: ramp from the target before (first \
         from 0) to this one; 0s:N jumps",
    )
};

/// How starts are spread.
pub static ARRIVALS: Key = Key {
    flag: flag(PACE, "arrivals", "KIND"),
    default: Default::Is("uniform"),
    ..Key::new(
        "load_profile.arrivals",
        Takes::Choice(&["uniform", "poisson"]),
        "Gaps between intended starts: even, or those of independent users",
    )
};

/// The pause of a closed loop.
pub static THINK_TIME: Key = Key {
    flag: flag(PACE, "think-time", "TIME"),
    ..Key::new(
        "load_profile.think_time",
        Takes::SpanRange { max: HOUR },
        "Pause between a connection's actions without a rate, as 100ms or 50ms-200ms",
    )
};

/// How late is too late.
pub static MAX_BACKLOG: Key = Key {
    flag: flag(PACE, "max-backlog", "TIME"),
    default: Default::Is("30s"),
    ..Key::new(
        "load_profile.max_backlog",
        span(Duration::from_millis(1), HOUR),
        "Skip actions that are later than this, and count them",
    )
};

/// How long the last actions may take.
pub static GRACE: Key = Key {
    flag: flag(LOAD, "grace", "TIME"),
    default: Default::Is("10s"),
    ..Key::new(
        "load_profile.grace",
        span(Duration::ZERO, HOUR),
        "Time for actions in flight at the end",
    )
};

/// How often an action may begin.
pub static MAX_TRIES: Key = Key {
    flag: flag(LOAD, "max-tries", "N"),
    default: Default::Is("3"),
    ..Key::new(
        "load_profile.max_tries",
        Takes::Count { min: 1, max: 1_000 },
        "Tries of an action that meets a serialization failure or a deadlock",
    )
};

/// How long a statement may take.
pub static STATEMENT_TIMEOUT: Key = Key {
    flag: flag(LOAD, "statement-timeout", "TIME"),
    default: Default::Is("0"),
    ..Key::new(
        "load_profile.statement_timeout",
        span(Duration::ZERO, Duration::from_secs(24 * 3600)),
        "Let the server give up on a statement after this; 0 for never",
    )
};

/// How statements travel.
pub static PROTOCOL: Key = Key {
    flag: flag(CLIENT, "protocol", "NAME"),
    default: Default::Is("prepared"),
    ..Key::new(
        "load_profile.protocol",
        Takes::Choice(&["simple", "extended", "prepared"]),
        "How statements are sent, in pgbench's words",
    )
};

/// Threads.
pub static THREADS: Key = Key {
    flag: flag(CLIENT, "threads", "N"),
    default: Default::Follows("one per core, at most one per connection"),
    ..Key::new(
        "load_profile.threads",
        Takes::Count { min: 1, max: 1_024 },
        "Threads that drive the connections",
    )
};

/// What moves the bytes.
pub static POLLER: Key = Key {
    flag: flag(CLIENT, "poller", "NAME"),
    default: Default::Is("auto"),
    ..Key::new(
        "load_profile.poller",
        Takes::Choice(&["auto", "io_uring", "epoll"]),
        "What moves the bytes; auto takes the faster one that this machine allows",
    )
};

/// All randomness.
pub static SEED: Key = Key {
    flag: flag(CLIENT, "seed", "N"),
    default: Default::Follows("random, and recorded"),
    ..Key::new(
        "load_profile.seed",
        // Every reader of JSON keeps whole numbers up to 2^53.
        Takes::Count { min: 0, max: (1 << 53) - 1 },
        "Seed of all randomness: the same seed gives every user the same wishes",
    )
};

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[
    &WORKLOAD,
    &WORKLOAD_OPTION,
    &CONNECTIONS,
    &DURATION,
    &WARM_UP,
    &GRACE,
    &MAX_TRIES,
    &STATEMENT_TIMEOUT,
    &QPS_TARGET,
    &RATE,
    &STAGES,
    &ARRIVALS,
    &MAX_BACKLOG,
    &THINK_TIME,
    &PROTOCOL,
    &THREADS,
    &POLLER,
    &SEED,
];
