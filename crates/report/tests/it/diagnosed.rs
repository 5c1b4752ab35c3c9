//! What a diagnosis of the fixture's run could look like. None of it is a judgement.

use model::diagnosis::{BudgetPart, Diagnosed, Diagnosis, LatencyBudget, LittlesLaw};
use model::diagnosis::{NotEvaluated, Primary};
use model::finding::{Confidence, Evidence, Finding, Recommendation, Severity, Window};
use model::saturation::{LoadStep, Plateau, SaturatedFrom, Saturation};
use serde_json::json;

pub(crate) fn diagnosed() -> Diagnosed {
    let findings = vec![hot_row(), deadlocks(), spill()];
    let recommendation = Recommendation {
        category: "locks".to_owned(),
        priority: Severity::High,
        recommendation: findings[0].advice.clone(),
        rationale: findings[0].diagnosis.clone(),
        evidence: vec![json!({"metric": "database_metrics.wait_events.events", "value": 0.5})],
    };
    let (code, title) = (findings[0].code.clone(), findings[0].title.clone());
    let diagnosis = Diagnosis {
        primary: Some(Primary { code, title }),
        none_reason: None,
        budget: Some(budget()),
        saturation: Some(saturation()),
        saturation_reason: None,
        strengths: vec!["99.80 % of the blocks were in shared_buffers".to_owned()],
        not_evaluated: ["storage_saturated", "replica_behind"]
            .map(|code| NotEvaluated {
                code: code.to_owned(),
                reason: "pg_stat_io is not there before version 16".to_owned(),
            })
            .to_vec(),
    };
    Diagnosed { findings, recommendations: vec![recommendation], diagnosis }
}

fn saturation() -> Saturation {
    let step = |stage: &str, from_s, offered, achieved_per_s| LoadStep {
        stage: stage.to_owned(),
        from_s,
        offered_per_s: Some(offered),
        users_mean: None,
        achieved_per_s,
        response_time_p99_ms: Some(45.0),
    };
    let text = "saturated from 800/s on: 25 % more load brought 1 % more than 752/s";
    Saturation {
        text: text.to_owned(),
        from: Some(SaturatedFrom {
            stage: "hold 800 actions/s".to_owned(),
            from_s: 0.0,
            achieved_per_s: 752.0,
            plateau: Some(Plateau {
                next_stage: "hold 1,000 actions/s".to_owned(),
                more_load_percent: 25.0,
                more_throughput_percent: 1.06,
            }),
            achieved_of_offered_percent: Some(94.0),
        }),
        steps: vec![
            step("hold 800 actions/s", 0.0, 800.0, 752.0),
            step("hold 1,000 actions/s", 30.0, 1000.0, 760.0),
        ],
    }
}

fn hot_row() -> Finding {
    Finding {
        code: "lock_hot_row".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        title: "sessions wait for rows that others change: 40.0 % of the busy time".to_owned(),
        evidence: vec![
            Evidence {
                text: "1.2 sessions waited for a row on average".to_owned(),
                metric: Some("database_metrics.wait_events.events".to_owned()),
                value: Some(1.2),
                unit: Some("count".to_owned()),
            },
            Evidence {
                text: "held by process 4242: SELECT a | b FROM games".to_owned(),
                ..Evidence::default()
            },
        ],
        diagnosis: "transactions change the same rows".to_owned(),
        advice: "shorten the transactions that change these rows".to_owned(),
        verify: "run the same load again: lock waits fall".to_owned(),
        source: "Amazon RDS, wait event Lock:transactionid".to_owned(),
        window: Some(Window { from_s: -0.2, to_s: 60.0 }),
        stage: Some("hold 1,000 actions/s".to_owned()),
        impact: Some(0.4),
    }
}

fn deadlocks() -> Finding {
    Finding {
        code: "deadlocks".to_owned(),
        severity: Severity::High,
        confidence: Confidence::Medium,
        title: "7 deadlocks".to_owned(),
        advice: "change rows in the same order everywhere".to_owned(),
        window: None,
        stage: None,
        impact: Some(0.01),
        ..hot_row()
    }
}

fn spill() -> Finding {
    Finding {
        code: "random_page_cost".to_owned(),
        severity: Severity::Low,
        title: "random_page_cost is 4".to_owned(),
        ..deadlocks()
    }
}

fn budget() -> LatencyBudget {
    let parts = [("wait", 0.1), ("network_and_client", 0.4), ("cpu", 1.0), ("lock", 1.0)];
    let part = |(part, mean_ms): (&str, f64)| BudgetPart {
        part: part.to_owned(),
        mean_ms,
        share_percent: mean_ms * 40.0,
    };
    LatencyBudget {
        response_time_mean_ms: 2.5,
        parts: parts.map(part).to_vec(),
        littles_law: Some(LittlesLaw {
            in_flight: 2.4,
            rate_times_time: 2.5,
            difference_percent: 4.2,
        }),
        consistent: Some(true),
        notes: vec!["the server's parts are cut to fit".to_owned()],
    }
}
