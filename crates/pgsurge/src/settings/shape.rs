//! When actions start: which of rate, target and stages holds, what belongs to it, and what ends
//! the run.

use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::{Given, Layers};
use super::source::Source;
use super::span;
use super::stages;
use super::value::Value;
use model::plan::{Arrivals, Rate, Shape, ThinkTime, Unit, UserStage};
use std::time::Duration;

/// The settings of which one decides about the pace.
static PACES: [&Key; 4] = [&keys::QPS_TARGET, &keys::RATE, &keys::STAGES, &keys::USER_STAGES];
/// The longest warm-up that nobody asked for.
const LONGEST_WARM_UP: Duration = Duration::from_secs(30);
/// What stands for no end in time: the longest duration that may be asked for.
const NO_END: Duration = Duration::from_secs(366 * 24 * 3600);

/// When actions start, and for how long.
#[derive(Debug)]
pub struct Timing {
    /// When.
    pub shape: Shape,
    /// Who decided.
    pub shape_source: Source,
    /// Before the measured time.
    pub warm_up: Duration,
    /// Who decided.
    pub warm_up_source: Source,
    /// The measured time.
    pub duration: Duration,
    /// Who decided.
    pub duration_source: Source,
    /// Measured actions of each connection.
    pub transactions: Option<u64>,
}

/// What one setting says about the pace.
enum Pace {
    Rate(Rate),
    Users(Vec<UserStage>),
}

impl Pace {
    fn of(value: &Value) -> Option<Pace> {
        match value {
            Value::Number(per_s) if *per_s > 0.0 => {
                Some(Pace::Rate(Rate::Constant { per_s: *per_s }))
            }
            Value::Stages(stages) => Some(Pace::Rate(Rate::Stages(stages.clone()))),
            Value::UserStages(stages) => Some(Pace::Users(stages.clone())),
            _ => None,
        }
    }

    /// How long stages take; none where there are none.
    fn length(&self) -> Option<Duration> {
        match self {
            Pace::Rate(Rate::Stages(all)) => stages::length(all),
            Pace::Users(all) => stages::length_of_users(all),
            Pace::Rate(Rate::Constant { .. }) => None,
        }
    }
}

/// Settles it; what contradicts itself is a fault.
pub fn timing(layers: &Layers, faults: &mut Vec<Fault>) -> Timing {
    let decided = deciding(layers, faults);
    let (pace, unit, shape_source) = match decided {
        Some(given) => (Pace::of(&given.value), unit_of(given.key), given.source.clone()),
        None => {
            let default = keys::QPS_TARGET.default_value();
            (default.as_ref().and_then(Pace::of), Unit::Statements, Source::Default)
        }
    };
    let staged = pace.as_ref().and_then(Pace::length);
    let transactions = layers.count(&keys::TRANSACTIONS);
    let (duration, duration_source) = match (staged, decided) {
        (Some(length), Some(given)) => {
            refuse_second_end(layers, given, length, faults);
            (length, Source::Derived("the stages".to_owned()))
        }
        _ if transactions.is_some()
            && !is_as_strong(layers, &keys::DURATION, &keys::TRANSACTIONS) =>
        {
            (NO_END, Source::Derived("none: the transactions end the run".to_owned()))
        }
        _ => (layers.span(&keys::DURATION).unwrap_or_default(), layers.source(&keys::DURATION)),
    };
    let (warm_up, warm_up_source) = match layers.span(&keys::WARM_UP) {
        Some(span) => (span, layers.source(&keys::WARM_UP)),
        None if staged.is_some() => (Duration::ZERO, Source::Derived("none with stages".into())),
        None if transactions.is_some() => {
            (Duration::ZERO, Source::Derived("none with transactions".into()))
        }
        None => {
            let words = "a tenth of the duration, at most 30s".to_owned();
            ((duration / 10).min(LONGEST_WARM_UP), Source::Derived(words))
        }
    };
    let shape = shape(layers, pace, unit);
    Timing { shape, shape_source, warm_up, warm_up_source, duration, duration_source, transactions }
}

fn shape(layers: &Layers, pace: Option<Pace>, unit: Unit) -> Shape {
    let user_stages = match pace {
        Some(Pace::Rate(rate)) => {
            return Shape::Open {
                unit,
                rate,
                arrivals: match layers.choice(&keys::ARRIVALS) {
                    Some("poisson") => Arrivals::Poisson,
                    _ => Arrivals::Uniform,
                },
                max_backlog: layers.span(&keys::MAX_BACKLOG).unwrap_or_default(),
            };
        }
        Some(Pace::Users(stages)) => Some(stages),
        None => None,
    };
    let think_time = layers.span_range(&keys::THINK_TIME).filter(|(_, max)| !max.is_zero());
    let think_time = think_time.map(|(min, max)| ThinkTime { min, max });
    Shape::Closed { think_time, user_stages }
}

/// The one setting that says how fast: of the strongest giver of any of them. Beside another one,
/// 0 or `null` only switches its own off.
fn deciding<'a>(layers: &'a Layers, faults: &mut Vec<Fault>) -> Option<&'a Given> {
    let rank = PACES.iter().filter_map(|key| layers.rank(key)).min()?;
    let layer = layers.0.get(rank)?;
    let given: Vec<&Given> = PACES.iter().filter_map(|key| layer.find(key)).collect();
    let busy: Vec<&Given> =
        given.iter().copied().filter(|it| Pace::of(&it.value).is_some()).collect();
    if let [first, others @ ..] = busy.as_slice() {
        for other in others {
            let users = std::ptr::eq(other.key, &keys::USER_STAGES);
            let words = match users {
                true => format!("users make a closed loop, and {} wants a rate", first.source),
                false => format!("there is one rate: {} already says it", first.source),
            };
            faults.push(Fault::new(other.source.clone(), words));
        }
    }
    busy.first().or(given.first()).copied()
}

fn unit_of(key: &Key) -> Unit {
    if std::ptr::eq(key, &keys::QPS_TARGET) { Unit::Statements } else { Unit::Actions }
}

/// Stages say when the run ends; a duration of the same or a stronger giver contradicts them, and
/// so does an end by count, whoever gave it.
fn refuse_second_end(layers: &Layers, stages: &Given, length: Duration, faults: &mut Vec<Fault>) {
    let length = span::show(length);
    let words = format!("the stages already say how long the run takes ({length})");
    if is_as_strong(layers, &keys::DURATION, stages.key) {
        faults.push(Fault::new(layers.source(&keys::DURATION), words.clone()));
    }
    if let Some(given) = layers.given(&keys::TRANSACTIONS) {
        faults.push(Fault::new(given.source.clone(), words));
    }
}

/// Whether `key` was given, and by nobody weaker than who gave `other`.
fn is_as_strong(layers: &Layers, key: &Key, other: &Key) -> bool {
    let ranks = (layers.rank(key), layers.rank(other));
    matches!(ranks, (Some(rank), Some(other)) if rank <= other)
}
