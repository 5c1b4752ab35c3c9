//! From what was counted to what is saved: pure, no judgement.

use super::load_metrics::{
    ActionLogMetrics, Connections, ErrorRow, Generator, LoadMetrics, Pool, SlowRow, Transactions,
};
use super::operation::{
    ActionMetrics, KindMetrics, StatementMetrics, StatementTotals, percent_of, short,
};
use super::own;
use super::{Environment, RunKind, RunResult, SCHEMA_VERSION, StageMetrics, TestSummary, redact};
use crate::catalog::{Catalog, Kind, StatementSpec};
use crate::database_metrics::DatabaseMetrics;
use crate::failure::{ErrorClass, FailureTally};
use crate::measured::Measured;
use crate::metric::{Distribution, Metric};
use crate::sample::{ActionSample, StatementSample};
use crate::system_metrics::SystemMetrics;
use crate::verification::Verification;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the schedule counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pacing {
    /// Nothing: the next action begins when the last one ended.
    #[default]
    Closed,
    /// Actions.
    Actions,
    /// Statements, transaction control aside.
    Statements,
}

/// Everything that a result is made from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// When the run began, RFC 3339.
    pub started_at: &'a str,
    /// The workload, or the mix of them.
    pub workload: &'a str,
    /// Connections that the plan asked for.
    pub connections: u64,
    /// What the schedule counts.
    pub pacing: Pacing,
    /// What the engine counted.
    pub measured: &'a Measured,
    /// What its numbers mean.
    pub catalog: &'a Catalog,
    /// Executions in set-up, verification and clean-up, by statement name.
    pub set_up_statements: &'a BTreeMap<String, u64>,
    /// The resolved plan. Its secrets should be gone; what looks like one is masked all the same.
    pub plan: Value,
    /// Where it ran; the poller is taken from what the engine says.
    pub environment: Environment,
    /// What the workload found in the stored data; none when it was not checked.
    pub verification: Option<Verification>,
    /// The workload's own metrics, games among them.
    pub metrics: Vec<Metric>,
    /// What became of the schedule's stages.
    pub stages: Vec<StageMetrics>,
    /// What the server said meanwhile; none when nobody asked it.
    pub database_metrics: Option<DatabaseMetrics>,
    /// What its host did; none when nobody watched it.
    pub system_metrics: Option<SystemMetrics>,
    /// What became of the action log; none where there is none.
    pub action_log: Option<ActionLogMetrics>,
}

impl RunResult {
    /// The result of a load test, not judged yet.
    pub fn assemble(inputs: Inputs<'_>) -> RunResult {
        let load_metrics = load_metrics(&inputs);
        let queries = game_statements(&inputs);
        let mut plan = inputs.plan;
        redact(&mut plan);
        let mut environment = inputs.environment;
        environment.poller.clone_from(&inputs.measured.poller);
        RunResult {
            schema_version: SCHEMA_VERSION,
            kind: RunKind::Load,
            test_summary: TestSummary {
                started_at: inputs.started_at.to_owned(),
                workload: inputs.workload.to_owned(),
                duration_minutes: short(inputs.measured.elapsed_s / 60.0),
                concurrent_connections: inputs.connections,
                queries_executed: queries.count,
                queries_failed: queries.failed,
                interrupted: inputs.measured.interrupted,
            },
            load_metrics,
            database_metrics: inputs.database_metrics,
            system_metrics: inputs.system_metrics,
            events: inputs.measured.events.clone(),
            plan,
            environment,
            ..RunResult::default()
        }
    }
}

fn load_metrics(inputs: &Inputs<'_>) -> LoadMetrics {
    let measured = inputs.measured;
    let all = measured.all_actions();
    let all_actions = ActionMetrics::of(&all);
    let queries = game_statements(inputs);
    let reads: u64 = statements_of(inputs, Kind::Select).map(|sample| sample.count).sum();
    let in_time = all.counts.succeeded.saturating_sub(measured.late_succeeded);
    let late = inputs.catalog.statements.iter().zip(&measured.late_statements);
    let late_queries: u64 =
        late.filter(|(spec, _)| spec.kind != Kind::Transaction).map(|(_, count)| count).sum();
    let queries_in_time = queries.count.saturating_sub(late_queries);
    let offered = |pacing| measured.offered.filter(|_| inputs.pacing == pacing);
    LoadMetrics {
        elapsed_s: short(measured.elapsed_s),
        warm_up_s: short(measured.warm_up_s),
        offered_per_s: (inputs.pacing != Pacing::Closed)
            .then_some(all.counts.scheduled as f64)
            .and_then(|scheduled| per_second(scheduled, measured.elapsed_s)),
        achieved_per_s: per_second(in_time as f64, measured.elapsed_s).unwrap_or(0.0),
        offered_queries_per_s: offered(Pacing::Statements)
            .and_then(|slots| per_second(slots, measured.elapsed_s)),
        queries_per_s: per_second(queries_in_time as f64, measured.elapsed_s).unwrap_or(0.0),
        read_share_ratio: percent_of(reads, queries.count).map(|percent| short(percent / 100.0)),
        error_rate_percent: all_actions.error_rate_percent(),
        availability_percent: percent_of(measured.seconds_available, measured.seconds_due),
        warm_up: warm_up(measured),
        actions: actions(inputs),
        all_statements: all_statements(inputs),
        statements: statements(inputs),
        kinds: kinds(inputs),
        errors: error_rows(&measured.failures),
        early_errors: error_rows(&measured.early_failures),
        connections: connections(measured),
        pool: Pool {
            size: inputs.connections,
            in_use_max: measured.in_use_max,
            idle_mean: short(measured.idle_mean),
            wait_ms: Distribution::of(&all.wait),
            timeouts: all.counts.skipped,
        },
        transactions: transactions(inputs, all.counts.retries),
        slowest: SlowRow::all_of(measured, inputs.catalog),
        games: own::games(&inputs.metrics),
        custom: own::custom(&inputs.metrics),
        verification: inputs.verification.clone(),
        stages: inputs.stages.clone(),
        action_log: inputs.action_log.clone(),
        generator: generator(measured),
        all_actions,
    }
}

fn warm_up(measured: &Measured) -> ActionMetrics {
    let mut all = ActionSample::default();
    measured.warm_up_actions.iter().for_each(|sample| all += sample);
    ActionMetrics::of(&all)
}

fn per_second(count: f64, elapsed_s: f64) -> Option<f64> {
    (elapsed_s > 0.0).then(|| short(count / elapsed_s))
}

/// The catalogue's statements with what was counted for each.
fn counted<'a>(
    inputs: &'a Inputs<'_>,
) -> impl Iterator<Item = (&'a StatementSpec, &'a StatementSample)> {
    inputs.catalog.statements.iter().zip(&inputs.measured.statements)
}

fn statements_of<'a>(
    inputs: &'a Inputs<'_>,
    kind: Kind,
) -> impl Iterator<Item = &'a StatementSample> {
    counted(inputs).filter(move |(spec, _)| spec.kind == kind).map(|(_, sample)| sample)
}

/// The workload's own statements together: all but transaction control.
fn game_statements(inputs: &Inputs<'_>) -> StatementSample {
    let mut sum = StatementSample::default();
    let own = counted(inputs).filter(|(spec, _)| spec.kind != Kind::Transaction);
    own.for_each(|(_, sample)| sum += sample);
    sum
}

fn actions(inputs: &Inputs<'_>) -> BTreeMap<String, ActionMetrics> {
    let named = inputs.catalog.actions.iter().zip(&inputs.measured.actions);
    named.map(|(name, sample)| (name.clone(), ActionMetrics::of(sample))).collect()
}

/// Executions of one statement in the whole session, and of those the failed.
fn session(inputs: &Inputs<'_>, index: usize, name: &str) -> (u64, u64) {
    let (count, failed) = inputs.measured.session_statements.get(index).copied().unwrap_or((0, 0));
    (count + inputs.set_up_statements.get(name).copied().unwrap_or(0), failed)
}

fn statements(inputs: &Inputs<'_>) -> BTreeMap<String, StatementMetrics> {
    let rows = counted(inputs).enumerate().map(|(index, (spec, sample))| {
        let totals = StatementTotals::of(sample, session(inputs, index, &spec.name));
        (spec.name.clone(), StatementMetrics::of(spec, totals))
    });
    rows.collect()
}

fn all_statements(inputs: &Inputs<'_>) -> StatementTotals {
    let mut sum = StatementSample::default();
    let mut sessions = (0, 0);
    for (index, (spec, sample)) in counted(inputs).enumerate() {
        sum += sample;
        let (count, failed) = session(inputs, index, &spec.name);
        sessions = (sessions.0 + count, sessions.1 + failed);
    }
    StatementTotals::of(&sum, sessions)
}

fn kinds(inputs: &Inputs<'_>) -> BTreeMap<Kind, KindMetrics> {
    let mut sums: BTreeMap<Kind, StatementSample> = BTreeMap::new();
    counted(inputs).for_each(|(spec, sample)| *sums.entry(spec.kind).or_default() += sample);
    let rows = sums.into_iter().map(|(kind, sum)| {
        let service_time_ms = Distribution::of(&sum.service);
        (kind, KindMetrics { count: sum.count, failed: sum.failed, service_time_ms })
    });
    rows.collect()
}

fn error_rows(tally: &FailureTally) -> Vec<ErrorRow> {
    let mut rows: Vec<ErrorRow> = tally
        .iter()
        .map(|(class, sqlstate, count, sample)| ErrorRow {
            class: class.name().to_owned(),
            sqlstate: sqlstate.map(str::to_owned),
            count,
            sample: sample.to_owned(),
        })
        .collect();
    // Stable, so equal counts stay in the order of classes.
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

fn connections(measured: &Measured) -> Connections {
    let sample = &measured.connections;
    Connections {
        attempted: sample.attempted,
        failed: sample.failed,
        failure_rate_percent: percent_of(sample.failed, sample.attempted),
        lost: sample.lost,
        reconnected: sample.reconnected,
        time_to_recover_s: measured.time_to_recover_s.map(short),
        still_down: measured.still_down,
        connect_ms: Distribution::of(&sample.connect),
    }
}

fn transactions(inputs: &Inputs<'_>, retried: u64) -> Transactions {
    let answered = |names: &[&str]| -> u64 {
        let named = counted(inputs)
            .filter(|(spec, _)| spec.kind == Kind::Transaction && names.contains(&&*spec.name));
        named.map(|(_, sample)| sample.count.saturating_sub(sample.failed)).sum()
    };
    Transactions {
        // pgbench's scripts say END.
        committed: answered(&["commit", "end"]),
        rolled_back: answered(&["rollback"]),
        retried,
        deadlocks: inputs.measured.failures.count_of(ErrorClass::Deadlock),
        serialization_failures: inputs.measured.failures.count_of(ErrorClass::Serialization),
        time_ms: Distribution::of(&inputs.measured.transactions),
    }
}

impl SlowRow {
    /// The slowest statements that were measured, by name.
    pub fn all_of(measured: &Measured, catalog: &Catalog) -> Vec<SlowRow> {
        let rows = measured.slowest.iter().filter_map(|slow| {
            let spec = catalog.statements.get(usize::from(slow.statement))?;
            Some(SlowRow {
                name: spec.name.clone(),
                when: short(slow.when_s),
                ms: short(slow.service_ms),
            })
        });
        rows.collect()
    }
}

fn generator(measured: &Measured) -> Generator {
    let sample = &measured.generator;
    let threads = u64::from(measured.threads);
    let share = |us: u64, threads: f64| {
        let had_us = measured.elapsed_s * 1e6 * threads;
        (had_us > 0.0).then(|| short(us as f64 * 100.0 / had_us))
    };
    let waited = sample.run_queue;
    let stood = sample.standstill;
    let had_us = measured.elapsed_s * 1e6 * threads as f64;
    let delay_ms = |us2: u64| (had_us > 0.0).then(|| short(us2 as f64 / 2.0 / had_us / 1000.0));
    Generator {
        threads,
        cpu_s: sample.cpu_us as f64 / 1e6,
        cpu_percent: share(sample.cpu_us, threads as f64),
        busiest_thread_percent: share(sample.busiest_thread_cpu_us, 1.0),
        turn_ms: Distribution::of(&sample.turn),
        standstill_percent: stood.and_then(|it| share(it.total_us, threads as f64)),
        standstill_max_ms: stood.map(|it| short(it.longest_us as f64 / 1000.0)),
        standstill_delay_ms: stood.and_then(|it| delay_ms(it.squares_us2)),
        run_queue_wait_percent: waited.and_then(|it| share(it.wait_us, threads as f64)),
        run_queue_wait_max_percent: waited.and_then(|it| share(it.longest_thread_us, 1.0)),
        wake_delay_ms: waited.map(|it| short(it.wait_us as f64 / 1000.0 / it.runs.max(1) as f64)),
    }
}
