//! Compiling expressions (JIT): it pays for statements that run for long, and costs the others.

use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::database_metrics::StatementLoad;
use model::finding::{Evidence, Severity};
use model::units::{count, milliseconds, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "jit",
    category: "cpu",
    source: "PostgreSQL manual, \"When to JIT?\"; pgwatch orders statements by it; a tenth of the \
             execution time is our limit",
    judge: jit,
}];

/// Of the execution time, from which it is more than a trifle.
const JIT_PERCENT: f64 = 10.0;
/// From here on it limits: a cause that explains as much stands before the CPU that it uses up.
const LIMITS_PERCENT: f64 = 20.0;
/// Sessions that compile, on average, below which no time is worth saving.
const MIN_SESSIONS: f64 = 0.01;

/// C5: the server compiles more than it gains. Whether a long statement gains more than it pays
/// nobody counts; where compiling is a tenth of the time, little is left to be gained.
fn jit(facts: &Facts<'_>) -> Ruling {
    let queries = facts.section(|it| &it.query_performance)?;
    if queries.calls == 0 {
        return Ok(None);
    }
    let why = "time for JIT is counted since version 15, by pg_stat_statements 1.10";
    let compiling = queries.total_jit_time_ms.ok_or_else(|| Missing::because(why))?;
    // What the executor generates before it starts is in none of the execution times.
    let executing = queries.total_exec_time_ms.max(compiling);
    let share = compiling * 100.0 / executing.max(f64::MIN_POSITIVE);
    let sessions = compiling / 1000.0 / facts.load().elapsed_s.max(f64::MIN_POSITIVE);
    if share <= JIT_PERCENT || sessions < MIN_SESSIONS {
        return Ok(None);
    }
    let limits = facts.is_pressed() && share >= LIMITS_PERCENT;
    let severity = if limits { Severity::High } else { Severity::Medium };
    let now = facts.setting("jit_above_cost").map(|it| format!(" (now {it})")).unwrap_or_default();
    let title =
        format!("compiling statements (JIT) takes {} of the execution time", percent(share));
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains(share / 100.0)
            .seen([
                fact(
                    format!("{} of JIT", milliseconds(compiling)),
                    "database_metrics.query_performance.total_jit_time_ms",
                    compiling,
                ),
                fact(
                    format!("{} of execution", milliseconds(queries.total_exec_time_ms)),
                    "database_metrics.query_performance.total_exec_time_ms",
                    queries.total_exec_time_ms,
                ),
            ])
            .seen(worst(&queries.statements, compiling))
            .because(
                "a statement whose estimated cost is above jit_above_cost is compiled each time it \
                 runs, prepared or not; one that runs for a few milliseconds never earns that back",
            )
            .advise(
                format!(
                    "set jit = off for this role or database (ALTER ROLE … SET jit = off), or raise \
                     jit_above_cost{now} above the cost that EXPLAIN shows for these statements; \
                     analyze the tables where that cost is far too high"
                ),
                again("total_jit_time_ms falls, and the mean execution time with it"),
            ),
    ))
}

/// The statement that was compiled for the longest time.
fn worst(statements: &[StatementLoad], all_ms: f64) -> Option<Evidence> {
    let jit = |it: &StatementLoad| it.total_jit_time_ms.unwrap_or(0.0);
    let most = statements.iter().max_by(|a, b| jit(a).total_cmp(&jit(b)));
    most.filter(|it| jit(it) > 0.0).map(|it| {
        let text = it.text.as_deref().map(beginning).unwrap_or_else(|| it.queryid.clone());
        let each = milliseconds(jit(it) / it.calls.max(1) as f64);
        let (mean, calls) = (milliseconds(it.mean_exec_time_ms), count(it.calls));
        let part = percent(jit(it) * 100.0 / all_ms);
        said(format!("{part} of it, {each} of {mean} in each of {calls} calls: {text}"))
    })
}
