//! When actions start: which of rate, target and stages holds, and what belongs to it.

use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::{Given, Layers};
use super::source::Source;
use super::span;
use super::stages;
use super::value::Value;
use model::plan::{Arrivals, Rate, Shape, ThinkTime, Unit};
use std::time::Duration;

/// The settings of which one decides about the rate.
static RATES: [&Key; 3] = [&keys::QPS_TARGET, &keys::RATE, &keys::STAGES];
/// The longest warm-up that nobody asked for.
const LONGEST_WARM_UP: Duration = Duration::from_secs(30);

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
}

/// Settles it; what contradicts itself is a fault.
pub fn timing(layers: &Layers, faults: &mut Vec<Fault>) -> Timing {
    let decided = deciding(layers, faults);
    let (rate, unit, shape_source) = match decided {
        Some(given) => (rate_of(&given.value), unit_of(given.key), given.source.clone()),
        None => {
            let default = keys::QPS_TARGET.default_value();
            let rate = default.as_ref().and_then(rate_of);
            (rate, Unit::Statements, Source::Default)
        }
    };
    let staged = match &rate {
        Some(Rate::Stages(all)) => stages::length(all),
        _ => None,
    };
    let (duration, duration_source) = match staged {
        Some(length) => {
            refuse_second_duration(layers, length, faults);
            (length, Source::Derived("the stages".to_owned()))
        }
        None => (layers.span(&keys::DURATION).unwrap_or_default(), layers.source(&keys::DURATION)),
    };
    let (warm_up, warm_up_source) = match layers.span(&keys::WARM_UP) {
        Some(span) => (span, layers.source(&keys::WARM_UP)),
        None if staged.is_some() => (Duration::ZERO, Source::Derived("none with stages".into())),
        None => {
            let words = "a tenth of the duration, at most 30s".to_owned();
            ((duration / 10).min(LONGEST_WARM_UP), Source::Derived(words))
        }
    };
    let shape = shape(layers, rate, unit);
    Timing { shape, shape_source, warm_up, warm_up_source, duration, duration_source }
}

fn shape(layers: &Layers, rate: Option<Rate>, unit: Unit) -> Shape {
    match rate {
        Some(rate) => Shape::Open {
            unit,
            rate,
            arrivals: match layers.choice(&keys::ARRIVALS) {
                Some("poisson") => Arrivals::Poisson,
                _ => Arrivals::Uniform,
            },
            max_backlog: layers.span(&keys::MAX_BACKLOG).unwrap_or_default(),
        },
        None => {
            let think_time = layers.span_range(&keys::THINK_TIME).filter(|(_, max)| !max.is_zero());
            Shape::Closed { think_time: think_time.map(|(min, max)| ThinkTime { min, max }) }
        }
    }
}

/// The one setting that says how fast: of the strongest giver of any of the three. Beside another
/// one, 0 or `null` only switches its own off.
fn deciding<'a>(layers: &'a Layers, faults: &mut Vec<Fault>) -> Option<&'a Given> {
    let rank = RATES.iter().filter_map(|key| layers.rank(key)).min()?;
    let layer = layers.0.get(rank)?;
    let given: Vec<&Given> = RATES.iter().filter_map(|key| layer.find(key)).collect();
    let busy: Vec<&Given> =
        given.iter().copied().filter(|it| rate_of(&it.value).is_some()).collect();
    if let [first, others @ ..] = busy.as_slice() {
        for other in others {
            let words = format!("there is one rate: {} already says it", first.source);
            faults.push(Fault::new(other.source.clone(), words));
        }
    }
    busy.first().or(given.first()).copied()
}

fn rate_of(value: &Value) -> Option<Rate> {
    match value {
        Value::Number(per_s) if *per_s > 0.0 => Some(Rate::Constant { per_s: *per_s }),
        Value::Stages(stages) => Some(Rate::Stages(stages.clone())),
        _ => None,
    }
}

fn unit_of(key: &Key) -> Unit {
    if std::ptr::eq(key, &keys::QPS_TARGET) { Unit::Statements } else { Unit::Actions }
}

/// Stages say how long the run takes; a duration of the same or a stronger giver contradicts them.
fn refuse_second_duration(layers: &Layers, length: Duration, faults: &mut Vec<Fault>) {
    let (Some(stages), Some(duration)) = (layers.rank(&keys::STAGES), layers.rank(&keys::DURATION))
    else {
        return;
    };
    if duration <= stages {
        let length = span::show(length);
        let words = format!("the stages already say how long the run takes ({length})");
        faults.push(Fault::new(layers.source(&keys::DURATION), words));
    }
}
