//! Was the generator the limit? Judged by its own delay, its own CPU and its loop's turns, and by
//! nothing else: waiting for a connection is the server's doing or the pool's.

use super::of;
use model::run_result::RunResult;
use model::units::{milliseconds, percent};
use model::verdict::{ValidityCheck, ValidityOutcome};

/// The share of the response time that may be our own delay before a reader should know: a tenth
/// is well above what a paced loop needs on a quiet machine (p99 0.14 to 1.2 ms measured).
const LATENESS_WARN_PERCENT: f64 = 10.0;
/// From half on, the numbers say more about us than about the server.
const LATENESS_INVALID_PERCENT: f64 = 50.0;
/// Below this, delay is the noise of any scheduler, however short the answers are.
const LATENESS_NOISE_MS: f64 = 2.0;
/// Delays below this don't void a run: pgbench's own lag reached 15 ms on the machine of the
/// measurements above, and its numbers were still good.
const LATENESS_HARM_MS: f64 = 15.0;

/// How much of the response time is our own delay, at the mean and at the 99th percentile.
pub(super) fn lateness(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "generator_lateness";
    let all = &result.load_metrics.all_actions;
    let (Some(late), Some(response)) = (all.lateness_ms, all.response_time_ms) else {
        return of(CODE, ValidityOutcome::NotEvaluated, "no action was sent and answered");
    };
    let mean = (share(late.mean, response.mean), late.mean, "mean");
    let p99 = (share(late.p99, response.p99), late.p99, "p99");
    let (worst, late_ms, at) = if mean.0 > p99.0 { mean } else { p99 };
    let outcome = of_delay(worst, late_ms);
    let evidence = format!(
        "our own delay before sending is {} at the {at}, {} of the response time; more than {} \
         of it (and {}) would void the run",
        milliseconds(late_ms),
        percent(worst),
        percent(LATENESS_INVALID_PERCENT),
        milliseconds(LATENESS_HARM_MS)
    );
    of(CODE, outcome, evidence)
}

/// A delay of ours as a share of a response time, percent.
fn share(delay_ms: f64, response_ms: f64) -> f64 {
    if response_ms > 0.0 { delay_ms * 100.0 / response_ms } else { 0.0 }
}

/// What a delay of ours comes to, by its share of the response time and its length.
fn of_delay(share: f64, ms: f64) -> ValidityOutcome {
    if share > LATENESS_INVALID_PERCENT && ms > LATENESS_HARM_MS {
        return ValidityOutcome::Invalid;
    }
    match share > LATENESS_WARN_PERCENT && ms > LATENESS_NOISE_MS {
        true => ValidityOutcome::Warning,
        false => ValidityOutcome::Ok,
    }
}

/// How much of the response time answers lay unread because our threads, though woken, waited for
/// a processor that others had: neither the CPU time that we used nor the length of our turns
/// shows it. It is a delay of ours like lateness, so it has the same limits. An answer finds one
/// wait (those within a turn make the turn long); and of all response times no larger share is ours
/// than the share of all time that our threads waited: rare waits, however long, are no large part
/// of the mean.
pub(super) fn wake_delay(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "generator_wake_delay";
    let load = &result.load_metrics;
    let Some(delay_ms) = load.generator.wake_delay_ms else {
        let why = "how long our threads waited for a processor was not measured";
        return of(CODE, ValidityOutcome::NotEvaluated, why);
    };
    let Some(response) = load.all_actions.response_time_ms else {
        return of(CODE, ValidityOutcome::NotEvaluated, "no action was sent and answered");
    };
    let waited = load.generator.run_queue_wait_percent.unwrap_or(100.0);
    let share = share(delay_ms, response.mean).min(waited);
    let outcome = of_delay(share, delay_ms);
    let advice = match outcome {
        ValidityOutcome::Ok => "",
        _ => "; end what else keeps the processors busy, or give pgsurge a machine of its own",
    };
    let evidence = format!(
        "our threads waited for a processor for {} of the time, {} each time, which may be {} of \
         the mean response time; more than {} of it (and {}) would void the run{advice}",
        percent(waited),
        milliseconds(delay_ms),
        percent(share),
        percent(LATENESS_INVALID_PERCENT),
        milliseconds(LATENESS_HARM_MS)
    );
    of(CODE, outcome, evidence)
}

/// The share of its processor from which a load thread has little left: k6 advises to keep a
/// fifth idle ("Running large tests": CPU should not reach 100 %, stay at 80 %).
const CPU_WARN_PERCENT: f64 = 80.0;
/// What is left above this is less than the clock ticks that CPU time is counted in.
const CPU_INVALID_PERCENT: f64 = 95.0;

/// Whether the busiest load thread had processor time left.
pub(super) fn cpu(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "generator_cpu";
    let Some(busiest) = result.load_metrics.generator.busiest_thread_percent else {
        return of(CODE, ValidityOutcome::NotEvaluated, "nothing was measured");
    };
    let outcome = match busiest {
        busy if busy >= CPU_INVALID_PERCENT => ValidityOutcome::Invalid,
        busy if busy >= CPU_WARN_PERCENT => ValidityOutcome::Warning,
        _ => ValidityOutcome::Ok,
    };
    let advice = match outcome {
        ValidityOutcome::Ok => "",
        _ => "; give it more threads or another machine",
    };
    let evidence = format!(
        "the busiest load thread used {} of a processor; from {} on the generator is the limit{advice}",
        percent(busiest),
        percent(CPU_INVALID_PERCENT)
    );
    of(CODE, outcome, evidence)
}

/// A turn handles what came in at once; 200 answers at 10 µs each are 2 ms.
const TURN_WARN_MS: f64 = 2.0;
/// One turn in a hundred this long means that an answer stays unread for as long: the reported
/// service times would be ours.
const TURN_INVALID_MS: f64 = 20.0;

/// From this share of the time on that our loops stood still, the slowest hundredth of all actions is
/// of our making.
const STILL_WARN_PERCENT: f64 = 1.0;
/// A closed loop does nothing meanwhile: from here on its throughput is ours as much as the server's.
/// A fifth is our limit.
const STILL_INVALID_PERCENT: f64 = 20.0;

/// What it comes to that our loops stood still, and how to say it; none where they did not.
fn standstill(result: &RunResult) -> Option<(ValidityOutcome, String)> {
    let load = &result.load_metrics;
    let ours = &load.generator;
    let still = ours.standstill_percent.filter(|percent| *percent > 0.0)?;
    let longest = ours.standstill_max_ms.unwrap_or(0.0);
    let seen = format!(
        "; they stood still for {} of the time, {} at most",
        percent(still),
        milliseconds(longest)
    );
    let by_share = if still >= STILL_WARN_PERCENT && longest > LATENESS_HARM_MS {
        ValidityOutcome::Warning
    } else {
        ValidityOutcome::Ok
    };
    // What falls due meanwhile waits for us, though it may be booked as a wait for a connection.
    match (load.offered_per_s, ours.standstill_delay_ms, load.all_actions.response_time_ms) {
        (Some(_), Some(delay), Some(response)) => {
            let share = share(delay, response.mean).min(100.0);
            let told = format!(
                "{seen}, which delayed what fell due by {} on average, {} of the mean response \
                 time; more than {} of it (and {}) would void the run",
                milliseconds(delay),
                percent(share),
                percent(LATENESS_INVALID_PERCENT),
                milliseconds(LATENESS_HARM_MS)
            );
            Some((of_delay(share, delay).max(by_share), told))
        }
        _ if still >= STILL_INVALID_PERCENT => Some((ValidityOutcome::Invalid, seen)),
        _ => Some((by_share, seen)),
    }
}

/// Whether answers lay unread, or nothing was sent, because our loops were busy or stood still.
pub(super) fn loop_delay(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "generator_loop_delay";
    let Some(turn) = result.load_metrics.generator.turn_ms else {
        return of(CODE, ValidityOutcome::NotEvaluated, "no turn of a loop was measured");
    };
    let outcome = match turn.p99 {
        p99 if p99 > TURN_INVALID_MS => ValidityOutcome::Invalid,
        p99 if p99 > TURN_WARN_MS => ValidityOutcome::Warning,
        _ => ValidityOutcome::Ok,
    };
    let evidence = format!(
        "a turn of our event loops took {} at the p99, {} at most; a p99 above {} would void the run",
        milliseconds(turn.p99),
        milliseconds(turn.max),
        milliseconds(TURN_INVALID_MS)
    );
    match standstill(result) {
        Some((still, told)) => of(CODE, outcome.max(still), format!("{evidence}{told}")),
        None => of(CODE, outcome, evidence),
    }
}
