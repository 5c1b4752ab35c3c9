//! Sessions in each other's way.

use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::database_metrics::LockMoment;
use model::finding::{Evidence, Severity};
use model::units::{count, decimal, percent};

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "lock_hot_row",
        category: "locks",
        source: "Amazon RDS, wait event Lock:transactionid; its share of busy sessions is our limit",
        judge: hot_row,
    },
    Rule {
        code: "deadlocks",
        category: "locks",
        source: "pgEdge's rule reference and the alerts of postgres_exporter: any deadlock warns, \
                 more than 5 a minute are critical",
        judge: deadlocks,
    },
];

/// Waiting for rows (and for the transactions that hold them).
const ROWS: &[&str] = &["Lock:transactionid", "Lock:tuple"];
/// Below this share of the busy time rows are no matter.
const HOT_ROW_PERCENT: f64 = 10.0;
/// From here on it limits, however the load is made.
const LIMITS_PERCENT: f64 = 30.0;

/// L1: sessions wait for rows that others change.
fn hot_row(facts: &Facts<'_>) -> Ruling {
    let waits = facts.waits()?;
    let Some(share) = waits.share(ROWS, HOT_ROW_PERCENT) else { return Ok(None) };
    let worst = worst(facts).filter(|it| {
        it.blocked.iter().any(|blocked| matches!(blocked.lock.as_str(), "transactionid" | "tuple"))
    });
    let limits = facts.is_pressed() || share.percent >= LIMITS_PERCENT;
    let severity = if limits { Severity::High } else { Severity::Medium };
    let title = format!(
        "sessions wait for rows that others change: {} of the busy time",
        percent(share.percent)
    );
    let named = worst.and_then(|it| it.blocked.first()).map(|it| beginning(&it.statement));
    let which = named.as_ref().map_or_else(String::new, |it| format!(" (`{it}`)"));
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains(share.percent / 100.0)
            .sure(share.confidence)
            .seen([fact(
                format!("{} sessions waited for a row on average", decimal(share.sessions)),
                "database_metrics.wait_events.events",
                share.sessions,
            )])
            .seen(worst.into_iter().flat_map(moment))
            .within(waits.window)
            .at(worst.map(|it| it.at_s))
            .because(
                "transactions change the same rows and wait until the one before them has \
                 committed: they run one after another, however many connections there are",
            )
            .advise(
                format!(
                    "shorten the transactions that change these rows{which}: change the shared row \
                     last and commit at once; spread a counter over several rows, or take work \
                     with FOR UPDATE SKIP LOCKED"
                ),
                again("the share of lock waits (database_metrics.wait_events) falls"),
            ),
    ))
}

/// More than so many a minute stop work (pgEdge's rule reference).
const DEADLOCKS_PER_MINUTE: f64 = 5.0;

/// L3: the server had to break circles of waiting.
fn deadlocks(facts: &Facts<'_>) -> Ruling {
    let database = facts.database()?;
    let (contention, stats) = (database.lock_contention.data(), database.transaction_stats.data());
    let seen = contention.and_then(|it| it.deadlocks).or(stats.map(|it| it.deadlocks));
    let n = seen.ok_or_else(|| Missing::because("the server's deadlocks were not counted"))?;
    if n == 0 {
        return Ok(None);
    }
    let load = facts.load();
    let per_minute = n as f64 * 60.0 / load.elapsed_s.max(f64::MIN_POSITIVE);
    let severity =
        if per_minute > DEADLOCKS_PER_MINUTE { Severity::Critical } else { Severity::High };
    let ours = load.transactions.deadlocks;
    let of_ours = ours as f64 / load.all_actions.finished().max(1) as f64;
    Ok(Some(
        Found::new(severity, Role::Cause, format!("{} deadlocks", count(n)))
            .explains(of_ours)
            .seen([
                fact(
                    format!("the server resolved {}, {} a minute", count(n), decimal(per_minute)),
                    "database_metrics.transaction_stats.deadlocks",
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
                again("database_metrics.transaction_stats.deadlocks is 0"),
            ),
    ))
}

fn worst<'a>(facts: &Facts<'a>) -> Option<&'a LockMoment> {
    facts.section(|it| &it.lock_contention).ok()?.worst.as_ref()
}

/// Who waited for whom when most did.
fn moment(worst: &LockMoment) -> Vec<Evidence> {
    let mut all = vec![fact(
        format!("{} sessions waited at {:.1} s", count(worst.waiting_sessions), worst.at_s),
        "database_metrics.lock_contention.worst.waiting_sessions",
        worst.waiting_sessions as f64,
    )];
    all.extend(worst.blocking.first().map(|root| {
        let state = root.state.as_deref().unwrap_or("state unknown");
        let statement = beginning(&root.statement);
        said(format!("held by process {} ({state}): {statement}", root.pid))
    }));
    all.extend(worst.blocked.first().map(|it| {
        let statement = beginning(&it.statement);
        said(format!("waited for ({}): {statement}", it.lock))
    }));
    all
}
