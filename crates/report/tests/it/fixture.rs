//! A run of the Hokm workload, counted with the real types. Its latencies follow a fixed spread,
//! so that snapshots don't change; none of it is a measurement.

use crate::{diagnosed, watched};
use model::catalog::{Catalog, Kind, StatementSpec};
use model::event::{Event, EventKind};
use model::failure::{Failure, FailureTally};
use model::histogram::Histogram;
use model::measured::{
    GeneratorSample, Interval, Measured, RunQueueWait, SlowStatement, Standstill,
};
use model::metric::Metric;
use model::run_result::{
    Environment, Host, Inputs, Pacing, Pooler, RunResult, ServerEnvironment, StagePlan,
    StageTracker,
};
use model::sample::{ActionSample, ConnectionSample, Phase, StatementSample};
use model::series::Line;
use model::threshold::{KEYS, ThresholdOutcome, ThresholdResult, ThresholdSource};
use model::verdict::{Cause, Judgement, Reason, ValidityCheck, ValidityOutcome, Verdict};
use model::verification::{Check, Verification};
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn catalog() -> Catalog {
    use Kind::{Insert, Select, Transaction, Update};
    let statement = |(name, sql, kind): (&str, &str, Kind)| StatementSpec {
        name: name.to_owned(),
        sql: sql.to_owned(),
        kind,
    };
    let statements = [
        ("begin", "BEGIN", Transaction),
        ("commit", "COMMIT", Transaction),
        ("rollback", "ROLLBACK", Transaction),
        ("game_load", "SELECT game_data FROM games WHERE game_id = $1 FOR UPDATE", Select),
        (
            "game_save",
            "UPDATE games SET game_data = $2, updated_at = now() WHERE game_id = $1",
            Update,
        ),
        ("event_append", "INSERT INTO game_events (game_id, event_data) VALUES ($1, $2)", Insert),
        ("leaderboard", "SELECT player_id FROM players ORDER BY wins DESC LIMIT 10", Select),
    ];
    Catalog {
        actions: ["play_card", "look", "leaderboard", "finish_hand"].map(str::to_owned).to_vec(),
        statements: statements.map(statement).to_vec(),
    }
}

/// `n` latencies around `us`: most near it, some at five times, few at twenty.
fn spread(us: u64, n: u64) -> Histogram {
    let mut histogram = Histogram::default();
    histogram.record_n_us(us, n - n / 10 - n / 200);
    histogram.record_n_us(us * 5, n / 10);
    histogram.record_n_us(us * 20, n / 200);
    histogram
}

fn action(us: u64, n: u64, failed: u64) -> ActionSample {
    let mut sample = ActionSample::default();
    sample.counts.scheduled = n;
    sample.counts.succeeded = n - failed;
    sample.counts.failed = failed;
    sample.counts.retries = failed * 2;
    sample.response = spread(us, n);
    sample.service = spread(us * 9 / 10, n);
    sample.wait = spread(us / 20, n);
    sample.lateness = spread(us / 50, n);
    sample
}

fn statement(us: u64, n: u64, failed: u64) -> StatementSample {
    StatementSample { count: n, failed, rows: n, service: spread(us, n) }
}

pub(crate) fn failures() -> FailureTally {
    let mut tally = FailureTally::default();
    let deadlock = Failure::server(*b"40P01", "deadlock detected");
    (0..7).for_each(|_| tally.count(&deadlock));
    tally.count(&Failure::server(*b"40001", "could not serialize access due to concurrent update"));
    tally
}

pub(crate) fn measured() -> Measured {
    let connect = spread(4000, 50);
    let statements = vec![
        statement(60, 44_000, 0),
        statement(900, 43_992, 0),
        statement(70, 8, 0),
        statement(210, 46_000, 0),
        statement(260, 44_000, 8),
        statement(190, 44_000, 0),
        statement(4100, 1200, 0),
    ];
    Measured {
        elapsed_s: 60.0,
        warm_up_s: 6.0,
        actions: vec![
            action(1800, 42_000, 6),
            action(400, 14_800, 0),
            action(4300, 1200, 0),
            action(3100, 2000, 2),
        ],
        warm_up_actions: vec![action(2500, 4000, 0)],
        session_statements: statements.iter().map(|s| (s.count + 4000, s.failed)).collect(),
        statements,
        connections: ConnectionSample { attempted: 50, connect, ..Default::default() },
        failures: failures(),
        offered: Some(60_000.0),
        seconds_due: 60,
        seconds_available: 60,
        slowest: vec![SlowStatement { statement: 6, when_s: 31.25, service_ms: 88.5 }],
        generator: GeneratorSample {
            cpu_us: 21_000_000,
            busiest_thread_cpu_us: 11_000_000,
            turn: spread(45, 200_000),
            standstill: Some(stood()),
            run_queue: Some(waited(60)),
        },
        threads: 2,
        poller: "io_uring".to_owned(),
        events: vec![Event {
            at_s: 0.0,
            kind: EventKind::MeasuringBegan,
            text: "the warm-up ended, measuring began".to_owned(),
        }],
        in_use_max: 50,
        idle_mean: 38.5,
        ..Measured::default()
    }
}

/// Once for 12 ms.
fn stood() -> Standstill {
    Standstill { total_us: 12_000, longest_us: 12_000, squares_us2: 144_000_000 }
}

/// What two load threads wait for a processor in so many seconds.
fn waited(seconds: u64) -> RunQueueWait {
    let us = 12_000 * seconds;
    RunQueueWait { wait_us: us, longest_thread_us: us / 2, runs: 3000 * seconds }
}

/// One second of the same load.
pub(crate) fn interval(second: u32, warm_up_s: f64) -> Interval {
    let start_s = f64::from(second);
    let phase = if start_s < warm_up_s { Phase::WarmUp } else { Phase::Measured };
    Interval {
        start_s,
        length_s: 1.0,
        phase,
        grace: false,
        offered: Some(1000.0),
        behind_s: Some(0.002),
        actions: vec![Some(action(1800, 700, 0)), Some(action(400, 300, 0)), None, None],
        statements: vec![Some(statement(60, 700, 0)), Some(statement(900, 700, 0))],
        connections: ConnectionSample::default(),
        failures: FailureTally::default(),
        generator: GeneratorSample {
            cpu_us: 350_000,
            busiest_thread_cpu_us: 180_000,
            turn: spread(45, 3000),
            standstill: None,
            run_queue: Some(waited(1)),
        },
        connected: 50,
        in_use_max: 31,
        idle_mean: 38.5,
    }
}

fn environment() -> Environment {
    let settings = [("fsync", "on"), ("max_connections", "100"), ("shared_buffers", "512MB")];
    Environment {
        pgsurge_version: "0.1.0".to_owned(),
        server: Some(ServerEnvironment {
            version: "15.6 (Debian 15.6-0)".to_owned(),
            settings: settings.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            extensions: BTreeMap::from([("plpgsql".to_owned(), "1.0".to_owned())]),
            throwaway: true,
            on_this_host: Some(true),
            cpus: Some(4.0),
            cpus_source: Some(model::run_result::CpusSource::ServerHost),
        }),
        pooler: None,
        host: Host { os: Some("Linux 6.1".to_owned()), cpus: Some(4), memory_bytes: Some(8 << 30) },
        clock: "CLOCK_MONOTONIC".to_owned(),
        poller: String::new(),
        workloads: BTreeMap::from([("hokm".to_owned(), "1".to_owned())]),
        tags: BTreeMap::from([("branch".to_owned(), "main".to_owned())]),
    }
}

pub(crate) fn metrics() -> Vec<Metric> {
    vec![
        Metric::counter("games_started", "games that began", 84),
        Metric::counter("games_completed", "games that ended by the rules", 80),
        Metric::counter("games_abandoned", "games whose player never came back", 2),
        Metric::gauge("average_game_duration_s", "s", "of the completed", 41.5),
        Metric::gauge("player_actions_per_second", "per_s", "what players did", 733.3),
        Metric::counter("hands_played", "hands that ended", 1030),
    ]
}

fn verification() -> Verification {
    let check = |name: &str, checked| Check { name: name.to_owned(), checked, ..Check::default() };
    Verification {
        passed: true,
        checks: vec![
            check("every_acknowledged_event_once", 44_000),
            check("scores_equal_hands", 82),
        ],
    }
}

pub(crate) fn result() -> RunResult {
    let name = "1,000 actions/s".to_owned();
    let hold = StagePlan { name, length_s: 60.0, hold: true, ..StagePlan::default() };
    let mut stages = StageTracker::new(vec![hold], 6.0);
    for second in 0..66 {
        stages.interval(&interval(second, 6.0));
        for line in watched::lines(second, 6.0) {
            if let Line::Server(row) = line {
                stages.server(&row);
            }
        }
    }
    let result = RunResult::assemble(Inputs {
        started_at: "2025-03-01T12:00:00Z",
        workload: "hokm",
        connections: 50,
        pacing: Pacing::Actions,
        measured: &measured(),
        catalog: &catalog(),
        set_up_statements: &BTreeMap::from([("event_append".to_owned(), 100)]),
        plan: json!({"workload": {"name": "hokm"}, "connections": 50, "seed": 42}),
        environment: environment(),
        verification: Some(verification()),
        metrics: metrics(),
        stages: stages.finish(),
        database_metrics: Some(watched::database()),
        system_metrics: Some(watched::system()),
        action_log: None,
    });
    let judgement = judgement(&result);
    result.judged(judgement)
}

fn check(code: &str, outcome: ValidityOutcome, evidence: &str) -> ValidityCheck {
    ValidityCheck { code: code.to_owned(), outcome, evidence: evidence.to_owned() }
}

/// What a judge would say of it; the judging itself is tested where it is done.
fn judgement(result: &RunResult) -> Judgement {
    let measured = [
        (
            "max_p99_response_time_ms",
            result.load_metrics.all_actions.response_time_ms.map(|d| d.p99),
        ),
        ("max_error_rate_percent", result.load_metrics.error_rate_percent),
        (
            "max_cpu_usage_percent",
            result
                .system_metrics
                .as_ref()
                .and_then(|it| it.server_host.data())
                .map(|it| it.cpu_usage_percent.mean),
        ),
        ("max_db_query_time_ms", None),
    ];
    let thresholds = measured.iter().map(|(name, value)| {
        let key = KEYS.iter().find(|key| key.name == *name).expect("a key");
        let threshold = key.threshold(None);
        ThresholdResult {
            name: threshold.name,
            metric: threshold.metric,
            comparison: threshold.comparison,
            limit: threshold.limit,
            value: *value,
            unit: threshold.unit,
            outcome: match value {
                Some(_) => ThresholdOutcome::Passed,
                None => ThresholdOutcome::NotEvaluated,
            },
            reason: value
                .is_none()
                .then(|| "the server's own statistics were not collected".to_owned()),
            source: ThresholdSource::Default,
        }
    });
    Judgement {
        validity: vec![
            check(
                "accounting",
                ValidityOutcome::Ok,
                "60,000 scheduled = 59,992 succeeded + 8 failed",
            ),
            check("generator_cpu", ValidityOutcome::Ok, "the busiest load thread used 18.3 %"),
            check("steady_state", ValidityOutcome::NotEvaluated, "no stage lasted 30 s or more"),
        ],
        thresholds: thresholds.collect(),
        verdict: Verdict::of(vec![]),
        diagnosed: Some(diagnosed::diagnosed()),
    }
}

/// The same run on a bad day: everything that a report has room for, and more.
pub(crate) fn bad_day() -> RunResult {
    let mut result = result();
    let load = &mut result.load_metrics;
    for i in 0..60 {
        let action = load.actions["look"].clone();
        load.actions.insert(format!("an_action_with_a_rather_long_name_{i}"), action);
    }
    let row = load.errors[0].clone();
    load.errors = (0..20)
        .map(|i| {
            let sample =
                format!("something went wrong\nin {i} places | {}", "and again ".repeat(30));
            model::run_result::ErrorRow { sample, ..row.clone() }
        })
        .collect();
    load.connections.lost = 49;
    load.connections.time_to_recover_s = Some(2.25);
    load.all_actions.unknown = 3;
    load.all_actions.skipped = 12_345;
    load.all_actions.unfinished = 4;
    load.games = None;
    load.verification = Some(Verification {
        passed: false,
        checks: vec![Check {
            name: "each_card_once".to_owned(),
            checked: 52,
            violations: 2,
            sample: Some("game 7 has the ace of spades twice".to_owned()),
        }],
    });
    result.environment.pooler = Some(Pooler {
        kind: "pgbouncer".to_owned(),
        version: Some("1.18.0".to_owned()),
        mode: Some("transaction".to_owned()),
        protocol: "extended".to_owned(),
        effects: vec!["statements went unnamed".to_owned()],
    });
    let long = "a reason that goes on and on ".repeat(12);
    result.validity = (0..9)
        .map(|i| {
            let outcome = if i == 0 { ValidityOutcome::Invalid } else { ValidityOutcome::Warning };
            check("generator_lateness", outcome, &long)
        })
        .collect();
    result.verdict =
        Verdict::of((0..9).map(|_| Reason::new(Cause::DataInconsistent, long.clone())).collect());
    result
}
