//! Transactions that were undone: deadlocks, serialization failures, rollbacks.

use super::blocking::{moment, worst};
use super::shown::setting_ms;
use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, Wait, fact, said};
use model::finding::{Confidence, Severity};
use model::units::{count, decimal, percent, several};

/// The rules.
pub(super) const RULES: [Rule; 3] = [
    Rule {
        code: "deadlocks",
        category: "locks",
        source: "pgEdge's rule reference and the alerts of postgres_exporter: any deadlock warns, \
                 more than 5 a minute are critical",
        judge: deadlocks,
    },
    Rule {
        code: "serialization_failures",
        category: "transactions",
        source: "PostgreSQL manual, \"Serialization Failure Handling\"; one in a hundred actions is \
                 our limit",
        judge: serialization_failures,
    },
    Rule {
        code: "rollbacks",
        category: "transactions",
        source: "the alerts of postgres_exporter and awesome-prometheus-alerts on rollbacks; a \
                 tenth of the transactions is our limit",
        judge: rollbacks,
    },
];

/// More than so many a minute stop work (pgEdge's rule reference).
const DEADLOCKS_PER_MINUTE: f64 = 5.0;

/// L3: the server had to break circles of waiting.
fn deadlocks(facts: &Facts<'_>) -> Ruling {
    facts.database()?;
    let stats = facts.section(|it| &it.transaction_stats).ok();
    let stats = stats.map(|it| (it.deadlocks, "database_metrics.transaction_stats.deadlocks"));
    let locks = || {
        let n = facts.section(|it| &it.lock_contention).ok()?.deadlocks?;
        Some((n, "database_metrics.lock_contention.deadlocks"))
    };
    let (n, metric) = stats
        .or_else(locks)
        .ok_or_else(|| Missing::because("the server's deadlocks were not counted"))?;
    if n == 0 {
        return Ok(None);
    }
    let load = facts.load();
    let per_minute = n as f64 * 60.0 / load.elapsed_s.max(f64::MIN_POSITIVE);
    let severity =
        if per_minute > DEADLOCKS_PER_MINUTE { Severity::Critical } else { Severity::High };
    let ours = load.transactions.deadlocks;
    let found = Found::new(severity, Role::Cause, several(n, "deadlock"));
    let found = match stood_still(facts, n) {
        Some(share) => found.explains(share),
        None => found.sure(Confidence::Medium),
    };
    Ok(Some(
        found
            .seen([
                fact(
                    format!("the server resolved {}, {} a minute", count(n), decimal(per_minute)),
                    metric,
                    n as f64,
                ),
                fact(
                    format!("{} of them hit statements of this run", count(ours)),
                    "load_metrics.transactions.deadlocks",
                    ours as f64,
                ),
            ])
            .seen(worst(facts).into_iter().flat_map(moment))
            .because(
                "transactions take the same locks in a different order: the server lets them wait \
                 for deadlock_timeout, then ends one of them",
            )
            .advise(
                "change rows in the same order everywhere (ORDER BY the key before FOR UPDATE), \
                 keep transactions short, and try again after 40P01 (--max-tries)",
                again(&format!("{metric} is 0")),
            ),
    ))
}

/// PostgreSQL's default, where the server's own was not read.
const DEADLOCK_TIMEOUT_MS: f64 = 1000.0;

/// The share of the busy time that deadlocks took: those in one wait for deadlock_timeout, and
/// where that makes up half of all waiting for locks, the rest waits behind them. Where fewer than
/// one session is busy it is a share of that one: a server with nothing to do is not held up. None
/// where nobody saw the sessions.
fn stood_still(facts: &Facts<'_>, deadlocks: u64) -> Option<f64> {
    const SESSIONS_EACH: f64 = 2.0;
    let waits = facts.waits().ok()?;
    let timeout_ms = setting_ms(facts, "deadlock_timeout").unwrap_or(DEADLOCK_TIMEOUT_MS);
    let waited_s = deadlocks as f64 * SESSIONS_EACH * timeout_ms / 1000.0;
    let busy_s = waits.busy * facts.load().elapsed_s;
    let share = (waited_s / busy_s.max(f64::MIN_POSITIVE)).min(1.0);
    let locks = waits.share(Wait::LOCK, 0.0).map_or(0.0, |it| it.percent / 100.0);
    let of_a_session = waits.busy.min(1.0);
    Some(of_a_session * if share >= locks / 2.0 { locks } else { share })
}

/// More than so many of a hundred actions fail to serialize.
const SERIALIZATION_PERCENT: f64 = 1.0;

/// L10: transactions of a strict isolation level undo each other.
fn serialization_failures(facts: &Facts<'_>) -> Ruling {
    let load = facts.load();
    let (failed, all) = (load.transactions.serialization_failures, load.all_actions.finished());
    if all == 0 {
        return Err(Missing::because("no action finished"));
    }
    let share = failed as f64 * 100.0 / all as f64;
    if share <= SERIALIZATION_PERCENT {
        return Ok(None);
    }
    let title = format!("{} (40001)", several(failed, "serialization failure"));
    let tried = load.all_actions.retries;
    Ok(Some(
        Found::new(Severity::High, Role::Cause, title)
            .explains((share / 100.0).min(1.0))
            .seen([fact(
                format!("{} per 100 actions; {} further tries", decimal(share), count(tried)),
                "load_metrics.transactions.serialization_failures",
                failed as f64,
            )])
            .because(
                "transactions in repeatable read or serializable change what others have read or \
                 changed: all but one of them have done their work for nothing",
            )
            .advise(
                "let fewer transactions meet on the same rows, keep them short, try again with a \
                 growing pause (--max-tries); read committed with FOR UPDATE where it suffices",
                again(
                    "load_metrics.transactions.serialization_failures falls below 1 % of actions",
                ),
            ),
    ))
}

/// From this share on rollbacks are no exception.
const ROLLBACK_PERCENT: f64 = 10.0;
/// Fewer transactions prove nothing.
const MIN_TRANSACTIONS: u64 = 100;

/// L11: much work is thrown away.
fn rollbacks(facts: &Facts<'_>) -> Ruling {
    let stats = facts.section(|it| &it.transaction_stats)?;
    let all = stats.commits + stats.rollbacks;
    let share = stats.rollbacks as f64 * 100.0 / all.max(1) as f64;
    if all < MIN_TRANSACTIONS || share <= ROLLBACK_PERCENT {
        return Ok(None);
    }
    let title = format!("{} of the transactions were rolled back", percent(share));
    let errors = facts.load().errors.iter().take(3).map(|it| {
        let code = it.sqlstate.as_deref().unwrap_or("no SQLSTATE");
        said(format!("{} x {} ({code}): {}", count(it.count), it.class, beginning(&it.sample)))
    });
    Ok(Some(
        Found::new(Severity::High, Role::Remark, title)
            .seen([fact(
                format!("{} of {} transactions", count(stats.rollbacks), count(all)),
                "database_metrics.transaction_stats.rollbacks",
                stats.rollbacks as f64,
            )])
            .seen(errors)
            .because("what these transactions did was thrown away: the server worked for nothing")
            .advise(
                "look at the errors by SQLSTATE (load_metrics.errors) and at other clients of the \
                 database: its rollbacks are counted, whoever made them",
                again("database_metrics.transaction_stats.rollbacks falls"),
            ),
    ))
}
