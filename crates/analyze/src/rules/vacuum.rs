//! What vacuum can't do: rows that have to stay, and transactions that grow too old.

use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::finding::Severity;
use model::units::{count, milliseconds, percent};

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "xmin_horizon",
        category: "vacuum",
        source: "pganalyze's check of the xmin horizon; that it stays behind for nearly all of the \
                 run is our limit",
        judge: horizon,
    },
    Rule {
        code: "wraparound",
        category: "vacuum",
        source: "pgMonitor: half and three quarters of two billion transactions, and PostgreSQL \
                 manual, \"Preventing Transaction ID Wraparound Failures\"",
        judge: wraparound,
    },
];

/// Fewer transactions leave few dead rows.
const MIN_XIDS: u64 = 500;
/// Of the transactions of the run, that many are still visible to somebody at its end.
const BEHIND: f64 = 0.8;

/// S5: somebody's old snapshot keeps every dead row of the run.
fn horizon(facts: &Facts<'_>) -> Ruling {
    let vacuum = facts.section(|it| &it.vacuum)?;
    let oldest = vacuum.oldest_xmin.as_ref();
    let why = "the oldest snapshot was not read";
    let oldest = oldest.ok_or_else(|| Missing::because(why))?;
    let grown = oldest.end_age_xids.saturating_sub(oldest.begin_age_xids);
    // What the run itself has done of late is no holder: its own transactions are short.
    let stayed =
        grown as f64 >= oldest.end_age_xids as f64 * BEHIND || oldest.begin_age_xids > grown;
    if oldest.end_age_xids < MIN_XIDS || grown < MIN_XIDS || !stayed {
        return Ok(None);
    }
    let title = format!(
        "dead rows of the last {} transactions have to stay: somebody can still see them",
        count(oldest.end_age_xids)
    );
    let holder = oldest.holder.as_ref();
    let named = holder.map(|it| {
        let state = it.state.as_deref().map(|it| format!(", {it}")).unwrap_or_default();
        let open = it.transaction_age_ms.map(|ms| format!(", open for {}", milliseconds(ms)));
        let statement = it.statement.as_deref().map(|it| format!(": {}", beginning(it)));
        format!(
            "{} {}{state}{}{}",
            it.kind,
            it.name,
            open.unwrap_or_default(),
            statement.unwrap_or_default()
        )
    });
    let who =
        named.clone().unwrap_or_else(|| "the oldest session, slot or prepared transaction".into());
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!(
                    "the oldest snapshot was {} transactions old, {} when measuring began",
                    count(oldest.end_age_xids),
                    count(oldest.begin_age_xids)
                ),
                "database_metrics.vacuum.oldest_xmin.end_age_xids",
                oldest.end_age_xids as f64,
            )])
            .seen(named.map(|it| said(format!("held by {it}"))))
            .at(holder.map(|it| it.at_s))
            .because("vacuum removes only what nobody can see: tables and indexes grow meanwhile")
            .advise(
                format!(
                    "end what holds it: {who}; idle_in_transaction_session_timeout and \
                     transaction_timeout (since version 17) end such transactions, an unused slot \
                     is dropped with pg_drop_replication_slot"
                ),
                again("oldest_xmin.end_age_xids stays small"),
            ),
    ))
}

/// Transactions that PostgreSQL can tell apart, and shares of them (pgMonitor).
const XIDS: f64 = 2_000_000_000.0;
const OLD_PERCENT: f64 = 50.0;
const TOO_OLD_PERCENT: f64 = 75.0;

/// What is counted, and where it stands.
struct Counted {
    id: &'static str,
    counted: &'static str,
    metric: &'static str,
    of_table: &'static str,
}

const XID: Counted = Counted {
    id: "transaction id",
    counted: "transactions",
    metric: "database_metrics.vacuum.xid_age",
    of_table: "age(relfrozenxid)",
};
/// Groups of transactions that locked a row together, which are numbered on their own.
const MXID: Counted = Counted {
    id: "multixact id",
    counted: "multixacts",
    metric: "database_metrics.vacuum.mxid_age",
    of_table: "mxid_age(relminmxid)",
};

/// S6: the database has not been frozen for long.
fn wraparound(facts: &Facts<'_>) -> Ruling {
    let vacuum = facts.section(|it| &it.vacuum)?;
    let ages = [(vacuum.xid_age, XID), (vacuum.mxid_age, MXID)];
    let ages = ages.into_iter().filter_map(|(age, words)| Some((age?, words)));
    let oldest = ages.max_by_key(|(age, _)| *age);
    let (age, words) =
        oldest.ok_or_else(|| Missing::because("the age of the database was not read"))?;
    let share = age as f64 * 100.0 / XIDS;
    if share < OLD_PERCENT {
        return Ok(None);
    }
    let critical = share >= TOO_OLD_PERCENT;
    let severity = if critical { Severity::Critical } else { Severity::High };
    let title = format!("{} of the way to {} wraparound", percent(share), words.id);
    Ok(Some(
        Found::new(severity, Role::Remark, title)
            .seen([fact(
                format!("the oldest row is {} {} old", count(age), words.counted),
                words.metric,
                age as f64,
            )])
            .because("when it is reached the server takes no more writes; freezing takes its time")
            .advise(
                format!(
                    "VACUUM (FREEZE) the oldest tables ({}) before you test, end what holds the \
                     xmin horizon, and see why autovacuum has not done it",
                    words.of_table
                ),
                again(&format!("{} falls", words.metric)),
            ),
    ))
}
