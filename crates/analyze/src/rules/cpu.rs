//! The server's processors, and what takes them.

use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, Wait, fact, said};
use model::finding::{Confidence, Evidence, Severity};
use model::run_result::RunResult;
use model::units::{decimal, percent};

/// The rules.
pub(super) const RULES: [Rule; 4] = [
    Rule {
        code: "cpu_saturated",
        category: "cpu",
        source: "Amazon RDS, \"CPU\" and the maximum vCPU line of Performance Insights: load above \
                 the number of CPUs whose main wait is CPU; host CPU of 90 % as pgEdge's critical \
                 alert",
        judge: saturated,
    },
    Rule {
        code: "too_many_active",
        category: "connections",
        source: "PostgreSQL wiki, \"Number Of Database Connections\": twice the cores and the \
                 disks",
        judge: too_many_active,
    },
    Rule {
        code: "dominant_statement",
        category: "statements",
        source: "pganalyze, and Amdahl's law: no more can be won than one statement takes",
        judge: dominant_statement,
    },
    Rule {
        code: "planning",
        category: "statements",
        source: "PostgreSQL manual, pg_stat_statements.total_plan_time and plan_cache_mode; 30 % \
                 of \
                 the execution time is our limit",
        judge: planning,
    },
];

/// From here on a host has no CPU left (pgEdge's rule reference: warning 80, critical 90).
const HOST_BUSY_PERCENT: f64 = 90.0;
/// Where the host is busy, sessions that run or want to must fill this much of its CPUs for the
/// server to be what fills it: the load generator may sit beside it.
const SERVER_SHARE: f64 = 0.4;

/// C1: as many sessions want a CPU as there are, and none is left.
fn saturated(facts: &Facts<'_>) -> Ruling {
    let (waits, cpus) = (facts.waits()?, facts.cpus()?);
    let running = waits.sessions(Wait::CPU);
    let host = facts.host().ok().map(|host| host.cpu_usage_percent.mean);
    let fires = match host {
        Some(used) => used >= HOST_BUSY_PERCENT && running >= cpus * SERVER_SHARE,
        None => running >= cpus,
    };
    let share = waits.share(Wait::CPU, 0.0).filter(|_| fires);
    let Some(share) = share else { return Ok(None) };
    let (wanted, have) = (decimal(running), decimal(cpus));
    let (title, because, advice) = wording(running, cpus);
    let severity = if facts.is_pressed() { Severity::High } else { Severity::Medium };
    let evidence = fact(
        format!(
            "{wanted} sessions ran or wanted a CPU on average, {} of all",
            percent(share.percent)
        ),
        "database_metrics.wait_events.by_class.CPU",
        running,
    );
    let used = host.map(|used| {
        let text = format!("the server's host used {} of its {have} CPUs", percent(used));
        fact(text, "system_metrics.cpu_usage_percent.mean", used)
    });
    Ok(Some(
        Found::new(severity, Role::Resource, title)
            .explains(share.percent / 100.0)
            .sure(if host.is_some() { Confidence::High } else { Confidence::Medium })
            .seen([evidence])
            .seen(used)
            .seen(top_statement(facts))
            .within(waits.window)
            .because(because)
            .advise(
                advice,
                again("throughput rises, or host CPU falls below 90 % at the same rate"),
            ),
    ))
}

/// Title, diagnosis and advice: whether the server's own sessions are more than the processors, or
/// share a full host with others.
fn wording(running: f64, cpus: f64) -> (String, &'static str, String) {
    let (wanted, have) = (decimal(running), decimal(cpus));
    if running < cpus {
        return (
            format!("the host's CPUs are used up: the server's sessions take {wanted} of {have}"),
            "the host is full, though fewer sessions run than there are processors: the server's \
             sessions share them with its other processes, and with what else runs there, this \
             load generator included where it is on the same host",
            "run pgsurge and whatever else takes CPU on another machine, make the statements that \
             take the most time cheaper, or give the host more CPUs"
                .to_owned(),
        );
    }
    (
        format!("the server's CPUs are used up: {wanted} sessions want {have} CPUs"),
        "more sessions want to run than there are processors: each further one makes all of them \
         slower",
        format!(
            "make the statements that take the most time cheaper, let no more than about {} \
             sessions run at once (a pooler), or give the server more CPUs",
            decimal(cpus * 2.0)
        ),
    )
}

/// The statement that takes the most time, where the server counts them.
fn top_statement(facts: &Facts<'_>) -> Option<Evidence> {
    let queries = facts.section(|it| &it.query_performance).ok()?;
    let top = queries.statements.first()?;
    let text = top.text.as_deref().map(beginning).unwrap_or_else(|| top.queryid.clone());
    Some(said(format!("most execution time ({}): {text}", percent(top.share_percent))))
}

/// Sessions per CPU that want to run, from which more of them only queue.
const ACTIVE_PER_CPU: f64 = 2.0;

/// N2: more sessions want to run than help.
fn too_many_active(facts: &Facts<'_>) -> Ruling {
    let (waits, cpus) = (facts.waits()?, facts.cpus()?);
    let running = waits.sessions(Wait::CPU);
    if running <= cpus * ACTIVE_PER_CPU {
        return Ok(None);
    }
    let title = format!("{} sessions want to run on {} CPUs", decimal(running), decimal(cpus));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!("{} sessions ran or wanted a CPU on average", decimal(running)),
                "database_metrics.wait_events.by_class.CPU",
                running,
            )])
            .within(waits.window)
            .because(
                "sessions take turns on the CPUs: each waits for the others, holds its locks \
                 meanwhile, and throughput is no higher than with fewer",
            )
            .advise(
                format!(
                    "put a pooler in front with about {} server connections",
                    decimal(cpus * ACTIVE_PER_CPU)
                ),
                again("with that many --connections throughput is as high and latency lower"),
            ),
    ))
}

/// Half of all execution time in one statement.
const DOMINANT_PERCENT: f64 = 50.0;
/// With fewer statements than this, half is nothing special.
const MIN_STATEMENTS: usize = 3;
/// Sessions that execute, on average, below which no time is worth saving.
const MIN_EXECUTING: f64 = 0.1;
const LEAST_EXECUTING: f64 = 0.01;

/// C6: one statement takes most of the time.
fn dominant_statement(facts: &Facts<'_>) -> Ruling {
    let queries = facts.section(|it| &it.query_performance)?;
    let executing =
        queries.total_exec_time_ms / 1000.0 / facts.load().elapsed_s.max(f64::MIN_POSITIVE);
    let Some(top) = queries.statements.first() else { return Ok(None) };
    if executing < LEAST_EXECUTING || top.share_percent < DOMINANT_PERCENT {
        return Ok(None);
    }
    let text = top.text.as_deref().map(beginning).unwrap_or_else(|| top.queryid.clone());
    let share = percent(top.share_percent);
    let few = queries.statements.len() < MIN_STATEMENTS || executing < MIN_EXECUTING;
    let severity = if facts.is_pressed() && !few { Severity::Medium } else { Severity::Low };
    let most = 100.0 / (100.0 - top.share_percent).max(1.0);
    Ok(Some(
        Found::new(
            severity,
            Role::Remark,
            format!("one statement takes {share} of the execution time"),
        )
        .explains(top.share_percent / 100.0)
        .seen([
            fact(
                format!("{share} of the execution time"),
                "database_metrics.query_performance.statements.share_percent",
                top.share_percent,
            ),
            said(format!("{} calls of {:.3} ms: {text}", top.calls, top.mean_exec_time_ms)),
        ])
        .because(format!(
            "if it took no time at all, the server could do {most:.1} times as much; nothing \
                 else pays as much"
        ))
        .advise(
            format!("look at this statement first (EXPLAIN (ANALYZE, BUFFERS)): `{text}`"),
            again("its share and its mean execution time fall"),
        ),
    ))
}

/// Of the execution time.
const PLANNING_PERCENT: f64 = 30.0;

/// C4: the server plans more than it works.
fn planning(facts: &Facts<'_>) -> Ruling {
    let queries = facts.section(|it| &it.query_performance)?;
    let why = "planning is not tracked: set pg_stat_statements.track_planning = on (since version \
               13)";
    let planning = queries.total_plan_time_ms.ok_or_else(|| Missing::because(why))?;
    let executing = queries.total_exec_time_ms;
    let share = planning * 100.0 / executing.max(f64::MIN_POSITIVE);
    let sessions = (planning + executing) / 1000.0 / facts.load().elapsed_s.max(f64::MIN_POSITIVE);
    if share < PLANNING_PERCENT || sessions < MIN_EXECUTING {
        return Ok(None);
    }
    let mut all: Vec<_> = queries.statements.iter().collect();
    all.sort_by(|a, b| {
        b.total_plan_time_ms.partial_cmp(&a.total_plan_time_ms).unwrap_or(std::cmp::Ordering::Equal)
    });
    let top = all.first().and_then(|it| it.text.as_deref()).map(beginning);
    let which = top.map(|it| format!(", first of all `{it}`")).unwrap_or_default();
    let of_all = planning / (planning + executing);
    let waits = facts.waits().ok();
    let sure = if waits.is_some() { Confidence::High } else { Confidence::Medium };
    let on_cpu =
        waits.map_or(1.0, |it| it.share(Wait::CPU, 0.0).map_or(0.0, |it| it.percent / 100.0));
    let severity = if facts.is_pressed() { Severity::High } else { Severity::Medium };
    let ratio = match share < 200.0 {
        true => percent(share),
        false => format!("{} times", decimal(share / 100.0)),
    };
    let title = format!("planning takes {ratio} as long as execution");
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains((of_all * on_cpu.max(of_all)).min(1.0))
            .sure(sure)
            .seen([
                fact(
                    format!("{:.1} s of planning", planning / 1000.0),
                    "database_metrics.query_performance.total_plan_time_ms",
                    planning,
                ),
                fact(
                    format!("{:.1} s of execution", executing / 1000.0),
                    "database_metrics.query_performance.total_exec_time_ms",
                    executing,
                ),
            ])
            .because("statements are planned anew each time that they run")
            .advise(
                format!(
                    "{}{which}; partitions and indexes that a plan has to weigh make it dearer",
                    planned_once(facts.result)
                ),
                again("total_plan_time_ms falls, throughput rises"),
            ),
    ))
}

/// How to have a statement planned once, for a load that speaks as this one did.
fn planned_once(result: &RunResult) -> String {
    let planned = result.plan["protocol"].as_str();
    let pooler = result.environment.pooler.as_ref();
    let protocol = pooler.map(|it| it.protocol.as_str()).or(planned);
    match protocol {
        Some("prepared") if result.plan["reconnect"] == true => {
            "keep connections: what is prepared goes with its own (--reconnect)".to_owned()
        }
        Some("prepared") => {
            "they are prepared already: where the server makes a plan for each set of values all the \
             same, plan_cache_mode = force_generic_plan keeps one"
                .to_owned()
        }
        now => {
            let now = now.map(|it| format!(", now {it}")).unwrap_or_default();
            format!("prepare statements (--protocol prepared{now})")
        }
    }
}
