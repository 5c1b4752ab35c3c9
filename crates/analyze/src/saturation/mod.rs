//! Whether more load still brought more throughput: the stages that hold a load, beside each other.
//!
//! Compared by load, not by time, and only where there is enough of each stage that chance does not
//! decide. No curve is fitted: nothing is said of loads that nobody tried.

use crate::diagnosis::{Facts, Missing};
use model::run_result::{LoadMetrics, StageMetrics};
use model::saturation::{LoadStep, Plateau, SaturatedFrom, Saturation};
use model::units::{count, decimal, rate, several};

/// A step to this much more load has to bring at least [`LEAST_GAIN`] more throughput, or there is
/// none to be had: both are ours, a quarter of what a server with room would bring.
const MORE_LOAD: f64 = 1.2;
const LEAST_GAIN: f64 = 1.05;
/// Below this share of what was offered a server did not keep up; see `validity::substance`.
const KEPT_UP: f64 = 0.95;
/// With so many actions in each of two stages, chance makes a difference of 15 % (a fifth more load
/// and less than a twentieth more done) less than once in 700: three standard errors of the ratio
/// of two counts.
const ENOUGH: f64 = 1000.0;
/// What is missing of the offered load is no chance from so many standard errors on.
const SURE: f64 = 3.0;
/// The intervals that a stage is summed up from are a second long: of a shorter stage, those at its
/// borders are too large a part.
const MIN_STAGE_S: f64 = 5.0;
/// The one check that saturation itself may break: a queue before a saturated server grows.
const STEADY_STATE: &str = "steady_state";

/// A stage as it is compared.
struct Step<'a> {
    stage: &'a StageMetrics,
    /// Offered per second, or users.
    load: f64,
    /// Actions that the stage's own load brought, per second.
    throughput: f64,
    /// What was missing of the offered load, as a share of it; none where nothing was.
    behind: Option<f64>,
    /// Whether the load is one of statements; what is achieved are actions all the same.
    is_of_statements: bool,
}

/// What the stages say together, or why they say nothing.
pub(crate) fn of(facts: &Facts<'_>) -> Result<Saturation, Missing> {
    let void = facts.invalid_checks().into_iter().find(|code| *code != STEADY_STATE);
    if let Some(code) = void {
        return Err(Missing(format!("the run is not valid ({code})")));
    }
    let load = facts.load();
    let loaded = |stage: &&StageMetrics| stage.hold && level(stage).is_some();
    let held: Vec<_> = load.stages.iter().filter(loaded).collect();
    if held.len() < 2 {
        return Err(Missing::because("it takes two stages or more that hold a load each"));
    }
    let mut steps: Vec<_> = held.iter().filter_map(|stage| step(load, stage)).collect();
    steps.sort_by(|a, b| a.load.total_cmp(&b.load));
    let left_out = held.len() - steps.len();
    if steps.len() < 2 {
        return Err(Missing(format!(
            "{} of {} stages that hold a load were too short: each takes {} s and {} actions",
            count(left_out as u64),
            count(held.len() as u64),
            decimal(MIN_STAGE_S),
            count(ENOUGH as u64)
        )));
    }
    let from = first_saturated(&steps);
    if from.is_none() && next(&steps, 0).is_none() {
        return Err(Missing::because("no stage had a fifth more load than another"));
    }
    let from = from.map(|at| (&steps[at], from_step(&steps, at)));
    let mut text = from.as_ref().map_or_else(|| room(&steps), |(step, from)| saturated(step, from));
    if left_out > 0 {
        text.push_str(&format!(" ({} too short to judge)", several(left_out as u64, "stage")));
    }
    let from = from.map(|(_, from)| from);
    Ok(Saturation { text, from, steps: steps.iter().map(shown).collect() })
}

/// The load that a stage holds; none in a closed loop whose users are not staged.
fn level(stage: &StageMetrics) -> Option<f64> {
    stage.offered_per_s.or(stage.users_mean).filter(|load| *load > 0.0)
}

/// A stage; none where there is too little of it.
fn step<'a>(load: &LoadMetrics, stage: &'a StageMetrics) -> Option<Step<'a>> {
    let offered = stage.offered_per_s.map(|offered| offered / slots_per_action(load));
    let wanted = offered.unwrap_or(0.0).max(stage.achieved_per_s) * stage.length_s;
    if stage.length_s < MIN_STAGE_S || wanted < ENOUGH {
        return None;
    }
    // What drains of the queue of an earlier stage is not what this one's load brought.
    let throughput = stage.achieved_per_s.min(offered.unwrap_or(f64::INFINITY));
    let behind = offered.filter(|offered| {
        let missing = (offered - throughput) * stage.length_s;
        throughput < offered * KEPT_UP && missing > SURE * (offered * stage.length_s).sqrt()
    });
    let behind = behind.map(|offered| 1.0 - throughput / offered);
    let is_of_statements = load.offered_queries_per_s.is_some();
    Some(Step { stage, load: level(stage)?, throughput, behind, is_of_statements })
}

/// Slots of the schedule that an action takes: where statements are paced, several.
fn slots_per_action(load: &LoadMetrics) -> f64 {
    match load.offered_queries_per_s {
        Some(_) if load.achieved_per_s > 0.0 && load.queries_per_s > 0.0 => {
            load.queries_per_s / load.achieved_per_s
        }
        _ => 1.0,
    }
}

/// The next step with enough more load to compare.
fn next(steps: &[Step<'_>], at: usize) -> Option<usize> {
    (at + 1..steps.len()).find(|other| steps[*other].load >= steps[at].load * MORE_LOAD)
}

/// Whether more load than at a step brought nothing, at the next one and at all after that: one
/// stage that something disturbed is no plateau.
fn is_plateau(steps: &[Step<'_>], at: usize) -> bool {
    let Some(other) = next(steps, at) else { return false };
    let pays = steps[other].throughput >= steps[at].throughput * LEAST_GAIN;
    !pays && (next(steps, other).is_none() || is_plateau(steps, other))
}

/// The step with the least load from which on more of it brought nothing, or was not kept up with.
fn first_saturated(steps: &[Step<'_>]) -> Option<usize> {
    let kept_up_after = |at: usize| steps[at..].iter().any(|step| step.behind.is_none());
    (0..steps.len()).find(|at| is_plateau(steps, *at) || !kept_up_after(*at))
}

fn from_step(steps: &[Step<'_>], at: usize) -> SaturatedFrom {
    let step = &steps[at];
    let more = |after: f64, before: f64| rounded((after / before - 1.0) * 100.0);
    let plateau = next(steps, at).filter(|_| is_plateau(steps, at)).map(|other| Plateau {
        next_stage: steps[other].stage.name.clone(),
        more_load_percent: more(steps[other].load, step.load),
        more_throughput_percent: more(steps[other].throughput, step.throughput),
    });
    SaturatedFrom {
        stage: step.stage.name.clone(),
        from_s: step.stage.from_s,
        achieved_per_s: step.throughput,
        plateau,
        achieved_of_offered_percent: step.behind.map(|behind| rounded((1.0 - behind) * 100.0)),
    }
}

fn saturated(step: &Step<'_>, from: &SaturatedFrom) -> String {
    let done = match step.is_of_statements {
        true => format!("{} actions", rate(from.achieved_per_s)),
        false => rate(from.achieved_per_s),
    };
    let why = match (&from.plateau, from.achieved_of_offered_percent) {
        (Some(plateau), _) => {
            let more = decimal(plateau.more_load_percent.round());
            let gain = plateau.more_throughput_percent.round();
            let way = if gain < 0.0 { "less" } else { "more" };
            format!("{more} % more load brought {} % {way} than {done}", decimal(gain.abs()))
        }
        (None, percent) => {
            let percent = decimal(percent.unwrap_or_default().floor());
            match step.is_of_statements {
                true => format!("{percent} % of it succeeded"),
                false => format!("{done} of it succeeded ({percent} %)"),
            }
        }
    };
    format!("saturated from {} on: {why}", named(step))
}

fn room(steps: &[Step<'_>]) -> String {
    let most = steps.last().map(named).unwrap_or_default();
    format!("not saturated up to {most}: more load still brought more throughput")
}

/// A load with its unit, as the stages have it in their names.
fn named(step: &Step<'_>) -> String {
    match (step.stage.users_mean, step.is_of_statements) {
        (Some(users), _) => several(users.round() as u64, "user"),
        (None, true) => format!("{} statements/s", decimal(step.load)),
        (None, false) => rate(step.load),
    }
}

fn shown(step: &Step<'_>) -> LoadStep {
    let stage = step.stage;
    LoadStep {
        stage: stage.name.clone(),
        from_s: stage.from_s,
        offered_per_s: stage.offered_per_s,
        users_mean: stage.users_mean,
        achieved_per_s: stage.achieved_per_s,
        response_time_p99_ms: stage.response_time_ms.map(|it| it.p99),
    }
}

fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
