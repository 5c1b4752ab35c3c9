//! What the server does of its own accord, and whether the load is slower meanwhile: checkpoints,
//! autovacuum. Both are asked the same: are the seconds with it slower than those without?

use super::{Rule, Ruling, again, wal};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use crate::ranks::rank_sum_z;
use model::database_metrics::WalCheckpoints;
use model::finding::{Confidence, Evidence, Severity, Window};
use model::histogram::Histogram;
use model::run_result::{Overlap, StageMetrics};
use model::units::{bytes, count, decimal, milliseconds, several};

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "checkpoint_stalls",
        category: "wal",
        source: "PostgreSQL manual, \"WAL Configuration\" (checkpoint_completion_target); Mann and \
                 Whitney, Annals of Mathematical Statistics 18, 1947; twice the time is our limit",
        judge: checkpoint_stalls,
    },
    Rule {
        code: "maintenance_in_window",
        category: "noise",
        source: "PostgreSQL manual, \"Cost-based Vacuum Delay\"; Mann and Whitney, Annals of \
                 Mathematical Statistics 18, 1947; twice the time is our limit",
        judge: maintenance_in_window,
    },
];

/// Fewer seconds of either kind can't differ by more than chance at `SURE_Z`.
const MIN_SECONDS: u64 = 5;
/// The median of the seconds' 99th percentiles is so many times as high: what a user notices. A
/// median of percentiles, for a mean would be that of the one worst second.
const SLOWER: f64 = 2.0;
/// From here on the load's tail is made of nothing else.
const MUCH_SLOWER: f64 = 5.0;
/// The rank-sum statistic that chance reaches once in a hundred times (one side of the normal
/// distribution). Seconds that follow each other are alike, so it is surer than it should be, which
/// is why one period alone is not believed as much as two.
const SURE_Z: f64 = 2.33;
/// Response times differ by less than this by chance of the scheduler (as for `steady_state`).
const NOISE_MS: f64 = 1.0;

/// A stage in which the seconds with something at work were slower.
struct Slower<'a> {
    stage: &'a StageMetrics,
    overlap: &'a Overlap,
    factor: f64,
}

/// The stage in which it made the greatest difference; none where it made none.
fn slower<'a>(
    facts: &Facts<'a>,
    what: &str,
    pick: fn(&StageMetrics) -> &Option<Overlap>,
) -> Result<Option<Slower<'a>>, Missing> {
    let stages = &facts.load().stages;
    if !stages.iter().any(|it| it.hold) {
        return Err(Missing::because("no stage of constant load to compare seconds of"));
    }
    let seen: Vec<_> = stages.iter().filter_map(|it| Some((it, pick(it).as_ref()?))).collect();
    let enough = |it: &Overlap| it.with.seconds.min(it.without.seconds) >= MIN_SECONDS;
    if let Some((_, one)) = seen.first().filter(|_| !seen.iter().any(|(_, it)| enough(it))) {
        let (with, without) = (count(one.with.seconds), count(one.without.seconds));
        return Err(Missing(format!(
            "{what} was at work in {with} seconds of a stage and not in {without}: to compare them \
             takes {MIN_SECONDS} of each"
        )));
    }
    let all = seen.into_iter().filter(|(_, it)| enough(it));
    let slower = all.filter_map(|(stage, overlap)| {
        let factor = factor(overlap)?;
        Some(Slower { stage, overlap, factor })
    });
    Ok(slower.max_by(|a, b| a.factor.total_cmp(&b.factor)))
}

/// How many times as slow the seconds with it were; none where that is little, or may be chance.
fn factor(overlap: &Overlap) -> Option<f64> {
    let (with, without) = (&overlap.with, &overlap.without);
    let (slow, fast) = (with.response_time_p99_median_ms, without.response_time_p99_median_ms);
    let factor = slow / fast.max(f64::MIN_POSITIVE);
    let read = |text: &str| Histogram::from_base64(text);
    let z = rank_sum_z(&read(&with.response_time_p99)?, &read(&without.response_time_p99)?)?;
    (factor >= SLOWER && slow - fast >= NOISE_MS && z >= SURE_Z).then_some(factor)
}

impl Slower<'_> {
    fn found(&self, severity: Severity, role: Role, doing: &str, place: &str) -> Found {
        let Overlap { periods, with, without } = self.overlap;
        let (slow, fast) = (with.response_time_p99_median_ms, without.response_time_p99_median_ms);
        let title = format!(
            "while {doing}, responses take {} times as long: {} for {} (p99)",
            decimal(self.factor),
            milliseconds(slow),
            milliseconds(fast)
        );
        let metric = |side: &str| format!("{place}.{side}.response_time_p99_median_ms");
        let median = |ms, seconds, words: &str| {
            format!("{} in the {} seconds {words}", milliseconds(ms), count(seconds))
        };
        // One period may be one of something else as well.
        let sure = if *periods > 1 { Confidence::High } else { Confidence::Medium };
        let from_s = self.stage.from_s;
        // What these seconds lost, of all.
        let share = with.seconds as f64 / (with.seconds + without.seconds) as f64;
        Found::new(severity, role, title)
            .explains(share * (1.0 - 1.0 / self.factor))
            .sure(sure)
            .seen([
                fact(median(slow, with.seconds, "with it"), &metric("with"), slow),
                fact(median(fast, without.seconds, "without"), &metric("without"), fast),
                fact(
                    format!("it began {} in the stage", several(*periods, "time")),
                    &format!("{place}.periods"),
                    *periods as f64,
                ),
            ])
            .within(Some(Window { from_s, to_s: from_s + self.stage.length_s }))
    }
}

/// W7: the slow seconds are those in which a checkpoint is at work.
fn checkpoint_stalls(facts: &Facts<'_>) -> Ruling {
    let log = facts.section(|it| &it.wal_checkpoints)?;
    let why = "when checkpoints were at work was not seen";
    let active = log.checkpoint_active_percent.ok_or_else(|| Missing::because(why))?;
    if active == 0.0 {
        return Ok(None);
    }
    let found = slower(facts, "a checkpoint", |it| &it.checkpoint_overlap)?;
    let Some(slower) = found else { return Ok(None) };
    // A single one may have come together with what made these seconds slow: a cold beginning.
    let is_plain = slower.factor >= MUCH_SLOWER && slower.overlap.periods > 1;
    let severity = if is_plain { Severity::High } else { Severity::Medium };
    // Where they come too often that is what limits, and says what to do.
    let too_often = wal::checkpoints(facts).ok().flatten();
    let is_symptom = too_often.is_some_and(|it| it.role == Role::Cause);
    let role = if is_symptom { Role::Remark } else { Role::Cause };
    let place = "load_metrics.stages.checkpoint_overlap";
    let now = |name| facts.setting(name).map(|it| format!(" (now {it})")).unwrap_or_default();
    let (target, size) = (now("checkpoint_completion_target"), now("max_wal_size"));
    Ok(Some(
        slower
            .found(severity, role, "a checkpoint is at work", place)
            .seen(work(log))
            .because(
                "a checkpoint writes all changed pages and waits until the disk has them; commits \
                 and reads wait for the same disk, and the first change of each page after it puts \
                 the whole page into the log",
            )
            .advise(
                format!(
                    "spread them: checkpoint_completion_target = 0.9{target}; make them rarer: \
                     raise max_wal_size{size} and checkpoint_timeout; a faster disk, or pg_wal on \
                     one of its own"
                ),
                again("the seconds with a checkpoint are no slower than those without"),
            ),
    ))
}

/// What the checkpoints did.
fn work(log: &WalCheckpoints) -> Vec<Evidence> {
    let at = |name: &str| format!("database_metrics.wal_checkpoints.{name}");
    let time = |doing: &str, name: &str, ms: Option<f64>| {
        ms.map(|ms| fact(format!("{} for {doing} in checkpoints", milliseconds(ms)), &at(name), ms))
    };
    let buffers = log.buffers_checkpoint.map(|n| {
        let text = format!("{} written by them", bytes(n as f64 * super::BLOCK_BYTES));
        fact(text, &at("buffers_checkpoint"), n as f64)
    });
    [
        time("writing", "checkpoint_write_ms", log.checkpoint_write_ms),
        time("syncing", "checkpoint_sync_ms", log.checkpoint_sync_ms),
        buffers,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// G6, the server's own part: the slow seconds are those in which autovacuum is at work.
fn maintenance_in_window(facts: &Facts<'_>) -> Ruling {
    let vacuum = facts.section(|it| &it.vacuum)?;
    if vacuum.autovacuum_workers.max == 0.0 {
        return Ok(None);
    }
    let found = slower(facts, "autovacuum", |it| &it.autovacuum_overlap)?;
    let Some(slower) = found else { return Ok(None) };
    let tables: Vec<&str> = vacuum.progress.iter().map(|it| it.table.as_str()).take(3).collect();
    let tables =
        (!tables.is_empty()).then(|| said(format!("tables under vacuum: {}", tables.join(", "))));
    let place = "load_metrics.stages.autovacuum_overlap";
    Ok(Some(
        slower
            .found(Severity::Low, Role::Remark, "autovacuum is at work", place)
            .seen(tables)
            .because(
                "vacuum and analyze read and write beside the load; production has them as well, so \
                 a run that is to be compared has to be as long as to have its share of them",
            )
            .advise(
                "run long enough that autovacuum is at work for its usual share of the time; where \
                 it disturbs too much, let it work more often with less at once \
                 (autovacuum_vacuum_scale_factor) or slower (autovacuum_vacuum_cost_delay)",
                again("the seconds with autovacuum are no slower than those without"),
            ),
    ))
}
